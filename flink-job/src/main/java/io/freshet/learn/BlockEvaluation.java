package io.freshet.learn;

import io.freshet.model.example.ScoredColumns;

/**
 * Scores of the examples in the mini-batches that a block completed, and the progress of the model.
 *
 * @param scored the examples that were trained on, in the order of the stream; their number may be
 *     0
 * @param unlabelledConfidences probability of the predicted class, for each event without a label
 *     that was predicted, in the order of the stream
 * @param miniBatchEnds end of each mini-batch that was trained on, as an exclusive row index in
 *     {@code scored}
 * @param progress of the model after the block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BlockEvaluation(
        String modelId,
        ScoredColumns scored,
        float[] unlabelledConfidences,
        int[] miniBatchEnds,
        ModelProgress progress) {}
