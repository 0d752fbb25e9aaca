package io.freshet.model.linalg;

/**
 * A row-major matrix in the memory of the device that does the maths.
 *
 * <p>All matrices of a process are of one kind, the one that ND4J's backend calls for; a matrix
 * that is handed to another's method must be of the same kind and precision.
 */
public interface Matrix extends AutoCloseable {
    /** Bytes that a processor loads at once. */
    int CACHE_LINE = 64;

    /** Floats in a cache line. */
    int ROW_MULTIPLE = CACHE_LINE / Float.BYTES;

    /**
     * Returns the number of columns of a matrix for this number of inputs, rounded up so that every
     * row begins on a cache line, where products are up to a fifth faster. The added columns hold
     * 0.
     */
    static int columnsFor(long inputs) {
        return Math.toIntExact((inputs + ROW_MULTIPLE - 1) / ROW_MULTIPLE * ROW_MULTIPLE);
    }

    /** Returns how many rows it has. */
    int rows();

    /** Returns how many columns it has. */
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
     * Becomes {@code a·bᵀ} in its first rows and first columns.
     *
     * @param a (at least count, k), of which the first {@code count} rows count. Not modified.
     * @param b (at least width, k), of which the first {@code width} rows count. Not modified.
     */
    void setToProductWithTransposed(Matrix a, int count, Matrix b, int width);

    /**
     * Becomes {@code factor·this + aᵀ·b}.
     *
     * @param a (at least count, rows), of which the first {@code count} rows count. Not modified.
     * @param b (at least count, columns), likewise. Not modified.
     */
    void addTransposedProduct(double factor, Matrix a, int count, Matrix b);

    /**
     * Adds {@code factor·other}.
     *
     * @param other same shape. Not modified.
     */
    void addScaled(double factor, Matrix other);

    /** Multiplies every value. */
    void scale(double factor);

    /**
     * Returns {@code Σ |x|} over {@code count} rows from {@code from} on; not finite if a value is
     * not.
     */
    double sumOfMagnitudes(int from, int count);

    /** Returns the Euclidean norm of {@code count} rows from {@code from} on. */
    double norm(int from, int count);

    /**
     * Copies rows.
     *
     * @param other same number of columns. Not modified.
     */
    void copyRows(Matrix other, int from, int count, int to);

    /** Becomes a copy of a matrix of the same shape. */
    default void copyFrom(Matrix other) {
        copyRows(other, 0, rows(), 0);
    }

    /** Returns whether the memory is given back. */
    boolean isClosed();

    @Override
    void close();
}
