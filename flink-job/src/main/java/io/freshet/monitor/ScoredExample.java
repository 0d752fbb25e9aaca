package io.freshet.monitor;

/**
 * An example as it was scored before it was trained on.
 *
 * @param label class of the label
 * @param predictedClass most probable class
 * @param previousLabel label of the example before, or {@link #NONE}
 * @param majorityLabel most frequent label before, ties to the lowest class
 * @param loss cross-entropy, nats, not weighted
 * @param weight the example's weight
 * @param confidence probability of the predicted class, 0 to 1
 * @param brier sum over the classes of (probability − target)²
 * @param rank classes ahead of the label: 0 if it was predicted
 */
record ScoredExample(
        int label,
        int predictedClass,
        int previousLabel,
        int majorityLabel,
        float loss,
        float weight,
        float confidence,
        float brier,
        int rank) {
    /** The label before the first one. */
    static final int NONE = -1;
}
