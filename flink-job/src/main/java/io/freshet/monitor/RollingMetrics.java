package io.freshet.monitor;

import io.freshet.learn.Progress;

/**
 * Metrics of a model.
 *
 * @param modelId the model
 * @param sequence 0, 1, 2, … per model, without gap or repeat
 * @param progress the model's
 * @param windowSize examples that {@code rolling} covers once there have been so many
 * @param rolling over the last {@code windowSize} examples
 * @param prequential over all examples since the model began
 */
public record RollingMetrics(
        String modelId,
        long sequence,
        Progress progress,
        int windowSize,
        Scores rolling,
        Scores prequential) {}
