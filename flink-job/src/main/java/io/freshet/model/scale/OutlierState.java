package io.freshet.model.scale;

/**
 * The part of a {@link ScalerState} by which outliers are recognised, by feature. Immutable by
 * convention, as that state is. How it changes is described in {@link FeatureMoments}.
 *
 * <p>The arrays from {@code seen} on belong to the first {@value #FIRST_VALUES} values of a
 * feature. They are empty once every feature has had as many.
 *
 * @param envelopes distance from the mean up to which a value is accepted, however many standard
 *     deviations that is; 0 for none
 * @param runs number of recent outliers, less the number of recent other values; at least 0
 * @param clipped number of values that were clipped
 * @param seen number of values observed, at most {@value #FIRST_VALUES}
 * @param farthest the value that is farthest from the others
 * @param farthestWeights weight of that value
 * @param restWeights sum of the weights of the other values
 * @param restMeans mean of the other values
 * @param restSquaredDeviations {@code Σ wᵢ (xᵢ − mean)²} of the other values
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record OutlierState(
        double[] envelopes,
        int[] runs,
        long[] clipped,
        int[] seen,
        double[] farthest,
        double[] farthestWeights,
        double[] restWeights,
        double[] restMeans,
        double[] restSquaredDeviations) {
    /** Number of values of a feature of which the farthest may still turn out to be an outlier. */
    static final int FIRST_VALUES = 256;
}
