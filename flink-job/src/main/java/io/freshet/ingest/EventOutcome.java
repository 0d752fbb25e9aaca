package io.freshet.ingest;

/**
 * Outcome of processing an event; every event has exactly one.
 *
 * <p>State stores counts by ordinal: append only, never reorder or remove.
 */
public enum EventOutcome {
    /** Has a label and was trained on. */
    ACCEPTED,
    /** Has no label: was predicted, not trained on. */
    UNLABELLED,
    /** Is valid, but was neither trained on nor predicted ({@link IgnoredReason}). */
    IGNORED,
    /** Could not be used and became a dead letter ({@link DeadLetterReason}). */
    DEAD_LETTER
}
