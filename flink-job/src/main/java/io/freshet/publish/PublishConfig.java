package io.freshet.publish;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Where records are published, and how much of a model goes into one record.
 *
 * @param metrics topic of {@code MetricsEvent}
 * @param driftAlerts topic of {@code DriftAlertEvent}
 * @param predictions topic of {@code PredictionEvent}
 * @param models compacted topic of the newest {@code ModelSnapshotEvent}s
 * @param modelHistory topic of all of them
 * @param deadLetters topic of {@code DeadLetterEvent}
 * @param chunkSize parameters in a snapshot's record
 */
public record PublishConfig(
        String metrics,
        String driftAlerts,
        String predictions,
        String models,
        String modelHistory,
        String deadLetters,
        int chunkSize)
        implements Serializable {

    public static final Key<String> METRICS =
            Key.ofText("topics.metrics", "metrics", "Topic of the rolling metrics.");
    public static final Key<String> DRIFT_ALERTS =
            Key.ofText("topics.drift-alerts", "drift-alerts", "Topic of the detected drifts.");
    public static final Key<String> PREDICTIONS =
            Key.ofText(
                    "topics.predictions",
                    "predictions",
                    "Topic of the answers to events without a label.");
    public static final Key<String> MODELS =
            Key.ofText(
                    "topics.models",
                    "models",
                    "Compacted topic of each model's newest snapshot, by key modelId/chunk.");
    public static final Key<String> MODEL_HISTORY =
            Key.ofText("topics.model-history", "model-history", "Topic of all snapshots.");
    public static final Key<String> DEAD_LETTERS =
            Key.ofText(
                    "topics.dead-letters",
                    "dead-letters",
                    "Topic of the messages that could not be used, byte for byte.");
    public static final Key<Integer> CHUNK_SIZE =
            Key.ofInt(
                    "models.chunk-size",
                    200_000,
                    1,
                    100_000_000,
                    "parameters",
                    "How many parameters of a snapshot, 4 bytes each, go into one record. A record"
                            + " must stay below the producer's and the topic's limit.");

    /** The keys read here. */
    public static final List<Key<?>> KEYS =
            List.of(
                    METRICS,
                    DRIFT_ALERTS,
                    PREDICTIONS,
                    MODELS,
                    MODEL_HISTORY,
                    DEAD_LETTERS,
                    CHUNK_SIZE);

    public PublishConfig {
        if (chunkSize < 1) {
            throw new IllegalArgumentException("models.chunk-size " + chunkSize);
        }
    }

    /** Reads the keys; problems are left in the settings. */
    public static PublishConfig from(Settings settings) {
        PublishConfig config =
                new PublishConfig(
                        settings.get(METRICS),
                        settings.get(DRIFT_ALERTS),
                        settings.get(PREDICTIONS),
                        settings.get(MODELS),
                        settings.get(MODEL_HISTORY),
                        settings.get(DEAD_LETTERS),
                        settings.get(CHUNK_SIZE));
        Set<String> seen = new HashSet<>();
        for (String topic : config.topics()) {
            if (!seen.add(topic)) {
                settings.problem("topics: two kinds of records are to go to " + topic);
            }
        }
        return config;
    }

    /** The topic of a destination. */
    public String topic(Destination destination) {
        return switch (destination) {
            case METRICS -> metrics;
            case DRIFT_ALERTS -> driftAlerts;
            case PREDICTIONS -> predictions;
            case MODELS -> models;
            case MODEL_HISTORY -> modelHistory;
            case DEAD_LETTERS -> deadLetters;
        };
    }

    /** Every topic that is written. */
    public List<String> topics() {
        return List.of(metrics, driftAlerts, predictions, models, modelHistory, deadLetters);
    }
}
