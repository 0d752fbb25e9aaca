package io.freshet.model.sparse;

/**
 * Order of the floats that a sparse model keeps for one column: the parameters; their velocity, in
 * the same shape; the step up to which they are decayed; the column's scale, which is the mean
 * logarithm of its magnitudes and the sum of their weights.
 *
 * @param numParameters number of parameters, learning rates × outputs
 * @param hasVelocity whether there is a velocity
 * @param isLazy whether steps without a gradient change the parameters, and are applied later
 * @param isScaled whether the column is scaled
 */
public record RowLayout(int numParameters, boolean hasVelocity, boolean isLazy, boolean isScaled) {
    /** Returns the number of floats. */
    public int width() {
        return scale() + (isScaled ? 2 : 0);
    }

    /** Returns the index of the first float of the velocity. */
    public int velocity() {
        return numParameters;
    }

    /**
     * Returns the index of the step up to which the row is decayed, counted from the last time that
     * all rows were.
     */
    public int step() {
        return hasVelocity ? 2 * numParameters : numParameters;
    }

    /** Returns the index of the mean logarithm; the sum of weights follows it. */
    public int scale() {
        return step() + (isLazy ? 1 : 0);
    }
}
