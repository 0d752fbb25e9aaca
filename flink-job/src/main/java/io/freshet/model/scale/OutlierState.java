package io.freshet.model.scale;

import java.util.Arrays;

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
    public static final int FIRST_VALUES = 256;

    /**
     * Returns the state after the first values of all features, without recent outliers.
     *
     * @param envelopes (numFeatures). Kept.
     */
    static OutlierState ofEnvelopes(double[] envelopes) {
        int numFeatures = envelopes.length;
        return new OutlierState(
                envelopes,
                new int[numFeatures],
                new long[numFeatures],
                new int[0],
                new double[0],
                new double[0],
                new double[0],
                new double[0],
                new double[0]);
    }

    /**
     * Returns the state with features added at the end, of which nothing is known.
     *
     * @param numFeatures number of features, at least as many as this state has
     */
    OutlierState extended(int numFeatures) {
        int before = envelopes.length;
        int[] extendedSeen = Arrays.copyOf(seen, numFeatures);
        if (seen.length == 0) {
            Arrays.fill(extendedSeen, 0, before, FIRST_VALUES);
        }
        return new OutlierState(
                Arrays.copyOf(envelopes, numFeatures),
                Arrays.copyOf(runs, numFeatures),
                Arrays.copyOf(clipped, numFeatures),
                extendedSeen,
                Arrays.copyOf(farthest, numFeatures),
                Arrays.copyOf(farthestWeights, numFeatures),
                Arrays.copyOf(restWeights, numFeatures),
                Arrays.copyOf(restMeans, numFeatures),
                Arrays.copyOf(restSquaredDeviations, numFeatures));
    }
}
