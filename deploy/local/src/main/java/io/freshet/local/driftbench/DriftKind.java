package io.freshet.local.driftbench;

/** Kind of change in a stream. */
public enum DriftKind {
    /** No change. */
    STATIONARY,

    /** The distribution changes from one example to the next. */
    ABRUPT,

    /** As {@link #ABRUPT}, but a small change, or one of some classes only. */
    PARTIAL,

    /** A growing fraction of the examples comes from the new distribution. */
    GRADUAL,

    /** The distribution moves from the old one to the new one in small steps. */
    INCREMENTAL,

    /** The distribution alternates abruptly between two. */
    RECURRING
}
