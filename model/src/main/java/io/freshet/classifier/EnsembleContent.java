package io.freshet.classifier;

import io.freshet.ensemble.FernTests;
import org.jspecify.annotations.Nullable;

/**
 * The experts of an ensemble beside its linear models, and the weights by which all experts are
 * combined: after the linear ones two of ferns, two of the nearest examples and, if there are any,
 * three that predict from labels alone. An ensemble of sparse features has neither ferns nor
 * examples, and their arrays are empty.
 *
 * @param fernLogits (cells, 2 experts, classes) row-major
 * @param testFeatures (tests) features of the tests of the ferns, those of a fern together; empty
 *     for the random ones
 * @param testThresholds (tests) thresholds of the tests; empty for the random ones
 * @param examples (examples, dimensions) row-major, the projected examples of the window, oldest
 *     first
 * @param labels (examples) their classes
 * @param featureWeights (numFeatures) weights of the scaled features in distances
 * @param labelPredictions (3, classes) probabilities that the experts predict from labels alone;
 *     empty without such experts
 * @param stack (experts) weights of the log-probabilities in the stack
 * @param correction (experts) weights of the log-probabilities in the stack on top of the mixture
 * @param answers (3) weights of the mixture, the stack and the stack on top of the mixture, which
 *     sum to 1
 * @param training state of the training; null if the snapshot does not have it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EnsembleContent(
        float[] fernLogits,
        int[] testFeatures,
        float[] testThresholds,
        float[] examples,
        int[] labels,
        float[] featureWeights,
        float[] labelPredictions,
        double[] stack,
        double[] correction,
        double[] answers,
        @Nullable TrainingContent training) {
    /** Returns the tests of the ferns. */
    public FernTests tests(int numFeatures, int numClasses) {
        return FernTests.of(numFeatures, numClasses, testFeatures, testThresholds);
    }

    /** Returns the number of parameters: logits of the ferns, and values of the examples. */
    int numParameters() {
        return fernLogits.length + examples.length;
    }
}
