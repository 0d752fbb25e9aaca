package io.freshet.drift;

/** What a {@link SteppedDetector} remembers of a stream, immutable. */
public interface DriftState {
    /** Returns the status after the last value. */
    DriftStatus status();

    /** Returns {@link RunningDetector#valuesSinceChange()}. */
    long valuesSinceChange();

    /** Returns its numbers in their order. New. */
    double[] toArray();
}
