package io.freshet.model.linalg;

import java.util.Random;

/** Test data for matrices, and their values as arrays. */
public final class Matrices {
    private Matrices() {}

    public static double[] toArray(Matrix matrix) {
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
