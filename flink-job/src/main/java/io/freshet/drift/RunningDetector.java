package io.freshet.drift;

/**
 * A detector at work on one stream. Not for several threads at once.
 *
 * <p>{@link DriftStatus#DRIFT} is said at one value; the next one begins the next test, of which
 * each detector says what it still knows of the stream.
 */
public interface RunningDetector {
    /**
     * Takes the next value.
     *
     * @return the status after it
     * @throws IllegalArgumentException if the value is outside the detector's domain; the test is
     *     as before
     */
    DriftStatus update(double value);

    /** Returns the status after the last value; before the first it is stable. */
    DriftStatus status();

    /**
     * Returns the test's statistic, in its own unit. At an alarm it has reached {@link
     * #threshold()}: the two decided it.
     */
    double statistic();

    /** Returns what the statistic has to reach, in the same unit. */
    double threshold();

    /**
     * Returns how many values, the last one included, came after the change, by an estimate; 0
     * where nothing speaks for a change.
     */
    long valuesSinceChange();

    /**
     * Returns all that it remembers, of a size that is bounded however long the stream. New.
     *
     * @see DriftDetector#restore
     */
    double[] state();
}
