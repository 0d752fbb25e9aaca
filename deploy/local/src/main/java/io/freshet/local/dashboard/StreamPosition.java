package io.freshet.local.dashboard;

import io.freshet.local.watch.JobCondition;
import org.jspecify.annotations.Nullable;

/**
 * Position of one client in the stream of {@link DashboardData}: the selected model, and how much
 * of it has been sent.
 */
final class StreamPosition {
    /** Id of the model; null until there is a model, if the client did not select one. */
    @Nullable String modelId;

    /** Condition of the job that was sent last; null before the first. */
    @Nullable JobCondition condition;

    long changes = -1;
    long modelChanges = -1;
    long alertChanges = -1;
    long versionChanges = -1;
    long generation = -1;
    long pointsSent;

    StreamPosition(@Nullable String modelId) {
        this.modelId = modelId;
    }
}
