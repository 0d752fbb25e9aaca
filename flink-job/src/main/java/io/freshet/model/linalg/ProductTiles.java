package io.freshet.model.linalg;

import org.jspecify.annotations.Nullable;

/**
 * Into how large pieces a product of float matrices is cut, so that OpenBLAS multiplies each where
 * it lies.
 *
 * <p>For AVX-512 it has kernels that read small matrices in place; larger ones it first copies into
 * panels, which for a block's few rows takes as long as the product itself. What is small is a
 * question of the sizes alone. In pieces that are, products of 16 rows take half the time, as long
 * as a piece has {@value #LEAST} outputs. Core types without such kernels would copy the rows for
 * every piece; of those with them, this one was measured.
 *
 * <p>Source: OpenBLAS, {@code kernel/x86_64/sgemm_small_kernel_permit_skylakex.c}, for the limits;
 * measured with {@code LearningStepBenchmark}.
 */
public enum ProductTiles {
    /** Products in one piece. */
    WHOLE,

    /** In pieces for which the core type {@code SKYLAKEX} has kernels. */
    SMALL;

    /** Multiplications in a product. */
    private static final int MOST_MULTIPLICATIONS = 1_000_000;

    /** Results of rows times rows. */
    private static final int MOST_RESULTS = 1200;

    /** Terms of each result of rows times rows. */
    private static final int FEWEST_TERMS = 32;

    /** Outputs of a piece, or a multiple. */
    private static final int LEAST = 8;

    /** Those for this process. */
    static final ProductTiles HERE = of(System.getenv("OPENBLAS_CORETYPE"));

    /**
     * @param coreType what tells OpenBLAS which kernels to use; none if it chooses itself
     */
    static ProductTiles of(@Nullable String coreType) {
        return "SKYLAKEX".equalsIgnoreCase(coreType) ? SMALL : WHOLE;
    }

    /**
     * Returns how many rows of {@code b} a product {@code a·bᵀ} takes at once.
     *
     * @param count rows of {@code a}
     * @param terms columns of both
     * @param width rows of {@code b}
     */
    int rowsOfTransposed(int count, int terms, int width) {
        return piece(mostRowsOfTransposed(count, terms), width);
    }

    /**
     * Returns how many rows of {@code b} a small product {@code a·bᵀ} takes; 0 if none is small.
     */
    private long mostRowsOfTransposed(int count, int terms) {
        return this == WHOLE || terms < FEWEST_TERMS
                ? 0
                : Math.min(MOST_RESULTS / count, MOST_MULTIPLICATIONS / ((long) count * terms));
    }

    /**
     * Returns how many columns of {@code a} a product {@code aᵀ·b} takes at once.
     *
     * @param count rows of both
     * @param columns of {@code b}
     * @param width columns of {@code a}
     */
    int columnsOfTransposed(int count, int columns, int width) {
        return this == WHOLE
                ? width
                : piece(MOST_MULTIPLICATIONS / ((long) count * columns), width);
    }

    /**
     * Returns whether products of so many rows, with whatever number of outputs, are made of small
     * pieces.
     *
     * @param terms columns of the rows, and of the parameters
     */
    public boolean areSmall(int count, int terms) {
        return mostRowsOfTransposed(count, Matrix.columnsFor(terms)) >= LEAST;
    }

    /** Returns pieces of much the same size, multiples of the least but for the last. */
    private static int piece(long most, int width) {
        if (most >= width || most < LEAST) {
            return width;
        }
        int largest = (int) (most / LEAST * LEAST);
        int count = (width + largest - 1) / largest;
        return ((width + count - 1) / count + LEAST - 1) / LEAST * LEAST;
    }
}
