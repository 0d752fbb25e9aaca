package io.freshet.learn;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.ScoredColumns;
import java.util.Arrays;

/** Builder of {@link BlockEvaluation}s, whose arrays grow and are reused from block to block. */
final class BlockResults {
    private int numExamples;
    private ScoredColumns scored = ScoredColumns.ofLength(0);

    private int numPredictions;
    private float[] unlabelledConfidences = new float[0];

    private int numMiniBatches;
    private int[] miniBatchEnds = new int[0];

    /**
     * Begins a block.
     *
     * @param maxRows maximum number of examples to be added
     */
    void begin(int maxRows) {
        numExamples = 0;
        numPredictions = 0;
        numMiniBatches = 0;
        if (scored.length() < maxRows) {
            int capacity = Math.max(maxRows, 2 * scored.length());
            scored = ScoredColumns.ofLength(capacity);
            unlabelledConfidences = new float[capacity];
            miniBatchEnds = new int[capacity];
        }
    }

    /** Adds an example that was trained on. */
    void addExample(Evaluation evaluation, int row) {
        scored.copyRow(numExamples++, evaluation.scored(), row);
    }

    /** Adds the confidence of a prediction for an event without a label. */
    void addPrediction(float confidence) {
        unlabelledConfidences[numPredictions++] = confidence;
    }

    /** Ends a mini-batch, if any of its examples were trained on. */
    void endMiniBatch() {
        if (numExamples > (numMiniBatches == 0 ? 0 : miniBatchEnds[numMiniBatches - 1])) {
            miniBatchEnds[numMiniBatches++] = numExamples;
        }
    }

    /** Returns the added results in new arrays. */
    BlockEvaluation evaluation(String modelId, ModelProgress progress) {
        return new BlockEvaluation(
                modelId,
                scored.resized(numExamples),
                Arrays.copyOf(unlabelledConfidences, numPredictions),
                Arrays.copyOf(miniBatchEnds, numMiniBatches),
                progress);
    }
}
