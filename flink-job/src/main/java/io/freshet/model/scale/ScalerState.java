package io.freshet.model.scale;

/**
 * The state of a {@link Scaler} between two examples. Immutable by convention: its creator hands
 * the arrays over and never writes to them again.
 *
 * @param count examples observed
 * @param mean (numFeatures) mean of each feature; empty without a scaler
 * @param squaredDeviations (numFeatures) weighted {@code Σ (x − mean)²} of each feature; empty
 *     without a scaler
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ScalerState(long count, double[] mean, double[] squaredDeviations) {
    /** Returns the state before the first example. */
    public static ScalerState initial(int numFeatures) {
        return new ScalerState(0, new double[numFeatures], new double[numFeatures]);
    }
}
