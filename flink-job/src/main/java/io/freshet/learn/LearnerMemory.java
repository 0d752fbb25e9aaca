package io.freshet.learn;

import io.freshet.ingest.Audit;

/**
 * What a learner keeps in state beside its parameters and the rows of an open mini-batch.
 *
 * <p>Flink's POJO serializer writes it: a later release may add components, and none may be
 * renamed.
 *
 * @param classes class names by index, so that a restore with others is noticed
 * @param numParameters parameters in state; 0 if none were ever needed, as in a model of dead
 *     letters only
 * @param modelVersion changes of the parameters so far
 * @param publishedVersion the newest version published; -1 before the first
 * @param skippedSteps steps not taken because something was not finite
 * @param timestamp latest event time among the examples trained on
 * @param audit counts and digests by fate
 * @param offsets last offset of each partition whose event is among the examples trained on
 * @param scalerCount examples seen by the scaler
 * @param scalerMean mean by feature
 * @param scalerSquaredDeviations sum of squared deviations from the mean, by feature
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LearnerMemory(
        String[] classes,
        int numParameters,
        long modelVersion,
        long publishedVersion,
        long skippedSteps,
        long timestamp,
        Audit audit,
        PartitionOffset[] offsets,
        long scalerCount,
        double[] scalerMean,
        double[] scalerSquaredDeviations) {}
