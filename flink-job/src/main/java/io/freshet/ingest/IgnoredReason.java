package io.freshet.ingest;

/**
 * Why a valid event was neither trained on nor predicted.
 *
 * <p>State counts by position: append only, never reorder or remove.
 */
public enum IgnoredReason {
    /** Its weight is 0. */
    ZERO_WEIGHT,
    /**
     * The step that it belonged to was skipped: a loss, a gradient or a parameter was not finite.
     */
    NON_FINITE_STEP,
    /** It has no label, and its features are so large that no probability is finite. */
    NON_FINITE_PREDICTION,
    /** Its class index is {@code label.ignore-index}. */
    IGNORE_INDEX
}
