package io.freshet.local.audit;

/** Kind of a message of the input, as the audit decodes it. */
enum EventKind {
    /** An event with a label. */
    LABELLED,
    /** An event without a label. */
    UNLABELLED,
    /** Not an event of a released schema. */
    UNREADABLE
}
