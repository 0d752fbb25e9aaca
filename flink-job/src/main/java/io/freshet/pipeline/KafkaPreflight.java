package io.freshet.pipeline;

import io.freshet.publish.PublishFormat;
import io.freshet.publish.RecordBounds;
import io.freshet.publish.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks of brokers, topics and permissions before the job starts, so that a missing one is
 * reported in one line instead of causing a restart loop.
 */
public final class KafkaPreflight {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaPreflight.class);

    /**
     * Timeout of the check of transactions. It is longer, because the first transaction of a
     * cluster creates the brokers' transaction log.
     */
    private static final int TRANSACTIONS_TIMEOUT_MILLIS = 30_000;

    private KafkaPreflight() {}

    /**
     * Checks that the brokers answer, that every topic of the job exists and may be used, and that
     * the sinks may write in transactions.
     *
     * @throws PreflightException describing the first check that failed; if permissions are
     *     missing, all of them, one per line
     */
    public static void check(JobConfig config) throws PreflightException, InterruptedException {
        KafkaConfig kafka = config.kafka();
        String user = user(kafka);
        LOG.info("connecting to Kafka at {} as {}", kafka.bootstrapServers(), user);
        List<String> names = new ArrayList<>(config.publish().topics());
        List<String> missing = new ArrayList<>();
        try (Admin admin = KafkaAdmin.create(kafka)) {
            Set<String> input = InputTopics.names(admin, kafka.input());
            names.addAll(input);
            Map<String, KafkaFuture<TopicDescription>> topics =
                    admin.describeTopics(
                                    names,
                                    new DescribeTopicsOptions().includeAuthorizedOperations(true))
                            .topicNameValues();
            for (Map.Entry<String, KafkaFuture<TopicDescription>> topic :
                    new TreeMap<>(topics).entrySet()) {
                String name = topic.getKey();
                TopicDescription description = describe(topic.getValue(), name, kafka);
                List<AclOperation> denied =
                        operations(config, name).stream()
                                .filter(
                                        operation ->
                                                description == null
                                                        || !allows(
                                                                description.authorizedOperations(),
                                                                operation))
                                .toList();
                if (!denied.isEmpty()) {
                    missing.add(notAllowed(user, denied, "topic " + name));
                }
            }
            if (KafkaConnectors.commitsOffsets(kafka)) {
                // Without this permission the job would restart after every checkpoint.
                checkGroup(admin, kafka, kafka.groupId(), user, "source.group-id", missing);
            }
            checkGroup(admin, kafka, JobLease.group(kafka), user, "the job's lease", missing);
            if (missing.isEmpty()) {
                checkLimits(admin, config, input);
            }
            checkTransactions(kafka, user, missing);
        } catch (ExecutionException | KafkaException e) {
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        }
        if (!missing.isEmpty()) {
            throw new PreflightException(String.join(System.lineSeparator(), missing));
        }
    }

    private static boolean allows(@Nullable Set<AclOperation> allowed, AclOperation operation) {
        return allowed == null || allowed.contains(operation);
    }

    /** Returns the operations on a topic that the job needs. */
    private static List<AclOperation> operations(JobConfig config, String topic) {
        if (config.kafka().input().selects(topic)) {
            return List.of(AclOperation.READ);
        }
        return JobResults.topics(config).contains(topic)
                ? List.of(AclOperation.WRITE, AclOperation.READ)
                : List.of(AclOperation.WRITE);
    }

    /**
     * Checks that the job may be a member of a consumer group or commit offsets in it.
     *
     * @param purpose key or purpose of the group, for the message
     * @param missing receives the missing permission
     */
    private static void checkGroup(
            Admin admin,
            KafkaConfig kafka,
            String group,
            String user,
            String purpose,
            List<String> missing)
            throws PreflightException, InterruptedException {
        try {
            Set<AclOperation> allowed =
                    admin.describeConsumerGroups(
                                    List.of(group),
                                    new DescribeConsumerGroupsOptions()
                                            .includeAuthorizedOperations(true))
                            .all()
                            .get()
                            .values()
                            .iterator()
                            .next()
                            .authorizedOperations();
            if (!allows(allowed, AclOperation.READ)) {
                missing.add(notAllowedGroup(user, group, purpose));
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupAuthorizationException) {
                missing.add(notAllowedGroup(user, group, purpose));
            } else if (!(e.getCause() instanceof GroupIdNotFoundException)) {
                throw new PreflightException(KafkaFailure.reason(e, kafka), e);
            }
        }
    }

    private static String notAllowedGroup(String user, String group, String purpose) {
        return notAllowed(user, AclOperation.READ, "group " + group) + " (" + purpose + ")";
    }

    /**
     * Checks that the brokers answer and that a topic exists.
     *
     * @throws PreflightException naming the missing topic or the brokers
     */
    public static void requireTopic(KafkaConfig kafka, String topic)
            throws PreflightException, InterruptedException {
        try (Admin admin = KafkaAdmin.create(kafka)) {
            requireTopic(admin, kafka, topic);
        } catch (KafkaException e) {
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        }
    }

    private static void requireTopic(Admin admin, KafkaConfig kafka, String topic)
            throws PreflightException, InterruptedException {
        KafkaFuture<TopicDescription> described =
                admin.describeTopics(List.of(topic)).topicNameValues().get(topic);
        if (describe(Objects.requireNonNull(described), topic, kafka) == null) {
            throw new PreflightException(
                    notAllowed(user(kafka), AclOperation.DESCRIBE, "topic " + topic));
        }
    }

    /**
     * Checks that the brokers answer and that the topics of labelled events exist.
     *
     * @return names of the topics, at least one
     * @throws PreflightException naming the missing topic or the brokers
     */
    public static SortedSet<String> requireInput(KafkaConfig kafka)
            throws PreflightException, InterruptedException {
        try (Admin admin = KafkaAdmin.create(kafka)) {
            SortedSet<String> topics = InputTopics.names(admin, kafka.labelled());
            if (topics.isEmpty()) {
                throw new PreflightException(
                        "no topic at " + kafka.bootstrapServers() + " matches " + kafka.labelled());
            }
            for (String topic : topics) {
                requireTopic(admin, kafka, topic);
            }
            return topics;
        } catch (ExecutionException | KafkaException e) {
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        }
    }

    /**
     * Returns the id of the Kafka cluster.
     *
     * @throws PreflightException if the brokers do not answer
     */
    public static String clusterId(KafkaConfig kafka)
            throws PreflightException, InterruptedException {
        try (Admin admin = KafkaAdmin.create(kafka)) {
            return admin.describeCluster().clusterId().get();
        } catch (ExecutionException | KafkaException e) {
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        }
    }

    /**
     * Initialises transactions as a sink does. The transactional id has the prefix of the sinks'
     * ids but is used by none of them, so that a running job is not disturbed.
     *
     * @param missing receives the missing permission
     */
    private static void checkTransactions(KafkaConfig kafka, String user, List<String> missing)
            throws PreflightException {
        String id = kafka.transactionalIdPrefix() + "-preflight";
        Properties properties = kafka.clientProperties();
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
        properties.put(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                Long.toString(kafka.transactionTimeout().toMillis()));
        properties.putIfAbsent(
                ProducerConfig.MAX_BLOCK_MS_CONFIG, Integer.toString(TRANSACTIONS_TIMEOUT_MILLIS));
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer());
        try {
            producer.initTransactions();
        } catch (TransactionalIdAuthorizationException e) {
            missing.add(
                    notAllowed(user, AclOperation.WRITE, "transactional id " + id)
                            + "; the job needs it for every id that begins with "
                            + kafka.transactionalIdPrefix()
                            + " (sink.transactional-id-prefix)");
        } catch (ClusterAuthorizationException e) {
            missing.add(notAllowed(user, AclOperation.IDEMPOTENT_WRITE, "the cluster"));
        } catch (TimeoutException e) {
            throw new PreflightException(
                    "Kafka at "
                            + kafka.bootstrapServers()
                            + " did not initialise transactions in time; see the brokers' logs for"
                            + " the cause. Are there fewer brokers than"
                            + " transaction.state.log.replication.factor?",
                    e);
        } finally {
            producer.close(Duration.ZERO);
        }
    }

    /**
     * Checks the transaction timeout and the record sizes against the limits of brokers and topics.
     * Logs a warning and continues if the user may not read their configuration.
     *
     * @param inputs names of the input topics
     */
    private static void checkLimits(Admin admin, JobConfig config, Set<String> inputs)
            throws PreflightException, InterruptedException {
        try {
            Node broker = admin.describeCluster().nodes().get().iterator().next();
            long maxTimeout =
                    limit(
                            admin,
                            ConfigResource.Type.BROKER,
                            broker.idString(),
                            "transaction.max.timeout.ms");
            long timeout = config.kafka().transactionTimeout().toMillis();
            if (timeout > maxTimeout) {
                throw new PreflightException(
                        "sink.transaction-timeout is "
                                + timeout
                                + " ms; the brokers allow "
                                + maxTimeout
                                + " ms (transaction.max.timeout.ms)");
            }
            String input = "";
            long largest = 0;
            for (String topic : inputs) {
                long limit =
                        limit(
                                admin,
                                ConfigResource.Type.TOPIC,
                                topic,
                                TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
                if (limit > largest) {
                    input = topic;
                    largest = limit;
                }
            }
            RecordBounds bounds = config.publish().format().bounds();
            long needed =
                    bounds.message() * largest
                            + bounds.envelope()
                            + (long) bounds.probability() * config.ingest().numClasses();
            for (Topic topic : Topic.values()) {
                if (!topic.exceedsMessages()) {
                    continue;
                }
                String name = config.publish().topic(topic);
                long accepted =
                        limit(
                                admin,
                                ConfigResource.Type.TOPIC,
                                name,
                                TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
                if (accepted < needed) {
                    throw new PreflightException(
                            "topic "
                                    + name
                                    + " accepts records of up to "
                                    + accepted
                                    + " bytes (max.message.bytes), but the result for the largest"
                                    + " record of topic "
                                    + input
                                    + " may need "
                                    + needed
                                    + " bytes"
                                    + (config.publish().format() == PublishFormat.JSON
                                            ? " in JSON"
                                            : "")
                                    + "; raise the limit, as `freshet topics` does");
                }
            }
        } catch (ExecutionException e) {
            LOG.warn(
                    "Kafka's limits could not be checked: {}",
                    ExceptionUtils.getRootCause(e).getMessage());
        }
    }

    private static long limit(Admin admin, ConfigResource.Type type, String name, String key)
            throws ExecutionException, InterruptedException {
        ConfigResource resource = new ConfigResource(type, name);
        for (Config config : admin.describeConfigs(List.of(resource)).all().get().values()) {
            return Long.parseLong(config.get(key).value());
        }
        throw new IllegalStateException("Kafka did not describe " + resource);
    }

    /** Returns the description of a topic; null if the user may not see it. */
    private static @Nullable TopicDescription describe(
            KafkaFuture<TopicDescription> topic, String name, KafkaConfig kafka)
            throws PreflightException, InterruptedException {
        try {
            return topic.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new PreflightException(
                        "topic "
                                + name
                                + " does not exist at "
                                + kafka.bootstrapServers()
                                + "; `freshet topics` creates it",
                        e);
            }
            if (e.getCause() instanceof AuthorizationException) {
                return null;
            }
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        }
    }

    private static String notAllowed(String user, AclOperation operation, String resource) {
        return notAllowed(user, List.of(operation), resource);
    }

    private static String notAllowed(String user, List<AclOperation> operations, String resource) {
        return "Kafka does not allow "
                + user
                + " to "
                + operations.stream().map(AclOperation::name).collect(Collectors.joining(" and "))
                + " "
                + resource;
    }

    /**
     * Returns "user" and the name in the login, or "this user" if the login has no name.
     *
     * @throws PreflightException if the login refers to a value that cannot be read
     */
    private static String user(KafkaConfig kafka) throws PreflightException {
        return KafkaFailure.user(kafka, SecretReferences.resolve(kafka.client()));
    }
}
