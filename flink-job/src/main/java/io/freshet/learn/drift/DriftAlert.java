package io.freshet.learn.drift;

import io.freshet.drift.Signal;
import org.jspecify.annotations.Nullable;

/**
 * Alert of a detected drift.
 *
 * @param modelId id of the model
 * @param sequence number of the alert: 0, 1, 2, … per model
 * @param timestamp event time of the example at which the drift was detected, milliseconds since
 *     1970-01-01T00:00Z
 * @param detector name of the detector
 * @param signal signal that the detector monitors
 * @param examplesSeen number of examples trained on at the detection
 * @param modelVersion version of the model at the detection, before any reaction
 * @param statistic the detector's test statistic
 * @param threshold value that the statistic had to reach
 * @param warningExamplesSeen number of examples trained on when the detector last began to warn;
 *     null if it did not warn before the drift
 * @param before examples before the estimated change
 * @param after examples since the estimated change
 * @param classes changes by class, the largest drop in recall first
 * @param reaction reaction of the learner
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
