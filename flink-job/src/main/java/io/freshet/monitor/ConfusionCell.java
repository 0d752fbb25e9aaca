package io.freshet.monitor;

/**
 * Examples of one label that were predicted as one class.
 *
 * @param label class of the label
 * @param predictedClass class that was predicted
 * @param count number of examples
 */
public record ConfusionCell(int label, int predictedClass, long count) {}
