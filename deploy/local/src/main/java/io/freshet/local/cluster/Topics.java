package io.freshet.local.cluster;

import io.freshet.local.cli.Failures;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaAdmin;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.KafkaFailure;
import io.freshet.publish.PublishConfig;
import io.freshet.publish.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/** Creation of a job's topics. */
public final class Topics {
    private static final int MAX_OUTPUT_BYTES = 8 << 20;
    private static final String CREATED = "created ";
    private static final Duration LEADER_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(20);

    private Topics() {}

    /**
     * Creates the missing topics, without those that a pattern would match, with the default
     * replication factor of the brokers.
     *
     * @param partitions number of partitions of the input topics; the other topics have one
     * @return one line per topic that says whether it was created or existed
     */
    public static List<String> create(JobTopics topics, int partitions)
            throws InterruptedException {
        KafkaConfig kafka = topics.kafka();
        PublishConfig publish = topics.publish();
        List<NewTopic> newTopics = new ArrayList<>();
        for (String input : kafka.listedInput()) {
            newTopics.add(topic(input, partitions));
        }
        for (Topic topic : Topic.values()) {
            newTopics.add(topic(publish.topic(topic), 1).configs(settings(topic)));
        }
        List<String> lines = new ArrayList<>();
        try (Admin admin = KafkaAdmin.create(kafka)) {
            Map<String, KafkaFuture<Void>> created = admin.createTopics(newTopics).values();
            List<NewTopic> missed = new ArrayList<>();
            for (NewTopic topic : newTopics) {
                String outcome = outcome(topic.name(), created.get(topic.name()), kafka);
                lines.add(outcome);
                if (outcome.startsWith(CREATED)) {
                    missed.add(topic);
                }
            }
            awaitLeaders(admin, missed);
        } catch (KafkaException e) {
            throw new UserException(KafkaFailure.reason(e, kafka), e);
        }
        return lines;
    }

    /**
     * Waits until the leader of each partition answers. Kafka names it in its metadata a moment
     * before. If a producer's first batch comes in this moment, it is refused for now and the
     * second one accepted, and then the first is out of order for ever: its events would be lost.
     */
    private static void awaitLeaders(Admin admin, List<NewTopic> topics)
            throws InterruptedException {
        Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
        for (NewTopic topic : topics) {
            for (int partition = 0; partition < topic.numPartitions(); partition++) {
                partitions.put(new TopicPartition(topic.name(), partition), OffsetSpec.earliest());
            }
        }
        long deadline = System.nanoTime() + LEADER_TIMEOUT.toNanos();
        while (!partitions.isEmpty()) {
            ListOffsetsResult answers = admin.listOffsets(partitions);
            for (TopicPartition partition : List.copyOf(partitions.keySet())) {
                try {
                    answers.partitionResult(partition).get();
                    partitions.remove(partition);
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof AuthorizationException) {
                        partitions.remove(partition); // the user may create it, but not read it
                    } else if (!(e.getCause() instanceof RetriableException)
                            || System.nanoTime() > deadline) {
                        throw new UserException(
                                partition + " has no leader yet: " + Failures.reason(e), e);
                    }
                }
            }
            if (!partitions.isEmpty()) {
                LockSupport.parkNanos(POLL.toNanos());
            }
        }
    }

    private static Map<String, String> settings(Topic topic) {
        if (topic.isCompacted()) {
            return Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
        }
        if (topic.exceedsMessages()) {
            // Six times the default limit of the input topic, which is what JSON may need.
            return Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(MAX_OUTPUT_BYTES));
        }
        return Map.of();
    }

    private static NewTopic topic(String name, int partitions) {
        return new NewTopic(name, Optional.of(partitions), Optional.empty());
    }

    private static String outcome(
            String name, @Nullable KafkaFuture<Void> created, KafkaConfig kafka)
            throws InterruptedException {
        if (created == null) {
            throw new IllegalStateException("Kafka returned no result for topic " + name);
        }
        try {
            created.get();
            return CREATED + name;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) {
                return "exists  " + name;
            }
            if (e.getCause() instanceof TimeoutException
                    || e.getCause() instanceof AuthenticationException) {
                throw new UserException(KafkaFailure.reason(e, kafka), e);
            }
            throw new UserException(
                    "topic " + name + " cannot be created: " + Failures.reason(e), e);
        }
    }
}
