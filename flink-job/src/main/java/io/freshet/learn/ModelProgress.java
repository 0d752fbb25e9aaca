package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.PartitionTally;
import io.freshet.learn.drift.DetectorReport;
import java.util.Arrays;
import java.util.List;

/**
 * Progress of a model: its version, counters and position in the input.
 *
 * @param modelVersion number of changes of the parameters
 * @param skippedSteps number of steps skipped because of a non-finite number
 * @param timestamp latest event time among the examples trained on, milliseconds since
 *     1970-01-01T00:00Z; {@link #NO_TIMESTAMP} before the first
 * @param audit number and digest of the events by outcome
 * @param offsets last offset of an example trained on, by partition
 * @param partitions events of the model that were read, by partition
 * @param learningRate current learning rate; of a mixture, the mean of its learning rates weighted
 *     by their experts' weights, without the baselines
 * @param experts experts of the mixture: one per learning rate, in their order, then the baselines;
 *     for a fixed learning rate, one expert of weight 1
 * @param combinations the ways in which an ensemble combines its experts; empty without one
 * @param rollBacks number of times that the last good parameters were restored
 * @param gradientNorm Euclidean norm of the last mini-batch's mean gradient, for the learning rate
 *     with the largest weight; NaN before the first step
 * @param parameterNorm Euclidean norm of that learning rate's parameters, bias included
 * @param alerts number of drift alerts
 * @param clipped values that the scaler clipped in examples trained on
 * @param missing values that were missing in examples, with or without a label
 * @param rounded values in examples, with or without a label, that one float does not hold
 * @param columns number of columns of a sparse model that have parameters; 0 for a dense model
 * @param detectors status of each drift detector
 * @param device name of the device on which the model learns, such as {@code CPU}
 * @param openClasses names of the model's classes by index, where classes are open; empty if the
 *     classes are as configured
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelProgress(
        long modelVersion,
        long skippedSteps,
        long timestamp,
        Audit audit,
        PartitionOffset[] offsets,
        PartitionTally[] partitions,
        double learningRate,
        Expert[] experts,
        ExpertCombination[] combinations,
        long rollBacks,
        double gradientNorm,
        double parameterNorm,
        long alerts,
        FeatureCounts clipped,
        FeatureCounts missing,
        FeatureCounts rounded,
        int columns,
        DetectorReport[] detectors,
        String device,
        String[] openClasses) {
    /** Timestamp of a model that has not been trained on any example. */
    public static final long NO_TIMESTAMP = Long.MIN_VALUE;

    /**
     * Returns the names of the model's classes by index.
     *
     * @param configured class names of the configuration; empty if classes are open
     */
    public List<String> classes(List<String> configured) {
        return configured.isEmpty() ? Arrays.asList(openClasses) : configured;
    }

    /** Returns the number of examples trained on. */
    public long examplesSeen() {
        return audit.count(EventOutcome.ACCEPTED);
    }
}
