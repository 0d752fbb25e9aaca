package io.freshet.model.mixture;

import io.freshet.model.linalg.Exponential;

/**
 * How likely each expert of a {@link Mixture} held an example's label; 0 for one that cannot say.
 *
 * <p>Implementation note. Kept as they are where every one is far from underflow, which spares a
 * logarithm and two exponentials an expert, and as logarithms elsewhere.
 */
public final class Likelihoods {
    /** From here on products of two such numbers are still normal doubles, with room to spare. */
    private static final double SMALLEST = 1e-140;

    private final double[] values;
    private boolean areLogarithms;

    /** Likelihoods of so many experts. */
    public Likelihoods(int numExperts) {
        values = new double[numExperts];
    }

    /** Likelihoods whose logarithms are given; negative infinity for one that cannot say. */
    public static Likelihoods ofLogarithms(double... logarithms) {
        Likelihoods likelihoods = new Likelihoods(logarithms.length);
        for (int k = 0; k < logarithms.length; k++) {
            likelihoods.setLogarithm(k, logarithms[k]);
        }
        return likelihoods;
    }

    /**
     * Sets an expert's likelihood, or returns false where it is too small, or a NaN: then all have
     * to be set as logarithms.
     */
    public boolean set(int expert, double likelihood) {
        areLogarithms = false;
        values[expert] = likelihood;
        return likelihood >= SMALLEST;
    }

    /** Sets the logarithm of an expert's likelihood; of all, or of none. */
    public void setLogarithm(int expert, double logarithm) {
        areLogarithms = true;
        values[expert] = logarithm;
    }

    /** Makes an expert one that cannot say. */
    public void exclude(int expert) {
        values[expert] = areLogarithms ? Double.NEGATIVE_INFINITY : 0;
    }

    /**
     * Returns {@code ln Σ v l}.
     *
     * @param weights {@code v}, (numExperts). Not modified.
     */
    double logOfMean(double[] weights) {
        double largest = areLogarithms ? largest() : 0;
        if (largest == Double.NEGATIVE_INFINITY) {
            return largest;
        }
        double sum = 0;
        for (int k = 0; k < values.length; k++) {
            sum += weights[k] * (areLogarithms ? Exponential.of(values[k] - largest) : values[k]);
        }
        return largest + Math.log(sum);
    }

    /**
     * Computes {@code (l / largest)ʷ}: one that cannot say has 0, even where {@code w} is.
     *
     * @param exampleWeight {@code w}, at least 0
     * @param relative (numExperts). Modified.
     */
    void relative(double exampleWeight, double[] relative) {
        double largest = largest();
        if (areLogarithms) {
            for (int k = 0; k < values.length; k++) {
                relative[k] =
                        values[k] == Double.NEGATIVE_INFINITY
                                ? 0
                                : Exponential.of(exampleWeight * (values[k] - largest));
            }
            return;
        }
        if (exampleWeight == 1) {
            double share = 1 / largest;
            for (int k = 0; k < values.length; k++) {
                relative[k] = values[k] * share;
            }
            return;
        }
        for (int k = 0; k < values.length; k++) {
            // Divided: the largest is 1 then, whatever power of it is taken.
            relative[k] = values[k] == 0 ? 0 : Math.pow(values[k] / largest, exampleWeight);
        }
    }

    private double largest() {
        double largest = values[0];
        for (int k = 1; k < values.length; k++) {
            largest = values[k] > largest ? values[k] : largest;
        }
        return largest;
    }
}
