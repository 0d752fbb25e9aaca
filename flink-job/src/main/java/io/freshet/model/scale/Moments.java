package io.freshet.model.scale;

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

    /** Creates the moments of no examples. */
    Moments(int numFeatures) {
        this.numFeatures = numFeatures;
        this.mean = new double[numFeatures];
        this.squaredDeviations = new double[numFeatures];
    }

    /** Returns moments equal to a state. */
    static Moments of(ScalerState state) {
        Moments moments = new Moments(state.mean().length);
        moments.set(state);
        return moments;
    }

    /**
     * Replaces the moments.
     *
     * @param state of as many features. Copied.
     */
    void set(ScalerState state) {
        set(state.count(), state.sumOfWeights(), state.mean(), state.squaredDeviations());
    }

    /**
     * Replaces the moments.
     *
     * @param other of as many features. Copied.
     */
    void set(Moments other) {
        set(other.count, other.sumOfWeights, other.mean, other.squaredDeviations);
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

    /** Returns the moments in new arrays. */
    ScalerState state() {
        return new ScalerState(count, sumOfWeights, mean.clone(), squaredDeviations.clone());
    }
}
