package io.freshet.local.audit;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;

/**
 * Offsets of one partition for which the audit found the same: their number, their range, and the
 * first {@value #MAX_KEPT} that were added.
 */
final class FoundOffsets {
    private static final int MAX_KEPT = 1_000;

    private final TopicPartition partition;
    private final List<EventPosition> kept = new ArrayList<>();
    private long count;
    private long first = Long.MAX_VALUE;
    private long last = -1;

    FoundOffsets(TopicPartition partition) {
        this.partition = partition;
    }

    void add(long offset) {
        count++;
        first = Math.min(first, offset);
        last = Math.max(last, offset);
        if (kept.size() < MAX_KEPT) {
            kept.add(new EventPosition(partition, offset));
        }
    }

    boolean isEmpty() {
        return count == 0;
    }

    long count() {
        return count;
    }

    /** Returns the lowest offset; the largest number if there is none. */
    long first() {
        return first;
    }

    /** Returns the highest offset; -1 if there is none. */
    long last() {
        return last;
    }

    /** Returns the range from the lowest to the highest offset, of which there must be one. */
    OffsetSpan span() {
        return new OffsetSpan(partition, first, last);
    }

    List<EventPosition> kept() {
        return List.copyOf(kept);
    }
}
