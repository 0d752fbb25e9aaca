package io.freshet.drift;

/** What a test says of the stream after a value. */
public enum DriftStatus {
    /** Nothing speaks for a change. */
    STABLE(0),

    /** A change is likely, not yet certain. Only methods with a warning zone say so. */
    WARNING(1),

    /** The stream has changed. It is said once; the next value begins the next test. */
    DRIFT(2);

    private final int code;

    DriftStatus(int code) {
        this.code = code;
    }

    /**
     * Returns how many values it is since the warning zone was entered, after one more.
     *
     * @param before how many it was before that value, 0 outside the zone
     */
    long sinceWarning(long before) {
        return this == STABLE ? 0 : before + 1;
    }

    /** Returns the number that stands for it in a state. */
    double code() {
        return code;
    }

    /** Returns what a number stands for. */
    static DriftStatus of(double code) {
        for (DriftStatus status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        throw new IllegalArgumentException("no status of a test has the code " + code);
    }
}
