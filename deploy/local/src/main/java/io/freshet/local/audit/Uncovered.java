package io.freshet.local.audit;

import java.util.Comparator;
import org.apache.kafka.common.TopicPartition;

/** Events of a model in one partition that none of its records covers. */
final class Uncovered {
    record Key(String modelId, TopicPartition partition) implements Comparable<Key> {
        private static final Comparator<Key> ORDER =
                Comparator.comparing(Key::modelId)
                        .thenComparing(key -> key.partition().topic())
                        .thenComparing(key -> key.partition().partition());

        @Override
        public int compareTo(Key other) {
            return ORDER.compare(this, other);
        }
    }

    private final Key key;
    private long count;
    private long first = Long.MAX_VALUE;
    private long last = -1;

    Uncovered(Key key) {
        this.key = key;
    }

    /**
     * Adds an event, or takes away one that another model covers.
     *
     * @param sign 1 or -1
     */
    void add(long offset, int sign) {
        count += sign;
        if (sign > 0) {
            first = Math.min(first, offset);
            last = Math.max(last, offset);
        }
    }

    Key key() {
        return key;
    }

    long count() {
        return count;
    }

    long first() {
        return first;
    }

    long last() {
        return last;
    }
}
