package io.freshet.model;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sasum;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_saxpy;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_scopy;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A row-major ND4J array of floats, and the only door to its native memory.
 *
 * <p>Implementation note. Copies go through a direct buffer in one piece, and matrix products and
 * vector sums go straight to the OpenBLAS that ND4J itself calls: same kernels, same bits, but no
 * operator call (1 to 3 µs and 0.6 KB each) and no view for a mini-batch that is not full. Both
 * need the array in the processor's memory, so another backend of ND4J than the native one is
 * refused.
 */
final class NativeMatrix implements AutoCloseable {
    private final int rows;
    private final int columns;
    private final INDArray array;
    private final FloatPointer memory;
    private final FloatBuffer buffer;

    /** Makes a matrix of zeros, (rows, columns). */
    NativeMatrix(int rows, int columns) {
        if (Nd4j.getExecutioner().type() != ExecutionerType.NATIVE_CPU) {
            throw new IllegalStateException(
                    "the learner needs ND4J's native backend (nd4j-native), but found "
                            + Nd4j.getBackend().getClass().getSimpleName());
        }
        this.rows = rows;
        this.columns = columns;
        this.array = Nd4j.createUninitializedDetached(DataType.FLOAT, 'c', rows, columns);
        this.memory = new FloatPointer(array.data().addressPointer());
        this.buffer = memory.capacity((long) rows * columns).asBuffer();
        array.assign(0);
    }

    /** Returns the array itself, for ND4J's operators. */
    INDArray array() {
        return array;
    }

    /**
     * Writes the first rows.
     *
     * @param values at least (count, columns) row-major. Not modified.
     */
    void put(float[] values, int count) {
        buffer.put(0, values, 0, count * columns);
    }

    /**
     * Writes part of one row, from {@code column} on.
     *
     * @param values {@code count} values from {@code offset} on. Not modified.
     */
    void put(int row, int column, float[] values, int offset, int count) {
        buffer.put(row * columns + column, values, offset, count);
    }

    /**
     * Reads the first rows.
     *
     * @param values at least (count, columns) row-major. Modified.
     */
    void get(float[] values, int count) {
        buffer.get(0, values, 0, count * columns);
    }

    /** Returns a copy of all values, row-major. */
    float[] toArray() {
        float[] values = new float[rows * columns];
        get(values, rows);
        return values;
    }

    /**
     * Becomes {@code a·b} in its first rows.
     *
     * @param a (at least count, k), of which the first {@code count} rows count. Not modified.
     * @param b (k, columns). Not modified.
     */
    void setToProduct(NativeMatrix a, int count, NativeMatrix b) {
        cblas_sgemm(
                CblasRowMajor,
                CblasNoTrans,
                CblasNoTrans,
                count,
                columns,
                a.columns,
                1f,
                a.memory,
                a.columns,
                b.memory,
                b.columns,
                0f,
                memory,
                columns);
    }

    /**
     * Becomes {@code aᵀ·b}.
     *
     * @param a (at least count, rows), of which the first {@code count} rows count. Not modified.
     * @param b (at least count, columns), likewise. Not modified.
     */
    void setToTransposedProduct(NativeMatrix a, int count, NativeMatrix b) {
        cblas_sgemm(
                CblasRowMajor,
                CblasTrans,
                CblasNoTrans,
                rows,
                columns,
                count,
                1f,
                a.memory,
                a.columns,
                b.memory,
                b.columns,
                0f,
                memory,
                columns);
    }

    /**
     * Adds {@code factor·other}.
     *
     * @param other same shape. Not modified.
     */
    void addScaled(float factor, NativeMatrix other) {
        cblas_saxpy(rows * columns, factor, other.memory, 1, memory, 1);
    }

    /**
     * Becomes a copy.
     *
     * @param other same shape. Not modified.
     */
    void copyFrom(NativeMatrix other) {
        cblas_scopy(rows * columns, other.memory, 1, memory, 1);
    }

    /** Returns {@code Σ |x|}; not finite if a value is not. */
    float sumOfMagnitudes() {
        return cblas_sasum(rows * columns, memory, 1);
    }

    @Override
    public void close() {
        if (!array.wasClosed()) {
            array.close();
        }
    }
}
