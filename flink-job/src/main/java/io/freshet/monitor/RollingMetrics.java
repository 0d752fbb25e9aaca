package io.freshet.monitor;

import io.freshet.learn.ModelProgress;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of one model at one time.
 *
 * @param modelId id of the model
 * @param sequence 0, 1, 2, … per model, without gap or repeat
 * @param attempt under at-least-once delivery, distinguishes repetitions of a sequence number: the
 *     highest attempt is valid; else null
 * @param emittedAt processing time of the record, milliseconds since 1970-01-01T00:00Z
 * @param throughput examples per second since the previous record; null in the first record, and if
 *     no time has passed
 * @param progress progress of the model
 * @param rolling scores of the examples in the window
 * @param fading scores of all examples with exponential forgetting; null if left out
 * @param prequential scores of all examples since the model was created
 * @param runningLoss mean of the losses that the training minimised on the last mini-batches, nats,
 *     as PyTorch's tutorials print it; null before the first
 * @param runningLosses for each time that {@code metrics.running-loss-mini-batches} further
 *     mini-batches were complete since the previous record, their mean loss
 * @param classes scores of the classes with most labels; empty if left out
 * @param otherClasses number of classes that are left out
 * @param confusion confusion matrix of the window; null if left out
 * @param calibration bins of the calibration error over the window; empty if left out
 * @param averageConfidence mean confidence of the last predictions for events without a label; null
 *     before the first
 * @param averageConfidenceEvents number of predictions that {@code averageConfidence} covers
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RollingMetrics(
        String modelId,
        long sequence,
        @Nullable Long attempt,
        long emittedAt,
        @Nullable Double throughput,
        ModelProgress progress,
        Scores rolling,
        @Nullable Scores fading,
        Scores prequential,
        @Nullable Double runningLoss,
        RunningLoss[] runningLosses,
        ClassScores[] classes,
        int otherClasses,
        @Nullable ConfusionMatrix confusion,
        CalibrationBin[] calibration,
        @Nullable Double averageConfidence,
        int averageConfidenceEvents) {
    /**
     * Returns the lag of the newest event time behind {@code emittedAt} in milliseconds; null
     * before the first event.
     */
    public @Nullable Long eventTimeLag() {
        return progress.timestamp() == ModelProgress.NO_TIMESTAMP
                ? null
                : emittedAt - progress.timestamp();
    }
}
