package io.freshet.model.linalg;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dasum;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_daxpy;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dcopy;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dnrm2;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dscal;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sasum;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_saxpy;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_scopy;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_snrm2;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sscal;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Matrix in host memory, multiplied by OpenBLAS.
 *
 * <p>Implementation note. Values are copied in bulk through a direct buffer. Matrix products and
 * vector sums call OpenBLAS directly, the library that ND4J itself calls. The results are the same
 * bit for bit, without the cost of an ND4J operator (1 to 3 µs and 0.6 KB a call) and without a
 * view for a block that is not full.
 */
abstract sealed class NativeMatrix implements Matrix {
    final int rows;
    final int columns;

    /** Array of the values, longer by a cache line so that they can begin at the start of one. */
    private final INDArray array;

    final HostMemory memory;

    private NativeMatrix(Precision precision, DataType type, int rows, int columns, int chunk) {
        this.rows = rows;
        this.columns = columns;
        long length = (long) rows * columns;
        this.array = Nd4j.createUninitializedDetached(type, length + CACHE_LINE / type.width());
        array.assign(0);
        long misalignment = array.data().address() % CACHE_LINE;
        long first = misalignment == 0 ? 0 : (CACHE_LINE - misalignment) / type.width();
        this.memory = HostMemory.of(precision, array, first, length, chunk);
    }

    /** Returns a new matrix of zeros, (rows, columns). */
    static NativeMatrix zeros(Precision precision, int rows, int columns) {
        return zeros(precision, rows, columns, ProductTiles.forThisProcess());
    }

    /**
     * Returns a new matrix of zeros, (rows, columns).
     *
     * @param tiles tile sizes of products of floats
     */
    static NativeMatrix zeros(Precision precision, int rows, int columns, ProductTiles tiles) {
        return zeros(precision, rows, columns, tiles, HostMemory.CHUNK);
    }

    /**
     * Returns a new matrix of zeros, (rows, columns).
     *
     * @param tiles tile sizes of products of floats
     * @param chunk size of the buffer that converts doubles to floats and back
     */
    static NativeMatrix zeros(
            Precision precision, int rows, int columns, ProductTiles tiles, int chunk) {
        return switch (precision) {
            case FLOAT -> new OfFloats(rows, columns, tiles, chunk);
            case DOUBLE -> new OfDoubles(rows, columns);
        };
    }

    @Override
    public final int rows() {
        return rows;
    }

    @Override
    public final int columns() {
        return columns;
    }

    @Override
    public final void put(float[] values, int count) {
        memory.put(0, values, 0, count * columns);
    }

    @Override
    public final void putRow(int row, float[] values, int offset, int count) {
        memory.put(row * columns, values, offset, count);
    }

    @Override
    public final void putRow(int row, double[] values) {
        memory.put(row * columns, values, columns);
    }

    @Override
    public final void get(double[] values, int count) {
        memory.get(0, values, count * columns);
    }

    @Override
    public final void getRow(int row, float[] values) {
        memory.get(row * columns, values, columns);
    }

    @Override
    public final void addSquares(double factor, Matrix other) {
        double[] sum = new double[columns];
        double[] squared = new double[columns];
        for (int from = 0; from < rows * columns; from += columns) {
            memory.get(from, sum, columns);
            ((NativeMatrix) other).memory.get(from, squared, columns);
            for (int i = 0; i < columns; i++) {
                sum[i] += factor * squared[i] * squared[i];
            }
            memory.put(from, sum, columns);
        }
    }

    @Override
    public final void addRatio(double factor, Matrix a, Matrix b, double divisor, double epsilon) {
        double[] sum = new double[columns];
        double[] numerator = new double[columns];
        double[] square = new double[columns];
        for (int from = 0; from < rows * columns; from += columns) {
            memory.get(from, sum, columns);
            ((NativeMatrix) a).memory.get(from, numerator, columns);
            ((NativeMatrix) b).memory.get(from, square, columns);
            for (int i = 0; i < columns; i++) {
                sum[i] += factor * numerator[i] / (Math.sqrt(square[i]) / divisor + epsilon);
            }
            memory.put(from, sum, columns);
        }
    }

    @Override
    public final boolean isClosed() {
        return array.wasClosed();
    }

    @Override
    public final void close() {
        if (!array.wasClosed()) {
            array.close();
        }
    }

    private static final class OfFloats extends NativeMatrix {
        /** Number of values that {@link #sumOfMagnitudes} sums in single precision. */
        private static final int VALUES_PER_SUM = 4096;

        private final FloatPointer values;

        /** Pointer that is moved to each tile and partial sum, so that none has to be allocated. */
        private final FloatPointer movable;

        private final ProductTiles tiles;

        OfFloats(int rows, int columns, ProductTiles tiles, int chunk) {
            super(Precision.FLOAT, DataType.FLOAT, rows, columns, chunk);
            this.values = (FloatPointer) memory.pointer();
            this.movable = values.getPointer(0);
            this.tiles = tiles;
        }

        private static FloatPointer values(Matrix matrix) {
            return ((OfFloats) matrix).values;
        }

        private FloatPointer rowPointer(int row) {
            return row == 0 ? values : values.getPointer((long) row * columns);
        }

        @Override
        public void setToProductWithTransposed(Matrix a, int count, Matrix b, int width) {
            FloatPointer operand = ((OfFloats) b).movable;
            int tile = tiles.rowsPerTile(count, a.columns(), width);
            for (int from = 0; from < width; from += tile) {
                cblas_sgemm(
                        CblasRowMajor,
                        CblasNoTrans,
                        CblasTrans,
                        count,
                        Math.min(tile, width - from),
                        a.columns(),
                        1f,
                        values(a),
                        a.columns(),
                        operand.position((long) from * b.columns()),
                        b.columns(),
                        0f,
                        movable.position(from),
                        columns);
            }
        }

        @Override
        public void addTransposedProduct(double factor, Matrix a, int count, Matrix b) {
            FloatPointer operand = ((OfFloats) a).movable;
            int tile = tiles.columnsPerTile(count, columns, rows);
            for (int from = 0; from < rows; from += tile) {
                cblas_sgemm(
                        CblasRowMajor,
                        CblasTrans,
                        CblasNoTrans,
                        Math.min(tile, rows - from),
                        columns,
                        count,
                        1f,
                        operand.position(from),
                        a.columns(),
                        values(b),
                        b.columns(),
                        (float) factor,
                        movable.position((long) from * columns),
                        columns);
            }
        }

        @Override
        public void addScaled(double factor, Matrix other) {
            cblas_saxpy(rows * columns, (float) factor, values(other), 1, values, 1);
        }

        @Override
        public void scale(double factor) {
            cblas_sscal(rows * columns, (float) factor, values, 1);
        }

        @Override
        public double sumOfMagnitudes(int from, int count) {
            // Adding small floats to a large one loses precision. So a few rows at a time are
            // summed in float, and these sums are added in double.
            int rowsPerSum = Math.max(1, VALUES_PER_SUM / columns);
            double sum = 0;
            for (int done = 0; done < count; done += rowsPerSum) {
                int now = Math.min(rowsPerSum, count - done);
                movable.position((long) (from + done) * columns);
                sum += cblas_sasum(now * columns, movable, 1);
            }
            return sum;
        }

        @Override
        public double norm(int from, int count) {
            return cblas_snrm2(count * columns, rowPointer(from), 1);
        }

        @Override
        public void copyRows(Matrix other, int from, int count, int to) {
            cblas_scopy(count * columns, ((OfFloats) other).rowPointer(from), 1, rowPointer(to), 1);
        }
    }

    private static final class OfDoubles extends NativeMatrix {
        private final DoublePointer values;

        OfDoubles(int rows, int columns) {
            super(Precision.DOUBLE, DataType.DOUBLE, rows, columns, 0);
            this.values = (DoublePointer) memory.pointer();
        }

        private static DoublePointer values(Matrix matrix) {
            return ((OfDoubles) matrix).values;
        }

        private DoublePointer rowPointer(int row) {
            return row == 0 ? values : values.getPointer((long) row * columns);
        }

        @Override
        public void setToProductWithTransposed(Matrix a, int count, Matrix b, int width) {
            cblas_dgemm(
                    CblasRowMajor,
                    CblasNoTrans,
                    CblasTrans,
                    count,
                    width,
                    a.columns(),
                    1,
                    values(a),
                    a.columns(),
                    values(b),
                    b.columns(),
                    0,
                    values,
                    columns);
        }

        @Override
        public void addTransposedProduct(double factor, Matrix a, int count, Matrix b) {
            cblas_dgemm(
                    CblasRowMajor,
                    CblasTrans,
                    CblasNoTrans,
                    rows,
                    columns,
                    count,
                    1,
                    values(a),
                    a.columns(),
                    values(b),
                    b.columns(),
                    factor,
                    values,
                    columns);
        }

        @Override
        public void addScaled(double factor, Matrix other) {
            cblas_daxpy(rows * columns, factor, values(other), 1, values, 1);
        }

        @Override
        public void scale(double factor) {
            cblas_dscal(rows * columns, factor, values, 1);
        }

        @Override
        public double sumOfMagnitudes(int from, int count) {
            return cblas_dasum(count * columns, rowPointer(from), 1);
        }

        @Override
        public double norm(int from, int count) {
            return cblas_dnrm2(count * columns, rowPointer(from), 1);
        }

        @Override
        public void copyRows(Matrix other, int from, int count, int to) {
            cblas_dcopy(
                    count * columns, ((OfDoubles) other).rowPointer(from), 1, rowPointer(to), 1);
        }
    }
}
