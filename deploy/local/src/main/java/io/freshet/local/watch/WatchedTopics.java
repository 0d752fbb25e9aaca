package io.freshet.local.watch;

import io.freshet.publish.PublishConfig;
import io.freshet.publish.Topic;

/** Names of the topics that a {@link ResultsReader} reads. */
public record WatchedTopics(String metrics, String driftAlerts, String models) {
    public static WatchedTopics of(PublishConfig config) {
        return new WatchedTopics(
                config.topic(Topic.METRICS),
                config.topic(Topic.DRIFT_ALERTS),
                config.topic(Topic.MODELS));
    }
}
