package io.freshet.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Looks at Kafka before the job starts, so that a missing broker, topic or permission is one line
 * and not a restart loop.
 */
public final class KafkaPreflight {
    private static final int PATIENCE_MILLIS = 10_000;

    private KafkaPreflight() {}

    /**
     * Checks that the brokers answer and that every topic of the job is there and may be used.
     *
     * @throws PreflightException naming the first thing that is not as it must be
     */
    public static void check(JobConfig config) throws PreflightException, InterruptedException {
        List<String> names = new ArrayList<>(config.publish().topics());
        names.add(0, config.kafka().labelledEvents());
        String servers = config.kafka().bootstrapServers();
        try (Admin admin = Admin.create(properties(config.kafka()))) {
            Map<String, KafkaFuture<TopicDescription>> topics =
                    admin.describeTopics(
                                    names,
                                    new DescribeTopicsOptions().includeAuthorizedOperations(true))
                            .topicNameValues();
            for (Map.Entry<String, KafkaFuture<TopicDescription>> topic :
                    new TreeMap<>(topics).entrySet()) {
                String name = topic.getKey();
                Set<AclOperation> allowed =
                        describe(topic.getValue(), name, servers).authorizedOperations();
                AclOperation operation =
                        name.equals(config.kafka().labelledEvents())
                                ? AclOperation.READ
                                : AclOperation.WRITE;
                if (allowed != null && !allowed.contains(operation)) {
                    throw new PreflightException(notAllowed(operation, name));
                }
            }
        } catch (KafkaException e) {
            throw new PreflightException(
                    "cannot use Kafka at " + servers + ": " + innermost(e).getMessage());
        }
    }

    private static Properties properties(KafkaConfig config) {
        Properties properties = config.clientProperties();
        properties.putIfAbsent(
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Integer.toString(PATIENCE_MILLIS));
        properties.putIfAbsent(
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, Integer.toString(PATIENCE_MILLIS / 2));
        return properties;
    }

    private static TopicDescription describe(
            KafkaFuture<TopicDescription> topic, String name, String servers)
            throws PreflightException, InterruptedException {
        try {
            return topic.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof UnknownTopicOrPartitionException) {
                throw new PreflightException(
                        "topic "
                                + name
                                + " does not exist at "
                                + servers
                                + "; `freshet topics` creates it");
            }
            if (cause instanceof AuthorizationException) {
                throw new PreflightException(notAllowed(AclOperation.DESCRIBE, name));
            }
            if (cause instanceof TimeoutException) {
                throw new PreflightException(
                        "no Kafka broker answers at " + servers + " (kafka.bootstrap.servers)");
            }
            throw new PreflightException(
                    "cannot use Kafka at " + servers + ": " + innermost(e).getMessage());
        }
    }

    private static String notAllowed(AclOperation operation, String topic) {
        return "Kafka does not allow this user to " + operation + " topic " + topic;
    }

    private static Throwable innermost(Throwable e) {
        Throwable inner = e;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        return inner;
    }
}
