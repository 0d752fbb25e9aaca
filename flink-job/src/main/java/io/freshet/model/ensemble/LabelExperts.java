package io.freshet.model.ensemble;

import java.util.Arrays;

/**
 * Three experts that use only the labels, not the features: the label after the same label, and the
 * frequencies of the labels with two half-lives.
 *
 * <p>The first predicts by the counts of the labels that followed the last one, which fade by 0.99
 * when such a label is counted; the others by counts that fade by 0.999 and 0.95 with each label.
 * All counts begin at 0.1. Before the first label, the last one is taken to be the first class.
 *
 * <p>Not thread-safe.
 */
final class LabelExperts {
    /** Number of experts. */
    static final int EXPERTS = 3;

    private static final float PRIOR = 0.1f;
    private static final float[] FADINGS = {0.99f, 0.999f, 0.95f};

    private final int numClasses;

    /** (numClasses, numClasses) counts by last label. */
    private final float[] transitions;

    /** (2, numClasses) counts. */
    private final float[] frequencies;

    private int lastLabel;

    LabelExperts(int numClasses) {
        this.numClasses = numClasses;
        transitions = new float[numClasses * numClasses];
        frequencies = new float[(EXPERTS - 1) * numClasses];
        Arrays.fill(transitions, PRIOR);
        Arrays.fill(frequencies, PRIOR);
    }

    /** Returns the bytes of the counts. */
    static long bytes(int numClasses) {
        return numCounts(numClasses) * Float.BYTES;
    }

    /** Returns the number of the counts. */
    static long numCounts(int numClasses) {
        return (numClasses + EXPERTS - 1L) * numClasses;
    }

    /**
     * Predicts the next label.
     *
     * @param probabilities (experts, numClasses) from {@code offset} on. Modified.
     * @param logs logarithms of the probabilities, in the same places. Modified.
     */
    void predict(double[] probabilities, double[] logs, int offset) {
        normalise(transitions, lastLabel * numClasses, probabilities, logs, offset);
        for (int k = 0; k < EXPERTS - 1; k++) {
            normalise(
                    frequencies,
                    k * numClasses,
                    probabilities,
                    logs,
                    offset + (k + 1) * numClasses);
        }
    }

    private void normalise(
            float[] counts, int first, double[] probabilities, double[] logs, int at) {
        double sum = 0;
        for (int c = 0; c < numClasses; c++) {
            sum += counts[first + c];
        }
        for (int c = 0; c < numClasses; c++) {
            probabilities[at + c] = counts[first + c] / sum;
            logs[at + c] = Math.log(probabilities[at + c]);
        }
    }

    /** Counts a label. */
    void learn(int label) {
        count(transitions, lastLabel * numClasses, label, FADINGS[0]);
        count(frequencies, 0, label, FADINGS[1]);
        count(frequencies, numClasses, label, FADINGS[2]);
        lastLabel = label;
    }

    private void count(float[] counts, int first, int label, float fading) {
        for (int c = 0; c < numClasses; c++) {
            counts[first + c] *= fading;
        }
        counts[first + label]++;
    }

    int lastLabel() {
        return lastLabel;
    }

    /** Returns the counts by last label, then those of the frequencies, in a new array. */
    float[] state() {
        float[] state = Arrays.copyOf(transitions, transitions.length + frequencies.length);
        System.arraycopy(frequencies, 0, state, transitions.length, frequencies.length);
        return state;
    }

    /**
     * Returns counts with classes added at the end, of which there were no labels.
     *
     * @param state a value of {@link #state()} for {@code numClasses} classes. Not modified.
     */
    static float[] extended(float[] state, int numClasses, int newClasses) {
        int rows = newClasses + EXPERTS - 1;
        float[] extended = new float[rows * newClasses];
        Arrays.fill(extended, PRIOR);
        for (int row = 0; row < numClasses + EXPERTS - 1; row++) {
            int to = row < numClasses ? row : row - numClasses + newClasses;
            System.arraycopy(state, row * numClasses, extended, to * newClasses, numClasses);
        }
        return extended;
    }

    /** Replaces the counts by a value of {@link #state()}, which is not modified. */
    void set(float[] state, int newLastLabel) {
        System.arraycopy(state, 0, transitions, 0, transitions.length);
        System.arraycopy(state, transitions.length, frequencies, 0, frequencies.length);
        lastLabel = newLastLabel;
    }
}
