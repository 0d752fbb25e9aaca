package io.freshet.model;

import java.util.Random;

/** Matrices as arrays, and numbers to fill them with. */
final class Matrices {
    private Matrices() {}

    static double[] toArray(Matrix matrix) {
        double[] values = new double[matrix.rows() * matrix.columns()];
        matrix.get(values, matrix.rows());
        return values;
    }

    static float[] values(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
