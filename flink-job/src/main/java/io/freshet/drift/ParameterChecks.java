package io.freshet.drift;

/** Checks of detectors' parameters; each names the parameter and shows its value. */
final class ParameterChecks {
    private ParameterChecks() {}

    static void requireAtLeast(long least, String name, long value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + " must be at least " + least + ", but is " + value);
        }
    }

    static void requireAtMost(long most, String name, long value) {
        if (value > most) {
            throw new IllegalArgumentException(
                    name + " must be at most " + most + ", but is " + value);
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

    /** Requires a number between 0 and 1, neither of them. */
    static void requireProbability(String name, double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException(
                    name + " must be greater than 0 and less than 1, but is " + value);
        }
    }

    /** Requires a number greater than 0 and at most 1. */
    static void requireShare(String name, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(
                    name + " must be greater than 0 and at most 1, but is " + value);
        }
    }

    /** Requires a warning level that is reached before, or with, the drift level. */
    static void requireWarningFirst(boolean first, String warning, String drift) {
        if (!first) {
            throw new IllegalArgumentException(
                    "a warning must come before a drift, but " + warning + " and " + drift);
        }
    }

    /** Requires as many numbers as a state has. */
    static void requireLength(int length, double[] state) {
        if (state.length != length) {
            throw new IllegalArgumentException(
                    "the state must have " + length + " numbers, but has " + state.length);
        }
    }

    /** Returns the whole number, at least 0, that a number in a state is. */
    static long count(double value) {
        long whole = (long) value;
        if (whole != value || whole < 0) {
            throw new IllegalArgumentException(
                    "a count in the state must be a whole number, but is " + value);
        }
        return whole;
    }
}
