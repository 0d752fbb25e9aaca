package io.freshet.model.check;

/**
 * The shape of blocks whose speed is measured.
 *
 * @param rows events of a block
 * @param numRates learning rates; 0 for an ensemble
 * @param target events a second that an H200 is to reach; 0 without a target
 * @param targetRatio factor that an H200 is to be faster than the better of PyTorch and JAX event
 *     by event; 0 without a target
 */
record Shape(
        int rows,
        int numFeatures,
        int numClasses,
        int numRates,
        double target,
        double targetRatio) {
    /** Returns the shape as the script of the baselines takes and prints it. */
    String key() {
        return rows + "," + numFeatures + "," + numClasses + "," + numRates;
    }
}
