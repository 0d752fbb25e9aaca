package io.freshet.model.linalg;

import org.jspecify.annotations.Nullable;

/**
 * Check at start that the device multiplies matrices correctly.
 *
 * <p>A GPU without kernels for its generation fails or computes wrong numbers, and so does a BLAS
 * that uses another processor's kernels. This check finds it before the first mini-batch.
 */
public final class ProductCheck {
    private ProductCheck() {}

    /**
     * Multiplies matrices of whole numbers of several sizes.
     *
     * @return the first wrong value, as a clause that begins with "computes"; null if all are
     *     correct
     */
    public static @Nullable String findMismatch() {
        for (int size : new int[] {1, 7, 16, 65}) {
            String mismatch = findMismatch(size, 2 * size + 1, size + 3);
            if (mismatch != null) {
                return mismatch;
            }
        }
        return null;
    }

    private static @Nullable String findMismatch(int rows, int inner, int columns) {
        float[] a = pattern(rows * inner);
        float[] b = pattern(columns * inner);
        double[] products = new double[rows * columns];
        try (Matrix left = MatrixFactory.zeros(Precision.FLOAT, rows, inner);
                Matrix right = MatrixFactory.zeros(Precision.FLOAT, columns, inner);
                Matrix product = MatrixFactory.zeros(Precision.FLOAT, rows, columns)) {
            left.put(a, rows);
            right.put(b, columns);
            product.setToProductWithTransposed(left, rows, right, columns);
            product.get(products, rows);
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double expected = 0;
                for (int k = 0; k < inner; k++) {
                    expected += a[i * inner + k] * b[j * inner + k];
                }
                double computed = products[i * columns + j];
                // Whole numbers below 2^24: exact in any order of summation.
                if (computed != expected) {
                    return String.format(
                            "computes %s for %s in a product of (%d, %d) and (%d, %d)",
                            computed, expected, rows, inner, inner, columns);
                }
            }
        }
        return null;
    }

    private static float[] pattern(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = i * 7 % 13 - 6;
        }
        return values;
    }
}
