package io.freshet.local;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Times of many events of a load at a fixed rate. */
final class Latencies {
    private final long[] ascending;

    /**
     * @param nanos times in nanoseconds, at least one. Not modified.
     */
    Latencies(long[] nanos) {
        ascending = nanos.clone();
        Arrays.sort(ascending);
    }

    /**
     * Waits until an event is due.
     *
     * @param due time of {@link System#nanoTime()}
     * @return the time after the wait, or {@code due} if it has passed already
     */
    static long awaitDue(long due) {
        long now = due;
        for (long wait = due - System.nanoTime(); wait > 0; wait = due - now) {
            LockSupport.parkNanos(wait);
            now = System.nanoTime();
        }
        return now;
    }

    /** Returns the number of times. */
    int count() {
        return ascending.length;
    }

    /**
     * Returns the smallest time that a share of the times does not exceed.
     *
     * @param share above 0 and up to 1, which gives the largest time
     * @param unit unit of the result
     */
    double percentile(double share, TimeUnit unit) {
        int index = (int) Math.ceil(share * ascending.length) - 1;
        return (double) ascending[Math.max(0, index)] / unit.toNanos(1);
    }
}
