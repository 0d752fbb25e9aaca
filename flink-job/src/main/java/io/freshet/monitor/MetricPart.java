package io.freshet.monitor;

/** A part of the metrics that a job can leave out. */
public enum MetricPart {
    /** Scores in which older examples fade. */
    FADING,
    /** Precision, recall, F1 and counts by class. */
    CLASSES,
    /** The confusion matrix. */
    CONFUSION,
    /** The bins of the calibration error. */
    CALIBRATION
}
