package io.freshet.ingest;

import java.util.HashMap;
import java.util.Map;

/**
 * Numbers of values, by feature, that became floats which differ from them by 1 or more: large
 * numbers, such as times since 1970, that one float cannot hold. Mutable and not thread-safe.
 */
public final class RoundedValues {
    private final Map<Integer, Long> counts = new HashMap<>();

    /** Creates counts of no values. */
    public RoundedValues() {}

    /** Returns whether there are no values. */
    public boolean isEmpty() {
        return counts.isEmpty();
    }

    /** Returns the number of values of each feature that has any; not a copy. */
    public Map<Integer, Long> counts() {
        return counts;
    }

    /** Counts values of a feature. */
    public void add(int feature, long count) {
        counts.merge(feature, count, Long::sum);
    }

    /**
     * Adds the numbers of other values.
     *
     * @param others not modified
     */
    public void addAll(RoundedValues others) {
        others.counts.forEach(this::add);
    }

    /** Removes all values. */
    void clear() {
        counts.clear();
    }
}
