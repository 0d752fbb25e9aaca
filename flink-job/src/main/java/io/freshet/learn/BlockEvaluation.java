package io.freshet.learn;

import io.freshet.model.example.ScoredColumns;

/**
 * Scores of the examples in the mini-batches that a block completed, and the progress of the model.
 *
 * @param scored the examples that were trained on, in the order of the stream; their number may be
 *     0
 * @param unlabelledConfidences probability of the predicted class, for each event without a label
 *     that was predicted, in the order of the stream
 * @param miniBatchLosses for each mini-batch that was trained on, the loss that its step minimised,
 *     before the step, nats: with the weights, the smoothing and the reduction of the training
 * @param progress of the model after the block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BlockEvaluation(
        String modelId,
        ScoredColumns scored,
        float[] unlabelledConfidences,
        double[] miniBatchLosses,
        ModelProgress progress) {}
