package io.freshet.model.example;

import java.util.Arrays;

/**
 * Labels, weights and scores of test-then-train examples, one array per column. Row {@code i} of
 * each column belongs to example {@code i}; the scores are those of the model before the example
 * was trained on.
 *
 * <p>All columns have the same length. The arrays are not copied when the columns are created. A
 * caller that fills the columns row by row counts the rows itself, and replaces full columns by
 * {@linkplain #resized longer} ones.
 *
 * @param labels class of the label
 * @param predictedClasses most probable class; the lowest of them if several are equally probable
 * @param losses loss in nats, at least 0, not clipped and not weighted
 * @param weights example weight
 * @param confidences probability of the predicted class, 0 to 1
 * @param briers Brier score {@code Σₖ (pₖ − yₖ)²} over the classes, with the probabilities {@code
 *     p} and the target {@code y}, one-hot where the label is a class
 * @param ranks number of classes that rank before the label, because they are more probable, or
 *     equally probable and lower; 0 if the label was predicted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ScoredColumns(
        int[] labels,
        int[] predictedClasses,
        float[] losses,
        float[] weights,
        float[] confidences,
        float[] briers,
        int[] ranks) {

    /** Returns columns of zeros. */
    public static ScoredColumns ofLength(int length) {
        return new ScoredColumns(
                new int[length],
                new int[length],
                new float[length],
                new float[length],
                new float[length],
                new float[length],
                new int[length]);
    }

    /** Returns the length of each column. */
    public int length() {
        return labels.length;
    }

    /** Returns copies of the columns, cut off or filled up with zeros to a length. */
    public ScoredColumns resized(int length) {
        return new ScoredColumns(
                Arrays.copyOf(labels, length),
                Arrays.copyOf(predictedClasses, length),
                Arrays.copyOf(losses, length),
                Arrays.copyOf(weights, length),
                Arrays.copyOf(confidences, length),
                Arrays.copyOf(briers, length),
                Arrays.copyOf(ranks, length));
    }

    /**
     * Overwrites a row with a row of other columns.
     *
     * @param others Not modified.
     */
    public void copyRow(int row, ScoredColumns others, int otherRow) {
        labels[row] = others.labels[otherRow];
        predictedClasses[row] = others.predictedClasses[otherRow];
        losses[row] = others.losses[otherRow];
        weights[row] = others.weights[otherRow];
        confidences[row] = others.confidences[otherRow];
        briers[row] = others.briers[otherRow];
        ranks[row] = others.ranks[otherRow];
    }

    /** Returns the rows of a ring buffer in new columns, oldest first. */
    public ScoredColumns oldestFirst(RingIndex ring) {
        return new ScoredColumns(
                ring.oldestFirst(labels),
                ring.oldestFirst(predictedClasses),
                ring.oldestFirst(losses),
                ring.oldestFirst(weights),
                ring.oldestFirst(confidences),
                ring.oldestFirst(briers),
                ring.oldestFirst(ranks));
    }
}
