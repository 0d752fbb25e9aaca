package io.freshet.learn;

import io.freshet.model.LearnerSettings;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.example.ScoredColumns;
import java.util.Arrays;

/**
 * The outcomes of the rows of a call, and builder of its {@link BlockEvaluation}. Its arrays grow
 * and are reused from call to call.
 */
final class BlockResults {
    private int numExamples;
    private ScoredColumns scored = ScoredColumns.ofLength(0);

    private int numPredictions;
    private float[] unlabelledConfidences = new float[0];

    private final LearnerSettings settings;
    private final Evaluation rows;
    private int numMiniBatches;
    private double[] miniBatchLosses = new double[0];

    // The current mini-batch: its examples, and sums over them.
    private int miniBatchSize;
    private double weightedLoss;
    private double divisor;

    /**
     * @param keepsAll whether the probabilities of labelled rows are kept
     */
    BlockResults(LearnerSettings settings, boolean keepsAll) {
        this.settings = settings;
        this.rows = new Evaluation(settings.numClasses(), keepsAll);
    }

    /** Returns the outcome of each row of the call; not a copy. */
    Evaluation rows() {
        return rows;
    }

    /**
     * Begins a block.
     *
     * @param maxRows maximum number of examples to be added
     */
    void begin(int maxRows) {
        numExamples = 0;
        numPredictions = 0;
        numMiniBatches = 0;
        beginMiniBatch();
        if (scored.length() < maxRows) {
            int capacity = Math.max(maxRows, 2 * scored.length());
            scored = ScoredColumns.ofLength(capacity);
            unlabelledConfidences = new float[capacity];
            miniBatchLosses = new double[capacity];
        }
    }

    /** Adds an example that was trained on. */
    void addExample(Examples examples, Evaluation evaluation, int row) {
        ScoredColumns columns = evaluation.scored();
        scored.copyRow(numExamples++, columns, row);
        double weight = columns.weights()[row];
        double loss = columns.losses()[row];
        if (!settings.loss().trainsOnReportedLoss()) {
            weight *= evaluation.classWeight(row);
            loss = evaluation.trainingLoss(row);
        }
        miniBatchSize++;
        weightedLoss += weight * loss;
        divisor += weight * settings.divisor(examples, row);
    }

    /** Adds the confidence of a prediction for an event without a label. */
    void addPrediction(float confidence) {
        unlabelledConfidences[numPredictions++] = confidence;
    }

    /** Ends a mini-batch, if any of its examples were trained on. */
    void endMiniBatch() {
        if (miniBatchSize > 0) {
            miniBatchLosses[numMiniBatches++] =
                    weightedLoss * settings.reduction().scale(miniBatchSize, divisor);
        }
        beginMiniBatch();
    }

    private void beginMiniBatch() {
        miniBatchSize = 0;
        weightedLoss = 0;
        divisor = 0;
    }

    /** Returns the added results in new arrays. */
    BlockEvaluation evaluation(String modelId, ModelProgress progress) {
        return new BlockEvaluation(
                modelId,
                scored.resized(numExamples),
                Arrays.copyOf(unlabelledConfidences, numPredictions),
                Arrays.copyOf(miniBatchLosses, numMiniBatches),
                progress);
    }
}
