package io.freshet.monitor;

/**
 * A confusion matrix as a list of its non-empty cells.
 *
 * @param cells in descending order of their counts, then by label and predicted class
 * @param otherCells number of non-empty cells that are left out
 * @param otherExamples number of examples in the cells that are left out
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ConfusionMatrix(ConfusionCell[] cells, long otherCells, long otherExamples) {}
