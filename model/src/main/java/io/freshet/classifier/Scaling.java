package io.freshet.classifier;

/**
 * Standardisation of dense features: {@code (x − mean) / √variance}, clipped to the limit; 0 where
 * the variance is 0. Immutable.
 */
final class Scaling {
    private final double[] mean;

    /** Inverse of the standard deviation; 0 where the variance is 0. */
    private final double[] inverseDeviation;

    /** Largest magnitude of a scaled value; infinite where none are clipped. */
    private final double[] limit;

    /**
     * @param mean (numFeatures). Not modified.
     * @param variance (numFeatures). Not modified.
     * @param limit (numFeatures), or empty if no values are clipped. Not modified.
     */
    Scaling(double[] mean, double[] variance, float[] limit) {
        this.mean = mean.clone();
        this.inverseDeviation = new double[mean.length];
        this.limit = new double[mean.length];
        for (int f = 0; f < mean.length; f++) {
            inverseDeviation[f] = variance[f] > 0 ? 1 / Math.sqrt(variance[f]) : 0;
            this.limit[f] = limit.length == 0 ? Double.POSITIVE_INFINITY : limit[f];
        }
    }

    /**
     * Returns a scaled value; 0, the scaled mean, for a missing value (NaN).
     *
     * @param feature index of the feature
     */
    double scale(int feature, double value) {
        double scaled = (value - mean[feature]) * inverseDeviation[feature];
        if (Double.isNaN(scaled)) {
            // Also an infinite value of a constant feature.
            return 0;
        }
        return Math.max(-limit[feature], Math.min(limit[feature], scaled));
    }
}
