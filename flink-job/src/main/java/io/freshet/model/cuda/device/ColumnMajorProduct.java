package io.freshet.model.cuda.device;

import io.freshet.model.cuda.device.Product.Operand;

/**
 * Products of matrices as BLAS takes them, with matrices that are stored column by column.
 *
 * <p>A matrix that is stored row by row is the transposed one stored column by column, so {@code C
 * = A B} is given to BLAS as {@code Cᵀ = Bᵀ Aᵀ}.
 *
 * @param count number of products
 * @param m rows of Cᵀ
 * @param n columns of Cᵀ
 * @param k columns of Bᵀ and rows of Aᵀ
 * @param first the factors Bᵀ
 * @param second the factors Aᵀ
 * @param beta factor of Cᵀ before it is added to
 * @param result Cᵀ, which is not transposed
 */
record ColumnMajorProduct(
        int count, int m, int n, int k, Factor first, Factor second, float beta, Factor result) {
    /**
     * Matrices of one shape in memory.
     *
     * @param address address of the first element of the first matrix
     * @param leadingDimension floats from one column of the stored matrix to the next
     * @param matrixStride floats from one matrix to the next
     * @param isTransposed whether BLAS transposes the stored matrix
     */
    record Factor(long address, int leadingDimension, long matrixStride, boolean isTransposed) {
        private static Factor of(Operand operand) {
            return new Factor(
                    operand.memory().address(),
                    operand.stride(),
                    operand.matrixStride(),
                    operand.isTransposed());
        }
    }

    /**
     * Returns a product in the form that BLAS takes.
     *
     * @throws IllegalArgumentException if a dimension is less than 1, a row is longer than its
     *     stride, a matrix is not within its memory, or C is transposed
     */
    static ColumnMajorProduct of(Product product) {
        if (product.c().isTransposed()) {
            throw new IllegalArgumentException("C is transposed");
        }
        check("A", product, product.a(), product.rows(), product.inner());
        check("B", product, product.b(), product.inner(), product.columns());
        check("C", product, product.c(), product.rows(), product.columns());
        return new ColumnMajorProduct(
                product.count(),
                product.columns(),
                product.rows(),
                product.inner(),
                Factor.of(product.b()),
                Factor.of(product.a()),
                product.beta(),
                Factor.of(product.c()));
    }

    private static void check(
            String name, Product product, Operand operand, int rows, int columns) {
        int storedRows = operand.isTransposed() ? columns : rows;
        int storedColumns = operand.isTransposed() ? rows : columns;
        long floats =
                (product.count() - 1) * operand.matrixStride()
                        + (storedRows - 1L) * operand.stride()
                        + storedColumns;
        if (product.count() < 1
                || storedRows < 1
                || storedColumns < 1
                || operand.stride() < storedColumns
                || operand.matrixStride() < 0
                || floats * Float.BYTES > operand.memory().bytes()) {
            throw new IllegalArgumentException(
                    name + " does not fit into its memory or stride: " + product);
        }
    }
}
