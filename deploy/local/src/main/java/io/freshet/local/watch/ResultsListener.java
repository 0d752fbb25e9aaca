package io.freshet.local.watch;

import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;

/** Somebody who is told what a job tells, in the order of its topics. Called by one thread. */
public interface ResultsListener {
    /**
     * A record of the metrics.
     *
     * @param emittedAt, milliseconds since 1970-01-01T00:00Z
     */
    void onMetrics(MetricsEvent event, long emittedAt);

    /**
     * An alert of a drift.
     *
     * @param emittedAt, milliseconds since 1970-01-01T00:00Z
     */
    void onDriftAlert(DriftAlertEvent event, long emittedAt);

    /**
     * The first chunk of a snapshot.
     *
     * @param emittedAt, milliseconds since 1970-01-01T00:00Z
     */
    void onSnapshot(ModelSnapshotEvent event, long emittedAt);

    /** A record that is none of the released events. */
    void onUnreadableRecord(String topic);

    /** How the reading goes. */
    void onStateChange(ReaderState state);

    /** All that has come so far was handed over; comes several times a second. */
    default void onPollEnd() {}
}
