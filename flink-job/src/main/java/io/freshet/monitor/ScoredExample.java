package io.freshet.monitor;

import io.freshet.model.example.ScoredColumns;

/**
 * One row of {@link ScoredColumns}, with the classes that the two baselines of the metrics predict
 * for it. A view: it is valid until the row is overwritten.
 *
 * @param columns hold the example in {@code row}. Not modified.
 * @param previousLabel label of the example before, the prediction of the no-change baseline; or
 *     {@link #NONE}
 * @param majorityLabel most frequent label among the examples before, ties to the lowest class, the
 *     prediction of the majority baseline
 */
record ScoredExample(ScoredColumns columns, int row, int previousLabel, int majorityLabel) {
    /** The previous label of the first example. */
    static final int NONE = -1;

    int label() {
        return columns.labels()[row];
    }

    int predictedClass() {
        return columns.predictedClasses()[row];
    }

    /** Returns the loss in nats, not weighted. */
    float loss() {
        return columns.losses()[row];
    }

    float weight() {
        return columns.weights()[row];
    }

    /** Returns the probability of the predicted class, 0 to 1. */
    float confidence() {
        return columns.confidences()[row];
    }

    /** Returns the sum over the classes of (probability − target)². */
    float brier() {
        return columns.briers()[row];
    }

    /** Returns the number of classes ranked above the label; 0 if it was predicted. */
    int rank() {
        return columns.ranks()[row];
    }
}
