package io.freshet.follow;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * Place in a topic up to which it has been read: all partitions, from the beginning. It outlives
 * the consumer that reads. Not thread-safe.
 */
final class TopicTail {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final String topic;

    /** Offset of the next record to read. */
    private final Map<TopicPartition, Long> next = new HashMap<>();

    /** Ends of the partitions when they were found; lower if the topic has been created anew. */
    private final Map<TopicPartition, Long> firstEnds = new HashMap<>();

    TopicTail(String topic) {
        this.topic = topic;
    }

    /**
     * Asks the broker for the partitions and their ends, and begins to read new partitions.
     *
     * @return whether the topic exists
     * @throws org.apache.kafka.common.KafkaException if the broker does not answer
     */
    boolean look(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionInfo partition : consumer.partitionsFor(topic, TIMEOUT)) {
            partitions.add(new TopicPartition(topic, partition.partition()));
        }
        if (!consumer.assignment().containsAll(partitions)) {
            consumer.assign(partitions);
            for (TopicPartition partition : partitions) {
                consumer.seek(partition, next.computeIfAbsent(partition, key -> 0L));
            }
        }
        consumer.endOffsets(partitions, TIMEOUT)
                .forEach((partition, end) -> firstEnds.merge(partition, end, Math::min));
        return !partitions.isEmpty();
    }

    /** Waits for records and passes them on. */
    void poll(
            Consumer<byte[], byte[]> consumer,
            Duration timeout,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> records) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            records.accept(record);
            next.put(new TopicPartition(topic, record.partition()), record.offset() + 1);
        }
        for (TopicPartition partition : consumer.assignment()) {
            next.put(partition, consumer.position(partition, TIMEOUT));
        }
    }

    /** Returns whether everything has been read that the topic had when it was found. */
    boolean hasReachedFirstEnds() {
        return !firstEnds.isEmpty()
                && firstEnds.entrySet().stream()
                        .allMatch(end -> next.getOrDefault(end.getKey(), 0L) >= end.getValue());
    }

    /** Returns the number of offsets that have not been read; empty if the broker has not said. */
    static OptionalLong lag(Consumer<byte[], byte[]> consumer) {
        long sum = 0;
        for (TopicPartition partition : consumer.assignment()) {
            OptionalLong lag = consumer.currentLag(partition);
            if (lag.isEmpty()) {
                return lag;
            }
            sum += lag.getAsLong();
        }
        return OptionalLong.of(sum);
    }
}
