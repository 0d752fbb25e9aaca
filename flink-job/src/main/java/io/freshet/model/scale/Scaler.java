package io.freshet.model.scale;

import io.freshet.model.example.BlockRows;

/**
 * An online scaler of the features of one model. Each mini-batch is observed before it is scaled,
 * so that the first example is scaled already; examples without a label are scaled, not observed.
 */
public interface Scaler {
    /**
     * Observes and scales the rows of a block: each mini-batch updates the statistics and is then
     * scaled by them; a row without a label is scaled by the statistics at its place in the block.
     *
     * @param block the rows, in the order of execution. Not modified.
     * @param from the first row
     * @param to after the last row
     * @param features (examples, numFeatures) row-major. Not modified.
     * @param out row {@code from + i} is written at {@code i · width}. Modified.
     * @param width length of a row of {@code out}, at least numFeatures
     */
    void scale(BlockRows block, int from, int to, float[] features, float[] out, int width);

    /**
     * Observes one mini-batch, after which {@link #transform} scales it by the new statistics.
     *
     * @param block the rows, in the order of execution. Not modified.
     * @param from the first row
     * @param to after the last row
     * @param features (examples, numFeatures) row-major. Not modified.
     */
    void observe(BlockRows block, int from, int to, float[] features);

    /** Prepares {@link #transform} to scale by the current statistics. */
    void prepare();

    /**
     * Scales one example by the statistics of the last {@link #prepare}, or of the last {@link
     * #observe} if that came later; then it must be an example that was observed.
     *
     * @param features numFeatures values from {@code offset} on. Not modified.
     * @param out the scaled values are written from {@code outOffset} on. Modified.
     */
    void transform(float[] features, int offset, float[] out, int outOffset);

    /**
     * Returns an upper bound of the magnitude of a scaled feature of an observed example, with room
     * for rounding.
     */
    double bound();

    /**
     * Undoes the last {@link #scale} or {@link #observe}: the state is bit for bit as before it.
     */
    void undo();

    /**
     * Replaces the state.
     *
     * @param state of as many features. Copied.
     */
    void set(ScalerState state);

    /**
     * Returns the number of values of each feature that were clipped before they were observed,
     * (numFeatures), since the first example; empty if outliers are not clipped.
     */
    long[] clippedValues();

    /** Returns the state, in new arrays. */
    ScalerState state();
}
