package io.freshet.drift;

/** Sets of values that a detector can accept, from the narrowest to the widest. */
public enum Domain {
    /** 0 for a right prediction, 1 for a wrong one. */
    ERRORS("0 or 1"),

    /** From 0 to 1. */
    UNIT_INTERVAL("from 0 to 1"),

    /** Any number of a magnitude up to 10¹⁰⁰, so that sums of squares do not overflow. */
    NUMBERS("a number of a magnitude up to 1e100");

    private static final double MAX_MAGNITUDE = 1e100;

    private final String description;

    Domain(String description) {
        this.description = description;
    }

    /** Returns the values in words, to follow "must be". */
    public String description() {
        return description;
    }

    /** Returns whether a value is in this domain. */
    public boolean contains(double value) {
        return switch (this) {
            case ERRORS -> value == 0 || value == 1;
            case UNIT_INTERVAL -> value >= 0 && value <= 1;
            case NUMBERS -> Math.abs(value) <= MAX_MAGNITUDE;
        };
    }

    /** Returns whether all values of another domain are in this one. */
    public boolean includes(Domain other) {
        return compareTo(other) >= 0;
    }

    /** Throws {@link IllegalArgumentException} if a value is outside this domain. */
    void require(double value) {
        if (!contains(value)) {
            throw new IllegalArgumentException(
                    "the value must be " + description + ", but is " + value);
        }
    }
}
