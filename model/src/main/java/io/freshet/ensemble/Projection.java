package io.freshet.ensemble;

import java.util.Arrays;

/**
 * Projection of weighted features to at most {@value #MAX_DIMENSIONS} dimensions, in which the
 * distances between examples are about the same: a matrix of random signs if there are more
 * features, else the identity.
 *
 * <p>Source: Achlioptas, <i>Database-friendly random projections</i>, Journal of Computer and
 * System Sciences 66 (2003).
 */
public final class Projection {
    static final int MAX_DIMENSIONS = 64;

    private static final long FIRST_OUTPUT = 1L << 40;
    private static final float ENTRY = 0.125f; // 1 / √64

    private final int numFeatures;

    /** (numFeatures, dimensions) entries of the matrix; empty for the identity. */
    private final float[][] matrix;

    public Projection(int numFeatures) {
        this.numFeatures = numFeatures;
        matrix = new float[numFeatures <= MAX_DIMENSIONS ? 0 : numFeatures][MAX_DIMENSIONS];
        for (int d = 0; d < MAX_DIMENSIONS && matrix.length > 0; d++) {
            for (int f = 0; f < numFeatures; f++) {
                long output = SplitMix64.output(FIRST_OUTPUT + (long) d * numFeatures + f);
                matrix[f][d] = output < 0 ? ENTRY : -ENTRY;
            }
        }
    }

    /** Returns the number of dimensions. */
    public int dimensions() {
        return dimensions(numFeatures);
    }

    /** Returns the number of dimensions for a number of features. */
    public static int dimensions(int numFeatures) {
        return Math.min(numFeatures, MAX_DIMENSIONS);
    }

    /** Returns whether points are the weighted features themselves. */
    public boolean isIdentity() {
        return matrix.length == 0;
    }

    /**
     * Writes a row of the matrix, unless this {@link #isIdentity()}.
     *
     * @param row (numFeatures). Modified.
     */
    public void writeRow(int dimension, float[] row) {
        for (int f = 0; f < numFeatures; f++) {
            row[f] = matrix[f][dimension];
        }
    }

    /**
     * Projects the product of features and weights.
     *
     * @param x (numFeatures) from {@code offset} on. Not modified.
     * @param weights (numFeatures). Not modified.
     * @param out (dimensions). Modified.
     */
    public void project(float[] x, int offset, float[] weights, float[] out) {
        if (matrix.length == 0) {
            for (int f = 0; f < numFeatures; f++) {
                out[f] = weights[f] * x[offset + f];
            }
            return;
        }
        Arrays.fill(out, 0);
        int f = 0;
        for (; f + 4 <= numFeatures; f += 4) {
            addFour(
                    weights[f] * x[offset + f],
                    matrix[f],
                    weights[f + 1] * x[offset + f + 1],
                    matrix[f + 1],
                    weights[f + 2] * x[offset + f + 2],
                    matrix[f + 2],
                    weights[f + 3] * x[offset + f + 3],
                    matrix[f + 3],
                    out);
        }
        for (; f < numFeatures; f++) {
            float value = weights[f] * x[offset + f];
            float[] row = matrix[f];
            for (int d = 0; d < MAX_DIMENSIONS; d++) {
                out[d] += value * row[d];
            }
        }
    }

    /**
     * Adds four products to {@code out} in one pass, which HotSpot 17 vectorises because all arrays
     * have the same index.
     */
    private static void addFour(
            float value0,
            float[] row0,
            float value1,
            float[] row1,
            float value2,
            float[] row2,
            float value3,
            float[] row3,
            float[] out) {
        for (int d = 0; d < MAX_DIMENSIONS; d++) {
            out[d] += value0 * row0[d] + value1 * row1[d] + (value2 * row2[d] + value3 * row3[d]);
        }
    }
}
