package io.freshet.monitor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The mean of the last so many values, exactly: added up anew when it is asked. */
final class RollingMean {
    private final int capacity;
    private double[] values = new double[0];
    private long seen;

    /** Where the next value goes: {@code seen} modulo the capacity. */
    private int next;

    RollingMean(int capacity) {
        this.capacity = capacity;
    }

    void add(double value) {
        int at = next;
        if (at >= values.length) {
            values = Arrays.copyOf(values, (int) Math.min(capacity, 2L * values.length + 16));
        }
        values[at] = value;
        next = at + 1 == capacity ? 0 : at + 1;
        seen++;
    }

    /** Number of values that the mean is of. */
    int size() {
        return (int) Math.min(seen, capacity);
    }

    /** The mean; null before the first value. */
    @Nullable Double mean() {
        if (seen == 0) {
            return null;
        }
        double sum = 0;
        int size = size();
        for (int i = first(); i < size; i++) {
            sum += values[i];
        }
        for (int i = 0; i < first(); i++) {
            sum += values[i];
        }
        return sum / size;
    }

    private int first() {
        return seen <= capacity ? 0 : next;
    }

    /** The values, in a new array, oldest first. */
    double[] memory() {
        int size = size();
        int first = first();
        double[] memory = new double[size];
        System.arraycopy(values, first, memory, 0, size - first);
        System.arraycopy(values, 0, memory, size - first, first);
        return memory;
    }
}
