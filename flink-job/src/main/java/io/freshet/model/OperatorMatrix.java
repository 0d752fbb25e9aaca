package io.freshet.model;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A matrix whose maths is ND4J's operators, on whatever device ND4J's backend has.
 *
 * <p>Implementation note. Values go in and out through the array's memory on the host. ND4J keeps
 * account of which side is up to date: rows that are put one after the other reach a device in one
 * copy, when an operator next needs them. Operators go through reused contexts, as a freshly built
 * one costs 6 to 9 µs; a context keeps a native handle for every array it is given until it is
 * purged, so it is purged before each call.
 */
final class OperatorMatrix implements Matrix {
    private final int rows;
    private final int columns;
    private final INDArray array;
    private final FloatBuffer host;

    private final Call product = new Call("matmul");
    private final Call transposedProduct = new Call("matmul");
    private final Call axpy = new Call("axpy");
    private final Call copy = new Call("assign");
    private final Call norm1 = new Call("reduce_norm1");
    private final INDArray sum;

    /** Makes a matrix of zeros, (rows, columns). */
    OperatorMatrix(int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
        this.array = Nd4j.createUninitializedDetached(DataType.FLOAT, 'c', rows, columns);
        this.sum = Nd4j.createUninitializedDetached(DataType.FLOAT);
        array.assign(0);
        toHost(array);
        this.host =
                new FloatPointer(array.data().addressPointer())
                        .capacity((long) rows * columns)
                        .asBuffer();
        transposedProduct.context.setIArguments(1, 0, 0);
    }

    @Override
    public INDArray array() {
        return array;
    }

    @Override
    public void put(float[] values, int count) {
        toHost(array);
        host.put(0, values, 0, count * columns);
        changedOnHost();
    }

    @Override
    public void put(int row, int column, float[] values, int offset, int count) {
        toHost(array);
        host.put(row * columns + column, values, offset, count);
        changedOnHost();
    }

    @Override
    public void get(float[] values, int count) {
        toHost(array);
        host.get(0, values, 0, count * columns);
    }

    @Override
    public float[] toArray() {
        float[] values = new float[rows * columns];
        get(values, rows);
        return values;
    }

    @Override
    public void setToProduct(Matrix a, int count, Matrix b) {
        product.run(firstRows(this, count), firstRows(a, count), b.array());
    }

    @Override
    public void setToTransposedProduct(Matrix a, int count, Matrix b) {
        transposedProduct.run(array, firstRows(a, count), firstRows(b, count));
    }

    @Override
    public void addScaled(float factor, Matrix other) {
        axpy.context.setTArguments(factor);
        axpy.run(array, array, other.array()); // the operator scales its second input
    }

    @Override
    public void copyFrom(Matrix other) {
        copy.run(array, array, other.array());
    }

    @Override
    public float sumOfMagnitudes() {
        norm1.run(sum, array);
        toHost(sum);
        return sum.getFloat(0);
    }

    @Override
    public void close() {
        product.close();
        transposedProduct.close();
        axpy.close();
        copy.close();
        norm1.close();
        if (!array.wasClosed()) {
            array.close();
            sum.close();
        }
    }

    private static INDArray firstRows(Matrix matrix, int count) {
        INDArray all = matrix.array();
        return count == all.rows()
                ? all
                : all.get(NDArrayIndex.interval(0, count), NDArrayIndex.all());
    }

    private static void toHost(INDArray array) {
        Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    }

    private void changedOnHost() {
        Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
    }

    /** One of ND4J's operators with a context of its own. */
    private static final class Call implements AutoCloseable {
        private final DynamicCustomOp operator;
        private final OpContext context = Nd4j.getExecutioner().buildContext();

        Call(String name) {
            this.operator = DynamicCustomOp.builder(name).build();
        }

        /**
         * @param output the result. Modified.
         * @param inputs what the operator is given, in its order. Not modified.
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
            context.purge(); // close() does nothing; the handle goes with this object
        }
    }
}
