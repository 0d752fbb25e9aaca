package io.freshet.local.dashboard;

import org.jspecify.annotations.Nullable;

/** What one reader of {@link Figures} has been told so far, and of which model. */
final class Cursor {
    /** The model; null until there is one, if the reader asked for none. */
    @Nullable String modelId;

    long changes = -1;
    long changesOfModel = -1;
    long changesOfAlerts = -1;
    long changesOfVersions = -1;
    long life = -1;
    long added;

    Cursor(@Nullable String modelId) {
        this.modelId = modelId;
    }
}
