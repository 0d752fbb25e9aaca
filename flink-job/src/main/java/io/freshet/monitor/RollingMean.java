package io.freshet.monitor;

import io.freshet.model.example.RingIndex;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Mean of the latest values, up to a maximum number of them. Each call recomputes the sum, so that
 * rounding errors do not accumulate.
 */
final class RollingMean {
    private final RingIndex ring;
    private double[] values = new double[0];

    /**
     * @param capacity maximum number of values that the mean covers
     */
    RollingMean(int capacity) {
        ring = new RingIndex(capacity);
    }

    void add(double value) {
        int position = ring.next();
        if (position >= values.length) {
            values = Arrays.copyOf(values, ring.grownLength(values.length, position + 1));
        }
        values[position] = value;
        ring.advance();
    }

    /** Returns the number of values that the mean covers. */
    int size() {
        return ring.size();
    }

    /** Returns the mean; null before the first value. */
    @Nullable Double mean() {
        int size = ring.size();
        if (size == 0) {
            return null;
        }
        double sum = 0;
        int oldest = ring.oldest();
        for (int i = oldest; i < size; i++) {
            sum += values[i];
        }
        for (int i = 0; i < oldest; i++) {
            sum += values[i];
        }
        return sum / size;
    }

    /** Returns the values in a new array, oldest first. */
    double[] values() {
        return ring.oldestFirst(values);
    }
}
