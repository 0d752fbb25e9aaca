package io.freshet.monitor;

import io.freshet.learn.ModelProgress;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of a model.
 *
 * @param modelId the model
 * @param sequence 0, 1, 2, … per model, without gap or repeat
 * @param attempt under at-least-once delivery, which attempt at this sequence it is; else null
 * @param toldAt when the metrics were told, milliseconds since 1970-01-01T00:00Z, by the clock
 * @param throughput examples a second since they were told before, by the clock; null in the first
 *     record, and without time between
 * @param progress the model's
 * @param rolling over the window
 * @param fading over all examples, older ones counting less; null if left out
 * @param prequential over all examples since the model began
 * @param runningLoss mean over the last mini-batches of each one's mean loss, nats; null before the
 *     first
 * @param classes by class, those with most labels; empty if left out
 * @param otherClasses classes that are not told
 * @param confusion over the window; null if left out
 * @param calibration bins of the calibration error over the window; empty if left out
 * @param expectedAccuracy mean confidence of the last answers to events without a label; null
 *     before the first
 * @param expectedAccuracyEvents how many answers that is
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RollingMetrics(
        String modelId,
        long sequence,
        @Nullable Long attempt,
        long toldAt,
        @Nullable Double throughput,
        ModelProgress progress,
        Scores rolling,
        @Nullable Scores fading,
        Scores prequential,
        @Nullable Double runningLoss,
        ClassScores[] classes,
        int otherClasses,
        @Nullable ConfusionMatrix confusion,
        CalibrationBin[] calibration,
        @Nullable Double expectedAccuracy,
        int expectedAccuracyEvents) {
    /** How far the newest event time is behind the clock, milliseconds; null before the first. */
    public @Nullable Long eventTimeLag() {
        return progress.timestamp() == ModelProgress.NO_TIMESTAMP
                ? null
                : toldAt - progress.timestamp();
    }
}
