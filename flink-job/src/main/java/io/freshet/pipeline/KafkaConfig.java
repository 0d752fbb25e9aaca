package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the Kafka source and sinks.
 *
 * @param client properties of Kafka's clients, including {@code bootstrap.servers}
 * @param labelled topics of the events to train on
 * @param features topics of the events to predict in parallel; null if there are none
 * @param groupId consumer group under which offsets are committed, for monitoring only
 * @param start position at which a job without state starts to read
 * @param transactionalIdPrefix prefix of the sink's transactional ids, unique to the job
 * @param transactionTimeout time after which Kafka aborts an open transaction
 */
public record KafkaConfig(
        Map<String, String> client,
        TopicSelection labelled,
        @Nullable TopicSelection features,
        String groupId,
        Start start,
        String transactionalIdPrefix,
        Duration transactionTimeout)
        implements Serializable {

    /** Position at which a job without state starts to read. */
    public enum Start {
        EARLIEST,
        LATEST
    }

    static final String PREFIX = "kafka.";

    public static final Key<String> BOOTSTRAP_SERVERS =
            Key.requiredText(
                            "kafka.bootstrap.servers",
                            "Addresses of Kafka brokers, as host:port,host:port. Any other property"
                                    + " of Kafka's clients can also be set with the prefix kafka.")
                    .changeable();
    public static final Key<TopicSelection> LABELLED_EVENTS =
            Key.ofParsed(
                    "topics.labelled-events",
                    "labelled-events",
                    TopicSelection.TYPE,
                    "Topics of the events to train on: names, separated by commas,"
                            + " or a pattern between slashes that whole names match, such as"
                            + " /orders-.*/. A topic that is added, or that comes to match, is read"
                            + " from its beginning; the job looks for such topics every"
                            + " kafka.partition.discovery.interval.ms (a minute).",
                    TopicSelection::parse);
    public static final Key<Optional<TopicSelection>> FEATURE_EVENTS =
            Key.ofParsed(
                    "topics.feature-events",
                    "off",
                    "off, or " + TopicSelection.TYPE,
                    "Topics of events that are predicted only: in parallel, with the newest"
                        + " published models. Their messages have the format and the mapping of the"
                        + " labelled ones; a label is checked and not used.",
                    text ->
                            text.equals("off")
                                    ? Optional.empty()
                                    : Optional.of(TopicSelection.parse(text)));
    public static final Key<String> GROUP_ID =
            Key.ofText(
                            "source.group-id",
                            "freshet",
                            "Consumer group under which offsets are committed at checkpoints. For"
                                + " monitoring only: after a restart the job uses the offsets in"
                                + " its state.")
                    .changeable();
    public static final Key<Start> START =
            Key.ofEnum(
                            "source.start",
                            Start.EARLIEST,
                            "Position at which a job without state starts to read. If an offset in"
                                + " the job's state no longer exists in the topic, the job fails"
                                + " permanently.")
                    .changeable();
    public static final Key<String> TRANSACTIONAL_ID_PREFIX =
            Key.ofText(
                            "sink.transactional-id-prefix",
                            "freshet",
                            "Prefix of the sink's transactional ids. Each job on a Kafka cluster"
                                    + " needs its own.")
                    .changeable();
    public static final Key<Duration> TRANSACTION_TIMEOUT =
            Key.ofDuration(
                            "sink.transaction-timeout",
                            "15 min",
                            Duration.ofSeconds(1),
                            "Time after which Kafka aborts an open transaction. Must be longer than"
                                + " a checkpoint and a recovery can take together, and at most the"
                                + " brokers' transaction.max.timeout.ms.")
                    .changeable();

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS =
            List.of(
                    BOOTSTRAP_SERVERS,
                    LABELLED_EVENTS,
                    FEATURE_EVENTS,
                    GROUP_ID,
                    START,
                    TRANSACTIONAL_ID_PREFIX,
                    TRANSACTION_TIMEOUT);

    public KafkaConfig {
        client = Map.copyOf(client);
    }

    /** Reads the configuration; adds problems to the settings. */
    public static KafkaConfig from(Settings settings) {
        settings.get(BOOTSTRAP_SERVERS);
        return new KafkaConfig(
                settings.withPrefix(PREFIX),
                settings.get(LABELLED_EVENTS),
                settings.get(FEATURE_EVENTS).orElse(null),
                settings.get(GROUP_ID),
                settings.get(START),
                settings.get(TRANSACTIONAL_ID_PREFIX),
                settings.get(TRANSACTION_TIMEOUT));
    }

    /**
     * Returns the name of the input topic, for commands that need a single one.
     *
     * @throws ConfigurationException if there are several, or a pattern
     */
    public String labelledEvents() {
        if (labelled.names().size() != 1) {
            throw new ConfigurationException(
                    List.of(
                            LABELLED_EVENTS
                                    + " = "
                                    + labelled
                                    + ": this needs the name of a single topic"));
        }
        return labelled.names().get(0);
    }

    /** Returns all topics that the job reads. */
    public TopicSelection input() {
        return input(labelled, features);
    }

    private static TopicSelection input(
            TopicSelection labelled, @Nullable TopicSelection features) {
        return features == null ? labelled : labelled.plus(features);
    }

    /**
     * Returns all topics that a job reads.
     *
     * @param settings values of all keys of the job, by key
     */
    static TopicSelection input(Map<String, String> settings) {
        String labelled = Objects.requireNonNull(settings.get(LABELLED_EVENTS.name()));
        String features = settings.get(FEATURE_EVENTS.name());
        return input(
                LABELLED_EVENTS.parse(labelled),
                features == null ? null : FEATURE_EVENTS.parse(features).orElse(null));
    }

    /**
     * Returns the configuration of a job that reads the feature events only, as its source has no
     * others to guard.
     */
    KafkaConfig ofFeatures(TopicSelection featureEvents) {
        return new KafkaConfig(
                client,
                featureEvents,
                null,
                groupId,
                start,
                transactionalIdPrefix,
                transactionTimeout);
    }

    /** Returns the names of the topics that the job reads, as far as they are listed. */
    public List<String> listedInput() {
        List<String> names = new ArrayList<>(labelled.names());
        if (features != null) {
            names.addAll(features.names());
        }
        return names;
    }

    /** Returns whether the events of a topic that the job reads are predicted only. */
    public boolean isPredictedOnly(String topic) {
        return features != null && !labelled.selects(topic) && features.selects(topic);
    }

    /**
     * Returns the prefix of the transactional ids in an epoch of the job. Each epoch after the
     * first has its own, so that its transactions are never those of an earlier one.
     */
    String transactionalIdPrefix(long epoch) {
        return epoch == 1 ? transactionalIdPrefix : transactionalIdPrefix + "-epoch" + epoch;
    }

    /** Returns the addresses of the brokers, as host:port,host:port. */
    public String bootstrapServers() {
        return client.getOrDefault("bootstrap.servers", "");
    }

    /** Returns the client properties in a new object that may be modified. */
    public Properties clientProperties() {
        Properties properties = new Properties();
        properties.putAll(client);
        return properties;
    }

    /** Contains only the brokers' addresses and the topics: other properties may be secrets. */
    @Override
    public String toString() {
        return "KafkaConfig[" + bootstrapServers() + ", " + input() + "]";
    }
}
