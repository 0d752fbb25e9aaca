package io.freshet.model.mixture;

import java.util.Arrays;

/**
 * Two predictors that use only the labels, not the features: experts of a {@link Mixture}.
 *
 * <ul>
 *   <li><i>Label transitions</i>, the expert {@code no-change}: the distribution of the label given
 *       the label before it, estimated from the labels that followed the same label earlier. When
 *       such a label is counted, the older counts for the same preceding label are multiplied by
 *       the fading factor {@value #TRANSITIONS_FADING}. Before the first label the prediction is
 *       uniform.
 *   <li><i>Frequencies</i>, the expert {@code frequencies}: the distribution of the label,
 *       estimated from all labels. When a label is counted, the older counts are multiplied by the
 *       fading factor {@value #FREQUENCIES_FADING}.
 * </ul>
 *
 * <p>Each of them predicts class {@code c} with the probability {@code (count_c + 0.1) / (total +
 * 0.1 numClasses)}.
 *
 * <p>They differ from the baselines with which the metrics compare the model. Those predict a class
 * instead of probabilities: no-change predicts the label of the last example, and majority the most
 * frequent label so far.
 */
public final class Baselines {
    /** Number of baselines. */
    public static final int COUNT = 2;

    /** The label of {@link #lastLabel()} before the first. */
    public static final int NO_LABEL = -1;

    static final int LABEL_TRANSITIONS = 0;
    static final int FREQUENCIES = 1;

    private static final float TRANSITIONS_FADING = 0.99f;
    private static final float FREQUENCIES_FADING = 0.999f;
    private static final double PRIOR = 0.1;

    private final int numClasses;

    /**
     * Label transitions by last label, (numClasses, numClasses), then frequencies, (numClasses).
     */
    private final float[] counts;

    private int lastLabel;

    /**
     * Creates baselines from their state.
     *
     * @param counts ((numClasses + 1) · numClasses), zeros at the start. Not modified.
     * @param lastLabel the newest label, or {@link #NO_LABEL}
     */
    public Baselines(int numClasses, float[] counts, int lastLabel) {
        this.numClasses = numClasses;
        this.counts = counts.clone();
        this.lastLabel = lastLabel;
    }

    /**
     * Replaces the state.
     *
     * @param newCounts ((numClasses + 1) · numClasses). Not modified.
     * @param newLastLabel the newest label, or {@link #NO_LABEL}
     */
    public void set(float[] newCounts, int newLastLabel) {
        System.arraycopy(newCounts, 0, counts, 0, counts.length);
        lastLabel = newLastLabel;
    }

    /** Returns the number of counts. */
    public static int numCounts(int numClasses) {
        return Math.multiplyExact(numClasses + 1, numClasses);
    }

    /**
     * Returns counts to which classes without any label are added at the end.
     *
     * @param counts ((before + 1) · before). Not modified.
     * @param before number of classes of the counts
     * @param numClasses number of classes, at least as many
     */
    public static float[] extended(float[] counts, int before, int numClasses) {
        float[] extended = new float[numCounts(numClasses)];
        for (int row = 0; row <= before; row++) {
            int to = row == before ? numClasses : row;
            System.arraycopy(counts, row * before, extended, to * numClasses, before);
        }
        return extended;
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
     * @param baseline 0 for label transitions, 1 for frequencies
     * @param probabilities (numClasses). Modified.
     */
    public void predict(int baseline, double[] probabilities) {
        if (baseline == LABEL_TRANSITIONS && lastLabel == NO_LABEL) {
            Arrays.fill(probabilities, 1.0 / numClasses);
            return;
        }
        int row = (baseline == LABEL_TRANSITIONS ? lastLabel : numClasses) * numClasses;
        double total = PRIOR * numClasses;
        for (int c = 0; c < numClasses; c++) {
            total += counts[row + c];
        }
        for (int c = 0; c < numClasses; c++) {
            probabilities[c] = (counts[row + c] + PRIOR) / total;
        }
    }

    /** Counts a label. */
    public void observe(int label) {
        if (lastLabel != NO_LABEL) {
            count(lastLabel * numClasses, label, TRANSITIONS_FADING);
        }
        count(numClasses * numClasses, label, FREQUENCIES_FADING);
        lastLabel = label;
    }

    private void count(int row, int label, float fadingFactor) {
        for (int c = 0; c < numClasses; c++) {
            counts[row + c] *= fadingFactor;
        }
        counts[row + label]++;
    }
}
