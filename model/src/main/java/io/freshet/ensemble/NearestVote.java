package io.freshet.ensemble;

/**
 * Probabilities of the classes from the distances to the nearest example of each.
 *
 * <p>With the squared distance {@code d_c} of the nearest example of class {@code c}, and {@code δ
 * = 10⁻⁴ · numFeatures},
 *
 * <pre>{@code
 * v_c = (min d + δ) / (d_c + δ), 0 for a class that is not there
 * p_c = (v_c + 0.05 / C) / (Σ v + 0.05)
 * }</pre>
 */
public final class NearestVote {
    /** Sum of what all classes have beside their examples. */
    public static final double PRIOR = 0.05;

    /** {@code δ} for each feature. */
    public static final double DISTANCE_FLOOR = 1e-4;

    private NearestVote() {}

    /**
     * Computes the probabilities.
     *
     * @param nearest (numClasses) {@code d}, infinity for a class that is not there. Not modified.
     * @param numFeatures number of features, before a projection
     * @param probabilities (numClasses) from {@code at} on. Modified.
     * @param logs logarithms of the probabilities, in the same places. Modified.
     */
    public static void vote(
            float[] nearest, int numFeatures, double[] probabilities, double[] logs, int at) {
        int numClasses = nearest.length;
        double floor = DISTANCE_FLOOR * numFeatures;
        double min = Double.POSITIVE_INFINITY;
        for (float distance : nearest) {
            min = Math.min(min, distance);
        }
        double sum = 0;
        for (int c = 0; c < numClasses; c++) {
            double value =
                    nearest[c] == Float.POSITIVE_INFINITY
                            ? 0
                            : (min + floor) / (nearest[c] + floor);
            probabilities[at + c] = value;
            sum += value;
        }
        double inverse = 1 / (sum + PRIOR);
        for (int c = 0; c < numClasses; c++) {
            double probability = (probabilities[at + c] + PRIOR / numClasses) * inverse;
            probabilities[at + c] = probability;
            logs[at + c] = Math.log(probability);
        }
    }
}
