package io.freshet.drift;

/**
 * Detector with the state of one stream. Not thread-safe.
 *
 * <p>{@link DriftStatus#DRIFT} is reported at one value. At the next value the detector restarts;
 * each one documents what it keeps of the values before.
 */
public interface RunningDetector {
    /**
     * Updates the state with the next value.
     *
     * @return the status after the value
     * @throws IllegalArgumentException if the value is outside the detector's domain; the state is
     *     then unchanged
     */
    DriftStatus update(double value);

    /** Returns the status after the last value; stable before the first. */
    DriftStatus status();

    /**
     * Returns the test statistic, in its own unit; at least the {@link #threshold()} at an alarm.
     */
    double statistic();

    /** Returns the value of the statistic at which there is an alarm. */
    double threshold();

    /**
     * Returns the estimated number of values since the change, the last value included; 0 if there
     * is no sign of a change.
     */
    long valuesSinceChange();

    /**
     * Returns the state as a new array, whose length is bounded however long the stream is.
     *
     * @see DriftDetector#restore
     */
    double[] state();
}
