package io.freshet.drift;

/** The values that a detector takes, from the narrowest to the widest. */
public enum Domain {
    /** 0 for a right prediction, 1 for a wrong one. */
    ERRORS("0 or 1"),

    /** From 0 to 1. */
    UNIT_INTERVAL("from 0 to 1"),

    /** Any number of a magnitude up to 10¹⁰⁰, so that no sum of squares leaves the range. */
    NUMBERS("a number of a magnitude up to 1e100");

    private static final double LARGEST = 1e100;

    private final String description;

    Domain(String description) {
        this.description = description;
    }

    /** Returns whether a value may be given to such a detector. */
    public boolean contains(double value) {
        return switch (this) {
            case ERRORS -> value == 0 || value == 1;
            case UNIT_INTERVAL -> value >= 0 && value <= 1;
            case NUMBERS -> Math.abs(value) <= LARGEST;
        };
    }

    /** Returns whether all values of another domain are in this one. */
    public boolean includes(Domain other) {
        return compareTo(other) >= 0;
    }

    /** Refuses a value that is outside. */
    void require(double value) {
        if (!contains(value)) {
            throw new IllegalArgumentException(
                    "the value must be " + description + ", but is " + value);
        }
    }
}
