package io.freshet.drift;

import java.io.Serializable;

/**
 * A rule that finds changes in a stream of numbers, immutable. What it remembers of one stream is a
 * {@link RunningDetector}; it can have any number of them.
 */
public sealed interface DriftDetector extends Serializable
        permits SteppedDetector, Adwin, Kswin, CoolDown {
    /** Returns which values it takes. */
    Domain domain();

    /** Returns a test that has seen nothing yet. */
    RunningDetector start();

    /**
     * Returns a test that continues another one bit for bit.
     *
     * @param state what {@link RunningDetector#state()} of a test by an equal rule returned. Not
     *     modified.
     * @throws IllegalArgumentException if no such test can have been in that state
     */
    RunningDetector restore(double[] state);
}
