package io.freshet.ingest;

/**
 * Reason for which a valid event was neither trained on nor predicted.
 *
 * <p>State stores counts by ordinal: append only, never reorder or remove.
 */
public enum IgnoredReason {
    /**
     * The event's weight is 0, or the weight of its class is 0 and the mini-batch's losses are
     * averaged by weight.
     */
    ZERO_WEIGHT,
    /** Its SGD step was skipped because a parameter would have become NaN or infinite. */
    NON_FINITE_STEP,
    /** It has no label, and its features are so large that no probability is finite. */
    NON_FINITE_PREDICTION,
    /** Its class index is {@code label.ignore-index}. */
    IGNORE_INDEX,
    /** Its SGD step was skipped because a loss was NaN or infinite. */
    NON_FINITE_LOSS,
    /** Its class is new to the model, which has {@code classes.capacity} classes already. */
    CLASS_CAPACITY,
    /** It has no label, and the model has not learnt from any label yet; only of open classes. */
    NO_CLASS
}
