package io.freshet.local.watch;

import io.freshet.pipeline.KafkaAdmin;
import io.freshet.pipeline.KafkaConfig;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Note that a job was stopped as requested: metadata of the offsets that its consumer group has
 * committed. The next checkpoint of the job commits offsets without it.
 */
public final class StopNote {
    private static final String PREFIX = "stopped ";

    private StopNote() {}

    /**
     * Commits the offsets from which the job has to continue, with the note.
     *
     * @throws ExecutionException if Kafka does not answer, or refuses it
     */
    public static void write(
            KafkaConfig kafka, Map<TopicPartition, Long> nextOffsets, Instant stopped)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        nextOffsets.forEach(
                (partition, offset) ->
                        offsets.put(partition, new OffsetAndMetadata(offset, PREFIX + stopped)));
        try (Admin admin = KafkaAdmin.create(kafka)) {
            admin.alterConsumerGroupOffsets(kafka.groupId(), offsets).all().get();
        }
    }

    /**
     * Returns when the job was stopped, in milliseconds since 1970-01-01T00:00Z; empty if it runs,
     * or has ended otherwise.
     *
     * @param committed the committed offsets of all partitions
     */
    static OptionalLong read(Collection<OffsetAndMetadata> committed) {
        long newest = Long.MIN_VALUE;
        for (OffsetAndMetadata offset : committed) {
            OptionalLong at = time(offset.metadata());
            if (at.isEmpty()) {
                return OptionalLong.empty();
            }
            newest = Math.max(newest, at.getAsLong());
        }
        return committed.isEmpty() ? OptionalLong.empty() : OptionalLong.of(newest);
    }

    private static OptionalLong time(String metadata) {
        if (!metadata.startsWith(PREFIX)) {
            return OptionalLong.empty();
        }
        try {
            Instant stopped = Instant.parse(metadata.substring(PREFIX.length()));
            return OptionalLong.of(stopped.toEpochMilli());
        } catch (DateTimeException e) {
            return OptionalLong.empty(); // written by another program
        }
    }
}
