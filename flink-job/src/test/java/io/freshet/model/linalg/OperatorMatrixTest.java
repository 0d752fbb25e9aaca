package io.freshet.model.linalg;

import static io.freshet.model.linalg.Matrices.toArray;
import static io.freshet.model.linalg.Matrices.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.loss.Floats;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Comparison of the two implementations of {@link Matrix} on the CPU, where both run. It cannot
 * show what an operator computes on a GPU.
 */
class OperatorMatrixTest {
    private static double tolerance(Precision precision) {
        return precision == Precision.FLOAT ? 1e-6 : 1e-14;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 2, 1, 2",
        "32, 55, 7, 32, 7",
        "32, 55, 7, 5, 7",
        "3, 4, 2, 1, 1",
        "32, 55, 32, 9, 9",
        "256, 513, 10, 255, 10"
    })
    void products_areThoseOfTheNativeMatrix(
            int rows, int inner, int columns, int count, int width) {
        float[] a = values(rows * inner, 1);
        float[] b = values(columns * inner, 2);
        float[] g = values(rows * columns, 3);
        float[] h = values(columns * inner, 4);
        for (Precision precision : Precision.values()) {
            assertSameResult(
                    precision,
                    rows,
                    columns,
                    (zeros, result) -> {
                        try (Matrix left = zeros.apply(rows, inner);
                                Matrix right = zeros.apply(columns, inner)) {
                            left.put(a, rows);
                            right.put(b, columns);
                            result.put(g, rows);
                            result.setToProductWithTransposed(left, count, right, width);
                        }
                    });
            assertSameResult(
                    precision,
                    columns,
                    inner,
                    (zeros, result) -> {
                        try (Matrix left = zeros.apply(rows, columns);
                                Matrix right = zeros.apply(rows, inner)) {
                            left.put(g, rows);
                            right.put(a, rows);
                            result.put(h, columns);
                            result.addTransposedProduct(0.9, left, count, right);
                            // A second time: contexts and pointers are reused.
                            result.addTransposedProduct(-1, left, count, right);
                        }
                    });
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void products_equalThoseComputedByHand(Precision precision) {
        for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
            try (Matrix a = zeros.apply(2, 2);
                    Matrix b = zeros.apply(3, 2);
                    Matrix c = zeros.apply(2, 3)) {
                a.put(new float[] {1, 2, 3, 4}, 2);
                b.put(new float[] {5, 6, 7, 8, 9, 10}, 3);
                c.put(new float[] {-1, -1, -1, -1, -1, -1}, 2);

                // Row 0 of a by rows 0 and 1 of b: 1·5 + 2·6 and 1·7 + 2·8; the rest stays.
                c.setToProductWithTransposed(a, 1, b, 2);
                assertThat(toArray(c)).containsExactly(17, 23, -1, -1, -1, -1);

                // 2·c + aᵀ·c over the first row alone: column f of a times the row.
                try (Matrix sum = zeros.apply(2, 3)) {
                    sum.put(new float[] {1, 0, 0, 0, 1, 0}, 2);
                    sum.addTransposedProduct(2, a, 1, c);
                    assertThat(toArray(sum)).containsExactly(19, 23, -1, 34, 48, -2);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void oldValues_areIgnored_whereTheirFactorIsZero(Precision precision) {
        for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
            try (Matrix a = zeros.apply(1, 1);
                    Matrix b = zeros.apply(1, 2);
                    Matrix c = zeros.apply(1, 2)) {
                a.put(new float[] {2}, 1);
                b.put(new float[] {3, 4}, 1);
                c.put(new float[] {Float.NaN, Float.POSITIVE_INFINITY}, 1);
                c.addTransposedProduct(0, a, 1, b);
                assertThat(toArray(c)).containsExactly(6, 8);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void squaresAndRatios_areAddedElementByElement(Precision precision) {
        for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
            try (Matrix a = zeros.apply(2, 2);
                    Matrix b = zeros.apply(2, 2)) {
                a.put(new float[] {1, -2, 3, 0}, 2);
                b.put(new float[] {1, 1, 1, 4}, 2);
                b.addSquares(2, a);
                assertThat(toArray(b)).containsExactly(3, 9, 19, 4);

                // 1 + 6·a / (√b / 2 + 0.5)
                Matrix sum = zeros.apply(2, 2);
                sum.put(new float[] {1, 1, 1, 1}, 2);
                b.put(new float[] {1, 9, 25, 4}, 2);
                sum.addRatio(6, a, b, 2, 0.5);
                assertThat(toArray(sum)).containsExactly(7, -5, 7, 1);
                sum.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "55, 7", "7, 55", "513, 10"})
    void sumsAndCopies_areThoseOfTheNativeMatrix(int rows, int columns) {
        float[] x = values(rows * columns, 4);
        float[] y = values(rows * columns, 5);
        for (Precision precision : Precision.values()) {
            assertSameResult(
                    precision,
                    rows,
                    columns,
                    (zeros, result) -> {
                        try (Matrix other = zeros.apply(rows, columns)) {
                            other.put(x, rows);
                            result.put(y, rows);
                            result.addScaled(0.9, other);
                            result.addScaled(-0.01, other);
                            result.scale(1.25);
                            other.copyFrom(result);
                            result.addScaled(1, other);
                            other.copyRows(result, rows - 1, 1, 0);
                            result.copyRows(other, 0, 1, rows / 2);
                        }
                    });
            try (Matrix operators = new OperatorMatrix(precision, rows, columns);
                    Matrix reference = NativeMatrix.zeros(precision, rows, columns)) {
                operators.put(x, rows);
                reference.put(x, rows);
                int from = rows / 3;
                int count = rows - from;
                double sum = 0;
                double squares = 0;
                for (int i = from * columns; i < x.length; i++) {
                    sum += Math.abs(x[i]);
                    squares += (double) x[i] * x[i];
                }
                // Each addition rounds the sum once.
                double unit = precision == Precision.FLOAT ? 0x1p-24 : 0x1p-53;
                double tolerance = count * columns * unit * sum;
                assertThat(operators.sumOfMagnitudes(from, count))
                        .isCloseTo(sum, within(tolerance));
                assertThat(reference.sumOfMagnitudes(from, count))
                        .isCloseTo(sum, within(tolerance));
                // The square root halves the relative error of the sum of squares.
                double norm = Math.sqrt(squares);
                double normTolerance = count * columns * unit * norm;
                assertThat(operators.norm(from, count)).isCloseTo(norm, within(normTolerance));
                assertThat(reference.norm(from, count)).isCloseTo(norm, within(normTolerance));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void valuesThatAreNotFinite_showInTheSumOfMagnitudes(Precision precision) {
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1 / 0.0}) {
            for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
                try (Matrix matrix = zeros.apply(3, 2)) {
                    matrix.putRow(1, new double[] {0, value});

                    assertThat(matrix.sumOfMagnitudes(0, 3)).isNotFinite();
                    assertThat(matrix.sumOfMagnitudes(1, 1)).isNotFinite();
                    assertThat(matrix.sumOfMagnitudes(2, 1)).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void rows_areWrittenAndReadInPlace(Precision precision) {
        for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
            try (Matrix matrix = zeros.apply(3, 4)) {
                assertThat(toArray(matrix)).containsOnly(0).hasSize(12);

                matrix.put(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2);
                matrix.putRow(2, new double[] {9, 10, 11, 12, 13});

                assertThat(toArray(matrix)).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
                assertThat(matrix.sumOfMagnitudes(2, 1)).isEqualTo(9 + 10 + 11 + 12);
                double[] values = new double[4];
                matrix.get(values, 1);
                assertThat(values).containsExactly(1, 2, 3, 4);
                matrix.putRow(0, new float[] {0, -1, -2, -3}, 1, 2);
                float[] row = new float[4];
                matrix.getRow(0, row);
                assertThat(row).containsExactly(-1, -2, 3, 4);
                matrix.getRow(1, row);
                assertThat(row).containsExactly(5, 6, 7, 8);
                assertThat(matrix.rows()).isEqualTo(3);
                assertThat(matrix.columns()).isEqualTo(4);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void valuesBeyondAChunk_areWrittenAndRead(Precision precision) {
        double[] values = new Random(6).doubles(5000).toArray();
        for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
            try (Matrix matrix = zeros.apply(2, 5000)) {
                matrix.putRow(1, values);

                double[] all = new double[10_000];
                matrix.get(all, 2);
                double[] read = Arrays.copyOfRange(all, 5000, 10_000);
                assertThat(read).containsExactly(values, within(tolerance(precision)));
                float[] row = new float[5000];
                matrix.getRow(1, row);
                assertThat(row).containsExactly(Floats.narrow(read));
                assertThat(Arrays.copyOf(all, 5000)).containsOnly(0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void matricesOfTheNativeBackend_areNative(Precision precision) {
        try (Matrix matrix = MatrixFactory.zeros(precision, 2, 3)) {
            assertThat(matrix).isInstanceOf(NativeMatrix.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void rowsOfInputs_beginOnCacheLines(Precision precision) {
        for (int inputs = 1; inputs <= 40; inputs++) {
            int columns = Matrix.columnsFor(inputs);
            assertThat(columns).isBetween(inputs, inputs + 15);
            assertThat(columns * Float.BYTES % 64).isZero();
            try (NativeMatrix matrix = NativeMatrix.zeros(precision, 3, columns)) {
                assertThat(matrix.memory.pointer().address() % 64).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void closingTwice_doesNothing(Precision precision) {
        for (BiFunction<Integer, Integer, Matrix> zeros : implementations(precision)) {
            Matrix matrix = zeros.apply(2, 2);
            matrix.close();

            assertThatCode(matrix::close).doesNotThrowAnyException();
            assertThat(matrix.isClosed()).isTrue();
        }
    }

    private static List<BiFunction<Integer, Integer, Matrix>> implementations(Precision precision) {
        return List.of(
                (rows, columns) -> new OperatorMatrix(precision, rows, columns),
                (rows, columns) -> NativeMatrix.zeros(precision, rows, columns));
    }

    private static void assertSameResult(
            Precision precision,
            int rows,
            int columns,
            BiConsumer<BiFunction<Integer, Integer, Matrix>, Matrix> computation) {
        var implementations = implementations(precision);
        try (Matrix operators = implementations.get(0).apply(rows, columns);
                Matrix reference = implementations.get(1).apply(rows, columns)) {
            computation.accept(implementations.get(0), operators);
            computation.accept(implementations.get(1), reference);

            double[] expected = toArray(reference);
            double[] actual = toArray(operators);
            double scale = Arrays.stream(expected).map(Math::abs).max().getAsDouble();
            assertThat(actual).containsExactly(expected, within(tolerance(precision) * scale));
        }
    }
}
