package io.freshet.sql;

import java.io.Serializable;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.util.TimeUtils;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Options of a model of Freshet in {@code CREATE MODEL}.
 *
 * @param bootstrapServers addresses of the Kafka brokers
 * @param topic topic of snapshots
 * @param modelId id of the model
 * @param startupTimeout longest time that a query waits for a first model when it starts
 * @param kafkaProperties other properties of the Kafka client
 */
record ModelOptions(
        String bootstrapServers,
        String topic,
        String modelId,
        Duration startupTimeout,
        Map<String, String> kafkaProperties)
        implements Serializable {
    /** Prefix of options that are properties of the Kafka client. */
    static final String PROPERTIES_PREFIX = "properties.";

    static final ConfigOption<String> BOOTSTRAP_SERVERS =
            ConfigOptions.key("bootstrap.servers")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Addresses of the Kafka brokers.");

    static final ConfigOption<String> TOPIC =
            ConfigOptions.key("topic")
                    .stringType()
                    .defaultValue("models")
                    .withDescription("Topic of snapshots.");

    static final ConfigOption<String> MODEL =
            ConfigOptions.key("model")
                    .stringType()
                    .defaultValue("default")
                    .withDescription("Id of the model.");

    static final ConfigOption<Duration> STARTUP_TIMEOUT =
            ConfigOptions.key("startup.timeout")
                    .durationType()
                    .defaultValue(Duration.ofMinutes(1))
                    .withDescription(
                            "Longest time that a query waits for a first model when it starts.");

    /** Properties that the follower of the topic sets itself. */
    private static final Set<String> RESERVED =
            Set.of(
                    "auto.offset.reset",
                    "enable.auto.commit",
                    "group.id",
                    "isolation.level",
                    "key.deserializer",
                    "value.deserializer");

    ModelOptions {
        kafkaProperties = Map.copyOf(kafkaProperties);
    }

    /**
     * Reads the options of a model.
     *
     * @param options not modified
     * @param problems receives everything that is wrong; the result is usable only without
     */
    static ModelOptions parse(Map<String, String> options, Problems problems) {
        Set<String> known =
                Set.of(
                        FactoryUtil.PROVIDER.key(),
                        BOOTSTRAP_SERVERS.key(),
                        TOPIC.key(),
                        MODEL.key(),
                        STARTUP_TIMEOUT.key());
        Map<String, String> kafka = new HashMap<>();
        new TreeMap<>(options)
                .forEach(
                        (key, value) -> {
                            if (key.startsWith(PROPERTIES_PREFIX)) {
                                addProperty(
                                        key.substring(PROPERTIES_PREFIX.length()),
                                        value,
                                        kafka,
                                        problems);
                            } else if (!known.contains(key)) {
                                problems.add(
                                        "the option '%s' is unknown; options are %s and %s*"
                                                .formatted(
                                                        key,
                                                        String.join(", ", sorted(known)),
                                                        PROPERTIES_PREFIX));
                            }
                        });
        String bootstrapServers = text(BOOTSTRAP_SERVERS, options, problems);
        if (!bootstrapServers.isEmpty()) {
            checkProperties(bootstrapServers, kafka, problems);
        }
        return new ModelOptions(
                bootstrapServers,
                text(TOPIC, options, problems),
                text(MODEL, options, problems),
                timeout(options, problems),
                kafka);
    }

    private static Iterable<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private static void addProperty(
            String name, String value, Map<String, String> kafka, Problems problems) {
        if (name.equals(BOOTSTRAP_SERVERS.key())) {
            problems.add("'%s%s' is given as '%s'".formatted(PROPERTIES_PREFIX, name, name));
        } else if (RESERVED.contains(name)) {
            problems.add(
                    "'%s%s' cannot be set: the topic is always read from its beginning, committed"
                                    .formatted(PROPERTIES_PREFIX, name)
                            + " records only, without a consumer group");
        } else {
            kafka.put(name, value);
        }
    }

    /** Checks the values as the Kafka client would, which names the first problem only. */
    private static void checkProperties(
            String bootstrapServers, Map<String, String> kafka, Problems problems) {
        Map<String, Object> properties = new HashMap<>(kafka);
        properties.put(BOOTSTRAP_SERVERS.key(), bootstrapServers);
        properties.put("key.deserializer", ByteArrayDeserializer.class);
        properties.put("value.deserializer", ByteArrayDeserializer.class);
        try {
            new ConsumerConfig(properties);
        } catch (ConfigException e) {
            problems.add("a property of the Kafka client cannot be used: " + e.getMessage());
        }
    }

    /** Returns the properties of the Kafka client. */
    Map<String, String> clientProperties() {
        Map<String, String> client = new HashMap<>(kafkaProperties);
        client.put(BOOTSTRAP_SERVERS.key(), bootstrapServers);
        return Map.copyOf(client);
    }

    private static String text(
            ConfigOption<String> option, Map<String, String> options, Problems problems) {
        String value = options.getOrDefault(option.key(), option.defaultValue());
        if (value == null || value.isBlank()) {
            problems.add("the option '%s' is missing".formatted(option.key()));
            return "";
        }
        return value;
    }

    private static Duration timeout(Map<String, String> options, Problems problems) {
        String text = options.get(STARTUP_TIMEOUT.key());
        if (text == null) {
            return STARTUP_TIMEOUT.defaultValue();
        }
        try {
            Duration timeout = TimeUtils.parseDuration(text);
            if (!timeout.isNegative() && !timeout.isZero()) {
                return timeout;
            }
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            // refused below
        }
        problems.add(
                "'%s' is '%s'; a duration above 0, such as '30 s', is expected"
                        .formatted(STARTUP_TIMEOUT.key(), text));
        return STARTUP_TIMEOUT.defaultValue();
    }
}
