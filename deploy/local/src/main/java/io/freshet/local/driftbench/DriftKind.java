package io.freshet.local.driftbench;

/** How a stream changes. */
public enum DriftKind {
    /** Not at all. */
    STATIONARY,

    /** From one example to the next. */
    ABRUPT,

    /** From one example to the next, but only a little, or only for some. */
    PARTIAL,

    /** More and more examples are of the new kind. */
    GRADUAL,

    /** All examples move from the old kind to the new one, step by step. */
    INCREMENTAL,

    /** Abruptly, to and fro between two kinds. */
    RECURRING
}
