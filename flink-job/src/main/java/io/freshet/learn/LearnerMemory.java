package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.model.LearnerCounters;

/**
 * What a learner keeps in state beside the large arrays of its parameters and the rows of an open
 * mini-batch.
 *
 * <p>Flink's POJO serializer writes it: a later release may add components, and none may be
 * renamed.
 *
 * @param classes class names by index, so that a restore with others is noticed
 * @param numParameters parameters in state; 0 if none were ever needed, as in a model of dead
 *     letters only
 * @param numVelocities values of the velocity in state: as many, or 0
 * @param numGoodParameters last good parameters in state: as many, or 0
 * @param numBaselineCounts counts of the baselines in state
 * @param deadline when the open mini-batch is to be closed, processing time in milliseconds since
 *     1970-01-01T00:00Z; the largest long for never
 * @param publishedVersion the newest version published; -1 before the first
 * @param timestamp latest event time among the examples trained on
 * @param audit counts and digests by fate
 * @param offsets last offset of each partition whose event is among the examples trained on
 * @param counters what the learner counted
 * @param weights what the mixture weighs
 * @param restarts times that each learning rate started anew
 * @param lastLabel the newest label, for the baselines
 * @param goodWeights the mixture's weights beside the last good parameters
 * @param scalerCount examples seen by the scaler
 * @param scalerMean mean by feature
 * @param scalerSquaredDeviations sum of squared deviations from the mean, by feature
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LearnerMemory(
        String[] classes,
        int numParameters,
        int numVelocities,
        int numGoodParameters,
        int numBaselineCounts,
        long deadline,
        long publishedVersion,
        long timestamp,
        Audit audit,
        PartitionOffset[] offsets,
        LearnerCounters counters,
        double[] weights,
        long[] restarts,
        int lastLabel,
        double[] goodWeights,
        long scalerCount,
        double[] scalerMean,
        double[] scalerSquaredDeviations) {}
