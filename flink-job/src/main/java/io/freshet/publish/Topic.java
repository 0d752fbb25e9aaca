package io.freshet.publish;

import io.freshet.config.Key;
import java.util.List;

/**
 * An output topic of the job, with the configuration key of its name.
 *
 * <p>A new topic needs a constant here, the schema of its events, a method of {@link Publisher} and
 * an operator in the pipeline. The configuration, the sinks, the preflight checks and {@code
 * freshet topics} derive from the constants.
 */
public enum Topic {
    /** {@code MetricsEvent}s. */
    METRICS("metrics", "Topic of the rolling metrics."),
    /** {@code DriftAlertEvent}s. */
    DRIFT_ALERTS("drift-alerts", "Topic of the detected drifts."),
    /** {@code PredictionEvent}s. */
    PREDICTIONS(
            "predictions",
            "Topic of the predictions for events without a label.",
            Trait.EXCEEDS_MESSAGES),
    /** The newest {@code ModelSnapshotEvent}s. */
    MODELS(
            "models",
            "Compacted topic of the newest snapshot of each model, with the key modelId/chunk.",
            Trait.COMPACTED),
    /** All {@code ModelSnapshotEvent}s. */
    MODEL_HISTORY("model-history", "Topic of all snapshots."),
    /** {@code DeadLetterEvent}s. */
    DEAD_LETTERS(
            "dead-letters",
            "Topic of the events that could not be used, kept byte for byte.",
            Trait.EXCEEDS_MESSAGES);

    private enum Trait {
        COMPACTED,
        EXCEEDS_MESSAGES
    }

    @SuppressWarnings("ImmutableEnumChecker") // a key is immutable
    private final Key<String> key;

    private final boolean compacted;
    private final boolean exceedsMessages;

    Topic(String defaultName, String meaning, Trait... traits) {
        key = Key.ofText("topics." + defaultName, defaultName, meaning);
        compacted = List.of(traits).contains(Trait.COMPACTED);
        exceedsMessages = List.of(traits).contains(Trait.EXCEEDS_MESSAGES);
    }

    /** Returns the key of the topic's name. */
    public Key<String> key() {
        return key;
    }

    /** Returns whether Kafka is to keep only the newest record of each key. */
    public boolean isCompacted() {
        return compacted;
    }

    /**
     * Returns whether a record may be larger than the input message that it is about, so that the
     * topic has to accept larger records than the input topic.
     */
    public boolean exceedsMessages() {
        return exceedsMessages;
    }
}
