package io.freshet.local.watch;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.cli.UserException;
import io.freshet.local.watch.ReaderState.Kind;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.ResultRecord;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka consumer of a job's results that passes them to a {@link ResultsListener}, on its own
 * thread. It reads committed records only. It starts with the last records of each partition, up to
 * a maximum number for each topic, and continues with new ones. Topics that do not exist yet are
 * looked up again every five seconds.
 */
public final class ResultsReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ResultsReader.class);
    private static final long REFRESH_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long QUIET_MILLIS = TimeUnit.SECONDS.toMillis(10);
    private static final long MAX_PAST_METRICS = 20_000;
    private static final long MAX_PAST_ALERTS = 2_000;
    private static final long MAX_PAST_SNAPSHOTS = 200;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String bootstrapServers;
    private final WatchedTopics topics;
    private final ResultsListener listener;
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread = new Thread(this::read, "freshet-results");
    private volatile boolean closed;
    private volatile boolean allMetrics = true;
    private final @Nullable SourceProbe probe;
    private final Map<TopicPartition, Long> nextOffsets = new HashMap<>();
    private final TypicalInterval emissions = new TypicalInterval();
    private final TypicalInterval transactions = new TypicalInterval();
    private final TrainedOffsets trained = new TrainedOffsets();
    private SourcePosition source = SourcePosition.UNKNOWN;
    private JobActivity activity = JobActivity.UNKNOWN;
    private OptionalLong newestMetrics = OptionalLong.empty();
    private long newestEmission = Long.MIN_VALUE;
    private boolean metricsFound;
    private String problem = "";

    private ResultsReader(
            Map<String, String> client,
            WatchedTopics topics,
            @Nullable SourceProbe probe,
            ResultsListener listener) {
        this.topics = topics;
        this.probe = probe;
        this.listener = listener;
        bootstrapServers = client.getOrDefault(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, "");
        Properties properties = new Properties();
        properties.putAll(client);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // If records have been deleted, reading continues with the earliest that exists.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        thread.setDaemon(true);
    }

    /**
     * Starts reading.
     *
     * @param client properties of the Kafka clients
     */
    public static ResultsReader start(
            Map<String, String> client, WatchedTopics topics, ResultsListener listener) {
        return start(new ResultsReader(client, topics, null, listener));
    }

    /** Starts reading, and looks every five seconds at the position of the job's source. */
    public static ResultsReader start(JobTopics topics, ResultsListener listener) {
        return start(
                new ResultsReader(
                        topics.kafka().client(),
                        WatchedTopics.of(topics.publish()),
                        new SourceProbe(topics.kafka()),
                        listener));
    }

    private static ResultsReader start(ResultsReader reader) {
        reader.thread.start();
        return reader;
    }

    /**
     * Waits until everything that existed at the start has been read.
     *
     * @throws UserException if the topics cannot be read
     */
    public void awaitCaughtUp() {
        await(caughtUp);
    }

    /**
     * Waits until everything that existed at the start has been read, but not longer than a given
     * time.
     *
     * @throws UserException if the topics cannot be read in this time
     */
    public void awaitCaughtUp(Duration timeout) {
        try {
            caughtUp.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new UserException(
                    "the job's topics at "
                            + bootstrapServers
                            + " could not be read within "
                            + timeout.toSeconds()
                            + " s",
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw unreadable(e);
        }
    }

    /**
     * Returns whether the metrics were read from their first record on, after {@link
     * #awaitCaughtUp()}. Otherwise those of models without later records are unknown.
     */
    public boolean hasReadAllMetrics() {
        return allMetrics;
    }

    /**
     * Waits until the reader is closed.
     *
     * @throws UserException if the topics cannot be read
     */
    public void awaitEnd() {
        await(ended);
    }

    private void await(CompletableFuture<Void> event) {
        try {
            event.join();
        } catch (CompletionException e) {
            throw unreadable(e);
        }
    }

    private static UserException unreadable(Exception e) {
        return new UserException(
                "the job's topics can no longer be read: " + String.valueOf(e.getCause()), e);
    }

    private void read() {
        try (consumer;
                probe) {
            long nextRefresh = System.nanoTime();
            long nextLook = nextRefresh;
            while (!closed) {
                if (System.nanoTime() - nextRefresh >= 0) {
                    refreshAssignment();
                    nextRefresh = System.nanoTime() + REFRESH_NANOS;
                }
                if (consumer.assignment().isEmpty()) {
                    LockSupport.parkNanos(POLL.toNanos());
                    continue;
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    dispatch(record);
                }
                if (probe != null && caughtUp.isDone() && System.nanoTime() - nextLook >= 0) {
                    source = probe.look(trained.next(), isQuiet());
                    nextLook = System.nanoTime() + REFRESH_NANOS;
                }
                reportActivity();
                listener.onPollEnd();
                if (!caughtUp.isDone() && metricsFound && hasReachedEnds()) {
                    listener.onStateChange(new ReaderState(Kind.LIVE, problem));
                    caughtUp.complete(null);
                }
            }
            end();
        } catch (WakeupException e) {
            end();
        } catch (RuntimeException e) {
            LOG.error("the job's topics can no longer be read", e);
            listener.onStateChange(
                    new ReaderState(
                            Kind.ENDED, "The topics can no longer be read: " + e.getMessage()));
            caughtUp.completeExceptionally(e);
            ended.completeExceptionally(e);
        }
    }

    /** Returns whether no metrics have come for so long that the lag has to be known exactly. */
    private boolean isQuiet() {
        return System.currentTimeMillis() - newestMetrics.orElse(0) > QUIET_MILLIS;
    }

    private void reportActivity() {
        if (source.stoppedAt().orElse(Long.MAX_VALUE) < newestEmission) {
            source = source.ofRunningJob(); // it has been started again
        }
        JobActivity now =
                new JobActivity(
                        newestMetrics, Math.max(emissions.millis(), transactions.millis()), source);
        if (!now.equals(activity)) {
            activity = now;
            listener.onActivity(activity);
        }
    }

    private void end() {
        listener.onStateChange(new ReaderState(Kind.ENDED, ""));
        caughtUp.complete(null);
        ended.complete(null);
    }

    /** Starts reading new topics and partitions, and reports missing topics and permissions. */
    private void refreshAssignment() {
        try {
            List<String> forbidden = new ArrayList<>();
            metricsFound = assign(topics.metrics(), MAX_PAST_METRICS, forbidden);
            assign(topics.driftAlerts(), MAX_PAST_ALERTS, forbidden);
            assign(topics.models(), MAX_PAST_SNAPSHOTS, forbidden);
            String detail =
                    forbidden.isEmpty()
                            ? ""
                            : "Kafka does not allow this user to read "
                                    + String.join(", ", forbidden)
                                    + ".";
            if (metricsFound) {
                listener.onStateChange(
                        new ReaderState(caughtUp.isDone() ? Kind.LIVE : Kind.CATCHING_UP, detail));
            } else if (detail.isEmpty()) {
                listener.onStateChange(
                        new ReaderState(
                                Kind.WAITING,
                                "Topic "
                                        + topics.metrics()
                                        + " does not exist at "
                                        + bootstrapServers
                                        + " yet."));
            } else {
                listener.onStateChange(new ReaderState(Kind.WAITING, detail));
            }
            problem = detail;
        } catch (WakeupException e) {
            throw e;
        } catch (KafkaException e) {
            LOG.warn("the topics of Kafka at {} cannot be looked up", bootstrapServers, e);
            listener.onStateChange(
                    new ReaderState(
                            Kind.WAITING,
                            "Kafka at "
                                    + bootstrapServers
                                    + " does not answer: "
                                    + e.getMessage()));
        }
    }

    /**
     * Starts reading the partitions of a topic that are not assigned yet.
     *
     * @param maxPast maximum number of existing records to read from each partition
     * @param forbidden receives the topic if it may not be read
     * @return whether the topic exists and may be read
     */
    private boolean assign(String topic, long maxPast, List<String> forbidden) {
        try {
            List<PartitionInfo> infos = consumer.partitionsFor(topic, TIMEOUT);
            List<TopicPartition> found =
                    infos.stream()
                            .map(info -> new TopicPartition(info.topic(), info.partition()))
                            .filter(partition -> !consumer.assignment().contains(partition))
                            .toList();
            if (!found.isEmpty()) {
                assign(found, maxPast);
            }
            return !infos.isEmpty();
        } catch (TopicAuthorizationException e) {
            forbidden.add(topic);
            return false;
        }
    }

    private void assign(List<TopicPartition> found, long maxPast) {
        Map<TopicPartition, Long> first = consumer.beginningOffsets(found, TIMEOUT);
        Map<TopicPartition, Long> end = consumer.endOffsets(found, TIMEOUT);
        List<TopicPartition> all = new ArrayList<>(consumer.assignment());
        all.addAll(found);
        consumer.assign(all);
        for (TopicPartition partition : found) {
            long last = end.getOrDefault(partition, 0L);
            long start = Math.max(first.getOrDefault(partition, 0L), last - maxPast);
            consumer.seek(partition, start);
            if (partition.topic().equals(topics.metrics()) && start > 0) {
                allMetrics = false;
            }
        }
        if (!caughtUp.isDone()) {
            ends.putAll(end);
        }
    }

    private boolean hasReachedEnds() {
        return ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private void dispatch(ConsumerRecord<byte[], byte[]> record) {
        try {
            if (record.topic().equals(topics.metrics())) {
                MetricsEvent event = ResultRecord.read(AuditReader.METRICS, record);
                Instant time = event.getToldAt();
                long emittedAt = time == null ? record.timestamp() : time.toEpochMilli();
                noteMetrics(record, emittedAt);
                trained.add(event);
                listener.onMetrics(event, emittedAt);
            } else if (record.topic().equals(topics.driftAlerts())) {
                listener.onDriftAlert(
                        ResultRecord.read(AuditReader.DRIFT_ALERTS, record), record.timestamp());
            } else if (isFirstChunk(record)) {
                listener.onSnapshot(
                        ResultRecord.read(AuditReader.SNAPSHOTS, record), record.timestamp());
            }
        } catch (IOException e) {
            LOG.warn(
                    "the record at {}-{}, offset {}, cannot be read",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e);
            listener.onUnreadableRecord(record.topic());
        }
    }

    /**
     * Notes when metrics became readable. New ones have just done so, whatever the job's clock
     * says. Offsets are missing between the records of two transactions, whose ends occupy them.
     */
    private void noteMetrics(ConsumerRecord<byte[], byte[]> record, long emittedAt) {
        long now = System.currentTimeMillis();
        long readableAt = caughtUp.isDone() ? now : Math.min(now, emittedAt);
        newestMetrics = OptionalLong.of(Math.max(readableAt, newestMetrics.orElse(0)));
        newestEmission = Math.max(newestEmission, emittedAt);
        emissions.add(emittedAt);
        Long next =
                nextOffsets.put(
                        new TopicPartition(record.topic(), record.partition()),
                        record.offset() + 1);
        if (next != null && record.offset() > next) {
            transactions.add(emittedAt);
        }
    }

    /**
     * Returns whether a record is the first chunk of a snapshot: further chunks hold parameters
     * only, and a null value is a tombstone.
     */
    private static boolean isFirstChunk(ConsumerRecord<byte[], byte[]> record) {
        byte @Nullable [] key = record.key();
        return key != null
                && record.value() != null
                && new String(key, StandardCharsets.UTF_8).endsWith("/0");
    }

    /** Stops reading and waits until the thread has ended. */
    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
