package io.freshet.drift;

/** Status of a detector after a value. */
public enum DriftStatus {
    /** There is no sign of a change. */
    STABLE(0),

    /** A change is likely, but not certain. Only detectors with a warning zone report it. */
    WARNING(1),

    /** A change was detected. It is reported once; at the next value the detector restarts. */
    DRIFT(2);

    private final int code;

    DriftStatus(int code) {
        this.code = code;
    }

    /**
     * Returns the number of values since the warning zone was entered, after one more value.
     *
     * @param before the number before that value, 0 outside the zone
     */
    long sinceWarning(long before) {
        return this == STABLE ? 0 : before + 1;
    }

    /** Returns the number that represents this status in a state. */
    double code() {
        return code;
    }

    /** Returns the status that a number in a state represents. */
    static DriftStatus of(double code) {
        for (DriftStatus status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        throw new IllegalArgumentException("no status has the code " + code);
    }
}
