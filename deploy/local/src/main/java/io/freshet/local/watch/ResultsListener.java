package io.freshet.local.watch;

import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;

/**
 * Listener for a job's results, in the order of each topic. All methods are called by one thread.
 */
public interface ResultsListener {
    /**
     * Receives a metrics record.
     *
     * @param emittedAt milliseconds since 1970-01-01T00:00Z
     */
    void onMetrics(MetricsEvent event, long emittedAt);

    /**
     * Receives a drift alert.
     *
     * @param emittedAt milliseconds since 1970-01-01T00:00Z
     */
    void onDriftAlert(DriftAlertEvent event, long emittedAt);

    /**
     * Receives the first chunk of a model snapshot.
     *
     * @param emittedAt milliseconds since 1970-01-01T00:00Z
     */
    void onSnapshot(ModelSnapshotEvent event, long emittedAt);

    /** Reports a record that cannot be decoded. */
    void onUnreadableRecord(String topic);

    /** Reports the reader's state. */
    void onStateChange(ReaderState state);

    /** Reports signs of life of the job; called after every change of them. */
    default void onActivity(JobActivity activity) {}

    /** Reports that all records of a poll have been passed on; called several times a second. */
    default void onPollEnd() {}
}
