package io.freshet.local.driftbench;

/** Kind of change in a stream. */
public enum DriftKind {
    /** The distribution does not change. */
    STATIONARY,

    /** The distribution changes from one example to the next. */
    ABRUPT,

    /** Like {@link #ABRUPT}, but the change is small, or affects only some classes. */
    PARTIAL,

    /** A growing fraction of the examples comes from the new distribution. */
    GRADUAL,

    /** The distribution moves from the old one to the new one in small steps. */
    INCREMENTAL,

    /** The distribution alternates abruptly between two. */
    RECURRING,

    /**
     * Like {@link #ABRUPT}, but the error rate is low before the change and the model recovers
     * within tens of examples.
     */
    BRIEF
}
