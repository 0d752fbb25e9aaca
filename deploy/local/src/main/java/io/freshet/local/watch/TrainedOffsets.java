package io.freshet.local.watch;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionOffset;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * For each partition of the input, the offset after the last event that any model's metrics say was
 * trained on. A job that is stopped does not commit the offsets of its last checkpoint to Kafka,
 * but its metrics contain them.
 */
public final class TrainedOffsets {
    private final Map<TopicPartition, Long> next = new HashMap<>();

    /** Adds a metrics record. */
    public void add(MetricsEvent event) {
        for (PartitionOffset offset : event.getOffsets()) {
            next.merge(
                    new TopicPartition(offset.getTopic(), offset.getPartition()),
                    offset.getOffset() + 1,
                    Math::max);
        }
    }

    /** Returns the offsets. */
    public Map<TopicPartition, Long> next() {
        return Map.copyOf(next);
    }
}
