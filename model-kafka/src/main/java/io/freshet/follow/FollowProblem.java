package io.freshet.follow;

/** Kind of record or snapshot that a {@link SnapshotFollower} cannot use. */
public enum FollowProblem {
    /** Record that is no snapshot record in any format of the job. */
    UNREADABLE_RECORD,

    /** Snapshot whose content, dimensions or hash are not as they should be. */
    INVALID_SNAPSHOT,

    /** Snapshot of which a record is missing: no other record of it has come for some seconds. */
    INCOMPLETE_SNAPSHOT,

    /** Record of a model beyond the largest number of models. */
    TOO_MANY_MODELS
}
