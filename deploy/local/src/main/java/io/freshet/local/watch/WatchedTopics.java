package io.freshet.local.watch;

import io.freshet.publish.PublishConfig;
import io.freshet.publish.Topic;

/** The topics on which a job tells of itself, as far as people watch them. */
public record WatchedTopics(String metrics, String driftAlerts, String models) {
    public static WatchedTopics of(PublishConfig config) {
        return new WatchedTopics(
                config.topic(Topic.METRICS),
                config.topic(Topic.DRIFT_ALERTS),
                config.topic(Topic.MODELS));
    }
}
