package io.freshet.pipeline;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Loop that polls a Kafka consumer until it has reached given offsets. */
public final class PollLoop {
    private static final Duration POLL = Duration.ofMillis(200);

    private PollLoop() {}

    /**
     * Reads from the current positions at least to given offsets.
     *
     * @param ends offset of each partition to read to; all partitions are assigned to the consumer
     * @param wait time without progress after which this gives up; a transaction that is open
     *     longer hides all later records from a consumer with {@code read_committed}
     * @param records gets every record, also those from {@code ends} on
     * @return whether the offsets were reached
     */
    public static boolean readTo(
            KafkaConsumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            Duration wait,
            Consumer<ConsumerRecord<byte[], byte[]>> records) {
        long read = sumOfPositions(consumer, ends);
        long deadline = System.nanoTime() + wait.toNanos();
        while (!ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
            consumer.poll(POLL).forEach(records);
            long now = sumOfPositions(consumer, ends);
            if (now != read) {
                read = now;
                deadline = System.nanoTime() + wait.toNanos();
            } else if (System.nanoTime() - deadline > 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Reads from the current positions to given offsets, like {@link #readTo}, and leaves out the
     * records from these on.
     */
    public static boolean readBefore(
            KafkaConsumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            Duration wait,
            Consumer<ConsumerRecord<byte[], byte[]>> records) {
        return readTo(
                consumer,
                ends,
                wait,
                record -> {
                    TopicPartition partition =
                            new TopicPartition(record.topic(), record.partition());
                    if (record.offset() < ends.getOrDefault(partition, 0L)) {
                        records.accept(record);
                    }
                });
    }

    private static long sumOfPositions(
            KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.keySet().stream().mapToLong(consumer::position).sum();
    }
}
