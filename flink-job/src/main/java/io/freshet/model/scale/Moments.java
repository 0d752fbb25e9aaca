package io.freshet.model.scale;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Weighted moments of the features of one model: number and weight of the observed examples, and
 * mean and squared deviations of each feature. Mutable; {@link ScalerState} is the immutable form.
 */
final class Moments {
    private final int numFeatures;
    long count;
    double sumOfWeights;
    final double[] mean;
    final double[] squaredDeviations;

    /**
     * Sum of the weights of the observed values of each feature; null while no value has been
     * missing, so that each has the sum of the weights of the examples.
     */
    double @Nullable [] weights;

    /** Null if outliers are not clipped. */
    final @Nullable Outliers outliers;

    /**
     * Creates the moments of no examples.
     *
     * @param clips whether outliers are clipped
     */
    Moments(int numFeatures, boolean clips) {
        this.numFeatures = numFeatures;
        this.outliers = clips ? new Outliers(numFeatures) : null;
        this.mean = new double[numFeatures];
        this.squaredDeviations = new double[numFeatures];
    }

    /**
     * Returns moments equal to a state.
     *
     * @param clips whether outliers are clipped
     */
    static Moments of(ScalerState state, boolean clips) {
        Moments moments = new Moments(state.mean().length, clips);
        moments.set(state);
        OutlierState outliers = state.outliers();
        if (moments.outliers != null && outliers != null) {
            System.arraycopy(
                    outliers.clipped(), 0, moments.outliers.clipped, 0, moments.numFeatures);
        }
        return moments;
    }

    /**
     * Replaces the moments. The numbers of clipped values stay: they only increase.
     *
     * @param state of as many features. Copied.
     */
    void set(ScalerState state) {
        set(state.count(), state.sumOfWeights(), state.mean(), state.squaredDeviations());
        setWeights(state.weights());
        if (outliers != null) {
            outliers.set(state.outliers(), state.count() > 0);
        }
    }

    /**
     * Replaces the moments.
     *
     * @param other of as many features and with outliers if these have them. Copied.
     */
    void set(Moments other) {
        set(other.count, other.sumOfWeights, other.mean, other.squaredDeviations);
        setWeights(other.weights);
        if (outliers != null && other.outliers != null) {
            outliers.set(other.outliers);
        }
    }

    private void set(
            long newCount,
            double newSumOfWeights,
            double[] newMean,
            double[] newSquaredDeviations) {
        count = newCount;
        sumOfWeights = newSumOfWeights;
        System.arraycopy(newMean, 0, mean, 0, numFeatures);
        System.arraycopy(newSquaredDeviations, 0, squaredDeviations, 0, numFeatures);
    }

    /** Returns the sum of the weights of the observed values of a feature. */
    double weight(int feature) {
        return weights == null ? sumOfWeights : weights[feature];
    }

    /** Creates the weights of the features, if there are none, for a value that is missing. */
    void createWeights() {
        if (weights == null) {
            weights = new double[numFeatures];
            Arrays.fill(weights, sumOfWeights);
        }
    }

    private void setWeights(double @Nullable [] newWeights) {
        if (newWeights == null) {
            weights = null;
        } else {
            createWeights();
            System.arraycopy(newWeights, 0, weights, 0, numFeatures);
        }
    }

    /** Returns the moments in new arrays. */
    ScalerState state() {
        return new ScalerState(
                count,
                sumOfWeights,
                mean.clone(),
                squaredDeviations.clone(),
                weights == null ? null : weights.clone(),
                outliers == null ? null : outliers.state());
    }
}
