package io.freshet.model.linalg;

/**
 * Row-major matrix in the memory of the device that computes with it.
 *
 * <p>All matrices of a process have the same implementation, chosen by ND4J's backend. A matrix
 * that is passed to a method of another must have the same implementation and precision.
 */
public interface Matrix extends AutoCloseable {
    /** Bytes in a cache line. */
    int CACHE_LINE = 64;

    /** Floats in a cache line. */
    int ROW_MULTIPLE = CACHE_LINE / Float.BYTES;

    /**
     * Returns the number of columns of a matrix for a number of inputs: that number rounded up so
     * that every row begins on a cache line, which makes products up to a fifth faster. The added
     * columns hold 0.
     */
    static int columnsFor(long inputs) {
        return Math.toIntExact((inputs + ROW_MULTIPLE - 1) / ROW_MULTIPLE * ROW_MULTIPLE);
    }

    /** Returns the number of rows. */
    int rows();

    /** Returns the number of columns. */
    int columns();

    /**
     * Writes the first rows.
     *
     * @param values at least (count, columns) row-major. Not modified.
     */
    void put(float[] values, int count);

    /**
     * Writes the first values of one row.
     *
     * @param values {@code count} values from {@code offset} on. Not modified.
     */
    void putRow(int row, float[] values, int offset, int count);

    /**
     * Writes one row.
     *
     * @param values at least (columns). Not modified.
     */
    void putRow(int row, double[] values);

    /**
     * Reads the first rows.
     *
     * @param values at least (count, columns) row-major. Modified.
     */
    void get(double[] values, int count);

    /**
     * Reads one row, in single precision.
     *
     * @param values at least (columns). Modified.
     */
    void getRow(int row, float[] values);

    /**
     * Sets the first {@code count} rows and {@code width} columns to {@code a·bᵀ}.
     *
     * @param a (at least count, k); the first {@code count} rows are used. Not modified.
     * @param b (at least width, k); the first {@code width} rows are used. Not modified.
     */
    void setToProductWithTransposed(Matrix a, int count, Matrix b, int width);

    /**
     * Sets this matrix to {@code factor·this + aᵀ·b}.
     *
     * @param a (at least count, rows); the first {@code count} rows are used. Not modified.
     * @param b (at least count, columns); the first {@code count} rows are used. Not modified.
     */
    void addTransposedProduct(double factor, Matrix a, int count, Matrix b);

    /**
     * Adds {@code factor·other}.
     *
     * @param other a matrix of the same shape. Not modified.
     */
    void addScaled(double factor, Matrix other);

    /**
     * Adds {@code factor·other²}, element by element.
     *
     * @param other a matrix of the same shape. Not modified.
     */
    void addSquares(double factor, Matrix other);

    /**
     * Adds {@code factor·a / (√b / divisor + epsilon)}, element by element.
     *
     * @param a a matrix of the same shape. Not modified.
     * @param b a matrix of the same shape, without values below 0. Not modified.
     */
    void addRatio(double factor, Matrix a, Matrix b, double divisor, double epsilon);

    /** Multiplies every value by a factor. */
    void scale(double factor);

    /**
     * Returns {@code Σ |x|} over {@code count} rows from {@code from} on; not finite if one of the
     * values is not.
     */
    double sumOfMagnitudes(int from, int count);

    /** Returns the Euclidean norm of {@code count} rows from {@code from} on. */
    double norm(int from, int count);

    /**
     * Copies {@code count} rows of another matrix, from its row {@code from} on, into this matrix
     * from row {@code to} on.
     *
     * @param other a matrix with the same number of columns. Not modified.
     */
    void copyRows(Matrix other, int from, int count, int to);

    /** Copies all values of a matrix of the same shape. */
    default void copyFrom(Matrix other) {
        copyRows(other, 0, rows(), 0);
    }

    /** Returns whether the memory has been released. */
    boolean isClosed();

    @Override
    void close();
}
