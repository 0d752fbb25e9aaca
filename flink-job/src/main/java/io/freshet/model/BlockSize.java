package io.freshet.model;

import io.freshet.model.linalg.ProductTiles;

/**
 * How many rows an execution block has: the number that costs least an example.
 *
 * <p>The products with the parameters cost less an example the more rows share them, {@code K} and
 * the substitution more. Where products are made of small pieces, rows share little: 16 are enough,
 * 24 where features are scaled (the scaler passes over its moments for every block), and 8 where
 * {@code K} is much beside the rest. Measured with {@code LearningStepBenchmark}, and a matter of
 * execution only: it changes no result beyond rounding.
 */
final class BlockSize {
    private static final int LEAST = 16;
    private static final int MOST = 128;

    /** Parameters for which another row pays, where products of few rows are slow. */
    private static final int PARAMETERS_PER_ROW = 4096;

    /** The same where they are not: passing over parameters in memory is all that rows share. */
    private static final int PARAMETERS_PER_ROW_OF_PIECES = 65536;

    private static final int LEAST_SCALED = 24;

    /** Larger ones go the direct path. */
    private static final int MOST_SCALED_MINI_BATCH = LEAST / 2;

    private static final int LEAST_WIDE = 8;

    /** Inputs from which on {@code K} is much, with these columns and mini-batches at most. */
    private static final int WIDE = 512;

    private static final int MOST_WIDE_COLUMNS = 256;
    private static final int MOST_WIDE_MINI_BATCH = 2;

    /** Of the direct path, whose rows cost nothing but a core's cache. */
    private static final int LEAST_DIRECT = 64;

    private static final int MOST_DIRECT = 256;
    private static final int PARAMETERS_PER_DIRECT_ROW = 2048;
    private static final int PARAMETERS_PER_DIRECT_ROW_OF_PIECES = 8192;

    /** In any one matrix of a block: 64 MiB of floats, however many inputs there are. */
    private static final int MOST_VALUES = 1 << 24;

    private BlockSize() {}

    /**
     * Returns how many rows of a mini-batch go through the direct path at once: so many that their
     * inputs stay in a core's cache from product to product.
     *
     * @param inputs features and the constant one
     * @param columns outputs of all learning rates
     * @param pieces those of which products are made
     */
    static int directRows(int inputs, int columns, ProductTiles pieces) {
        int rows = directRows(inputs, columns, PARAMETERS_PER_DIRECT_ROW_OF_PIECES);
        return pieces.areSmall(rows, inputs)
                ? rows
                : directRows(inputs, columns, PARAMETERS_PER_DIRECT_ROW);
    }

    private static int directRows(int inputs, int columns, int parametersPerRow) {
        long rows = (long) inputs * columns / parametersPerRow;
        rows = Math.max(LEAST_DIRECT, Math.min(MOST_DIRECT, rows));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }

    private static int affordableRows(int inputs, int columns) {
        return Math.max(1, MOST_VALUES / Math.max(inputs, columns));
    }

    /**
     * Returns the number of rows: a multiple of 16, or 8 or 24, unless so many inputs leave memory
     * for fewer.
     *
     * @param inputs features and the constant one
     * @param columns outputs of all learning rates
     * @param miniBatchSize examples of a step
     * @param scaled whether the features are scaled
     * @param pieces those of which products are made
     */
    static int rows(
            int inputs, int columns, int miniBatchSize, boolean scaled, ProductTiles pieces) {
        int least = LEAST;
        if (scaled) {
            least = miniBatchSize <= MOST_SCALED_MINI_BATCH ? LEAST_SCALED : LEAST;
        } else if (inputs >= WIDE
                && columns <= MOST_WIDE_COLUMNS
                && miniBatchSize <= MOST_WIDE_MINI_BATCH) {
            least = LEAST_WIDE;
        }
        int rows = rows(inputs, columns, PARAMETERS_PER_ROW_OF_PIECES, least);
        return pieces.areSmall(rows, inputs)
                ? rows
                : rows(inputs, columns, PARAMETERS_PER_ROW, LEAST);
    }

    private static int rows(int inputs, int columns, int parametersPerRow, int least) {
        long rows = (long) inputs * columns / parametersPerRow / LEAST * LEAST;
        rows = Math.max(least, Math.min(MOST, rows));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }
}
