package io.freshet.model.mixture;

import io.freshet.maths.Exponential;

/**
 * Likelihood of an example's label under each expert of a {@link Mixture}; 0 for an expert whose
 * output is not finite.
 *
 * <p>Implementation note. They are stored directly if every likelihood is far from underflow, which
 * saves a logarithm and two exponentials for each expert; otherwise they are stored as logarithms.
 */
public final class Likelihoods {
    /** Smallest likelihood that is stored directly: products of two of them are normal doubles. */
    private static final double MIN_LIKELIHOOD = 1e-140;

    private final double[] values;
    private boolean areLogarithms;

    /** Creates likelihoods of 0. */
    public Likelihoods(int numExperts) {
        values = new double[numExperts];
    }

    /**
     * Returns likelihoods from their logarithms; negative infinity stands for a likelihood of 0.
     */
    public static Likelihoods ofLogarithms(double... logarithms) {
        Likelihoods likelihoods = new Likelihoods(logarithms.length);
        for (int k = 0; k < logarithms.length; k++) {
            likelihoods.setLogarithm(k, logarithms[k]);
        }
        return likelihoods;
    }

    /**
     * Sets the likelihood under an expert. Returns false if it is too small to be stored directly,
     * or NaN: then the likelihoods under all experts must be set as logarithms.
     */
    public boolean set(int expert, double likelihood) {
        areLogarithms = false;
        values[expert] = likelihood;
        return likelihood >= MIN_LIKELIHOOD;
    }

    /**
     * Sets the logarithm of the likelihood under an expert. Either all likelihoods are set as
     * logarithms, or none.
     */
    public void setLogarithm(int expert, double logarithm) {
        areLogarithms = true;
        values[expert] = logarithm;
    }

    /** Sets the likelihood under an expert to 0, whether stored directly or as a logarithm. */
    public void exclude(int expert) {
        values[expert] = areLogarithms ? Double.NEGATIVE_INFINITY : 0;
    }

    /**
     * Writes the losses, {@code −ln l}: infinity for a likelihood of 0.
     *
     * @param losses (at least numExperts). Modified.
     */
    public void writeLosses(double[] losses) {
        for (int k = 0; k < values.length; k++) {
            losses[k] = areLogarithms ? -values[k] : -Math.log(values[k]);
        }
    }

    /**
     * Returns the logarithm of the weighted mean, {@code ln Σ v l}, of the likelihoods {@code l}.
     *
     * @param weights {@code v}, (numExperts). Not modified.
     */
    double logWeightedMean(double[] weights) {
        double max = areLogarithms ? max() : 0;
        if (max == Double.NEGATIVE_INFINITY) {
            return max;
        }
        double sum = 0;
        for (int k = 0; k < values.length; k++) {
            sum += weights[k] * (areLogarithms ? Exponential.exp(values[k] - max) : values[k]);
        }
        return max + Math.log(sum);
    }

    /**
     * Writes {@code (l / max l)ʷ} for each likelihood {@code l}; a likelihood of 0 stays 0 even for
     * {@code w = 0}.
     *
     * @param exampleWeight {@code w}, at least 0
     * @param relative (numExperts). Modified.
     */
    void writeRelative(double exampleWeight, double[] relative) {
        double max = max();
        if (areLogarithms) {
            for (int k = 0; k < values.length; k++) {
                relative[k] =
                        values[k] == Double.NEGATIVE_INFINITY
                                ? 0
                                : Exponential.exp(exampleWeight * (values[k] - max));
            }
            return;
        }
        if (exampleWeight == 1) {
            double inverse = 1 / max;
            for (int k = 0; k < values.length; k++) {
                relative[k] = values[k] * inverse;
            }
            return;
        }
        for (int k = 0; k < values.length; k++) {
            // The quotient of the largest is exactly 1, and so is every power of it.
            relative[k] = values[k] == 0 ? 0 : Math.pow(values[k] / max, exampleWeight);
        }
    }

    private double max() {
        double max = values[0];
        for (int k = 1; k < values.length; k++) {
            max = values[k] > max ? values[k] : max;
        }
        return max;
    }
}
