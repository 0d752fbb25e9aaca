package io.freshet.model.example;

import java.util.Arrays;

/**
 * What test-then-train found about each of some {@link Examples}; written over by the next call.
 *
 * <p>Row {@code i} tells of example {@code i}. The arrays that the accessors return are the
 * evaluation's own; only the first {@link #size()} rows have a meaning.
 */
public final class Evaluation {
    /** What became of an example. */
    public enum Outcome {
        /** Tested, then trained on. */
        TRAINED,

        /** Tested, but its loss is not finite: its mini-batch's step was not taken. */
        SKIPPED_LOSS,

        /** Tested, but the step of its mini-batch has no finite parameters, and was not taken. */
        SKIPPED_STEP,

        /** Not tested: under the reduction by weights its mini-batch weighs nothing. */
        WEIGHTLESS,

        /** Without a label: answered. */
        ANSWERED,

        /** Waits for its mini-batch to be full. */
        OPEN
    }

    private final int numClasses;
    private int size;
    private Outcome[] outcomes = new Outcome[0];
    private float[] losses = new float[0];
    private int[] predictedClasses = new int[0];
    private float[] confidences = new float[0];
    private float[] labelProbabilities = new float[0];
    private float[] briers = new float[0];
    private int[] ranks = new int[0];

    // Of answered rows only, in the order of the answers: which one, and what it says.
    private int[] answerOfRow = new int[0];
    private int answers;
    private long[] modelVersions = new long[0];
    private float[] probabilities = new float[0];

    /**
     * @param numClasses classes of the model
     */
    public Evaluation(int numClasses) {
        this.numClasses = numClasses;
    }

    /** Returns of how many examples it tells. */
    public int size() {
        return size;
    }

    /** Returns what became of an example. */
    public Outcome outcome(int row) {
        return outcomes[row];
    }

    /**
     * Returns the loss of each example in nats, (at least size), at least 0, not clipped and not
     * weighted, by the model before the example was trained on. All of trained examples are finite.
     */
    public float[] losses() {
        return losses;
    }

    /**
     * Returns the most probable class of each example, (at least size), by the model before it was
     * trained on; the lowest of equals.
     */
    public int[] predictedClasses() {
        return predictedClasses;
    }

    /**
     * Returns each example's probability of its predicted class, (at least size), by the model
     * before it was trained on.
     */
    public float[] confidences() {
        return confidences;
    }

    /**
     * Returns each example's probability of its label, (at least size), by the model before it was
     * trained on; of examples with a label only.
     */
    public float[] labelProbabilities() {
        return labelProbabilities;
    }

    /**
     * Returns {@code Σₖ (pₖ − yₖ)²} of each example, (at least size), over the classes, with the
     * probabilities {@code p} before it was trained on and the target {@code y}, one-hot for a
     * class; of examples with a label only.
     *
     * <p>Source: G. W. Brier, <i>Verification of forecasts expressed in terms of probability</i>
     * (1950).
     */
    public float[] briers() {
        return briers;
    }

    /**
     * Returns how many classes are ahead of each example's label, (at least size): more probable,
     * or as probable and lower; of examples with a label only. 0 where the label was predicted.
     */
    public int[] ranks() {
        return ranks;
    }

    /**
     * Returns the probabilities of an answered example, (numClasses), in an array of their own;
     * they may hold a NaN where features are too large for an answer.
     */
    public float[] probabilities(int row) {
        int from = answerOfRow[row] * numClasses;
        return Arrays.copyOfRange(probabilities, from, from + numClasses);
    }

    /** Returns the version of the model that answered an example without a label. */
    public long modelVersion(int row) {
        return modelVersions[answerOfRow[row]];
    }

    public void begin(int examples) {
        size = examples;
        if (outcomes.length < examples) {
            int capacity = Math.max(examples, 2 * outcomes.length);
            outcomes = new Outcome[capacity];
            losses = new float[capacity];
            predictedClasses = new int[capacity];
            confidences = new float[capacity];
            labelProbabilities = new float[capacity];
            briers = new float[capacity];
            ranks = new int[capacity];
            answerOfRow = new int[capacity];
        }
        answers = 0;
        Arrays.fill(outcomes, 0, examples, Outcome.OPEN);
    }

    public void outcome(int row, Outcome outcome) {
        outcomes[row] = outcome;
    }

    public void score(
            int row,
            double loss,
            int predictedClass,
            double confidence,
            double labelProbability,
            double brier,
            int rank) {
        losses[row] = (float) loss;
        predictedClasses[row] = predictedClass;
        confidences[row] = (float) confidence;
        labelProbabilities[row] = (float) labelProbability;
        briers[row] = (float) brier;
        ranks[row] = rank;
    }

    /** Writes the answer to an example without a label. */
    public void answer(int row, double[] ofClasses, int offset, long modelVersion) {
        if (answers == modelVersions.length) {
            int capacity = Math.max(1, Math.multiplyExact(2, answers));
            modelVersions = Arrays.copyOf(modelVersions, capacity);
            probabilities = Arrays.copyOf(probabilities, Math.multiplyExact(capacity, numClasses));
        }
        answerOfRow[row] = answers;
        modelVersions[answers] = modelVersion;
        int at = answers * numClasses;
        answers++;
        int best = 0;
        for (int c = 0; c < numClasses; c++) {
            probabilities[at + c] = (float) ofClasses[offset + c];
            if (ofClasses[offset + c] > ofClasses[offset + best]) {
                best = c;
            }
        }
        predictedClasses[row] = best;
        confidences[row] = (float) ofClasses[offset + best];
        outcomes[row] = Outcome.ANSWERED;
    }
}
