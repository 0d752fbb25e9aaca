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

    /** From so many inputs on half as many rows pay, because {@code K} costs half as much then. */
    private static final int MANY_INPUTS = 512;

    /** Up to so many columns: with more, {@code K} is little beside the products with them. */
    private static final int FEW_COLUMNS = 256;

    /** Mini-batches for which half a block is no less a block. */
    private static final int SMALL_MINI_BATCH = 2;

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
     * Returns the number of rows: a multiple of {@value #LEAST}, or half of it, unless so many
     * inputs leave memory for fewer.
     *
     * @param inputs features and the constant one
     * @param columns outputs of all learning rates
     * @param pieces those of which products are made
     */
    static int rows(int inputs, int columns, int miniBatchSize, ProductPieces pieces) {
        long parameters = (long) inputs * columns;
        boolean half =
                inputs >= MANY_INPUTS
                        && columns <= FEW_COLUMNS
                        && miniBatchSize <= SMALL_MINI_BATCH;
        long rows =
                switch (pieces) {
                    case WHOLE -> multiple(parameters / PARAMETERS_PER_ROW, LEAST);
                    case SMALL ->
                            multiple(
                                    parameters / PARAMETERS_PER_ROW_OF_PIECES,
                                    half ? LEAST / 2 : LEAST);
                };
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }

    private static long multiple(long rows, int least) {
        return Math.max(least, Math.min(MOST, rows / LEAST * LEAST));
    }
}
