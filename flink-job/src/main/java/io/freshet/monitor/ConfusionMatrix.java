package io.freshet.monitor;

/**
 * A confusion matrix without its empty cells.
 *
 * @param cells the fullest first, then by label and predicted class
 * @param otherCells cells with examples that are not told
 * @param otherExamples examples in them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ConfusionMatrix(ConfusionCell[] cells, long otherCells, long otherExamples) {}
