package io.freshet.model.example;

/**
 * Index into arrays that hold the last {@code capacity} items of a stream as a ring buffer: item
 * {@code i} is at position {@code i} modulo the capacity.
 *
 * <p>The arrays belong to the caller. They may be shorter than the capacity as long as they hold
 * all items so far; {@link #grownLength} returns the length that they should grow to.
 */
public final class RingIndex {
    private static final int FIRST_LENGTH = 16;

    private final int capacity;
    private long added;
    private int next;

    /**
     * @param capacity maximum number of items in the ring, at least 1
     */
    public RingIndex(int capacity) {
        this.capacity = capacity;
    }

    /** Returns the number of items that were ever added. */
    public long added() {
        return added;
    }

    /** Returns the number of items in the ring. */
    public int size() {
        return (int) Math.min(added, capacity);
    }

    /** Returns whether the next item replaces the oldest. */
    public boolean isFull() {
        return added >= capacity;
    }

    /** Returns the position of the next item. */
    public int next() {
        return next;
    }

    /** Returns the position of the oldest item. */
    public int oldest() {
        return added <= capacity ? 0 : next;
    }

    /**
     * Returns the position of an item.
     *
     * @param item number of items that were added before it
     */
    public int position(long item) {
        return (int) (item % capacity);
    }

    /** Adds an item at the {@linkplain #next() next position}. */
    public void advance() {
        next = next + 1 == capacity ? 0 : next + 1;
        added++;
    }

    /** Continues as if a number of items had been added. */
    public void restore(long numAdded) {
        added = numAdded;
        next = position(numAdded);
    }

    /**
     * Returns the length that arrays which are too short should grow to.
     *
     * @param length current length of the arrays
     * @param needed minimum length, at most the capacity
     */
    public int grownLength(int length, int needed) {
        return (int) Math.min(capacity, Math.max(needed, Math.max(FIRST_LENGTH, 2L * length)));
    }

    /** Returns the items of an array in a new one, oldest first. */
    public int[] oldestFirst(int[] ring) {
        int[] ordered = new int[size()];
        copyOldestFirst(ring, ordered);
        return ordered;
    }

    /** Returns the items of an array in a new one, oldest first. */
    public long[] oldestFirst(long[] ring) {
        long[] ordered = new long[size()];
        copyOldestFirst(ring, ordered);
        return ordered;
    }

    /** Returns the items of an array in a new one, oldest first. */
    public float[] oldestFirst(float[] ring) {
        float[] ordered = new float[size()];
        copyOldestFirst(ring, ordered);
        return ordered;
    }

    /** Returns the items of an array in a new one, oldest first. */
    public double[] oldestFirst(double[] ring) {
        double[] ordered = new double[size()];
        copyOldestFirst(ring, ordered);
        return ordered;
    }

    /** Returns the items of an array in a new one, oldest first. */
    public boolean[] oldestFirst(boolean[] ring) {
        boolean[] ordered = new boolean[size()];
        copyOldestFirst(ring, ordered);
        return ordered;
    }

    @SuppressWarnings("SuspiciousSystemArraycopy") // both are arrays of the same primitive type
    private void copyOldestFirst(Object ring, Object ordered) {
        int oldest = oldest();
        int untilEnd = size() - oldest;
        System.arraycopy(ring, oldest, ordered, 0, untilEnd);
        System.arraycopy(ring, 0, ordered, untilEnd, oldest);
    }
}
