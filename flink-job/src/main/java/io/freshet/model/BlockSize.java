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

    private BlockSize() {}

    /**
     * Returns how many rows of a mini-batch go through the direct path at once: so many that their
     * inputs stay in a core's cache from product to product.
     */
    static int directRows(int inputs, int columns) {
        long rows = (long) inputs * columns / PARAMETERS_PER_DIRECT_ROW;
        return (int) Math.max(LEAST_DIRECT, Math.min(MOST_DIRECT, rows));
    }

    /**
     * Returns the number of rows, a multiple of {@value #LEAST}.
     *
     * @param inputs features and the constant one
     * @param columns outputs of all learning rates
     */
    static int rows(int inputs, int columns) {
        long rows = (long) inputs * columns / PARAMETERS_PER_ROW;
        return (int) Math.max(LEAST, Math.min(MOST, rows / LEAST * LEAST));
    }
}
