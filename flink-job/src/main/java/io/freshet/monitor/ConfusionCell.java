package io.freshet.monitor;

/**
 * Cell of a confusion matrix.
 *
 * @param label class of the label
 * @param predictedClass predicted class
 * @param count number of examples with this label and predicted class
 */
public record ConfusionCell(int label, int predictedClass, long count) {}
