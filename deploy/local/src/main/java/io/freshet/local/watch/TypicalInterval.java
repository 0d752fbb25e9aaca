package io.freshet.local.watch;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Interval that nine of ten of the latest {@value #WINDOW} intervals of a series of times do not
 * exceed. A single long pause therefore does not count.
 */
final class TypicalInterval {
    static final int WINDOW = 50;

    private static final double LEVEL = 0.9;
    private static final long NONE = Long.MIN_VALUE;

    private final Deque<Long> intervals = new ArrayDeque<>();
    private long last = NONE;

    /**
     * Adds the next time. One that is not later than the last is ignored.
     *
     * @param millis milliseconds since 1970-01-01T00:00Z
     */
    void add(long millis) {
        if (last != NONE && millis > last) {
            intervals.addLast(millis - last);
            if (intervals.size() > WINDOW) {
                intervals.removeFirst();
            }
        }
        last = Math.max(last, millis);
    }

    /** Returns the interval in milliseconds; 0 if there were fewer than two times. */
    long millis() {
        long[] sorted = intervals.stream().mapToLong(Long::longValue).sorted().toArray();
        return sorted.length == 0 ? 0 : sorted[(int) (LEVEL * (sorted.length - 1))];
    }
}
