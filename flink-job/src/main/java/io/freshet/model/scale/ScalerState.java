package io.freshet.model.scale;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The state of a {@link Scaler} between two examples. Immutable by convention: its creator hands
 * the arrays over and never writes to them again.
 *
 * <p>The weights are part of the state, so that any rule can continue from the state of any other:
 * examples that one rule has weighted keep their weights until the next rule changes them.
 *
 * @param count number of examples observed
 * @param sumOfWeights {@code Σ wᵢ}, the sum of the weights of the observed examples
 * @param mean (numFeatures) weighted mean of each feature; empty without a scaler
 * @param squaredDeviations (numFeatures) {@code Σ wᵢ (xᵢ − mean)²} of each feature; empty without a
 *     scaler
 * @param weights (numFeatures) sum of the weights of the observed values of each feature; null
 *     while no value has been missing, so that each is {@code sumOfWeights}
 * @param outliers what is known about outliers; null if the rule does not clip them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ScalerState(
        long count,
        double sumOfWeights,
        double[] mean,
        double[] squaredDeviations,
        double @Nullable [] weights,
        @Nullable OutlierState outliers) {
    /** Returns the state before the first example. */
    public static ScalerState initial(int numFeatures) {
        return of(0, 0, new double[numFeatures], new double[numFeatures]);
    }

    /** Returns a state without missing values, in which nothing is known about outliers. */
    public static ScalerState of(
            long count, double sumOfWeights, double[] mean, double[] squaredDeviations) {
        return new ScalerState(count, sumOfWeights, mean, squaredDeviations, null, null);
    }

    /**
     * Returns the state of a scaler that has observed a number of examples of which only the
     * moments are known, as a snapshot has them. None of the features had missing values, and the
     * values that the rule accepts beside those within its standard deviations are those within the
     * limits.
     *
     * @param lossPerExample fraction of its weight that an example loses at each later one, by the
     *     scaler's rule
     * @param clip number of standard deviations at which the rule clips values; 0 for none
     * @param count number of examples observed
     * @param mean (numFeatures). Kept.
     * @param variance (numFeatures). Not modified.
     * @param limit (numFeatures) largest magnitude of a standardised value, or empty. Not modified.
     */
    public static ScalerState of(
            double lossPerExample,
            double clip,
            long count,
            double[] mean,
            double[] variance,
            float[] limit) {
        double sumOfWeights =
                lossPerExample == 0
                        ? count
                        : -Math.expm1(count * Math.log1p(-lossPerExample)) / lossPerExample;
        double[] squaredDeviations = new double[variance.length];
        double[] envelopes = new double[variance.length];
        for (int f = 0; f < variance.length; f++) {
            squaredDeviations[f] = variance[f] * sumOfWeights;
            boolean accepts = limit.length > 0 && limit[f] > clip;
            envelopes[f] = accepts ? limit[f] * Math.sqrt(variance[f]) : 0;
        }
        return new ScalerState(
                count,
                sumOfWeights,
                mean,
                squaredDeviations,
                null,
                clip > 0 && count > 0 ? OutlierState.ofEnvelopes(envelopes) : null);
    }

    /**
     * Returns the state with features added at the end, of which nothing has been observed.
     *
     * @param numFeatures number of features, at least as many as this state has
     */
    public ScalerState extended(int numFeatures) {
        int before = mean.length;
        if (numFeatures == before) {
            return this;
        }
        double[] extendedWeights = null;
        if (count > 0) {
            extendedWeights = new double[numFeatures];
            for (int f = 0; f < before; f++) {
                extendedWeights[f] = weight(f);
            }
        }
        return new ScalerState(
                count,
                sumOfWeights,
                Arrays.copyOf(mean, numFeatures),
                Arrays.copyOf(squaredDeviations, numFeatures),
                extendedWeights,
                outliers == null ? null : outliers.extended(numFeatures));
    }

    /** Returns the sum of the weights of the observed values of a feature. */
    public double weight(int feature) {
        return weights == null ? sumOfWeights : weights[feature];
    }

    /** Returns the variance of each feature, (numFeatures); 0 before its first value. */
    public double[] variance() {
        double[] variance = new double[squaredDeviations.length];
        for (int f = 0; f < variance.length; f++) {
            variance[f] = weight(f) == 0 ? 0 : squaredDeviations[f] / weight(f);
        }
        return variance;
    }
}
