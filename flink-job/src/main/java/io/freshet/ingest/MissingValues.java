package io.freshet.ingest;

/** Treatment of events in which features are missing. */
public enum MissingValues {
    /** The event becomes a dead letter. */
    DEAD_LETTER,
    /** A missing feature counts as the mean that the online scaler has of it. */
    MEAN,
    /** A missing feature counts as 0. */
    ZERO
}
