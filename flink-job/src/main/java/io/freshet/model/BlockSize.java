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

    /** Parameters that stay in a core's cache, so that passing over them costs little. */
    private static final int PARAMETERS_PER_ROW = 4096;

    /** Of the direct path, whose rows cost nothing but a core's cache. */
    private static final int LEAST_DIRECT = 64;

    private static final int MOST_DIRECT = 256;
    private static final int PARAMETERS_PER_DIRECT_ROW = 2048;

    /** In any one matrix of a block: 64 MiB of floats, however many inputs there are. */
    private static final int MOST_VALUES = 1 << 24;

    private BlockSize() {}

    /**
     * Returns how many rows of a mini-batch go through the direct path at once: so many that their
     * inputs stay in a core's cache from product to product.
     */
    static int directRows(int inputs, int columns) {
        long rows = (long) inputs * columns / PARAMETERS_PER_DIRECT_ROW;
        rows = Math.max(LEAST_DIRECT, Math.min(MOST_DIRECT, rows));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }

    private static int affordableRows(int inputs, int columns) {
        return Math.max(1, MOST_VALUES / Math.max(inputs, columns));
    }

    /**
     * Returns the number of rows: a multiple of {@value #LEAST}, unless so many inputs leave memory
     * for fewer.
     *
     * @param inputs features and the constant one
     * @param columns outputs of all learning rates
     */
    static int rows(int inputs, int columns) {
        long rows = (long) inputs * columns / PARAMETERS_PER_ROW;
        rows = Math.max(LEAST, Math.min(MOST, rows / LEAST * LEAST));
        return (int) Math.min(rows, affordableRows(inputs, columns));
    }
}
