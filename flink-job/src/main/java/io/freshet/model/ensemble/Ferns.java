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

    /** Number of floats that are summed or moved at once. */
    private static final int CHUNK = 8;

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
        for (int at = 0; at < used; at += CHUNK) {
            sumChunk(cells, at);
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

    /**
     * Sums {@value #CHUNK} floats of the active cells. Sums in registers are faster than a loop
     * over the floats of a cell, which HotSpot 17 does not vectorise because it is short.
     */
    private void sumChunk(int[] cells, int at) {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        float sum4 = 0;
        float sum5 = 0;
        float sum6 = 0;
        float sum7 = 0;
        for (int active : cells) {
            int cell = active * stride + at;
            sum0 += table[cell];
            sum1 += table[cell + 1];
            sum2 += table[cell + 2];
            sum3 += table[cell + 3];
            sum4 += table[cell + 4];
            sum5 += table[cell + 5];
            sum6 += table[cell + 6];
            sum7 += table[cell + 7];
        }
        sums[at] = sum0;
        sums[at + 1] = sum1;
        sums[at + 2] = sum2;
        sums[at + 3] = sum3;
        sums[at + 4] = sum4;
        sums[at + 5] = sum5;
        sums[at + 6] = sum6;
        sums[at + 7] = sum7;
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
        for (int expert = 0; expert < EXPERTS; expert++) {
            int first = expert * (numClasses + 1);
            for (int k = 0; k < numClasses; k += CHUNK) {
                moveChunk(cells, first + k, expert);
            }
        }
    }

    /** Moves {@value #CHUNK} floats of the active cells; only logits have a gradient. */
    private void moveChunk(int[] cells, int at, int expert) {
        float[] all = gradients[expert];
        float gradient0 = all[at];
        float gradient1 = all[at + 1];
        float gradient2 = all[at + 2];
        float gradient3 = all[at + 3];
        float gradient4 = all[at + 4];
        float gradient5 = all[at + 5];
        float gradient6 = all[at + 6];
        float gradient7 = all[at + 7];
        float[] of = steps[expert];
        for (int active = 0; active < cells.length; active++) {
            int cell = cells[active] * stride + at;
            float step = of[active];
            table[cell] -= step * gradient0;
            table[cell + 1] -= step * gradient1;
            table[cell + 2] -= step * gradient2;
            table[cell + 3] -= step * gradient3;
            table[cell + 4] -= step * gradient4;
            table[cell + 5] -= step * gradient5;
            table[cell + 6] -= step * gradient6;
            table[cell + 7] -= step * gradient7;
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
            float faded = fading * table[at] + squared;
            float sum = faded > MIN_SUM ? faded : MIN_SUM;
            table[at] = sum;
            of[active] = sum;
        }
        double factor = STEPS[expert] * weight / Math.sqrt(cells.length);
        invertRoots(of);
        double total0 = 0;
        double total1 = 0;
        for (int active = 0; active < of.length; active += 2) {
            total0 += of[active];
            total1 += of[active + 1];
        }
        double total = total0 + total1;
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
