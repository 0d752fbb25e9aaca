package io.freshet.classifier;

/** Parameters of a linear model, which turn the features of an example into logits. Immutable. */
abstract class Parameters {
    private final int numFeatures;

    Parameters(int numFeatures) {
        this.numFeatures = numFeatures;
    }

    final int numFeatures() {
        return numFeatures;
    }

    /** Returns the number of features that have parameters. */
    abstract int numColumns();

    /**
     * Computes the logits of an example with a value for each feature.
     *
     * @param features numFeatures values from {@code offset} on. Not modified.
     * @param logits (learning rates, numOutputs). Modified.
     */
    abstract void logits(float[] features, int offset, double[] logits);

    /**
     * Computes the logits of an example with values for some features; the others are 0.
     *
     * @param columns indices of the features, in any order; values of a feature that is there more
     *     than once add up. Not modified.
     * @param values (columns). Not modified.
     * @param logits (learning rates, numOutputs). Modified.
     */
    abstract void logits(int[] columns, float[] values, double[] logits);

    static void requireColumn(int column, int numFeatures) {
        if (column < 0 || column >= numFeatures) {
            throw new IllegalArgumentException(
                    "a column must be 0 to " + (numFeatures - 1) + ", but is " + column);
        }
    }

    /** Adds a multiple of some weights to logits. */
    static void add(double factor, double[] weights, double[] logits) {
        for (int k = 0; k < logits.length; k++) {
            logits[k] += factor * weights[k];
        }
    }
}
