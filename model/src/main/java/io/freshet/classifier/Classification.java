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
}
