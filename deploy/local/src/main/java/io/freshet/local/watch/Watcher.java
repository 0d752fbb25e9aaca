package io.freshet.local.watch;

import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;

/** Somebody who is told what a job tells, in the order of its topics. Called by one thread. */
public interface Watcher {
    /**
     * A record of the metrics.
     *
     * @param told when, milliseconds since 1970-01-01T00:00Z
     */
    void metrics(MetricsEvent event, long told);

    /**
     * An alert of a drift.
     *
     * @param told when, milliseconds since 1970-01-01T00:00Z
     */
    void driftAlert(DriftAlertEvent event, long told);

    /**
     * The first chunk of a snapshot.
     *
     * @param told when, milliseconds since 1970-01-01T00:00Z
     */
    void snapshot(ModelSnapshotEvent event, long told);

    /** A record that is none of the released events. */
    void unreadable(String topic);

    /** How the reading goes. */
    void state(FeedState state);

    /** All that has come so far was handed over; comes several times a second. */
    default void upToDate() {}
}
