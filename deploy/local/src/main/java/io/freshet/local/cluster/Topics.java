package io.freshet.local.cluster;

import io.freshet.local.cli.Failures;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaFailure;
import io.freshet.pipeline.KafkaPreflight;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/** Creation of a job's topics. */
public final class Topics {
    private static final int MAX_OUTPUT_BYTES = 4 << 20;

    private Topics() {}

    /**
     * Creates the missing topics, with the brokers' default replication factor.
     *
     * @param partitions partitions of the topic of labelled events; the others have one
     * @return a line for each topic: whether it was created or existed
     */
    public static List<String> create(JobConfig config, int partitions)
            throws InterruptedException {
        List<NewTopic> wanted = new ArrayList<>();
        wanted.add(topic(config.kafka().labelledEvents(), partitions));
        for (String name : config.publish().topics()) {
            wanted.add(topic(name, 1).configs(settings(name, config)));
        }
        List<String> outcomes = new ArrayList<>();
        try (Admin admin = KafkaPreflight.admin(config.kafka())) {
            Map<String, KafkaFuture<Void>> created = admin.createTopics(wanted).values();
            for (NewTopic topic : wanted) {
                outcomes.add(outcome(topic.name(), created.get(topic.name()), config));
            }
        } catch (KafkaException e) {
            throw new UserException(KafkaFailure.reason(e, config.kafka()), e);
        }
        return outcomes;
    }

    private static Map<String, String> settings(String topic, JobConfig config) {
        if (topic.equals(config.publish().models())) {
            return Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
        }
        if (topic.equals(config.publish().deadLetters())
                || topic.equals(config.publish().predictions())) {
            // Larger than the largest input message, which they may quote.
            return Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(MAX_OUTPUT_BYTES));
        }
        return Map.of();
    }

    private static NewTopic topic(String name, int partitions) {
        return new NewTopic(name, Optional.of(partitions), Optional.empty());
    }

    private static String outcome(
            String name, @Nullable KafkaFuture<Void> created, JobConfig config)
            throws InterruptedException {
        if (created == null) {
            throw new IllegalStateException("Kafka was not asked for " + name);
        }
        try {
            created.get();
            return "created " + name;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) {
                return "exists  " + name;
            }
            if (e.getCause() instanceof TimeoutException
                    || e.getCause() instanceof AuthenticationException) {
                throw new UserException(KafkaFailure.reason(e, config.kafka()), e);
            }
            throw new UserException(
                    "topic " + name + " cannot be created: " + Failures.reason(e), e);
        }
    }
}
