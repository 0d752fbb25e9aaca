package io.freshet.score;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import java.io.Serializable;
import java.util.List;

/**
 * Configuration of the score stage.
 *
 * @param unknownModel treatment of events whose model has not been published yet
 * @param maxWaiting number of events that may wait in a subtask, at least 1
 */
public record ScoreConfig(UnknownModel unknownModel, int maxWaiting) implements Serializable {
    public static final Key<UnknownModel> UNKNOWN_MODEL =
            Key.ofEnum(
                            "score.unknown-model",
                            UnknownModel.WAIT,
                            "Treatment of a feature event whose model has not been published yet:"
                                    + " wait, until it is; uniform, a prediction with the same"
                                    + " probability for each class, by version 0; or dead-letter.")
                    .changeable();
    public static final Key<Integer> MAX_WAITING =
            Key.ofInt(
                            "score.max-waiting",
                            10_000,
                            1,
                            10_000_000,
                            "events",
                            "Maximum number of feature events that wait for their model in a"
                                    + " subtask, in its memory and state; further ones become dead"
                                    + " letters.")
                    .changeable();

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS = List.of(UNKNOWN_MODEL, MAX_WAITING);

    /** Reads the configuration; adds problems to the settings. */
    public static ScoreConfig from(Settings settings, IngestConfig ingest) {
        UnknownModel unknown = settings.get(UNKNOWN_MODEL);
        if (unknown == UnknownModel.UNIFORM && ingest.classesAreOpen()) {
            settings.problem(
                    settings.assignment(UNKNOWN_MODEL)
                            + " with "
                            + settings.assignment(IngestConfig.CLASSES)
                            + ": a model that has not been published has no classes");
        }
        if (unknown != UnknownModel.WAIT && !settings.isDefault(MAX_WAITING)) {
            settings.problem(
                    settings.assignment(MAX_WAITING)
                            + " with "
                            + settings.assignment(UNKNOWN_MODEL)
                            + ": no event waits");
        }
        return new ScoreConfig(unknown, settings.get(MAX_WAITING));
    }
}
