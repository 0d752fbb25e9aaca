package io.freshet.publish;

/** Where a record is published. */
public enum Destination {
    METRICS,
    DRIFT_ALERTS,
    PREDICTIONS,
    MODELS,
    MODEL_HISTORY,
    DEAD_LETTERS
}
