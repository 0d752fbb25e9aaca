package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * Configuration of the Kafka source and sinks.
 *
 * @param client properties of Kafka's clients, including {@code bootstrap.servers}
 * @param input topics of the events to train on and to predict
 * @param groupId consumer group under which offsets are committed, for monitoring only
 * @param start position at which a job without state starts to read
 * @param transactionalIdPrefix prefix of the sink's transactional ids, unique to the job
 * @param transactionTimeout time after which Kafka aborts an open transaction
 */
public record KafkaConfig(
        Map<String, String> client,
        TopicSelection input,
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
                    "Topics of the events to train on and to predict: names, separated by commas,"
                            + " or a pattern between slashes that whole names match, such as"
                            + " /orders-.*/. A topic that is added, or that comes to match, is read"
                            + " from its beginning; the job looks for such topics every"
                            + " kafka.partition.discovery.interval.ms (a minute).",
                    TopicSelection::parse);
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
        if (input.names().size() != 1) {
            throw new ConfigurationException(
                    List.of(
                            LABELLED_EVENTS
                                    + " = "
                                    + input
                                    + ": this needs the name of a single topic"));
        }
        return input.names().get(0);
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
        return "KafkaConfig[" + bootstrapServers() + ", " + input + "]";
    }
}
