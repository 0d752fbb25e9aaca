package io.freshet.monitor;

import io.freshet.model.example.ScoredColumns;

/**
 * State of an {@link ExampleWindow}: its examples, oldest first.
 *
 * @param numAdded number of examples that were ever added to the window
 * @param scored labels and scores
 * @param previousLabels for each example, the label of the one before it
 * @param majorityLabels for each example, the most frequent label before it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record WindowState(
        long numAdded, ScoredColumns scored, int[] previousLabels, int[] majorityLabels) {
    /** Returns an example, counted from the oldest. */
    ScoredExample example(int row) {
        return new ScoredExample(scored, row, previousLabels[row], majorityLabels[row]);
    }
}
