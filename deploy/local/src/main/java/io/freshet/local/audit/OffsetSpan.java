package io.freshet.local.audit;

import org.apache.kafka.common.TopicPartition;

/**
 * Range of offsets of one partition.
 *
 * @param from first offset
 * @param to last offset, inclusive
 */
record OffsetSpan(TopicPartition partition, long from, long to) {
    /** Returns the range from the start of this one to the end of another. */
    OffsetSpan through(OffsetSpan other) {
        return new OffsetSpan(partition, Math.min(from, other.from), Math.max(to, other.to));
    }

    @Override
    public String toString() {
        return partition + (from == to ? " offset " + from : " offsets " + from + " to " + to);
    }
}
