package io.freshet.local.audit;

import io.freshet.pipeline.PollLoop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Kafka consumer that reads all committed records of a topic. */
public final class TopicReader implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String RECORDS_PER_POLL = "5000";

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<TopicPartition> partitions;

    /**
     * @param client properties of the Kafka clients
     */
    public TopicReader(Map<String, String> client, String topic) {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // Where retention removes records before they are read, continues with the first ones left.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_PER_POLL);
        consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        partitions =
                consumer.partitionsFor(topic).stream()
                        .map(info -> new TopicPartition(info.topic(), info.partition()))
                        .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Returns the records since the last call, waiting up to {@code wait} for the first. */
    public Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration wait) {
        return consumer.poll(wait);
    }

    /** Returns the offset of the first record that each partition still has. */
    Map<TopicPartition, Long> starts() {
        return consumer.beginningOffsets(partitions);
    }

    /** Returns the offset after the last record that committed readers can see now. */
    Map<TopicPartition, Long> ends() {
        return consumer.endOffsets(partitions);
    }

    /** Continues in one partition only, at a given offset. */
    void seek(TopicPartition partition, long offset) {
        consumer.assign(List.of(partition));
        consumer.seek(partition, offset);
    }

    /** Reads from the current position to the topic's current end. */
    public void readToEnd(Consumer<ConsumerRecord<byte[], byte[]>> records) {
        if (!readTo(ends(), TIMEOUT, records)) {
            throw new IllegalStateException(
                    "no record was read for a minute before the end of " + partitions);
        }
    }

    /**
     * Reads from the current position at least to given offsets. Records that retention removes
     * before they are read are left out.
     *
     * @param wait time without progress after which this gives up; a transaction that is open
     *     longer holds back all later records
     * @return whether the offsets were reached
     */
    boolean readTo(
            Map<TopicPartition, Long> ends,
            Duration wait,
            Consumer<ConsumerRecord<byte[], byte[]>> records) {
        return PollLoop.readTo(consumer, ends, wait, records);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
