package io.freshet.model.ensemble;

import java.io.Serializable;

/**
 * State of an {@link Ensemble}, without the weights of its mixture of experts.
 *
 * <p>Immutable by convention: its creator hands the arrays over and never writes to them again.
 *
 * <p>With sparse features there are neither ferns nor a window, and their arrays are empty.
 *
 * @param numClasses number of classes
 * @param ferns state of the ferns
 * @param points (dimensions, window) projected examples of the window, by their place in its ring
 * @param labels (window) classes of these examples
 * @param featureWeights (numFeatures) weights of the features in distances
 * @param seen number of examples that were learnt from
 * @param nextRefresh number of examples at which the weights of the features are computed anew
 * @param stack weights and covariance of the stack of the experts
 * @param correction weights and covariance of the stack on top of the mixture
 * @param answers weights of the mixture of the three combinations
 * @param labelCounts counts of the label experts; empty without them
 * @param lastLabel the newest label, for the label experts
 * @param restarts number of times that a stack began anew because a weight was not finite
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EnsembleState(
        int numClasses,
        FernState ferns,
        float[] points,
        int[] labels,
        float[] featureWeights,
        long seen,
        long nextRefresh,
        double[] stack,
        double[] correction,
        double[] answers,
        float[] labelCounts,
        int lastLabel,
        long restarts)
        implements Serializable {
    /** Returns whether the tests of the ferns have been chosen, or there are no ferns. */
    public boolean hasChosenTests() {
        return ferns.table().length == 0 || ferns.testFeatures().length > 0;
    }

    /**
     * Returns the state with features or classes added at the end.
     *
     * <p>New classes have logits 0 in the ferns; the ferns are those that all have. With new
     * features, tests and projection are others, so that the ferns and the window begin anew. The
     * stacks and the label experts go on.
     *
     * @param initial initial state for the new numbers. Not modified.
     */
    public EnsembleState extended(EnsembleState initial) {
        boolean sameFeatures = featureWeights.length == initial.featureWeights.length;
        int newClasses = initial.numClasses();
        return new EnsembleState(
                newClasses,
                sameFeatures
                        ? ferns.extended(numClasses, initial.ferns, newClasses)
                        : initial.ferns,
                sameFeatures ? points : initial.points,
                sameFeatures ? labels : initial.labels,
                sameFeatures ? featureWeights : initial.featureWeights,
                sameFeatures ? seen : initial.seen,
                sameFeatures ? nextRefresh : initial.nextRefresh,
                stack,
                correction,
                answers,
                labelCounts.length == 0
                        ? labelCounts
                        : LabelExperts.extended(labelCounts, numClasses, newClasses),
                lastLabel,
                restarts);
    }
}
