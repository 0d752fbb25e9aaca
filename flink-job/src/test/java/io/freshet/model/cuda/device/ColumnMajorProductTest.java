package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.model.cuda.device.ColumnMajorProduct.Factor;
import io.freshet.model.cuda.device.Product.Operand;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ColumnMajorProductTest {
    private static final int ROWS = 5;
    private static final int INNER = 3;
    private static final int COLUMNS = 4;

    /** Addresses are those of an array of floats, in bytes. */
    private static final DeviceMemory MEMORY = new DeviceMemory(0, 4000 * Float.BYTES);

    private static final int A = 0;
    private static final int B = 1000;
    private static final int C = 2000;

    @ParameterizedTest
    @CsvSource({
        "1, false, false, 0",
        "1, false, true, 0",
        "1, true, false, 1",
        "1, true, true, 1",
        "3, false, false, 1",
        "3, false, true, 1",
        "3, true, false, 0",
        "3, true, true, 0"
    })
    void blas_computesTheProduct(
            int count, boolean isATransposed, boolean isBTransposed, int beta) {
        Operand a = operand(A, ROWS, INNER, isATransposed);
        Operand b = operand(B, INNER, COLUMNS, isBTransposed);
        Operand c = operand(C, ROWS, COLUMNS, false);
        float[] floats = randomFloats();
        float[] expected = floats.clone();
        for (int matrix = 0; matrix < count; matrix++) {
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < COLUMNS; j++) {
                    int at = index(c, matrix, i, j);
                    double sum = beta * floats[at];
                    for (int k = 0; k < INNER; k++) {
                        sum +=
                                (double) floats[index(a, matrix, i, k)]
                                        * floats[index(b, matrix, k, j)];
                    }
                    expected[at] = (float) sum;
                }
            }
        }

        gemm(
                ColumnMajorProduct.of(new Product(count, ROWS, INNER, COLUMNS, a, b, beta, c)),
                floats);

        assertThat(floats).containsExactly(expected);
    }

    @Test
    void oneMatrix_canBeAFactorOfAllProducts() {
        Operand shared = new Operand(MEMORY, INNER, 0, false);
        Operand b = operand(B, INNER, COLUMNS, false);
        Operand c = operand(C, ROWS, COLUMNS, false);

        assertThat(
                        ColumnMajorProduct.of(new Product(2, ROWS, INNER, COLUMNS, shared, b, 0, c))
                                .second())
                .isEqualTo(new Factor(0, INNER, 0, false));
    }

    @Test
    void matrixThatIsNotWithinItsMemory_isRefused() {
        Operand b = operand(B, INNER, COLUMNS, false);
        Operand c = operand(C, ROWS, COLUMNS, false);
        long bytes = (4 * 7 + 3) * Float.BYTES;
        Operand fits = new Operand(new DeviceMemory(0, bytes), 7, 100, false);
        Operand isShort = new Operand(new DeviceMemory(0, bytes - 1), 7, 100, false);

        assertThat(ColumnMajorProduct.of(new Product(1, ROWS, INNER, COLUMNS, fits, b, 0, c)).m())
                .isEqualTo(COLUMNS);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () ->
                                ColumnMajorProduct.of(
                                        new Product(1, ROWS, INNER, COLUMNS, isShort, b, 0, c)))
                .withMessageStartingWith("A does not fit");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () ->
                                ColumnMajorProduct.of(
                                        new Product(2, ROWS, INNER, COLUMNS, fits, b, 0, c)));
    }

    @Test
    void strideShorterThanARow_isRefused() {
        Operand a = operand(A, ROWS, INNER, false);
        Operand b = new Operand(MEMORY, COLUMNS - 1, 100, false);
        Operand c = operand(C, ROWS, COLUMNS, false);

        assertThatIllegalArgumentException()
                .isThrownBy(
                        () ->
                                ColumnMajorProduct.of(
                                        new Product(1, ROWS, INNER, COLUMNS, a, b, 0, c)))
                .withMessageStartingWith("B does not fit");
    }

    @Test
    void transposedResult_isRefused() {
        Operand a = operand(A, ROWS, INNER, false);
        Operand b = operand(B, INNER, COLUMNS, false);
        Operand c = operand(C, ROWS, COLUMNS, true);

        assertThatIllegalArgumentException()
                .isThrownBy(
                        () ->
                                ColumnMajorProduct.of(
                                        new Product(1, ROWS, INNER, COLUMNS, a, b, 0, c)))
                .withMessage("C is transposed");
    }

    /** Returns matrices whose strides are longer than their rows and they themselves. */
    private static Operand operand(int offset, int rows, int columns, boolean isTransposed) {
        int storedColumns = isTransposed ? rows : columns;
        DeviceMemory memory = MEMORY.from((long) offset * Float.BYTES);
        return new Operand(memory, storedColumns + 2, 100, isTransposed);
    }

    /** Returns the place of an element of a matrix, as the record describes it. */
    private static int index(Operand operand, int matrix, int row, int column) {
        int storedRow = operand.isTransposed() ? column : row;
        int storedColumn = operand.isTransposed() ? row : column;
        return (int)
                (operand.memory().address() / Float.BYTES
                        + matrix * operand.matrixStride()
                        + (long) storedRow * operand.stride()
                        + storedColumn);
    }

    /** BLAS's sgemm over several products, as its definition says, in doubles. */
    private static void gemm(ColumnMajorProduct product, float[] floats) {
        for (int matrix = 0; matrix < product.count(); matrix++) {
            for (int i = 0; i < product.m(); i++) {
                for (int j = 0; j < product.n(); j++) {
                    int at = index(product.result(), matrix, i, j);
                    double sum = product.beta() * floats[at];
                    for (int k = 0; k < product.k(); k++) {
                        sum +=
                                (double) floats[index(product.first(), matrix, i, k)]
                                        * floats[index(product.second(), matrix, k, j)];
                    }
                    floats[at] = (float) sum;
                }
            }
        }
    }

    private static int index(Factor factor, int matrix, int row, int column) {
        int storedRow = factor.isTransposed() ? column : row;
        int storedColumn = factor.isTransposed() ? row : column;
        return (int)
                (factor.address() / Float.BYTES
                        + matrix * factor.matrixStride()
                        + (long) storedColumn * factor.leadingDimension()
                        + storedRow);
    }

    private static float[] randomFloats() {
        Random random = new Random(7);
        float[] floats = new float[(int) MEMORY.bytes() / Float.BYTES];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = random.nextInt(-8, 9);
        }
        return floats;
    }
}
