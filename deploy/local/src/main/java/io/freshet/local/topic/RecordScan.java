package io.freshet.local.topic;

import io.freshet.local.cli.UserException;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.PollLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Kafka consumer that reads the committed records of a topic from a position to its end. */
public final class RecordScan implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final String topic;
    private final KafkaConsumer<byte[], byte[]> committed;
    private final KafkaConsumer<byte[], byte[]> uncommitted;
    private final List<TopicPartition> partitions;

    public RecordScan(KafkaConfig kafka, String topic) {
        this.topic = topic;
        committed = consumer(kafka, "read_committed");
        uncommitted = consumer(kafka, "read_uncommitted");
        partitions =
                committed.partitionsFor(topic).stream()
                        .map(info -> new TopicPartition(info.topic(), info.partition()))
                        .toList();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(KafkaConfig kafka, String isolation) {
        Properties properties = kafka.clientProperties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    public List<TopicPartition> partitions() {
        return partitions;
    }

    /** Returns the first offset of each partition. */
    public Map<TopicPartition, Long> beginnings() {
        return committed.beginningOffsets(partitions);
    }

    /** Returns the offset after the last record, committed or not, of each partition. */
    public Map<TopicPartition, Long> ends() {
        return uncommitted.endOffsets(partitions);
    }

    /**
     * Returns for each partition the first offset whose record has a timestamp from a time on; the
     * end if there is none.
     *
     * @param time milliseconds since 1970-01-01T00:00Z
     */
    public Map<TopicPartition, Long> offsetsFrom(long time) {
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(partition -> times.put(partition, time));
        Map<TopicPartition, Long> offsets = ends();
        uncommitted
                .offsetsForTimes(times)
                .forEach((partition, found) -> putIfFound(offsets, partition, found));
        return offsets;
    }

    @SuppressWarnings("NullAway") // Kafka maps a partition without such a record to null
    private static void putIfFound(
            Map<TopicPartition, Long> offsets, TopicPartition partition, OffsetAndTimestamp found) {
        if (found != null) {
            offsets.put(partition, found.offset());
        }
    }

    /**
     * Reads the committed records before given ends.
     *
     * @param starts first offset of each partition to read
     * @param ends offset after the last one
     * @throws UserException if an open transaction hides records for a minute
     */
    public void read(
            Map<TopicPartition, Long> starts,
            Map<TopicPartition, Long> ends,
            Consumer<ConsumerRecord<byte[], byte[]>> records) {
        committed.assign(starts.keySet());
        starts.forEach(committed::seek);
        Map<TopicPartition, Long> wanted = new HashMap<>();
        starts.keySet().forEach(each -> wanted.put(each, ends.getOrDefault(each, 0L)));
        if (!PollLoop.readBefore(committed, wanted, TIMEOUT, records)) {
            throw new UserException(
                    "topic "
                            + topic
                            + " cannot be read to its end: an open transaction has hidden its"
                            + " newest records for "
                            + TIMEOUT.toSeconds()
                            + " s");
        }
    }

    @Override
    public void close() {
        committed.close();
        uncommitted.close();
    }
}
