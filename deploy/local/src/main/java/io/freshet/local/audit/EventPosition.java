package io.freshet.local.audit;

import org.apache.kafka.common.TopicPartition;

/** Position of an event in the input. */
record EventPosition(TopicPartition partition, long offset) {
    @Override
    public String toString() {
        return partition + " offset " + offset;
    }
}
