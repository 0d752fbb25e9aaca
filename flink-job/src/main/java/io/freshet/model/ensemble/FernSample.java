package io.freshet.model.ensemble;

import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.SplitMix64;
import java.util.Arrays;

/**
 * The first examples of a stream, by which the tests of ferns are chosen.
 *
 * <p>Each test is the best of {@value #CANDIDATES} candidates. A candidate is a feature, drawn
 * uniformly, with the value that the feature has in one of the examples as the threshold. The best
 * one tells most about the class: its two sides have the smallest entropy of the classes. So
 * thresholds are where a feature has values, and features that tell nothing are tested less often,
 * while ferns still differ.
 *
 * <p>Not thread-safe.
 *
 * <p>Source: splits by information gain are those of decision trees (Quinlan, Machine Learning 1,
 * 1986), the best of a few random ones those of extremely randomised trees (Geurts, Ernst and
 * Wehenkel, Machine Learning 63, 2006).
 */
final class FernSample {
    /** Number of examples by which tests are chosen. */
    static final int EXAMPLES = 512;

    private static final int CANDIDATES = 4;

    /** First output of the generator: none of those of the random tests and the projection. */
    private static final long FIRST_OUTPUT = 1L << 41;

    private static final int FIRST_CAPACITY = 32;

    private final int numFeatures;
    private final int numClasses;

    /** (at least size, numFeatures). */
    private float[] rows;

    private final int[] labels = new int[EXAMPLES];
    private int size;

    FernSample(int numFeatures, int numClasses) {
        this.numFeatures = numFeatures;
        this.numClasses = numClasses;
        rows = new float[FIRST_CAPACITY * numFeatures];
    }

    /** Returns the largest number of bytes of the examples. */
    static long bytes(int numFeatures) {
        return (long) EXAMPLES * numFeatures * Float.BYTES;
    }

    /** Returns the number of examples that are still to be added. */
    int numMissing() {
        return EXAMPLES - size;
    }

    /**
     * Adds an example, unless there are enough.
     *
     * @param x (numFeatures) standardised features. Not modified.
     */
    void add(float[] x, int label) {
        if (size == EXAMPLES) {
            return;
        }
        if ((size + 1) * numFeatures > rows.length) {
            rows = Arrays.copyOf(rows, Math.min(2 * rows.length, EXAMPLES * numFeatures));
        }
        System.arraycopy(x, 0, rows, size * numFeatures, numFeatures);
        labels[size] = label;
        size++;
    }

    /** Returns the examples, (size, numFeatures), in a new array. */
    float[] rows() {
        return Arrays.copyOf(rows, size * numFeatures);
    }

    /** Returns the classes of the examples, (size), in a new array. */
    int[] labels() {
        return Arrays.copyOf(labels, size);
    }

    /** Replaces the examples by those of a state. Not modified. */
    void set(float[] newRows, int[] newLabels) {
        rows = Arrays.copyOf(newRows, Math.max(newRows.length, FIRST_CAPACITY * numFeatures));
        System.arraycopy(newLabels, 0, labels, 0, newLabels.length);
        size = newLabels.length;
    }

    /** Chooses the tests, once all examples are there. */
    FernTests choose() {
        int numTests = FernTests.numFerns(numClasses) * FernTests.TESTS;
        int[] features = new int[numTests];
        float[] thresholds = new float[numTests];
        for (int test = 0; test < numTests; test++) {
            double least = Double.POSITIVE_INFINITY;
            for (int candidate = 0; candidate < CANDIDATES; candidate++) {
                long output = FIRST_OUTPUT + 2L * (CANDIDATES * test + candidate);
                int feature = (int) Long.remainderUnsigned(SplitMix64.output(output), numFeatures);
                int example = (int) Long.remainderUnsigned(SplitMix64.output(output + 1), size);
                float threshold = rows[example * numFeatures + feature];
                double entropy = entropy(feature, threshold);
                if (entropy < least) {
                    least = entropy;
                    features[test] = feature;
                    // Plus 0, because tests take −0 for less than 0.
                    thresholds[test] = threshold + 0f;
                }
            }
        }
        return new FernTests(features, thresholds);
    }

    /**
     * Returns the entropy of the classes of the examples on the two sides of a threshold, weighted
     * by their numbers; nats times examples.
     */
    private double entropy(int feature, float threshold) {
        int[] above = new int[numClasses];
        int[] below = new int[numClasses];
        int numAbove = 0;
        for (int i = 0; i < size; i++) {
            if (rows[i * numFeatures + feature] > threshold) {
                above[labels[i]]++;
                numAbove++;
            } else {
                below[labels[i]]++;
            }
        }
        double entropy = timesLog(numAbove) + timesLog(size - numAbove);
        for (int c = 0; c < numClasses; c++) {
            entropy -= timesLog(above[c]) + timesLog(below[c]);
        }
        return entropy;
    }

    private static double timesLog(int count) {
        return count == 0 ? 0 : count * Math.log(count);
    }
}
