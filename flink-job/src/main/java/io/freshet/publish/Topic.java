package io.freshet.publish;

import io.freshet.config.Key;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.util.List;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * An output topic of the job, with the configuration key of its name.
 *
 * <p>A new topic needs a constant here, the schema of its events, a method of {@link Publisher} and
 * an operator in the pipeline. The configuration, the sinks, the preflight checks and {@code
 * freshet topics} derive from the constants.
 */
public enum Topic {
    /** {@code MetricsEvent}s. */
    METRICS(MetricsEvent.class, "metrics", "Topic of the rolling metrics."),
    /** {@code DriftAlertEvent}s. */
    DRIFT_ALERTS(DriftAlertEvent.class, "drift-alerts", "Topic of the detected drifts."),
    /** {@code PredictionEvent}s. */
    PREDICTIONS(
            PredictionEvent.class,
            "predictions",
            "Topic of the predictions for events without a label.",
            Trait.EXCEEDS_MESSAGES),
    /** The newest {@code ModelSnapshotEvent}s. */
    MODELS(
            ModelSnapshotEvent.class,
            "models",
            "Compacted topic of the newest snapshot of each model, with the key modelId/chunk.",
            Trait.COMPACTED),
    /** All {@code ModelSnapshotEvent}s. */
    MODEL_HISTORY(ModelSnapshotEvent.class, "model-history", "Topic of all snapshots."),
    /** {@code DeadLetterEvent}s. */
    DEAD_LETTERS(
            DeadLetterEvent.class,
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

    private final Class<? extends SpecificRecordBase> event;

    Topic(
            Class<? extends SpecificRecordBase> event,
            String defaultName,
            String meaning,
            Trait... traits) {
        this.event = event;
        key = Key.ofText("topics." + defaultName, defaultName, meaning);
        compacted = List.of(traits).contains(Trait.COMPACTED);
        exceedsMessages = List.of(traits).contains(Trait.EXCEEDS_MESSAGES);
    }

    /** Returns the key of the topic's name. */
    public Key<String> key() {
        return key;
    }

    /** Returns the class of the topic's events. */
    public Class<? extends SpecificRecordBase> event() {
        return event;
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
