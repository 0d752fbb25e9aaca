package io.freshet.ingest;

/**
 * What becomes of an event; every event meets exactly one.
 *
 * <p>State counts by position: append only, never reorder or remove.
 */
public enum EventOutcome {
    /** Labelled, and trained on. */
    ACCEPTED,
    /** Without a label: predicted, not trained on. */
    UNLABELLED,
    /** Valid, but not to be trained on. */
    IGNORED,
    /** Set aside with its bytes and a reason. */
    DEAD_LETTER
}
