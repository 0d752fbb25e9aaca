package io.freshet.model.linalg;

import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/** Factory of matrices: {@link NativeMatrix} if ND4J runs on a CPU, else {@link OperatorMatrix}. */
public final class MatrixFactory {
    private MatrixFactory() {}

    /** Returns whether ND4J computes on the CPU. Initialises ND4J. */
    public static boolean isCpu() {
        return Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU;
    }

    /** Returns a new matrix of zeros, (rows, columns). */
    public static Matrix zeros(Precision precision, int rows, int columns) {
        return isCpu()
                ? NativeMatrix.zeros(precision, rows, columns)
                : new OperatorMatrix(precision, rows, columns);
    }

    /**
     * Returns a new matrix of zeros, (rows, columns), whose buffer for converting doubles holds
     * only {@link Matrix#ROW_MULTIPLE} values: for parameters, which exist once per model and are
     * rarely converted.
     */
    public static Matrix zerosWithSmallBuffer(Precision precision, int rows, int columns) {
        return isCpu()
                ? NativeMatrix.zeros(
                        precision,
                        rows,
                        columns,
                        ProductTiles.forThisProcess(),
                        Matrix.ROW_MULTIPLE)
                : new OperatorMatrix(precision, rows, columns);
    }

    /** Returns the tile sizes of products of matrices of a precision. Initialises ND4J. */
    public static ProductTiles tiles(Precision precision) {
        return precision == Precision.FLOAT && isCpu()
                ? ProductTiles.forThisProcess()
                : ProductTiles.WHOLE;
    }
}
