package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.ingest.EventOutcome;
import io.freshet.learn.drift.DetectorReport;

/**
 * How far a model has come.
 *
 * @param modelVersion changes of the parameters so far
 * @param skippedSteps steps not taken because something was not finite
 * @param timestamp latest event time among the examples trained on, milliseconds since
 *     1970-01-01T00:00Z; {@link #NO_TIMESTAMP} before the first
 * @param audit counts and digests by fate
 * @param offsets last offset of each partition whose event is among the examples trained on
 * @param learningRate the learning rate in force; of a mixture the mean of its rates weighted by
 *     their experts' weights, baselines left out
 * @param experts the members of the mixture: one per learning rate, in the order of the rates, then
 *     the baselines; a fixed rate is one expert of weight 1
 * @param rollBacks times the parameters went back to the last good ones
 * @param gradientNorm Euclidean norm of the last mini-batch's mean gradient, of the learning rate
 *     that weighs most; NaN before the first step
 * @param parameterNorm Euclidean norm of that rate's parameters, bias included
 * @param drifts alerts so far
 * @param detectors what the drift detectors say
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelProgress(
        long modelVersion,
        long skippedSteps,
        long timestamp,
        Audit audit,
        PartitionOffset[] offsets,
        double learningRate,
        Expert[] experts,
        long rollBacks,
        double gradientNorm,
        double parameterNorm,
        long drifts,
        DetectorReport[] detectors) {
    /** The timestamp of a model that has seen no example. */
    public static final long NO_TIMESTAMP = Long.MIN_VALUE;

    /** Examples trained on. */
    public long examplesSeen() {
        return audit.count(EventOutcome.ACCEPTED);
    }
}
