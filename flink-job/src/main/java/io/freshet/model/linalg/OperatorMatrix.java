package io.freshet.model.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Matrix computed by ND4J's operators, on the device of ND4J's backend.
 *
 * <p>Implementation note. Values are read and written in the array's host memory. ND4J tracks
 * whether host or device memory is up to date: rows that are written one after the other are copied
 * to the device together, when an operator next needs them. Operator contexts are reused, because
 * building one takes 6 to 9 µs. A context keeps a native handle for each of its arrays until it is
 * purged, so it is purged before each call.
 */
final class OperatorMatrix implements Matrix {
    private final int rows;
    private final int columns;
    private final INDArray array;
    private final HostMemory host;

    private final Call product = new Call("matmul");
    private final Call transposedProduct = new Call("matmul");
    private final Call axpy = new Call("axpy");
    private final Call copy = new Call("assign");
    private final Call norm1 = new Call("reduce_norm1");
    private final Call norm2 = new Call("reduce_norm2");
    private final INDArray sum;

    /** Creates a matrix of zeros, (rows, columns). */
    OperatorMatrix(Precision precision, int rows, int columns) {
        DataType type = precision == Precision.FLOAT ? DataType.FLOAT : DataType.DOUBLE;
        this.rows = rows;
        this.columns = columns;
        this.array = Nd4j.createUninitializedDetached(type, 'c', rows, columns);
        this.sum = Nd4j.createUninitializedDetached(type);
        array.assign(0);
        toHost(array);
        this.host = HostMemory.of(precision, array, 0, array.length(), HostMemory.CHUNK);
        product.context.setIArguments(0, 1, 0);
        transposedProduct.context.setIArguments(1, 0, 0);
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public void put(float[] values, int count) {
        toHost(array);
        host.put(0, values, 0, count * columns);
        changedOnHost();
    }

    @Override
    public void putRow(int row, float[] values, int offset, int count) {
        toHost(array);
        host.put(row * columns, values, offset, count);
        changedOnHost();
    }

    @Override
    public void putRow(int row, double[] values) {
        toHost(array);
        host.put(row * columns, values, columns);
        changedOnHost();
    }

    @Override
    public void get(double[] values, int count) {
        toHost(array);
        host.get(0, values, count * columns);
    }

    @Override
    public void getRow(int row, float[] values) {
        toHost(array);
        host.get(row * columns, values, columns);
    }

    @Override
    public void setToProductWithTransposed(Matrix a, int count, Matrix b, int width) {
        INDArray out = array.get(NDArrayIndex.interval(0, count), NDArrayIndex.interval(0, width));
        product.run(out, rows(a, 0, count), rows(b, 0, width));
    }

    @Override
    public void addTransposedProduct(double factor, Matrix a, int count, Matrix b) {
        transposedProduct.context.setTArguments(1, factor);
        transposedProduct.run(array, rows(a, 0, count), rows(b, 0, count));
    }

    @Override
    public void addScaled(double factor, Matrix other) {
        axpy.context.setTArguments(factor);
        axpy.run(array, array, array(other)); // the operator scales its second input
    }

    @Override
    public void addSquares(double factor, Matrix other) {
        try (INDArray squares = array(other).mul(array(other))) {
            array.addi(squares.muli(factor));
        }
    }

    @Override
    public void addRatio(double factor, Matrix a, Matrix b, double divisor, double epsilon) {
        try (INDArray denominator = Transforms.sqrt(array(b), true);
                INDArray ratio = array(a).mul(factor)) {
            denominator.divi(divisor).addi(epsilon);
            array.addi(ratio.divi(denominator));
        }
    }

    @Override
    public void scale(double factor) {
        array.muli(factor);
    }

    @Override
    public void copyRows(Matrix other, int from, int count, int to) {
        INDArray target = rows(this, to, count);
        copy.run(target, target, rows(other, from, count));
    }

    @Override
    public double sumOfMagnitudes(int from, int count) {
        return reduce(norm1, from, count);
    }

    @Override
    public double norm(int from, int count) {
        return reduce(norm2, from, count);
    }

    private double reduce(Call call, int from, int count) {
        call.run(sum, rows(this, from, count));
        toHost(sum);
        return sum.getDouble(0);
    }

    @Override
    public boolean isClosed() {
        return array.wasClosed();
    }

    @Override
    public void close() {
        product.close();
        transposedProduct.close();
        axpy.close();
        copy.close();
        norm1.close();
        norm2.close();
        if (!array.wasClosed()) {
            array.close();
            sum.close();
        }
    }

    private static INDArray rows(Matrix matrix, int from, int count) {
        return from == 0 && count == matrix.rows()
                ? array(matrix)
                : array(matrix).get(NDArrayIndex.interval(from, from + count), NDArrayIndex.all());
    }

    private static INDArray array(Matrix matrix) {
        return ((OperatorMatrix) matrix).array;
    }

    private static void toHost(INDArray array) {
        Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    }

    private void changedOnHost() {
        Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
    }

    /** ND4J operator with its own reusable context. */
    private static final class Call implements AutoCloseable {
        private final DynamicCustomOp operator;
        private final OpContext context = Nd4j.getExecutioner().buildContext();

        Call(String name) {
            this.operator = DynamicCustomOp.builder(name).build();
        }

        /**
         * Runs the operator.
         *
         * @param output the result. Modified.
         * @param inputs the operator's inputs, in its order. Not modified.
         */
        void run(INDArray output, INDArray... inputs) {
            context.purge();
            for (int i = 0; i < inputs.length; i++) {
                context.setInputArray(i, inputs[i]);
            }
            context.setOutputArray(0, output);
            Nd4j.exec(operator, context);
        }

        @Override
        public void close() {
            // The context's own close() does nothing: the garbage collector frees the context.
            context.purge();
        }
    }
}
