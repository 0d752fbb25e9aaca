package io.freshet.model.example;

import java.util.Arrays;

/**
 * Outcome and scores of each of the {@link Examples} of one test-then-train call. An example's
 * scores are those of the model before it was trained on the example. The next call overwrites
 * these results.
 *
 * <p>Row {@code i} belongs to example {@code i}. The arrays that the accessors return are the
 * evaluation's own, not copies; only the first {@link #size()} rows have a meaning.
 */
public final class Evaluation {
    /** Outcome of an example. */
    public enum Outcome {
        /** It was tested, then trained on. */
        TRAINED,

        /**
         * It was tested, but the step of its mini-batch was skipped because a loss is not finite.
         */
        SKIPPED_LOSS,

        /**
         * It was tested, but the step of its mini-batch was skipped because the parameters after it
         * would not be finite.
         */
        SKIPPED_STEP,

        /**
         * It was neither tested nor trained on: the reduction divides by the sum of the weights of
         * its mini-batch, which is 0.
         */
        WEIGHTLESS,

        /** It has no label and was predicted only. */
        PREDICTED,

        /** Its mini-batch, or its execution block where only full ones are run, is not full yet. */
        PENDING
    }

    private final boolean keepsAll;
    private int numClasses;
    private int size;
    private Outcome[] outcomes = new Outcome[0];
    private ScoredColumns scored = ScoredColumns.ofLength(0);

    /** Empty until the first training loss that differs from the reported loss. */
    private double[] trainingLosses = new double[0];

    /** Class weights that belong to the training losses. */
    private double[] classWeights = new double[0];

    // Predictions for examples without a label: the index of the prediction by row, and the
    // predictions by this index.
    private int[] predictionOfRow = new int[0];
    private int numPredictions;
    private long[] modelVersions = new long[0];
    private float[][] probabilities = new float[0][];

    /**
     * Creates an evaluation that has probabilities of examples without a label only.
     *
     * @param numClasses classes of the model
     */
    public Evaluation(int numClasses) {
        this(numClasses, false);
    }

    /**
     * @param numClasses classes of the model
     * @param keepsAll whether probabilities are kept of examples with a label, too
     */
    public Evaluation(int numClasses, boolean keepsAll) {
        this.numClasses = numClasses;
        this.keepsAll = keepsAll;
    }

    /** Returns whether probabilities are kept of examples with a label, too. */
    public boolean keepsAll() {
        return keepsAll;
    }

    /** Returns the number of examples. */
    public int size() {
        return size;
    }

    /** Returns the number of classes of the model. */
    public int numClasses() {
        return numClasses;
    }

    /** Sets the number of classes of the model from the next example on. */
    public void numClasses(int newNumClasses) {
        numClasses = newNumClasses;
    }

    /** Returns the outcome of an example. */
    public Outcome outcome(int row) {
        return outcomes[row];
    }

    /**
     * Returns labels, weights and scores, (at least size); not a copy. The scores of trained
     * examples are finite. A predicted example without a label has a label of {@link
     * Examples#UNLABELLED}, a predicted class and a confidence; its other scores have no meaning.
     */
    public ScoredColumns scored() {
        return scored;
    }

    /** Returns {@link ScoredColumns#losses()}, (at least size). */
    public float[] losses() {
        return scored.losses();
    }

    /** Returns {@link ScoredColumns#predictedClasses()}, (at least size). */
    public int[] predictedClasses() {
        return scored.predictedClasses();
    }

    /** Returns {@link ScoredColumns#confidences()}, (at least size). */
    public float[] confidences() {
        return scored.confidences();
    }

    /** Returns {@link ScoredColumns#briers()}, (at least size). */
    public float[] briers() {
        return scored.briers();
    }

    /** Returns {@link ScoredColumns#ranks()}, (at least size). */
    public int[] ranks() {
        return scored.ranks();
    }

    /**
     * Returns the probabilities predicted for an example without a label, or for any example if
     * {@link #keepsAll}, (numClasses), in an array that this evaluation does not write to again;
     * not finite where the features are too large.
     */
    public float[] probabilities(int row) {
        return probabilities[predictionOfRow[row]];
    }

    /** Returns the version of the model that predicted an example; see {@link #probabilities}. */
    public long modelVersion(int row) {
        return modelVersions[predictionOfRow[row]];
    }

    /**
     * Begins the evaluation of some examples: all are pending.
     *
     * @param numExamples number of the examples
     * @param labels class of each, (at least numExamples). Copied, not modified.
     * @param weights of each, (at least numExamples). Copied, not modified.
     */
    public void begin(int numExamples, int[] labels, float[] weights) {
        size = numExamples;
        if (outcomes.length < size) {
            int capacity = Math.max(size, 2 * outcomes.length);
            outcomes = new Outcome[capacity];
            scored = ScoredColumns.ofLength(capacity);
            predictionOfRow = new int[capacity];
        }
        numPredictions = 0;
        Arrays.fill(outcomes, 0, size, Outcome.PENDING);
        System.arraycopy(labels, 0, scored.labels(), 0, size);
        System.arraycopy(weights, 0, scored.weights(), 0, size);
    }

    /** Lets go of the probabilities, which others may have; they are not available any more. */
    public void forgetProbabilities() {
        Arrays.fill(probabilities, 0, numPredictions, null);
        numPredictions = 0;
    }

    /** Sets the outcome of an example. */
    public void outcome(int row, Outcome outcome) {
        outcomes[row] = outcome;
    }

    /** Sets the scores of an example, which {@link ScoredColumns} describes. */
    public void score(
            int row, double loss, int predictedClass, double confidence, double brier, int rank) {
        scored.losses()[row] = (float) loss;
        scored.predictedClasses()[row] = predictedClass;
        scored.confidences()[row] = (float) confidence;
        scored.briers()[row] = (float) brier;
        scored.ranks()[row] = rank;
    }

    /**
     * Sets the loss of an example that training minimises, where it is not the reported one.
     *
     * @param loss the loss without example weight and balanced class weight
     * @param classWeight balanced weight of the example's class; 1 if classes are not balanced
     */
    public void training(int row, double loss, double classWeight) {
        if (trainingLosses.length < outcomes.length) {
            trainingLosses = Arrays.copyOf(trainingLosses, outcomes.length);
            classWeights = Arrays.copyOf(classWeights, outcomes.length);
        }
        trainingLosses[row] = loss;
        classWeights[row] = classWeight;
    }

    /** Returns the loss that {@link #training} set since {@link #begin}. */
    public double trainingLoss(int row) {
        return trainingLosses[row];
    }

    /** Returns the class weight that {@link #training} set since {@link #begin}. */
    public double classWeight(int row) {
        return classWeights[row];
    }

    /**
     * Sets the prediction for an example, whose outcome is {@link Outcome#PREDICTED} then.
     *
     * @param classProbabilities array that holds them, (numClasses), from {@code offset} on. Not
     *     modified.
     */
    public void predict(int row, double[] classProbabilities, int offset, long modelVersion) {
        if (numPredictions == modelVersions.length) {
            int capacity = Math.max(1, Math.multiplyExact(2, numPredictions));
            modelVersions = Arrays.copyOf(modelVersions, capacity);
            probabilities = Arrays.copyOf(probabilities, capacity);
        }
        float[] prediction = new float[numClasses];
        predictionOfRow[row] = numPredictions;
        modelVersions[numPredictions] = modelVersion;
        probabilities[numPredictions] = prediction;
        numPredictions++;
        for (int c = 0; c < numClasses; c++) {
            prediction[c] = (float) classProbabilities[offset + c];
        }
        int predictedClass = argmax(classProbabilities, offset, numClasses);
        scored.predictedClasses()[row] = predictedClass;
        scored.confidences()[row] = (float) classProbabilities[offset + predictedClass];
        outcomes[row] = Outcome.PREDICTED;
    }

    /**
     * Returns the class with the largest value; the lowest such class if several are equal.
     *
     * @param values by class, (numClasses) from {@code offset} on. Not modified.
     */
    public static int argmax(double[] values, int offset, int numClasses) {
        int largest = 0;
        double value = values[offset];
        for (int c = 1; c < numClasses; c++) {
            if (values[offset + c] > value) {
                largest = c;
                value = values[offset + c];
            }
        }
        return largest;
    }
}
