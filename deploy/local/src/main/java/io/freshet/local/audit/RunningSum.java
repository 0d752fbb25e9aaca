package io.freshet.local.audit;

/** Mutable {@link EventSum}, for sums over millions of events. */
final class RunningSum {
    private long count;
    private long digest;

    /**
     * Adds or subtracts an event.
     *
     * @param sign 1 or -1
     */
    void add(long hash, int sign) {
        count += sign;
        digest += sign * hash;
    }

    EventSum sum() {
        return new EventSum(count, digest);
    }
}
