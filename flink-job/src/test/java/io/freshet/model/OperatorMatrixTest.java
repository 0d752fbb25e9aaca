package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The two kinds of matrix do the same. On the CPU, where both run: what an operator does on a GPU
 * only a GPU can show.
 */
class OperatorMatrixTest {
    private static final double TOLERANCE = 1e-6;

    @ParameterizedTest
    @CsvSource({"1, 1, 2, 1", "32, 55, 7, 32", "32, 55, 7, 5", "3, 4, 2, 1", "256, 513, 10, 255"})
    void products_areThoseOfTheNativeMatrix(int rows, int inner, int columns, int count) {
        float[] a = values(rows * inner, 1);
        float[] b = values(inner * columns, 2);
        float[] g = values(rows * columns, 3);

        bothDo(
                rows,
                columns,
                (zeros, result) -> {
                    try (Matrix left = zeros.apply(rows, inner);
                            Matrix right = zeros.apply(inner, columns)) {
                        left.put(a, rows);
                        right.put(b, inner);
                        result.put(g, rows);
                        result.setToProduct(left, count, right);
                    }
                });
        bothDo(
                inner,
                columns,
                (zeros, result) -> {
                    try (Matrix left = zeros.apply(rows, inner);
                            Matrix right = zeros.apply(rows, columns)) {
                        left.put(a, rows);
                        right.put(g, rows);
                        result.setToTransposedProduct(left, count, right);
                        // A second time, with arguments that have been used before.
                        result.setToTransposedProduct(left, count, right);
                    }
                });
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "55, 7", "7, 55", "513, 10"})
    void sumsAndCopies_areThoseOfTheNativeMatrix(int rows, int columns) {
        float[] x = values(rows * columns, 4);
        float[] y = values(rows * columns, 5);

        bothDo(
                rows,
                columns,
                (zeros, result) -> {
                    try (Matrix other = zeros.apply(rows, columns)) {
                        other.put(x, rows);
                        result.put(y, rows);
                        result.addScaled(0.9f, other);
                        result.addScaled(-0.01f, other);
                        other.copyFrom(result);
                        result.addScaled(1, other);
                    }
                });
        try (Matrix operators = new OperatorMatrix(rows, columns);
                Matrix reference = new NativeMatrix(rows, columns)) {
            operators.put(x, rows);
            reference.put(x, rows);
            assertThat(operators.sumOfMagnitudes() / reference.sumOfMagnitudes())
                    .isCloseTo(1, within((float) TOLERANCE));
        }
    }

    @Test
    void valuesThatAreNotFinite_showInTheSumOfMagnitudes() {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1 / 0f}) {
            try (Matrix matrix = new OperatorMatrix(3, 2)) {
                matrix.put(1, 1, new float[] {value}, 0, 1);

                assertThat(matrix.sumOfMagnitudes()).isNotFinite();
            }
        }
    }

    @Test
    void parts_goWhereTheyBelong() {
        try (Matrix matrix = new OperatorMatrix(3, 4)) {
            assertThat(matrix.toArray()).containsOnly(0f).hasSize(12);

            matrix.put(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2);
            matrix.put(2, 1, new float[] {9, 10, 11, 12}, 1, 2);

            assertThat(matrix.toArray()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11, 0);
            assertThat(matrix.array().getFloat(2, 2)).isEqualTo(11);
            float[] first = new float[4];
            matrix.get(first, 1);
            assertThat(first).containsExactly(1, 2, 3, 4);
        }
    }

    @Test
    void matricesOfTheNativeBackend_areNative() {
        try (Matrix matrix = Matrix.zeros(2, 3)) {
            assertThat(matrix).isInstanceOf(NativeMatrix.class);
        }
    }

    @Test
    void closingTwice_isNoHarm() {
        Matrix matrix = new OperatorMatrix(2, 2);
        matrix.close();
        matrix.close();

        assertThat(matrix.array().wasClosed()).isTrue();
    }

    private static void bothDo(
            int rows,
            int columns,
            BiConsumer<BiFunction<Integer, Integer, Matrix>, Matrix> computation) {
        try (Matrix operators = new OperatorMatrix(rows, columns);
                Matrix reference = new NativeMatrix(rows, columns)) {
            computation.accept(OperatorMatrix::new, operators);
            computation.accept(NativeMatrix::new, reference);

            float[] expected = reference.toArray();
            float[] actual = operators.toArray();
            double scale = 0;
            for (float value : expected) {
                scale = Math.max(scale, Math.abs(value));
            }
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) actual[i]).isCloseTo(expected[i], within(TOLERANCE * scale));
            }
        }
    }

    private static float[] values(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
