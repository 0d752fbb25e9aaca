package io.freshet.ingest;

/** The treatments of a feature's missing value, NaN. */
public enum MissingValues {
    /** The event is a dead letter. */
    DEAD_LETTER,

    /** The value is the mean of the feature so far, by the scaler, which does not observe it. */
    MEAN,

    /** The value is 0, before any scaling. */
    ZERO
}
