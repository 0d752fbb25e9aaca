package io.freshet.drift;

import java.io.Serializable;

/**
 * Rule that detects changes in a stream of numbers. Immutable. The state of one stream is held by a
 * {@link RunningDetector}; one rule can start any number of them.
 */
public interface DriftDetector extends Serializable {
    /** Returns the values that the detector accepts. */
    Domain domain();

    /** Returns a running detector that has seen no value. */
    RunningDetector start();

    /**
     * Returns a running detector that continues from a state bit for bit.
     *
     * @param state as returned by {@link RunningDetector#state()} of a detector with an equal rule.
     *     Not modified.
     * @throws IllegalArgumentException if the state cannot be one of such a detector
     */
    RunningDetector restore(double[] state);
}
