package io.freshet.local.audit;

import io.freshet.config.Key;

/** A check of the audit, with its title in at most 36 characters. */
public enum AuditCheck {
    INPUT_TOPIC("the input is the topic that was read"),
    EVENTS_READ("every event is counted once (digest)"),
    OUTCOMES("every event has one outcome (digest)"),
    EXAMPLES_SEEN("every accepted event was trained on"),
    DEAD_LETTERS("every dead letter is published once"),
    PREDICTIONS("every prediction is published once"),
    FEATURE_EVENTS("every feature event has one answer"),
    METRICS_SEQUENCE("the metrics sequence is complete"),
    DRIFT_ALERTS("the drift alerts are complete"),
    SNAPSHOT_CHAIN("the snapshots form one chain"),
    PROVENANCE("snapshots and metrics agree"),
    NEWEST_MODELS("models has the newest snapshots");

    private final String title;

    AuditCheck(String title) {
        this.title = title;
    }

    /** Returns the title for people. */
    String title() {
        return title;
    }

    /** Returns the name in the JSON output. */
    String json() {
        return Key.kebab(this);
    }
}
