package io.freshet.model;

import io.freshet.model.linalg.ProductTiles;

/**
 * Number of rows in an execution block, chosen for the lowest time per example.
 *
 * <p>With more rows, the products with the parameters take less time per example, and the Gram
 * matrix and the forward substitution take more. Where products are computed in small tiles, more
 * rows save little: 16 are enough, 24 where features are scaled (the scaler reads its moments once
 * per block), and 8 where the Gram matrix takes much of the time. The limits were measured with
 * {@code LearningStepBenchmark}. It affects execution only: results differ by rounding at most.
 */
final class BlockSize {
    private static final int MIN_ROWS = 16;
    private static final int MAX_ROWS = 128;

    /** Number of parameters for each row of a block, where products of few rows are slow. */
    private static final int PARAMETERS_PER_ROW = 4096;

    /** The same with small tiles, where more rows save only reading the parameters from memory. */
    private static final int PARAMETERS_PER_ROW_SMALL_TILES = 65536;

    private static final int MIN_SCALED_ROWS = 24;

    /** Larger mini-batches take the direct path. */
    private static final int MAX_SCALED_MINI_BATCH = MIN_ROWS / 2;

    private static final int MIN_WIDE_ROWS = 8;

    /**
     * Number of inputs from which on the Gram matrix takes much of the time, if columns and
     * mini-batch size are at most the two limits below.
     */
    private static final int WIDE = 512;

    private static final int MAX_WIDE_COLUMNS = 256;
    private static final int MAX_WIDE_MINI_BATCH = 2;

    /** Minimum on the direct path, where the only cost of a row is its space in a core's cache. */
    private static final int MIN_DIRECT_ROWS = 64;

    private static final int MAX_DIRECT_ROWS = 256;
    private static final int PARAMETERS_PER_DIRECT_ROW = 2048;
    private static final int PARAMETERS_PER_DIRECT_ROW_SMALL_TILES = 8192;

    /** Largest number of values in one matrix of a block: 64 MiB of floats. */
    private static final int MAX_VALUES = 1 << 24;

    private BlockSize() {}

    /**
     * Returns the number of rows of a mini-batch that the direct path processes at a time: so few
     * that their inputs stay in a core's cache from one product to the next.
     *
     * @param inputs features and the constant 1
     * @param columns number of outputs of all learning rates
     * @param tiles tile sizes of the products
     */
    static int directRows(int inputs, int columns, ProductTiles tiles) {
        int rows = directRows(inputs, columns, PARAMETERS_PER_DIRECT_ROW_SMALL_TILES);
        return tiles.areSmall(rows, inputs)
                ? rows
                : directRows(inputs, columns, PARAMETERS_PER_DIRECT_ROW);
    }

    private static int directRows(int inputs, int columns, int parametersPerRow) {
        long rows = (long) inputs * columns / parametersPerRow;
        rows = Math.max(MIN_DIRECT_ROWS, Math.min(MAX_DIRECT_ROWS, rows));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }

    private static int affordableRows(int inputs, int columns) {
        return Math.max(1, MAX_VALUES / Math.max(inputs, columns));
    }

    /**
     * Returns the number of rows of a block: a multiple of 16, or 8 or 24; fewer if a matrix of the
     * block would otherwise exceed 64 MiB.
     *
     * @param inputs features and the constant 1
     * @param columns number of outputs of all learning rates
     * @param miniBatchSize number of examples of a step
     * @param scaled whether the features are scaled
     * @param tiles tile sizes of the products
     */
    static int rows(
            int inputs, int columns, int miniBatchSize, boolean scaled, ProductTiles tiles) {
        int minRows = MIN_ROWS;
        if (scaled) {
            minRows = miniBatchSize <= MAX_SCALED_MINI_BATCH ? MIN_SCALED_ROWS : MIN_ROWS;
        } else if (inputs >= WIDE
                && columns <= MAX_WIDE_COLUMNS
                && miniBatchSize <= MAX_WIDE_MINI_BATCH) {
            minRows = MIN_WIDE_ROWS;
        }
        int rows = rows(inputs, columns, PARAMETERS_PER_ROW_SMALL_TILES, minRows);
        return tiles.areSmall(rows, inputs)
                ? rows
                : rows(inputs, columns, PARAMETERS_PER_ROW, MIN_ROWS);
    }

    private static int rows(int inputs, int columns, int parametersPerRow, int minRows) {
        long rows = (long) inputs * columns / parametersPerRow / MIN_ROWS * MIN_ROWS;
        rows = Math.max(minRows, Math.min(MAX_ROWS, rows));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }
}
