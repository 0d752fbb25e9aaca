package io.freshet.local.watch;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.cli.UserException;
import io.freshet.local.watch.FeedState.Kind;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads on a thread of its own what a job tells, from outside, as any other reader would: committed
 * records only, the last so many of each partition and then those to come. Topics that are not
 * there yet are looked for again.
 */
public final class Feed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Feed.class);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long METRICS_BEFORE = 20_000;
    private static final long ALERTS_BEFORE = 2_000;
    private static final long SNAPSHOTS_BEFORE = 200;
    private static final EventReader<DriftAlertEvent> DRIFT_ALERTS =
            EventReader.of(DriftAlertEvent.class);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String bootstrapServers;
    private final WatchedTopics topics;
    private final Watcher watcher;
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread = new Thread(this::read, "freshet-feed");
    private volatile boolean closed;
    private boolean metricsFound;
    private String told = "";

    private Feed(Map<String, String> client, WatchedTopics topics, Watcher watcher) {
        this.topics = topics;
        this.watcher = watcher;
        bootstrapServers = client.getOrDefault(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, "");
        Properties properties = new Properties();
        properties.putAll(client);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // What the brokers have deleted meanwhile is skipped: a history is bounded anyway.
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
     * @param client properties of Kafka's clients
     */
    public static Feed start(Map<String, String> client, WatchedTopics topics, Watcher watcher) {
        Feed feed = new Feed(client, topics, watcher);
        feed.thread.start();
        return feed;
    }

    /**
     * Waits until everything has been read that was there at the start.
     *
     * @throws UserException if the topics cannot be read
     */
    public void awaitCaughtUp() {
        await(caughtUp);
    }

    /**
     * Waits until somebody closes it.
     *
     * @throws UserException if the topics cannot be read
     */
    public void awaitEnd() {
        await(ended);
    }

    private void await(CompletableFuture<Void> moment) {
        try {
            moment.join();
        } catch (CompletionException e) {
            throw new UserException(
                    "the job's topics can no longer be read: " + String.valueOf(e.getCause()), e);
        }
    }

    private void read() {
        try (consumer) {
            long look = System.nanoTime();
            while (!closed) {
                if (System.nanoTime() - look >= 0) {
                    look();
                    look = System.nanoTime() + LOOK_NANOS;
                }
                if (consumer.assignment().isEmpty()) {
                    LockSupport.parkNanos(POLL.toNanos());
                    continue;
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    take(record);
                }
                watcher.upToDate();
                if (!caughtUp.isDone() && metricsFound && isAtTheEnds()) {
                    watcher.state(new FeedState(Kind.LIVE, told));
                    caughtUp.complete(null);
                }
            }
            end();
        } catch (WakeupException e) {
            end();
        } catch (RuntimeException e) {
            LOG.error("the job's topics can no longer be read", e);
            watcher.state(
                    new FeedState(
                            Kind.ENDED, "The topics can no longer be read: " + e.getMessage()));
            caughtUp.completeExceptionally(e);
            ended.completeExceptionally(e);
        }
    }

    private void end() {
        watcher.state(new FeedState(Kind.ENDED, ""));
        caughtUp.complete(null);
        ended.complete(null);
    }

    /** Finds topics and partitions that were not there before, and says what keeps it. */
    private void look() {
        try {
            List<String> forbidden = new ArrayList<>();
            metricsFound = assign(topics.metrics(), METRICS_BEFORE, forbidden);
            assign(topics.driftAlerts(), ALERTS_BEFORE, forbidden);
            assign(topics.models(), SNAPSHOTS_BEFORE, forbidden);
            String detail =
                    forbidden.isEmpty()
                            ? ""
                            : "Kafka does not allow this user to read "
                                    + String.join(", ", forbidden)
                                    + ".";
            if (metricsFound) {
                watcher.state(
                        new FeedState(caughtUp.isDone() ? Kind.LIVE : Kind.CATCHING_UP, detail));
            } else if (detail.isEmpty()) {
                watcher.state(
                        new FeedState(
                                Kind.WAITING,
                                "Topic "
                                        + topics.metrics()
                                        + " does not exist at "
                                        + bootstrapServers
                                        + " yet."));
            } else {
                watcher.state(new FeedState(Kind.WAITING, detail));
            }
            told = detail;
        } catch (WakeupException e) {
            throw e;
        } catch (KafkaException e) {
            LOG.warn("Kafka at {} does not tell its topics", bootstrapServers, e);
            watcher.state(
                    new FeedState(
                            Kind.WAITING,
                            "Kafka at "
                                    + bootstrapServers
                                    + " does not answer: "
                                    + e.getMessage()));
        }
    }

    /**
     * Begins to read those partitions of a topic that are not read yet.
     *
     * @param before how many of the last records of each
     * @param forbidden gets the topic where it may not be read
     * @return whether the topic is there
     */
    private boolean assign(String topic, long before, List<String> forbidden) {
        try {
            List<PartitionInfo> infos = consumer.partitionsFor(topic, PATIENCE);
            List<TopicPartition> found =
                    infos.stream()
                            .map(info -> new TopicPartition(info.topic(), info.partition()))
                            .filter(partition -> !consumer.assignment().contains(partition))
                            .toList();
            if (!found.isEmpty()) {
                assign(found, before);
            }
            return !infos.isEmpty();
        } catch (TopicAuthorizationException e) {
            forbidden.add(topic);
            return false;
        }
    }

    private void assign(List<TopicPartition> found, long before) {
        Map<TopicPartition, Long> first = consumer.beginningOffsets(found, PATIENCE);
        Map<TopicPartition, Long> end = consumer.endOffsets(found, PATIENCE);
        List<TopicPartition> all = new ArrayList<>(consumer.assignment());
        all.addAll(found);
        consumer.assign(all);
        for (TopicPartition partition : found) {
            long last = end.getOrDefault(partition, 0L);
            consumer.seek(partition, Math.max(first.getOrDefault(partition, 0L), last - before));
        }
        if (!caughtUp.isDone()) {
            ends.putAll(end);
        }
    }

    private boolean isAtTheEnds() {
        return ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        try {
            if (record.topic().equals(topics.metrics())) {
                MetricsEvent event = AuditReader.METRICS.read(record.value());
                Instant told = event.getToldAt();
                watcher.metrics(event, told == null ? record.timestamp() : told.toEpochMilli());
            } else if (record.topic().equals(topics.driftAlerts())) {
                watcher.driftAlert(DRIFT_ALERTS.read(record.value()), record.timestamp());
            } else if (isFirstChunk(record)) {
                watcher.snapshot(AuditReader.SNAPSHOTS.read(record.value()), record.timestamp());
            }
        } catch (IOException e) {
            LOG.warn(
                    "the record at {}-{}, offset {}, cannot be read",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e);
            watcher.unreadable(record.topic());
        }
    }

    /** Only the first chunk of a snapshot says more than parameters; a null value deletes one. */
    private static boolean isFirstChunk(ConsumerRecord<byte[], byte[]> record) {
        byte @Nullable [] key = record.key();
        return key != null
                && record.value() != null
                && new String(key, StandardCharsets.UTF_8).endsWith("/0");
    }

    /** Stops reading. */
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
