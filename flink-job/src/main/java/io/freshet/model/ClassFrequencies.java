package io.freshet.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Fading counts of the labels that a learner has seen, and the balanced weight of a class that
 * follows from them.
 *
 * <p>When a label is counted, with the weight of its example, all older counts are multiplied by
 * {@value #FADING}: the counts are those of the last 10,000 examples or so. The balanced weight of
 * a class is {@code n / (k n_c)}, but at most {@value #MAX_WEIGHT}, for the sum {@code n} of all
 * counts, the count {@code n_c} of the class, and the number {@code k} of classes that have
 * occurred. Without fading and maximum, it is that of scikit-learn's {@code
 * class_weight="balanced"} on the examples so far, with a mean of 1.
 *
 * <p>The maximum bounds a single step: the first example of a class after 10,000 others would have
 * the weight 5,000. It is reached by classes of which there is less than {@code 1/(50 k)}.
 *
 * <p>An example is counted before it is weighted, and whether or not its step is skipped. One of
 * weight 0 neither counts nor fades the counts: a mini-batch of such examples may be no step at
 * all.
 */
final class ClassFrequencies {
    private static final double FADING = 0.9999;
    private static final double MAX_WEIGHT = 50;

    /** (numClasses) fading counts. */
    private double[] counts;

    /** The counts at the last {@link #keep()}. */
    private double[] kept;

    /**
     * @param counts (numClasses) counts so far, zeros at the start. Not modified.
     */
    ClassFrequencies(double[] counts) {
        this.counts = counts.clone();
        this.kept = counts.clone();
    }

    /** Returns the frequencies that a state has; null if classes are not balanced. */
    static @Nullable ClassFrequencies of(LearnerSettings settings, LearnerState state) {
        return settings.loss().balancesClasses() ? new ClassFrequencies(state.classCounts()) : null;
    }

    /**
     * Counts a label, and returns the balanced weight of its class; 1 for an example of weight 0.
     */
    double countAndWeigh(int label, double exampleWeight) {
        if (exampleWeight == 0) {
            return 1;
        }
        double sum = 0;
        int occurred = 0;
        for (int c = 0; c < counts.length; c++) {
            counts[c] *= FADING;
            if (c == label) {
                counts[c] += exampleWeight;
            }
            sum += counts[c];
            if (counts[c] > 0) {
                occurred++;
            }
        }
        return Math.min(sum / (occurred * counts[label]), MAX_WEIGHT);
    }

    /** Keeps the counts, for {@link #undo()}. */
    void keep() {
        System.arraycopy(counts, 0, kept, 0, counts.length);
    }

    /** Returns to the counts of the last {@link #keep()}. */
    void undo() {
        System.arraycopy(kept, 0, counts, 0, counts.length);
    }

    /** Returns a copy of the counts, (numClasses). */
    double[] counts() {
        return counts.clone();
    }

    /** Adds classes that have not occurred. */
    void extend(int numClasses) {
        counts = Arrays.copyOf(counts, numClasses);
        kept = Arrays.copyOf(kept, numClasses);
    }
}
