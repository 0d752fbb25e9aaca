package io.freshet.drift;

/** State of a {@link SteppedDetector} after some values of a stream. Immutable. */
public interface DriftState {
    /** Returns the status after the last value. */
    DriftStatus status();

    /** Returns {@link RunningDetector#valuesSinceChange()}. */
    long valuesSinceChange();

    /** Returns the state as a new array, from which {@link SteppedDetector#stateOf} restores it. */
    double[] toArray();
}
