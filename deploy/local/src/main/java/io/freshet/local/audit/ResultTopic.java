package io.freshet.local.audit;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** One reading of a topic of results, with what was not visible at that time. */
final class ResultTopic implements AutoCloseable {
    private final TopicReader reader;
    private final TopicOffsets offsets;
    private final Map<TopicPartition, Long> starts;
    private final @Nullable Duration wait;
    private Map<TopicPartition, Long> visible = Map.of();
    private boolean open;

    /**
     * @param wait maximum time to wait for open transactions; null to read only what is visible
     */
    ResultTopic(
            Map<String, String> client,
            String topic,
            TopicOffsets offsets,
            @Nullable Duration wait) {
        reader = new TopicReader(client, topic);
        this.offsets = offsets;
        this.wait = wait;
        starts = reader.starts();
    }

    /** Reads on to the current end. */
    void read(Consumer<ConsumerRecord<byte[], byte[]>> records) {
        visible = new HashMap<>(reader.ends());
        Map<TopicPartition, Long> written = offsets.ends(visible.keySet());
        if (wait == null) {
            open |= !visible.equals(written);
            reader.readToEnd(records);
        } else {
            open |= !reader.readTo(written, wait, records);
        }
    }

    /** Returns whether a record was visible already when the newest reading began. */
    boolean wasVisible(ConsumerRecord<byte[], byte[]> record) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        return record.offset() < visible.getOrDefault(partition, 0L);
    }

    /** Returns whether transactions may contain further records. */
    boolean isOpen() {
        return open;
    }

    /** Returns whether retention has removed records of the partition of a record. */
    boolean isRemovedBefore(ConsumerRecord<byte[], byte[]> record) {
        return starts.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L) > 0;
    }

    /** Returns whether retention has removed records. */
    boolean isRemoved() {
        return starts.values().stream().anyMatch(start -> start > 0);
    }

    @Override
    public void close() {
        reader.close();
    }
}
