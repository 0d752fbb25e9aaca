package io.freshet.follow;

import io.freshet.classifier.Classifier;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reader of a topic of snapshots that has the newest {@link Classifier} of each model, and some
 * older ones. It follows the topic with a consumer and a thread of its own, without a consumer
 * group: committed records only, all partitions, from the beginning.
 *
 * <p>A model keeps its last good version while newer records cannot be used; they are counted by
 * {@link FollowProblem}. A tombstone of a snapshot's first record removes the model. While the
 * broker is away, or refuses, all versions stay, and reading goes on where it was when the broker
 * is back.
 *
 * <p>Thread-safe. What {@link #newest} and the other getters return is looked up without a lock.
 */
public final class SnapshotFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotFollower.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long RETRY_MILLIS = 1_000;
    private static final long CLOSE_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private final String topic;
    private final Map<String, Object> properties;
    private final SnapshotIntake intake;
    private final TopicTail tail;
    private final CountDownLatch end = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** Replaced by its thread only, after a failure. */
    private volatile KafkaConsumer<byte[], byte[]> consumer;

    private volatile boolean reachedEnd;
    private volatile String failure = "";
    private volatile OptionalLong lag = OptionalLong.empty();

    private SnapshotFollower(Builder builder) {
        topic = builder.topic;
        properties = consumerProperties(builder.client);
        intake = new SnapshotIntake(builder.maxModels, builder.keptVersions, builder.listener);
        tail = new TopicTail(topic);
        consumer = createConsumer();
        thread = new Thread(this::run, "freshet-snapshots");
        thread.setDaemon(true);
    }

    /**
     * Returns a builder of a follower.
     *
     * @param topic name of the topic of snapshots, such as {@code models}
     * @param client properties of Kafka's clients, such as {@code bootstrap.servers}; those that
     *     say how the topic is read are set by the follower
     */
    public static Builder of(String topic, Map<String, ?> client) {
        return new Builder(topic, client);
    }

    /** Builder of a {@link SnapshotFollower}. */
    public static final class Builder {
        private final String topic;
        private final Map<String, ?> client;
        private int keptVersions = 3;
        private int maxModels = 1_000;
        private Consumer<Classifier> listener = classifier -> {};

        private Builder(String topic, Map<String, ?> client) {
            this.topic = topic;
            this.client = Map.copyOf(client);
        }

        /** Sets how many versions of each model are kept, at least 1; 3 by default. */
        public Builder keptVersions(int versions) {
            keptVersions = atLeastOne(versions, "versions");
            return this;
        }

        /**
         * Sets how many models are followed, at least 1; 1,000 by default. Records of further ones
         * are counted only.
         */
        public Builder maxModels(int models) {
            maxModels = atLeastOne(models, "models");
            return this;
        }

        /** Sets what the follower's thread calls with each new version, after it can be had. */
        public Builder onNewVersion(Consumer<Classifier> newListener) {
            listener = newListener;
            return this;
        }

        private static int atLeastOne(int number, String what) {
            if (number < 1) {
                throw new IllegalArgumentException(
                        "the number of " + what + " must be at least 1, but is " + number);
            }
            return number;
        }

        /**
         * Starts to follow the topic. It need not exist yet, and the broker may be away.
         *
         * @throws KafkaException if the client's properties cannot be used
         */
        public SnapshotFollower start() {
            SnapshotFollower follower = new SnapshotFollower(this);
            follower.thread.start();
            return follower;
        }
    }

    private static Map<String, Object> consumerProperties(Map<String, ?> client) {
        Map<String, Object> properties = new HashMap<>(client);
        properties.putIfAbsent(CommonClientConfigs.METADATA_MAX_AGE_CONFIG, "30000");
        properties.remove(CommonClientConfigs.GROUP_ID_CONFIG);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // Compaction and retention remove records: reading goes on with the earliest that exists.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        return properties;
    }

    private KafkaConsumer<byte[], byte[]> createConsumer() {
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Returns the newest version of a model; empty if none has come yet. */
    public Optional<Classifier> newest(String modelId) {
        return versions(modelId).stream().findFirst();
    }

    /** Returns a version of a model; empty if it is not among those that are kept. */
    public Optional<Classifier> version(String modelId, long version) {
        return versions(modelId).stream()
                .filter(classifier -> classifier.info().version() == version)
                .findFirst();
    }

    /** Returns the versions of a model that are kept, newest first. */
    public List<Classifier> versions(String modelId) {
        return intake.versions().of(modelId);
    }

    /** Returns the ids of the models that have a version. */
    public Set<String> modelIds() {
        return intake.versions().modelIds();
    }

    /** Returns why the newest records of a model are not used; empty if they are. */
    public Optional<ModelProblem> problem(String modelId) {
        return intake.problem(modelId);
    }

    /**
     * Returns the models whose newest records are not used, with the reasons; also those that have
     * no version. The id is "" if it cannot be read.
     */
    public Map<String, ModelProblem> problems() {
        return intake.problems();
    }

    /** Returns the state of the follower. */
    public FollowerStatus status() {
        return new FollowerStatus(reachedEnd, failure, intake.numRecords(), lag, intake.counts());
    }

    /**
     * Waits until everything has been read that the topic had when the follower found it.
     *
     * @return false if it has not been read within this time, or if the follower was closed
     */
    public boolean awaitEnd(Duration timeout) throws InterruptedException {
        return end.await(timeout.toNanos(), TimeUnit.NANOSECONDS) && reachedEnd;
    }

    private void run() {
        try {
            do {
                followUntilFailure();
            } while (!isClosedAfter(RETRY_MILLIS));
        } catch (RuntimeException | Error e) {
            failure = "The follower has ended: " + e;
            LOG.error("topic {} is no longer followed", topic, e);
            throw e;
        } finally {
            end.countDown();
            consumer.close();
        }
    }

    /** Waits, but not longer than until the follower is closed. */
    private boolean isClosedAfter(long millis) {
        try {
            return closing.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            closing.countDown();
            return true;
        }
    }

    private boolean isClosed() {
        return closing.getCount() == 0;
    }

    /** Follows the topic until the follower is closed or the consumer cannot go on. */
    private void followUntilFailure() {
        try {
            long nextLook = System.nanoTime();
            while (!isClosed()) {
                if (System.nanoTime() - nextLook >= 0) {
                    if (!isFound()) {
                        return;
                    }
                    nextLook = System.nanoTime() + LOOK_NANOS;
                }
                tail.poll(consumer, POLL, intake::add);
                lag = TopicTail.lag(consumer);
                if (!reachedEnd && tail.hasReachedFirstEnds()) {
                    reachedEnd = true;
                    end.countDown();
                }
                if (lag.orElse(1) == 0) {
                    intake.refuseIncomplete();
                }
            }
        } catch (WakeupException e) {
            LOG.debug("topic {} is no longer followed", topic);
        } catch (RetriableException e) {
            fail(e);
        } catch (KafkaException e) {
            fail(e);
            consumer.close();
            consumer = createConsumer();
        }
    }

    /** Looks up the topic; returns false if it does not exist. */
    private boolean isFound() {
        if (!tail.look(consumer)) {
            fail("Topic " + topic + " does not exist.");
            return false;
        }
        if (!failure.isEmpty()) {
            LOG.info("topic {} is followed again", topic);
            failure = "";
        }
        return true;
    }

    private void fail(KafkaException e) {
        fail("Topic " + topic + " cannot be read: " + e.getMessage());
    }

    private void fail(String message) {
        if (failure.isEmpty()) {
            LOG.warn("{} The last models stay.", message);
        }
        failure = message;
    }

    /** Stops following the topic and waits until the thread has ended. The models stay. */
    @Override
    public void close() {
        closing.countDown();
        consumer.wakeup();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
