package io.freshet.local.inspect;

import org.jspecify.annotations.Nullable;

/** Summary of a field's values as numbers in one style. Not thread-safe. */
final class NumberSummary {
    /** Largest size of the whole numbers that are all represented by a float. */
    static final double MAX_EXACT = 1 << 24;

    /** The same for a double. */
    private static final double MAX_EXACT_DOUBLE = 1L << 53;

    private boolean complete = true;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;
    private double last = Double.NaN;
    private boolean integers = true;
    private boolean sequence = true;
    private long tooLarge;
    private long rounded;

    /**
     * Adds a value.
     *
     * @param number null if it is not a number in this style
     */
    void add(@Nullable Double number) {
        if (number == null) {
            complete = false;
            return;
        }
        double value = number;
        if (Float.isInfinite((float) value)) {
            tooLarge++;
            sequence = false;
            return;
        }
        min = Math.min(min, value);
        max = Math.max(max, value);
        double size = Math.abs(value);
        if (size > MAX_EXACT && ((float) value != value || size > MAX_EXACT_DOUBLE)) {
            rounded++;
        }
        integers = integers && value == Math.rint(value);
        sequence = sequence && (Double.isNaN(last) || value == last + 1);
        last = value;
    }

    /** Returns whether all values are numbers in this style. */
    boolean isComplete() {
        return complete;
    }

    /** Returns whether all values are whole numbers. */
    boolean isInteger() {
        return integers;
    }

    /** Returns whether all values are whole numbers, each greater by 1 than the one before. */
    boolean isSequence() {
        return integers && sequence;
    }

    /** Returns the smallest value that a float can hold; infinite if there is none. */
    double min() {
        return min;
    }

    /** Returns the largest value that a float can hold; infinite if there is none. */
    double max() {
        return max;
    }

    /** Returns the number of values that are infinite, or too large for a float. */
    long tooLarge() {
        return tooLarge;
    }

    /** Returns the number of values whose whole part a float rounds. */
    long rounded() {
        return rounded;
    }
}
