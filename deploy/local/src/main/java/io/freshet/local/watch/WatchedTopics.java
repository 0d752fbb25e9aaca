package io.freshet.local.watch;

import io.freshet.publish.PublishConfig;

/** Names of the topics that a {@link ResultsReader} reads. */
public record WatchedTopics(String metrics, String driftAlerts, String models) {
    public static WatchedTopics of(PublishConfig config) {
        return new WatchedTopics(config.metrics(), config.driftAlerts(), config.models());
    }
}
