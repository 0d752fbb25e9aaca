package io.freshet.learn.drift;

import io.freshet.drift.Signal;
import org.jspecify.annotations.Nullable;

/**
 * A drift that was detected.
 *
 * @param modelId the model
 * @param sequence 0, 1, 2, … per model
 * @param timestamp event time of the example at which it was found, milliseconds since
 *     1970-01-01T00:00Z
 * @param detector name of the detector
 * @param signal what it watches
 * @param examplesSeen examples trained on when it was found
 * @param modelVersion changes of the parameters when it was found, before any reaction
 * @param statistic the detector's
 * @param threshold what it had to reach
 * @param warningExamplesSeen examples trained on when the detector last began to warn; null if it
 *     gave no warning before
 * @param before examples before the estimated change
 * @param after examples from the estimated change on
 * @param classes by class, those whose recall fell most first
 * @param reaction what the learner did
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DriftAlert(
        String modelId,
        long sequence,
        long timestamp,
        String detector,
        Signal signal,
        long examplesSeen,
        long modelVersion,
        double statistic,
        double threshold,
        @Nullable Long warningExamplesSeen,
        DriftWindow before,
        DriftWindow after,
        ClassChange[] classes,
        DriftReaction reaction) {}
