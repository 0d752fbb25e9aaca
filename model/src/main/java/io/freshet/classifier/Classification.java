package io.freshet.classifier;

/**
 * Result of a {@link Classifier} for one example.
 *
 * @param predictedClass index of the most probable class, counted from 0; the first of several that
 *     are equally probable
 * @param predictedLabel name of this class
 * @param probabilities probability of each class, 0 to 1, (classes); they sum to 1, or are
 *     independent in a model of several labels at once
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Classification(int predictedClass, String predictedLabel, float[] probabilities) {
    /** Returns the probability of the predicted class, 0 to 1. */
    public float confidence() {
        return probabilities[predictedClass];
    }

    /**
     * Returns the entropy of probabilities in nats, {@code −Σ p ln p}: 0 if one is certain.
     *
     * @param independent whether each probability is that of a decision of its own, whose entropy
     *     {@code −p ln p − (1 − p) ln (1 − p)} is added
     */
    public static double entropy(float[] probabilities, boolean independent) {
        double entropy = 0;
        for (float probability : probabilities) {
            entropy += term(probability) + (independent ? term(1.0 - probability) : 0);
        }
        return entropy;
    }

    /**
     * Returns the indices of the most probable classes, most probable first; of equally probable
     * ones, the first is first.
     *
     * @param count number of classes to return, at most as many as there are
     */
    public static int[] mostProbable(float[] probabilities, int count) {
        float[] rest = probabilities.clone();
        int[] classes = new int[count];
        for (int k = 0; k < count; k++) {
            int best = 0;
            for (int c = 1; c < rest.length; c++) {
                if (rest[c] > rest[best]) {
                    best = c;
                }
            }
            classes[k] = best;
            rest[best] = Float.NEGATIVE_INFINITY;
        }
        return classes;
    }

    /** Returns the predicted class with its probability. */
    @Override
    public String toString() {
        return predictedLabel + " with probability " + confidence();
    }

    private static double term(double probability) {
        return probability > 0 ? -probability * Math.log(probability) : 0;
    }
}
