package io.freshet.local.watch;

/** State of a job, as far as Kafka shows it. */
public enum JobState {
    /** There are no metrics, so nothing is known. */
    NO_METRICS,
    /** Metrics come. */
    LIVE,
    /** No metrics come because no events come; checkpoints do. */
    IDLE,
    /** Metrics are missing. */
    LATE,
    /** Metrics have been missing for so long that the job has probably failed. */
    SILENT,
    /** The job has ended as requested. */
    STOPPED;

    /** Returns whether the newest figures are no longer those of a working job. */
    public boolean isStale() {
        return this == LATE || this == SILENT || this == STOPPED;
    }
}
