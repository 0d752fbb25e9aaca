package io.freshet.pipeline;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * How the job reaches Kafka.
 *
 * @param client client properties, {@code bootstrap.servers} among them
 * @param labelledEvents topic to learn from
 * @param groupId consumer group under which the job shows how far it has come
 * @param start where a job without state begins
 * @param transactionalIdPrefix prefix of the sink's transactional ids, unique to the job
 * @param transactionTimeout after which Kafka gives up an open transaction
 */
public record KafkaConfig(
        Map<String, String> client,
        String labelledEvents,
        String groupId,
        Start start,
        String transactionalIdPrefix,
        Duration transactionTimeout)
        implements Serializable {

    /** Where a job without state begins to read. */
    public enum Start {
        EARLIEST,
        LATEST
    }

    static final String PREFIX = "kafka.";

    public static final Key<String> BOOTSTRAP_SERVERS =
            Key.requiredText(
                    "kafka.bootstrap.servers",
                    "Kafka's brokers, as host:port,host:port. Any other property of Kafka's clients"
                            + " may be given under kafka. too.");
    public static final Key<String> LABELLED_EVENTS =
            Key.ofText("topics.labelled-events", "labelled-events", "Topic to learn from.");
    public static final Key<String> GROUP_ID =
            Key.ofText(
                    "source.group-id",
                    "freshet",
                    "Consumer group under which offsets are committed at checkpoints, for people to"
                            + " see; the job goes by its own state.");
    public static final Key<Start> START =
            Key.ofEnum(
                    "source.start",
                    Start.EARLIEST,
                    "Where a job without state begins. An offset that is in state and gone from the"
                            + " topic stops the job.");
    public static final Key<String> TRANSACTIONAL_ID_PREFIX =
            Key.ofText(
                    "sink.transactional-id-prefix",
                    "freshet",
                    "Prefix of the transactional ids. Two jobs on one Kafka need two.");
    public static final Key<Duration> TRANSACTION_TIMEOUT =
            Key.ofDuration(
                    "sink.transaction-timeout",
                    "15 min",
                    Duration.ofSeconds(1),
                    "After which Kafka gives up an open transaction: longer than a checkpoint and a"
                        + " recovery may take, at most the brokers' transaction.max.timeout.ms.");

    /** The keys read here. */
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

    /** Reads the keys; problems are left in the settings. */
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

    /** Where the brokers are. */
    public String bootstrapServers() {
        return client.getOrDefault("bootstrap.servers", "");
    }

    /** The client properties in Kafka's form. */
    public Properties clientProperties() {
        Properties properties = new Properties();
        properties.putAll(client);
        return properties;
    }

    /** Names the brokers only: the other properties may hold secrets. */
    @Override
    public String toString() {
        return "KafkaConfig[" + bootstrapServers() + ", " + labelledEvents + "]";
    }
}
