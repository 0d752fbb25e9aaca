package io.freshet.ingest;

/** The events of the learner's topics whose predictions are published. */
public enum PredictedEvents {
    /** Those without a label. */
    UNLABELLED,
    /** Those without a label, and those that are trained on: the prediction before the step. */
    ALL
}
