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
 * A matrix in the processor's memory, multiplied by OpenBLAS.
 *
 * <p>Implementation note. Copies go through a direct buffer in one piece, and matrix products and
 * vector sums go straight to the OpenBLAS that ND4J itself calls: same kernels, same bits, but no
 * operator call (1 to 3 µs and 0.6 KB each) and no view for a block that is not full.
 */
abstract sealed class NativeMatrix implements Matrix {
    final int rows;
    final int columns;

    /** Holds the values, and some more, so that they can begin on a cache line. */
    private final INDArray array;

    final HostMemory memory;

    private NativeMatrix(Precision precision, DataType type, int rows, int columns, int chunk) {
        this.rows = rows;
        this.columns = columns;
        long length = (long) rows * columns;
        this.array = Nd4j.createUninitializedDetached(type, length + CACHE_LINE / type.width());
        array.assign(0);
        long past = array.data().address() % CACHE_LINE;
        long first = past == 0 ? 0 : (CACHE_LINE - past) / type.width();
        this.memory = HostMemory.of(precision, array, first, length, chunk);
    }

    /** Makes a matrix of zeros, (rows, columns). */
    static NativeMatrix zeros(Precision precision, int rows, int columns) {
        return zeros(precision, rows, columns, ProductTiles.forThisProcess());
    }

    /**
     * Makes a matrix of zeros, (rows, columns).
     *
     * @param pieces those of which products of floats are made
     */
    static NativeMatrix zeros(Precision precision, int rows, int columns, ProductTiles pieces) {
        return zeros(precision, rows, columns, pieces, HostMemory.CHUNK);
    }

    /**
     * Makes a matrix of zeros, (rows, columns).
     *
     * @param chunk doubles that go in or out as floats at once
     */
    static NativeMatrix zeros(
            Precision precision, int rows, int columns, ProductTiles pieces, int chunk) {
        return switch (precision) {
            case FLOAT -> new OfFloats(rows, columns, pieces, chunk);
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
        private static final int VALUES_PER_SUM = 4096;

        private final FloatPointer values;

        /** Moved from piece to piece: a pointer for each would be an object for each. */
        private final FloatPointer moved;

        private final ProductTiles pieces;

        OfFloats(int rows, int columns, ProductTiles pieces, int chunk) {
            super(Precision.FLOAT, DataType.FLOAT, rows, columns, chunk);
            this.values = (FloatPointer) memory.pointer();
            this.moved = values.getPointer(0);
            this.pieces = pieces;
        }

        private static FloatPointer values(Matrix matrix) {
            return ((OfFloats) matrix).values;
        }

        private FloatPointer from(int row) {
            return row == 0 ? values : values.getPointer((long) row * columns);
        }

        @Override
        public void setToProductWithTransposed(Matrix a, int count, Matrix b, int width) {
            FloatPointer piece = ((OfFloats) b).moved;
            int most = pieces.rowsPerTile(count, a.columns(), width);
            for (int from = 0; from < width; from += most) {
                cblas_sgemm(
                        CblasRowMajor,
                        CblasNoTrans,
                        CblasTrans,
                        count,
                        Math.min(most, width - from),
                        a.columns(),
                        1f,
                        values(a),
                        a.columns(),
                        piece.position((long) from * b.columns()),
                        b.columns(),
                        0f,
                        moved.position(from),
                        columns);
            }
        }

        @Override
        public void addTransposedProduct(double factor, Matrix a, int count, Matrix b) {
            FloatPointer piece = ((OfFloats) a).moved;
            int most = pieces.columnsPerTile(count, columns, rows);
            for (int from = 0; from < rows; from += most) {
                cblas_sgemm(
                        CblasRowMajor,
                        CblasTrans,
                        CblasNoTrans,
                        Math.min(most, rows - from),
                        columns,
                        count,
                        1f,
                        piece.position(from),
                        a.columns(),
                        values(b),
                        b.columns(),
                        (float) factor,
                        moved.position((long) from * columns),
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
            // A float that has grown large takes small ones badly: sums of some rows, joined in
            // double.
            int together = Math.max(1, VALUES_PER_SUM / columns);
            double sum = 0;
            for (int done = 0; done < count; done += together) {
                int now = Math.min(together, count - done);
                moved.position((long) (from + done) * columns);
                sum += cblas_sasum(now * columns, moved, 1);
            }
            return sum;
        }

        @Override
        public double norm(int from, int count) {
            return cblas_snrm2(count * columns, from(from), 1);
        }

        @Override
        public void copyRows(Matrix other, int from, int count, int to) {
            cblas_scopy(count * columns, ((OfFloats) other).from(from), 1, from(to), 1);
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

        private DoublePointer from(int row) {
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
            return cblas_dasum(count * columns, from(from), 1);
        }

        @Override
        public double norm(int from, int count) {
            return cblas_dnrm2(count * columns, from(from), 1);
        }

        @Override
        public void copyRows(Matrix other, int from, int count, int to) {
            cblas_dcopy(count * columns, ((OfDoubles) other).from(from), 1, from(to), 1);
        }
    }
}
