package io.freshet.classifier;

import io.freshet.ensemble.FernTests;
import java.util.Arrays;

/**
 * Logits of the experts whose inputs are the active cells of random ferns: the sum of those of
 * these cells. Immutable.
 */
final class FernLogits {
    /** Number of experts. */
    static final int EXPERTS = 2;

    private final FernTests tests;

    /** Number of logits of a cell. */
    private final int width;

    /** (cells, experts, numClasses). */
    private final float[] logits;

    /**
     * @param logits (cells, experts, numClasses). Kept.
     */
    FernLogits(FernTests tests, int numClasses, float[] logits) {
        this.tests = tests;
        this.width = EXPERTS * numClasses;
        this.logits = logits;
    }

    /** Returns the number of cells that are active for an example. */
    int numActive() {
        return tests.numActive();
    }

    /**
     * Computes the logits of an example.
     *
     * @param x (numFeatures) scaled features. Not modified.
     * @param cells (numActive) receives the active cells
     * @param sums (experts, numClasses) receives the logits
     */
    void sum(float[] x, int[] cells, double[] sums) {
        tests.activate(x, 0, cells);
        Arrays.fill(sums, 0);
        for (int cell : cells) {
            int at = cell * width;
            for (int k = 0; k < width; k++) {
                sums[k] += logits[at + k];
            }
        }
    }
}
