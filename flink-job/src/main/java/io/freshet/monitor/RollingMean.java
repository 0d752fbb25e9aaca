package io.freshet.monitor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Mean of the last {@code capacity} values. The values are summed anew at each call, so that no
 * rounding errors accumulate.
 */
final class RollingMean {
    private final int capacity;
    private double[] values = new double[0];
    private long seen;

    /** Index of the next value: {@code seen} modulo the capacity. */
    private int next;

    RollingMean(int capacity) {
        this.capacity = capacity;
    }

    void add(double value) {
        int index = next;
        if (index >= values.length) {
            values = Arrays.copyOf(values, (int) Math.min(capacity, 2L * values.length + 16));
        }
        values[index] = value;
        next = index + 1 == capacity ? 0 : index + 1;
        seen++;
    }

    /** Returns the number of values that the mean covers. */
    int size() {
        return (int) Math.min(seen, capacity);
    }

    /** Returns the mean; null before the first value. */
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

    /** Returns the index of the oldest value. */
    private int first() {
        return seen <= capacity ? 0 : next;
    }

    /** Returns the values in a new array, oldest first. */
    double[] values() {
        int size = size();
        int first = first();
        double[] oldestFirst = new double[size];
        System.arraycopy(values, first, oldestFirst, 0, size - first);
        System.arraycopy(values, 0, oldestFirst, size - first, first);
        return oldestFirst;
    }
}
