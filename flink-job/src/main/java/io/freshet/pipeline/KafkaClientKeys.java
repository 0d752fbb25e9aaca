package io.freshet.pipeline;

import io.freshet.config.Settings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SecurityConfig;
import org.apache.kafka.common.config.SslConfigs;

/**
 * Properties that the job's Kafka clients and Flink's Kafka connector know: those of consumers,
 * producers and admin clients, and of Flink's source and sink.
 *
 * <p>A client ignores a property that it does not know, so that a misspelt one has no effect.
 * Classes that the user names, such as interceptors, may read properties of their own, which cannot
 * be known.
 */
final class KafkaClientKeys {
    private static final Set<String> KNOWN = known();

    /** Properties that the job sets itself, with the setting that determines each. */
    private static final Map<String, String> SET_BY_JOB =
            Map.of(
                    ConsumerConfig.GROUP_ID_CONFIG,
                    "set " + KafkaConfig.GROUP_ID,
                    ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                    "set " + KafkaConfig.START,
                    ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                    "the job reads committed records only",
                    ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                    "set " + KafkaConfig.TRANSACTIONAL_ID_PREFIX,
                    ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                    "set " + KafkaConfig.TRANSACTION_TIMEOUT,
                    ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
                    "the job decodes keys itself",
                    ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
                    "the job decodes values itself",
                    ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
                    "the job encodes keys itself",
                    ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
                    "the job encodes values itself");

    /** Properties that name classes, which may read properties of their own. */
    private static final List<String> PLUG_INS =
            List.of(
                    ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
                    CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG,
                    ProducerConfig.PARTITIONER_CLASS_CONFIG,
                    SaslConfigs.SASL_LOGIN_CLASS,
                    SaslConfigs.SASL_LOGIN_CALLBACK_HANDLER_CLASS,
                    SaslConfigs.SASL_CLIENT_CALLBACK_HANDLER_CLASS,
                    SslConfigs.SSL_ENGINE_FACTORY_CLASS_CONFIG,
                    SecurityConfig.SECURITY_PROVIDERS_CONFIG);

    /** Prefixes of the parameters of configuration providers and of the reporter for JMX. */
    private static final List<String> KNOWN_PREFIXES =
            List.of(AbstractConfig.CONFIG_PROVIDERS_CONFIG + ".", "metrics.jmx.");

    private KafkaClientKeys() {}

    private static Set<String> known() {
        Set<String> known = new HashSet<>();
        known.addAll(ConsumerConfig.configNames());
        known.addAll(ProducerConfig.configNames());
        known.addAll(AdminClientConfig.configNames());
        known.add(AbstractConfig.CONFIG_PROVIDERS_CONFIG);
        known.add(KafkaSourceOptions.CLIENT_ID_PREFIX.key());
        known.add(KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key());
        known.add(KafkaSourceOptions.REGISTER_KAFKA_CONSUMER_METRICS.key());
        known.add(KafkaSourceOptions.COMMIT_OFFSETS_ON_CHECKPOINT.key());
        // Options of Flink's sink, which has no public constants for them.
        known.add("register.producer.metrics");
        known.add("flink.disable-metrics");
        return known;
    }

    /**
     * Records a problem for each property that would have no effect. An unknown property is only a
     * warning if a class is configured that may read it.
     *
     * @param client properties, without the prefix of the settings. Not modified.
     */
    static void check(Settings settings, Map<String, String> client) {
        List<String> plugIns = new ArrayList<>(PLUG_INS);
        plugIns.removeIf(key -> client.getOrDefault(key, "").isBlank());
        for (String key : new TreeMap<>(client).keySet()) {
            if (SET_BY_JOB.containsKey(key)) {
                settings.problem(
                        KafkaConfig.PREFIX + key + " has no effect: " + SET_BY_JOB.get(key));
            } else if (!isKnown(key)) {
                String message =
                        "unknown key "
                                + KafkaConfig.PREFIX
                                + key
                                + ": Kafka's clients have no such property"
                                + Settings.nearestName(key, KNOWN)
                                        .map(name -> "; the nearest known one is " + name)
                                        .orElse("");
                if (plugIns.isEmpty()) {
                    settings.problem(message);
                } else {
                    settings.warn(
                            message
                                    + "; it has no effect unless a class of "
                                    + KafkaConfig.PREFIX
                                    + String.join(", " + KafkaConfig.PREFIX, plugIns)
                                    + " reads it");
                }
            }
        }
    }

    private static boolean isKnown(String key) {
        return KNOWN.contains(key) || KNOWN_PREFIXES.stream().anyMatch(key::startsWith);
    }
}
