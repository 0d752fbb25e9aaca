package io.freshet.model.ensemble;

import io.freshet.ensemble.FernTests;
import io.freshet.maths.LogSoftmax;
import java.util.Arrays;

/**
 * Two softmax models whose inputs are the active cells of random ferns: nonlinear experts without a
 * multiplication of features.
 *
 * <p>Expert {@code l} has a vector {@code T_l[c]} of logits, one for each class, in each cell. Its
 * logits for an example are the sum over the {@code A} active cells. With the gradient {@code g = p
 * − t} of the cross-entropy with the targets {@code t}, each active cell moves by
 *
 * <pre>{@code
 * G_l[c] ← max(fading · G_l[c] + ‖g‖², 10⁻¹⁰)
 * e_c = step · weight / √(A · G_l[c]);   e ← e / (1 + ½ Σ e);   T_l[c] ← T_l[c] − e_c g
 * }</pre>
 *
 * <p>This is AdaGrad with one sum for each cell. The first expert forgets, at a cell's own visits;
 * the second does not. The last division bounds the step: the logits move by less than {@code 2 g},
 * however large the example's weight is.
 *
 * <p>Independent of how examples are divided into blocks. Not thread-safe.
 *
 * <p>Source of AdaGrad: Duchi, Hazan and Singer, Journal of Machine Learning Research 12 (2011).
 */
final class Ferns {
    /** Number of experts. */
    static final int EXPERTS = 2;

    private static final float[] STEPS = {1, 3};
    private static final float[] FADINGS = {0.99f, 1};
    private static final float INITIAL_SUM = 0.01f;
    private static final float MIN_SUM = 1e-10f;

    /** Number of floats in a cache line. */
    private static final int LINE = 16;

    private final int numClasses;

    /** Number of floats of a cell: logits and sum of each expert, padded to cache lines. */
    private final int stride;

    /** Number of floats of a cell without the padding. */
    private final int used;

    /**
     * (cells, stride): of each cell the logits of the first expert, its sum of squared gradients,
     * and the same of the second expert.
     */
    private final float[] table;

    // Scratch for one example: (stride) sums, and gradients of one expert with zeros elsewhere.
    private final float[] sums;
    private final double[] logits;
    private final float[][] gradients;

    /** (experts, active cells) steps. */
    private final float[][] steps;

    Ferns(FernTests tests, int numClasses) {
        this.numClasses = numClasses;
        this.stride = stride(numClasses);
        this.used = EXPERTS * (numClasses + 1);
        this.table = new float[Math.multiplyExact(tests.numCells(), stride)];
        this.sums = new float[stride];
        this.logits = new double[numClasses];
        this.gradients = new float[EXPERTS][stride];
        this.steps = new float[EXPERTS][tests.numActive()];
        reset();
    }

    /** Returns the bytes of the table. */
    static long bytes(int numClasses) {
        long cells = (long) FernTests.numFerns(numClasses) * FernTests.CELLS;
        return cells * stride(numClasses) * Float.BYTES;
    }

    private static int stride(int numClasses) {
        return (EXPERTS * (numClasses + 1) + LINE - 1) / LINE * LINE;
    }

    /** Forgets everything. */
    void reset() {
        Arrays.fill(table, 0);
        for (int cell = 0; cell < table.length; cell += stride) {
            table[cell + numClasses] = INITIAL_SUM;
            table[cell + 2 * numClasses + 1] = INITIAL_SUM;
        }
    }

    /**
     * Predicts an example.
     *
     * @param cells its active cells. Not modified.
     * @param probabilities (experts, numClasses) from {@code offset} on. Modified.
     * @param logs logarithms of the probabilities, in the same places. Modified.
     */
    void predict(int[] cells, double[] probabilities, double[] logs, int offset) {
        Arrays.fill(sums, 0);
        int active = 0;
        for (; active + 4 <= cells.length; active += 4) {
            addFour(cells, active);
        }
        for (; active < cells.length; active++) {
            int cell = cells[active] * stride;
            for (int k = 0; k < used; k++) {
                sums[k] += table[cell + k];
            }
        }
        for (int expert = 0; expert < EXPERTS; expert++) {
            int first = expert * (numClasses + 1);
            for (int c = 0; c < numClasses; c++) {
                logits[c] = sums[first + c];
            }
            LogSoftmax.apply(
                    logits, 0, numClasses, probabilities, logs, offset + expert * numClasses);
        }
    }

    private void addFour(int[] cells, int active) {
        int cell0 = cells[active] * stride;
        int cell1 = cells[active + 1] * stride;
        int cell2 = cells[active + 2] * stride;
        int cell3 = cells[active + 3] * stride;
        for (int k = 0; k < used; k++) {
            sums[k] += table[cell0 + k] + table[cell1 + k] + (table[cell2 + k] + table[cell3 + k]);
        }
    }

    /**
     * Learns from an example.
     *
     * @param cells its active cells. Not modified.
     * @param probabilities (experts, numClasses) from {@code offset} on, as they were predicted.
     *     Not modified.
     * @param targets (numClasses) probabilities of the classes. Not modified.
     * @param weight weight of the example, at least 0
     */
    void learn(int[] cells, double[] probabilities, int offset, double[] targets, double weight) {
        for (int expert = 0; expert < EXPERTS; expert++) {
            int first = expert * (numClasses + 1);
            float squared = 0;
            for (int c = 0; c < numClasses; c++) {
                float gradient =
                        (float) (probabilities[offset + expert * numClasses + c] - targets[c]);
                gradients[expert][first + c] = gradient;
                squared += gradient * gradient;
            }
            computeSteps(expert, cells, first + numClasses, squared, weight);
        }
        float[] gradients0 = gradients[0];
        float[] gradients1 = gradients[1];
        for (int active = 0; active < cells.length; active++) {
            int cell = cells[active] * stride;
            float step0 = steps[0][active];
            float step1 = steps[1][active];
            for (int k = 0; k < used; k++) {
                table[cell + k] -= step0 * gradients0[k] + step1 * gradients1[k];
            }
        }
    }

    /** Replaces each value by 1 over its root. HotSpot 17 vectorises the loop over floats. */
    private static void invertRoots(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = 1f / (float) Math.sqrt(values[i]);
        }
    }

    /** Adds a squared gradient to the sums of the active cells, and computes their steps. */
    private void computeSteps(int expert, int[] cells, int place, float squared, double weight) {
        float fading = FADINGS[expert];
        float[] of = steps[expert];
        for (int active = 0; active < cells.length; active++) {
            int at = cells[active] * stride + place;
            float sum = Math.max(fading * table[at] + squared, MIN_SUM);
            table[at] = sum;
            of[active] = sum;
        }
        double factor = STEPS[expert] * weight / Math.sqrt(cells.length);
        invertRoots(of);
        double total = 0;
        for (int active = 0; active < of.length; active++) {
            total += of[active];
        }
        float scale = (float) (factor / (1 + factor * total / 2));
        for (int active = 0; active < of.length; active++) {
            of[active] *= scale;
        }
    }

    /** Returns the table without padding, in a new array. */
    float[] state() {
        float[] state = new float[table.length / stride * used];
        for (int cell = 0; cell * stride < table.length; cell++) {
            System.arraycopy(table, cell * stride, state, cell * used, used);
        }
        return state;
    }

    /**
     * Returns a state with classes added at the end, whose logits are 0. Where there are fewer
     * ferns for more classes, the last ones are left out.
     *
     * @param state a value of {@link #state()} for {@code numClasses} classes. Not modified.
     * @param initial the initial state for {@code newClasses} classes. Not modified.
     */
    static float[] extended(float[] state, int numClasses, float[] initial, int newClasses) {
        float[] extended = initial.clone();
        int used = numClasses + 1;
        int newUsed = newClasses + 1;
        for (int half = 0; half * newUsed < extended.length; half++) {
            System.arraycopy(state, half * used, extended, half * newUsed, numClasses);
            extended[half * newUsed + newClasses] = state[half * used + numClasses];
        }
        return extended;
    }

    /**
     * Replaces the table.
     *
     * @param state a value of {@link #state()} for as many features and classes. Not modified.
     */
    void set(float[] state) {
        for (int cell = 0; cell * stride < table.length; cell++) {
            System.arraycopy(state, cell * used, table, cell * stride, used);
        }
    }
}
