package io.freshet.model;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A row-major matrix of floats in the memory of the device that does the maths.
 *
 * <p>All matrices of a process are of one kind, the one that ND4J's backend calls for; a matrix
 * that is handed to another's method must be of the same kind.
 */
sealed interface Matrix extends AutoCloseable permits NativeMatrix, OperatorMatrix {

    /** Makes a matrix of zeros, (rows, columns), on ND4J's backend. */
    static Matrix zeros(int rows, int columns) {
        return Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU
                ? new NativeMatrix(rows, columns)
                : new OperatorMatrix(rows, columns);
    }

    /** Returns the array itself, for ND4J's operators. */
    INDArray array();

    /**
     * Writes the first rows.
     *
     * @param values at least (count, columns) row-major. Not modified.
     */
    void put(float[] values, int count);

    /**
     * Writes part of one row, from {@code column} on.
     *
     * @param values {@code count} values from {@code offset} on. Not modified.
     */
    void put(int row, int column, float[] values, int offset, int count);

    /**
     * Reads the first rows.
     *
     * @param values at least (count, columns) row-major. Modified.
     */
    void get(float[] values, int count);

    /** Returns a copy of all values, row-major. */
    float[] toArray();

    /**
     * Becomes {@code a·b} in its first rows; the others stay.
     *
     * @param a (at least count, k), of which the first {@code count} rows count. Not modified.
     * @param b (k, columns). Not modified.
     */
    void setToProduct(Matrix a, int count, Matrix b);

    /**
     * Becomes {@code aᵀ·b}.
     *
     * @param a (at least count, rows), of which the first {@code count} rows count. Not modified.
     * @param b (at least count, columns), likewise. Not modified.
     */
    void setToTransposedProduct(Matrix a, int count, Matrix b);

    /**
     * Adds {@code factor·other}.
     *
     * @param other same shape. Not modified.
     */
    void addScaled(float factor, Matrix other);

    /**
     * Becomes a copy.
     *
     * @param other same shape. Not modified.
     */
    void copyFrom(Matrix other);

    /** Returns {@code Σ |x|}; not finite if a value is not. */
    float sumOfMagnitudes();

    @Override
    void close();
}
