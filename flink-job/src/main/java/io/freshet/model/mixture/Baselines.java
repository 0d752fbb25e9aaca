package io.freshet.model.mixture;

import java.util.Arrays;

/**
 * Two predictors that use no features, as experts of a {@link Mixture}.
 *
 * <p><i>No-change with memory</i>: the labels that followed the last label before, a count matrix
 * whose rows fade by {@value #TRANSITIONS_KEPT} at each use. <i>Frequencies</i>: the labels so far,
 * fading by {@value #FREQUENCIES_KEPT} at each. Both predict {@code (count + 0.1) / (total + 0.1
 * numClasses)}.
 */
public final class Baselines {
    public static final int COUNT = 2;
    static final int NO_CHANGE = 0;
    static final int FREQUENCIES = 1;
    public static final int NO_LABEL = -1;

    private static final float TRANSITIONS_KEPT = 0.99f;
    private static final float FREQUENCIES_KEPT = 0.999f;
    private static final double PRIOR = 0.1;

    private final int numClasses;

    /** The transitions by last label, (numClasses, numClasses), then the frequencies. */
    private final float[] counts;

    private int lastLabel;

    /**
     * @param counts ((numClasses + 1) · numClasses), zeros at the start. Not modified.
     * @param lastLabel the newest label, or {@link #NO_LABEL}
     */
    public Baselines(int numClasses, float[] counts, int lastLabel) {
        this.numClasses = numClasses;
        this.counts = counts.clone();
        this.lastLabel = lastLabel;
    }

    /**
     * Becomes what others are.
     *
     * @param others their counts. Not modified.
     * @param label their newest label, or {@link #NO_LABEL}
     */
    public void set(float[] others, int label) {
        System.arraycopy(others, 0, counts, 0, counts.length);
        lastLabel = label;
    }

    /** Returns how many counts there are. */
    public static int numCounts(int numClasses) {
        return Math.multiplyExact(numClasses + 1, numClasses);
    }

    /** Returns a copy of the counts. */
    public float[] counts() {
        return counts.clone();
    }

    /** Returns the newest label, or {@link #NO_LABEL}. */
    public int lastLabel() {
        return lastLabel;
    }

    /**
     * Predicts the next label.
     *
     * @param out (numClasses) probabilities. Modified.
     */
    public void predict(int baseline, double[] out) {
        if (baseline == NO_CHANGE && lastLabel == NO_LABEL) {
            Arrays.fill(out, 1.0 / numClasses);
            return;
        }
        int row = (baseline == NO_CHANGE ? lastLabel : numClasses) * numClasses;
        double total = PRIOR * numClasses;
        for (int c = 0; c < numClasses; c++) {
            total += counts[row + c];
        }
        for (int c = 0; c < numClasses; c++) {
            out[c] = (counts[row + c] + PRIOR) / total;
        }
    }

    /** Takes a label into the counts. */
    public void observe(int label) {
        if (lastLabel != NO_LABEL) {
            count(lastLabel * numClasses, label, TRANSITIONS_KEPT);
        }
        count(numClasses * numClasses, label, FREQUENCIES_KEPT);
        lastLabel = label;
    }

    private void count(int row, int label, float kept) {
        for (int c = 0; c < numClasses; c++) {
            counts[row + c] *= kept;
        }
        counts[row + label]++;
    }
}
