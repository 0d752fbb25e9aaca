package io.freshet.pipeline;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lease on a prefix of transactional ids: membership in a consumer group of Kafka, which the holder
 * renews by its heartbeats, and which a process that died loses after {@link #EXPIRY}.
 *
 * <p>The only member of the group has a fixed group instance id. A job that is about to start finds
 * out whether the group has a member ({@link #holder}). If two jobs start at the same time, Kafka
 * keeps the later member and fences the earlier one, which then fails. No partition is assigned to
 * the member, and nothing is read.
 *
 * <p>Source: KIP-345, "Introduce static membership protocol to reduce consumer rebalances".
 */
final class JobLease implements AutoCloseable {
    /** Time after which a job that no longer renews its lease has lost it. */
    static final Duration EXPIRY = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(JobLease.class);
    private static final String INSTANCE_ID = "job";
    private static final Duration HEARTBEAT = Duration.ofSeconds(2);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration CLOSING = Duration.ofSeconds(5);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread renewal;
    private volatile boolean closed;

    private JobLease(KafkaConfig kafka, String jobName, Consumer<RuntimeException> lost) {
        consumer = consumer(kafka, jobName);
        consumer.subscribe(List.of(kafka.labelledEvents()));
        renewal = new Thread(() -> renew(lost), "freshet-lease");
        renewal.setDaemon(true);
    }

    /**
     * Takes the lease and renews it in a thread of its own until it is closed.
     *
     * @param lost receives the reason if another job has taken the lease, or if Kafka does not
     *     allow it; called in the thread of the lease
     */
    static JobLease take(KafkaConfig kafka, String jobName, Consumer<RuntimeException> lost) {
        JobLease lease = new JobLease(kafka, jobName, lost);
        lease.renewal.start();
        return lease;
    }

    /** Returns the consumer group of the lease on a prefix. */
    static String group(KafkaConfig kafka) {
        return kafka.transactionalIdPrefix() + "-lease";
    }

    /**
     * Returns a description of the job that holds the lease, with its host and name; empty if no
     * job does.
     *
     * @throws ExecutionException if Kafka does not answer or does not allow it
     */
    static Optional<String> holder(Admin admin, KafkaConfig kafka)
            throws ExecutionException, InterruptedException {
        ConsumerGroupDescription group;
        try {
            group =
                    admin.describeConsumerGroups(List.of(group(kafka)))
                            .describedGroups()
                            .get(group(kafka))
                            .get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return Optional.empty();
            }
            throw e;
        }
        return group.members().stream().findFirst().map(JobLease::describe);
    }

    private static String describe(MemberDescription member) {
        return "job " + member.clientId() + " at " + member.host().replaceFirst("^/", "");
    }

    /**
     * Waits until no job holds the lease, for a little longer than a dead job keeps it.
     *
     * @param waiting called once with the holder if there is one
     * @return the job that still holds it; empty if none does
     */
    static Optional<String> awaitFree(Admin admin, KafkaConfig kafka, Consumer<String> waiting)
            throws ExecutionException, InterruptedException {
        long deadline = System.nanoTime() + EXPIRY.toNanos() + TimeUnit.SECONDS.toNanos(3);
        Optional<String> holder = holder(admin, kafka);
        holder.ifPresent(waiting);
        while (holder.isPresent() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(250));
            holder = holder(admin, kafka);
        }
        return holder;
    }

    private static KafkaConsumer<byte[], byte[]> consumer(KafkaConfig kafka, String jobName) {
        Properties properties = kafka.clientProperties();
        properties.put(ConsumerConfig.CLIENT_ID_CONFIG, jobName);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group(kafka));
        properties.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, INSTANCE_ID);
        properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, millis(EXPIRY));
        properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, millis(HEARTBEAT));
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        properties.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, List.of(NoPartitions.class));
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }

    private void renew(Consumer<RuntimeException> lost) {
        try (consumer) {
            while (!closed) {
                try {
                    consumer.poll(POLL);
                } catch (WakeupException e) {
                    break;
                } catch (FencedInstanceIdException e) {
                    lost.accept(e);
                    return; // the group belongs to another job now
                } catch (RetriableException e) {
                    LOG.warn("The lease of the job could not be renewed; trying again", e);
                    LockSupport.parkNanos(RETRY.toNanos());
                } catch (KafkaException e) {
                    lost.accept(e);
                    return;
                }
            }
            consumer.close(
                    CloseOptions.groupMembershipOperation(
                                    CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                            .withTimeout(CLOSING));
        } catch (KafkaException e) {
            LOG.warn("The lease of the job could not be returned; it expires by itself", e);
        }
    }

    /** Returns the lease, and waits until Kafka has it back or cannot be reached. */
    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            renewal.join(CLOSING.toMillis() * 2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Assignor that assigns no partition to any member. Public, so that Kafka can create it. */
    public static final class NoPartitions implements ConsumerPartitionAssignor {
        @Override
        public GroupAssignment assign(Cluster metadata, GroupSubscription subscriptions) {
            Map<String, Assignment> nothing = new HashMap<>();
            for (String member : subscriptions.groupSubscription().keySet()) {
                nothing.put(member, new Assignment(List.of()));
            }
            return new GroupAssignment(nothing);
        }

        @Override
        public String name() {
            return "none";
        }
    }
}
