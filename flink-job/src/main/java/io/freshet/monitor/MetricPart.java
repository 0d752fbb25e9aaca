package io.freshet.monitor;

/** An optional part of the metrics. */
public enum MetricPart {
    /** Scores with exponential forgetting of older examples. */
    FADING,
    /** Precision, recall, F1 and counts of each class. */
    CLASSES,
    /** The confusion matrix. */
    CONFUSION,
    /** The bins of the calibration error. */
    CALIBRATION
}
