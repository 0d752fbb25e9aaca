package io.freshet.model;

/**
 * How many rows an execution block has: the number that costs least an example.
 *
 * <p>The products with the parameters cost less an example the more rows share them, {@code K} and
 * the substitution more. Measured with {@code LearningStepBenchmark}, and a matter of execution
 * only: it changes no result beyond rounding.
 */
final class BlockSize {
    private static final int LEAST = 16;
    private static final int MOST = 128;

    /** Parameters for which another row pays, where products of few rows are slow. */
    private static final int PARAMETERS_PER_ROW = 4096;

    /** The same where they are not: passing over parameters in memory is all that rows share. */
    private static final int PARAMETERS_PER_ROW_OF_PIECES = 65536;

    /** Where features are scaled, so that more rows share what the scaler does for a block. */
    private static final int LEAST_SCALED = 24;

    /** Where {@code K} is what costs, which is twice as much for twice as many rows. */
    private static final int LEAST_WIDE = 8;

    /** From so many inputs on, up to so many columns, and so many rows a mini-batch. */
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
    static int directRows(int inputs, int columns, ProductPieces pieces) {
        int perRow =
                switch (pieces) {
                    case WHOLE -> PARAMETERS_PER_DIRECT_ROW;
                    case SMALL -> PARAMETERS_PER_DIRECT_ROW_OF_PIECES;
                };
        long rows = (long) inputs * columns / perRow;
        rows = Math.max(LEAST_DIRECT, Math.min(MOST_DIRECT, rows));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }

    private static int affordableRows(int inputs, int columns) {
        return Math.max(1, MOST_VALUES / Math.max(inputs, columns));
    }

    /**
     * Returns the number of rows: a multiple of {@value #LEAST}, or the least that there may be,
     * unless so many inputs leave memory for fewer.
     *
     * @param inputs features and the constant one
     * @param columns outputs of all learning rates
     * @param pieces those of which products are made
     */
    static int rows(
            int inputs, int columns, int miniBatchSize, ScalerType scaler, ProductPieces pieces) {
        long parameters = (long) inputs * columns;
        long rows =
                switch (pieces) {
                    case WHOLE -> multiple(parameters / PARAMETERS_PER_ROW, LEAST);
                    case SMALL ->
                            multiple(
                                    parameters / PARAMETERS_PER_ROW_OF_PIECES,
                                    leastOfPieces(inputs, columns, miniBatchSize, scaler));
                };
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }

    private static int leastOfPieces(
            int inputs, int columns, int miniBatchSize, ScalerType scaler) {
        if (scaler != ScalerType.NONE) {
            return LEAST_SCALED;
        }
        boolean wide =
                inputs >= WIDE
                        && columns <= MOST_WIDE_COLUMNS
                        && miniBatchSize <= MOST_WIDE_MINI_BATCH;
        return wide ? LEAST_WIDE : LEAST;
    }

    private static long multiple(long rows, int least) {
        return Math.max(least, Math.min(MOST, rows / LEAST * LEAST));
    }
}
