package io.freshet.model.cuda.device;

/**
 * Products of matrices of floats, {@code C ← A B + β C}, for several matrices of the same shapes.
 *
 * @param count number of products
 * @param rows rows of A and C
 * @param inner columns of A and rows of B
 * @param columns columns of B and C
 * @param a the matrices A
 * @param b the matrices B
 * @param beta 0 to overwrite C, 1 to add to it
 * @param c the matrices C, which are not transposed
 */
public record Product(
        int count, int rows, int inner, int columns, Operand a, Operand b, float beta, Operand c) {
    /**
     * Matrices of one shape in memory.
     *
     * @param memory the first element of the first matrix is at its beginning
     * @param stride floats from one row of the stored matrix to the next
     * @param matrixStride floats from one matrix to the next
     * @param isTransposed whether the stored matrix is the transposed one
     */
    public record Operand(
            DeviceMemory memory, int stride, long matrixStride, boolean isTransposed) {
        /** Returns matrices that are stored row by row. */
        public static Operand of(DeviceMemory memory, int stride, long matrixStride) {
            return new Operand(memory, stride, matrixStride, false);
        }

        /** Returns the transposed matrices. */
        public Operand transposed() {
            return new Operand(memory, stride, matrixStride, !isTransposed);
        }
    }
}
