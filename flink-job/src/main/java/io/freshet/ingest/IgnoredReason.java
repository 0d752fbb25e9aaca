package io.freshet.ingest;

/**
 * Why a valid event was neither trained on nor predicted.
 *
 * <p>State counts by position: append only, never reorder or remove.
 */
public enum IgnoredReason {
    /** Its weight is 0, or that of its class where weights reduce the mini-batch. */
    ZERO_WEIGHT,
    /** The step that it belonged to was skipped: it would have left a parameter not finite. */
    NON_FINITE_STEP,
    /** It has no label, and its features are so large that no probability is finite. */
    NON_FINITE_PREDICTION,
    /** Its class index is {@code label.ignore-index}. */
    IGNORE_INDEX,
    /** The step that it belonged to was skipped: a loss was not finite. */
    NON_FINITE_LOSS
}
