package io.freshet.learn;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.Arrays;

/** Gathers what becomes a {@link BlockEvaluation}, block after block, in arrays that grow. */
final class BlockResults {
    private int examples;
    private int[] labels = new int[0];
    private int[] predictedClasses = new int[0];
    private float[] losses = new float[0];
    private float[] weights = new float[0];
    private float[] confidences = new float[0];
    private float[] briers = new float[0];
    private int[] ranks = new int[0];

    private int answers;
    private float[] unlabelledConfidences = new float[0];

    private int miniBatches;
    private int[] miniBatchEnds = new int[0];

    /** Begins a block, of so many rows at most. */
    void begin(int rows) {
        examples = 0;
        answers = 0;
        miniBatches = 0;
        if (labels.length < rows) {
            int capacity = Math.max(rows, 2 * labels.length);
            labels = new int[capacity];
            predictedClasses = new int[capacity];
            losses = new float[capacity];
            weights = new float[capacity];
            confidences = new float[capacity];
            briers = new float[capacity];
            ranks = new int[capacity];
            unlabelledConfidences = new float[capacity];
            miniBatchEnds = new int[capacity];
        }
    }

    /** Adds an example that was trained on. */
    void addExample(Examples of, Evaluation evaluation, int row) {
        labels[examples] = of.labels()[row];
        weights[examples] = of.weights()[row];
        losses[examples] = evaluation.losses()[row];
        predictedClasses[examples] = evaluation.predictedClasses()[row];
        confidences[examples] = evaluation.confidences()[row];
        briers[examples] = evaluation.briers()[row];
        ranks[examples] = evaluation.ranks()[row];
        examples++;
    }

    /** Adds the confidence of an answer to an event without a label. */
    void addAnswer(float confidence) {
        unlabelledConfidences[answers++] = confidence;
    }

    /** Ends a mini-batch, if any of its examples were trained on. */
    void endMiniBatch() {
        if (examples > (miniBatches == 0 ? 0 : miniBatchEnds[miniBatches - 1])) {
            miniBatchEnds[miniBatches++] = examples;
        }
    }

    /** What was gathered, in new arrays. */
    BlockEvaluation evaluation(String modelId, ModelProgress progress) {
        return new BlockEvaluation(
                modelId,
                Arrays.copyOf(labels, examples),
                Arrays.copyOf(predictedClasses, examples),
                Arrays.copyOf(losses, examples),
                Arrays.copyOf(weights, examples),
                Arrays.copyOf(confidences, examples),
                Arrays.copyOf(briers, examples),
                Arrays.copyOf(ranks, examples),
                Arrays.copyOf(unlabelledConfidences, answers),
                Arrays.copyOf(miniBatchEnds, miniBatches),
                progress);
    }
}
