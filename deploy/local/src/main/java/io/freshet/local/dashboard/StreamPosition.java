package io.freshet.local.dashboard;

import org.jspecify.annotations.Nullable;

/** What one reader of {@link DashboardData} has been told so far, and of which model. */
final class StreamPosition {
    /** The model; null until there is one, if the reader asked for none. */
    @Nullable String modelId;

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
