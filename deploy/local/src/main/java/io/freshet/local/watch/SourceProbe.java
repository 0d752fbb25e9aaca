package io.freshet.local.watch;

import io.freshet.local.cli.Failures;
import io.freshet.local.watch.SourcePosition.Lag;
import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.PollLoop;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Kafka client that reads how far a job's source has read and when its newest checkpoint was.
 *
 * <p>The source commits its offsets to its consumer group at each checkpoint, also when no events
 * come. Kafka's protocol returns committed offsets without their time, therefore the time is that
 * of the group's newest record in the internal topic {@code __consumer_offsets}, which the user
 * must be allowed to read.
 *
 * <p>Source of the format of its keys: {@code OffsetCommitKey.json} in Kafka's group coordinator.
 * Not thread-safe.
 */
public final class SourceProbe implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** Number of events up to which they are counted. */
    private static final long MAX_COUNTED = 1_000;

    /** Number of records of {@code __consumer_offsets} that are read at the start. */
    private static final long MAX_PAST_COMMITS = 100_000;

    /** Highest version of the keys that are committed offsets. */
    private static final short MAX_COMMIT_VERSION = 1;

    private final KafkaConfig kafka;
    private final Admin admin;
    private final KafkaConsumer<byte[], byte[]> events;
    private final KafkaConsumer<byte[], byte[]> commits;
    private final Map<TopicPartition, TypicalInterval> intervals = new HashMap<>();
    private OptionalLong newestCommit = OptionalLong.empty();
    private OptionalLong stoppedAt = OptionalLong.empty();

    public SourceProbe(KafkaConfig kafka) {
        this.kafka = kafka;
        Properties properties = kafka.clientProperties();
        String timeout = Long.toString(TIMEOUT.toMillis());
        properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, timeout);
        properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, timeout);
        admin = Admin.create(properties);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        commits = consumer(properties);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        events = consumer(properties);
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Properties properties) {
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /**
     * Reads the position. What Kafka does not tell is unknown in the result, with the problem.
     *
     * @param trained offset of each partition up to which events are known to have been read
     * @param count whether to count the events not yet read, if they are few, instead of
     *     subtracting offsets
     */
    public SourcePosition look(Map<TopicPartition, Long> trained, boolean count) {
        List<String> problems = new ArrayList<>();
        List<Lag> lags = List.of();
        OptionalLong checkpoint = OptionalLong.empty();
        try {
            lags = lags(trained, count, problems);
        } catch (ExecutionException | KafkaException e) {
            problems.add(
                    "The lag of group " + kafka.groupId() + " is unknown: " + Failures.reason(e));
        }
        try {
            readCommits();
            checkpoint = newestCommit;
        } catch (ExecutionException | KafkaException e) {
            problems.add(
                    "The newest checkpoint is unknown, because "
                            + Topic.GROUP_METADATA_TOPIC_NAME
                            + " cannot be read: "
                            + Failures.reason(e));
        }
        return new SourcePosition(lags, checkpoint, checkpointInterval(), stoppedAt, problems);
    }

    private long checkpointInterval() {
        return intervals.values().stream().mapToLong(TypicalInterval::millis).max().orElse(0);
    }

    private List<Lag> lags(Map<TopicPartition, Long> trained, boolean count, List<String> problems)
            throws ExecutionException {
        Map<TopicPartition, OffsetAndMetadata> committed =
                get(
                        admin.listConsumerGroupOffsets(kafka.groupId())
                                .partitionsToOffsetAndMetadata());
        committed.keySet().removeIf(partition -> !kafka.input().selects(partition.topic()));
        stoppedAt = StopNote.read(committed.values());
        List<Lag> lags = new ArrayList<>();
        boolean found = false;
        for (String topic : InputTopics.names(kafka)) {
            List<TopicPartition> partitions = partitions(topic);
            Map<TopicPartition, Long> ends = offsets(partitions, OffsetSpec.latest());
            Map<TopicPartition, Long> next = next(partitions, committed, trained, ends);
            found |= !next.isEmpty();
            lags.add(lag(topic, partitions, next, ends, count));
        }
        if (!found) {
            problems.add(
                    "Group "
                            + kafka.groupId()
                            + " has no committed offsets of topic "
                            + kafka.input()
                            + ": no checkpoint yet, or another source.group-id?");
            return List.of();
        }
        return lags;
    }

    /** Returns the offset of the next event to read, of the partitions that have been read. */
    private static Map<TopicPartition, Long> next(
            List<TopicPartition> partitions,
            Map<TopicPartition, OffsetAndMetadata> committed,
            Map<TopicPartition, Long> trained,
            Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Long> next = new HashMap<>();
        for (TopicPartition partition : partitions) {
            OffsetAndMetadata offset = committed.get(partition);
            if (offset != null) {
                next.put(partition, offset.offset());
            }
            long read = trained.getOrDefault(partition, 0L);
            // An offset beyond the end is from a topic of this name that has been deleted.
            if (read > 0 && read <= ends.getOrDefault(partition, 0L)) {
                next.merge(partition, read, Math::max);
            }
        }
        return next;
    }

    /**
     * Returns the lag of one topic.
     *
     * @param read offset of the next event of each partition that has been read
     */
    private Lag lag(
            String topic,
            List<TopicPartition> partitions,
            Map<TopicPartition, Long> read,
            Map<TopicPartition, Long> ends,
            boolean count)
            throws ExecutionException {
        Map<TopicPartition, Long> next = new HashMap<>(read);
        List<TopicPartition> unread =
                partitions.stream().filter(partition -> !next.containsKey(partition)).toList();
        if (!unread.isEmpty()) {
            next.putAll(offsets(unread, OffsetSpec.earliest()));
        }
        long lag = next.keySet().stream().mapToLong(partition -> lag(partition, next, ends)).sum();
        if (lag == 0) {
            return new Lag(topic, 0, true);
        }
        OptionalLong counted =
                count && lag <= MAX_COUNTED ? count(next, ends) : OptionalLong.empty();
        return new Lag(topic, counted.orElse(lag), counted.isPresent());
    }

    private static long lag(
            TopicPartition partition,
            Map<TopicPartition, Long> next,
            Map<TopicPartition, Long> ends) {
        return Math.max(0, ends.getOrDefault(partition, 0L) - next.getOrDefault(partition, 0L));
    }

    private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec spec)
            throws ExecutionException {
        Map<TopicPartition, OffsetSpec> specs = new HashMap<>();
        partitions.forEach(partition -> specs.put(partition, spec));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        get(admin.listOffsets(specs, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)).all())
                .forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }

    /**
     * Returns the number of events between the offsets; empty if nothing can be read for five
     * seconds.
     */
    private OptionalLong count(Map<TopicPartition, Long> next, Map<TopicPartition, Long> ends) {
        events.assign(next.keySet());
        next.forEach(events::seek);
        AtomicLong counted = new AtomicLong();
        boolean complete =
                PollLoop.readBefore(events, ends, TIMEOUT, event -> counted.incrementAndGet());
        return complete ? OptionalLong.of(counted.get()) : OptionalLong.empty();
    }

    private List<TopicPartition> partitions(String topic) throws ExecutionException {
        KafkaFuture<TopicDescription> described =
                Objects.requireNonNull(
                        admin.describeTopics(List.of(topic)).topicNameValues().get(topic));
        return get(described).partitions().stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
    }

    /** Reads new records of {@code __consumer_offsets}, and at the start some of the past ones. */
    private void readCommits() throws ExecutionException {
        if (commits.assignment().isEmpty() && !assignCommits()) {
            return;
        }
        Map<TopicPartition, Long> ends = commits.endOffsets(commits.assignment(), TIMEOUT);
        if (!PollLoop.readTo(commits, ends, TIMEOUT, this::addCommit)) {
            throw new TimeoutException("nothing was read for " + TIMEOUT.toSeconds() + " s");
        }
    }

    /**
     * Assigns the partition with the group's offsets; returns false if nobody has committed yet.
     */
    private boolean assignCommits() throws ExecutionException {
        List<TopicPartition> all;
        try {
            all = partitions(Topic.GROUP_METADATA_TOPIC_NAME);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return false;
            }
            throw e;
        }
        int index = Utils.abs(kafka.groupId().hashCode()) % all.size();
        List<TopicPartition> partition =
                List.of(new TopicPartition(Topic.GROUP_METADATA_TOPIC_NAME, index));
        long start = offset(commits.beginningOffsets(partition, TIMEOUT), partition.get(0));
        long end = offset(commits.endOffsets(partition, TIMEOUT), partition.get(0));
        commits.assign(partition);
        commits.seek(partition.get(0), Math.max(start, end - MAX_PAST_COMMITS));
        return true;
    }

    private static long offset(Map<TopicPartition, Long> offsets, TopicPartition partition) {
        return offsets.getOrDefault(partition, 0L);
    }

    private void addCommit(ConsumerRecord<byte[], byte[]> commit) {
        TopicPartition partition = committedPartition(commit.key());
        if (partition != null && commit.value() != null) {
            intervals
                    .computeIfAbsent(partition, created -> new TypicalInterval())
                    .add(commit.timestamp());
            newestCommit = OptionalLong.of(Math.max(newestCommit.orElse(0), commit.timestamp()));
        }
    }

    /** Returns the partition of the job's source that a key is about; null if it is another key. */
    private @Nullable TopicPartition committedPartition(byte @Nullable [] key) {
        if (key == null) {
            return null;
        }
        try {
            ByteBuffer buffer = ByteBuffer.wrap(key);
            if (buffer.getShort() > MAX_COMMIT_VERSION || !text(buffer).equals(kafka.groupId())) {
                return null;
            }
            TopicPartition partition = new TopicPartition(text(buffer), buffer.getInt());
            return kafka.input().selects(partition.topic()) ? partition : null;
        } catch (BufferUnderflowException e) {
            return null; // a key of a later version of Kafka
        }
    }

    private static String text(ByteBuffer buffer) {
        byte[] bytes = new byte[Math.max(0, buffer.getShort())];
        buffer.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static <T> T get(KafkaFuture<T> future) throws ExecutionException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
        events.close();
        commits.close();
    }
}
