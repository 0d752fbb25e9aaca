package io.freshet.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lease on a prefix of transactional ids: membership in a consumer group of Kafka, which the holder
 * renews by its heartbeats, and which a process that died loses after {@link #EXPIRY}.
 *
 * <p>A job that is about to start finds out whether the group has a member ({@link #awaitFree}). If
 * two jobs are members nevertheless, because they started at the same time or because one was
 * paused until another had taken its place, the {@link LeaseAssignor} chooses one of them, and the
 * other one has lost the lease. After a failover of the JobManager the same job may be a member
 * twice for a while, without losing it. Nothing is read from the topics of the group.
 */
final class JobLease implements AutoCloseable {
    /** Time after which a job that no longer renews its lease has lost it. */
    static final Duration EXPIRY = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(JobLease.class);
    private static final Duration HEARTBEAT = Duration.ofSeconds(2);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration CLOSING = Duration.ofSeconds(5);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final KafkaConfig kafka;
    private final String jobName;
    private final LeaseAssignor.Claim claim;
    private final Thread renewal;
    private volatile boolean closed;
    private volatile Runnable wakeup = () -> {};

    private JobLease(KafkaConfig kafka, String jobName, String submission, Runnable lost) {
        this.kafka = kafka;
        this.jobName = jobName;
        claim = new LeaseAssignor.Claim(submission, lost);
        renewal = new Thread(this::renew, "freshet-lease");
        renewal.setDaemon(true);
    }

    /**
     * Takes the lease and renews it in a thread of its own until it is closed. While Kafka does not
     * answer or refuses the job, it is tried again and again.
     *
     * @param submission id of the job's submission, which is the same after a failover
     * @param lost called in the thread of the lease if another job has taken it
     */
    static JobLease take(KafkaConfig kafka, String jobName, String submission, Runnable lost) {
        JobLease lease = new JobLease(kafka, jobName, submission, lost);
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
    private static Optional<String> holder(Admin admin, KafkaConfig kafka)
            throws ExecutionException, InterruptedException {
        ConsumerGroupDescription group;
        try {
            group =
                    admin.describeConsumerGroups(List.of(group(kafka)))
                            .all()
                            .get()
                            .values()
                            .iterator()
                            .next();
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

    private KafkaConsumer<byte[], byte[]> consumer() {
        Properties properties = kafka.clientProperties();
        properties.put(ConsumerConfig.CLIENT_ID_CONFIG, jobName);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group(kafka));
        properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, millis(EXPIRY));
        properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, millis(HEARTBEAT));
        // If the consumer could not be closed, its thread ends the membership.
        properties.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, millis(EXPIRY));
        properties.put(ConsumerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        properties.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, List.of(LeaseAssignor.class));
        properties.put(LeaseAssignor.CLAIM, claim);
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }

    private void renew() {
        // A Flink cluster may close the class loader of a job before it closes the job's source.
        // The first membership therefore ends as soon as it has begun: that loads every class that
        // the end of a membership needs.
        boolean rehearsal = true;
        while (!closed && !claim.isLost()) {
            // A new consumer reads a password or certificate again that was replaced meanwhile.
            try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
                wakeup = consumer::wakeup;
                subscribe(consumer);
                while (!closed && !claim.isLost()) {
                    consumer.poll(POLL);
                    if (rehearsal && claim.isMember()) {
                        rehearsal = false;
                        consumer.wakeup();
                    }
                }
            } catch (WakeupException e) {
                LOG.debug("A membership of the lease has ended");
            } catch (KafkaException e) {
                LOG.warn("The lease of the job could not be renewed; trying again", e);
                LockSupport.parkNanos(RETRY.toNanos());
            }
        }
    }

    private void subscribe(KafkaConsumer<byte[], byte[]> consumer) {
        String pattern = kafka.input().pattern();
        if (pattern == null) {
            consumer.subscribe(kafka.input().names());
        } else {
            consumer.subscribe(Pattern.compile(pattern));
        }
    }

    /** Returns the lease, and waits until Kafka has it back or cannot be reached. */
    @Override
    public void close() {
        closed = true;
        wakeup.run();
        LockSupport.unpark(renewal);
        try {
            renewal.join(CLOSING.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
