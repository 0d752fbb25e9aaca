package io.freshet.drift;

/**
 * Checks of detectors' parameters and states. A failed one throws {@link IllegalArgumentException}
 * with the name and the value.
 */
final class ParameterChecks {
    private ParameterChecks() {}

    static void requireAtLeast(long min, String name, long value) {
        if (value < min) {
            throw new IllegalArgumentException(
                    name + " must be at least " + min + ", but is " + value);
        }
    }

    static void requireAtMost(long max, String name, long value) {
        if (value > max) {
            throw new IllegalArgumentException(
                    name + " must be at most " + max + ", but is " + value);
        }
    }

    /** Requires a number that is finite and at least 0. */
    static void requireNotNegative(String name, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    name + " must be finite and at least 0, but is " + value);
        }
    }

    /** Requires a number that is finite and greater than 0. */
    static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    name + " must be finite and greater than 0, but is " + value);
        }
    }

    /** Requires a number greater than 0 and less than 1. */
    static void requireProbability(String name, double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException(
                    name + " must be greater than 0 and less than 1, but is " + value);
        }
    }

    /** Requires a number greater than 0 and at most 1. */
    static void requireFraction(String name, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(
                    name + " must be greater than 0 and at most 1, but is " + value);
        }
    }

    /** Requires that the warning level is reached no later than the drift level. */
    static void requireWarningFirst(boolean first, String warning, String drift) {
        if (!first) {
            throw new IllegalArgumentException(
                    "a warning must come before a drift, but " + warning + " and " + drift);
        }
    }

    /** Requires a state of a given length. */
    static void requireLength(int length, double[] state) {
        if (state.length != length) {
            throw new IllegalArgumentException(
                    "the state must have " + length + " numbers, but has " + state.length);
        }
    }

    /** Returns a number in a state that must be a whole number of at least 0. */
    static long count(double value) {
        long whole = (long) value;
        if (whole != value || whole < 0) {
            throw new IllegalArgumentException(
                    "a count in the state must be a whole number, but is " + value);
        }
        return whole;
    }
}
