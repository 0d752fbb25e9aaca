package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.ingest.PartitionTally;
import io.freshet.learn.drift.DriftMonitorState;
import org.jspecify.annotations.Nullable;

/**
 * The state of one model in Flink's keyed state, without its large arrays ({@link ModelChunks}) and
 * its pending examples.
 *
 * <p>Written by Flink's POJO serializer: a later release may add components, but not rename any.
 *
 * @param classes class names by index, which may be followed by further ones in the configuration;
 *     where classes are open, those that have been seen, also in pending examples only
 * @param deadline processing time at which the incomplete mini-batch is closed, in milliseconds
 *     since 1970-01-01T00:00Z; {@link Long#MAX_VALUE} for never
 * @param publishedVersion the newest published version; -1 before the first
 * @param timestamp latest event time of the examples trained on
 * @param audit counts and digests of the model's events by outcome
 * @param offsets last offset of each partition of which an example was trained on
 * @param model state of the learner; null before the first example
 * @param drift state of drift detection; null without any
 * @param successor state of the learner that was started at a warning; null if there is none
 * @param partitions events of the model that were read, by partition; null in states that were
 *     written before there were any
 * @param missing number of missing values of each feature; null while there are none
 * @param rounded number of values of each feature that one float does not hold; null while there
 *     are none
 * @param encoding encoding of the features; null in states that were written before there was more
 *     than one
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelState(
        String[] classes,
        long deadline,
        long publishedVersion,
        long timestamp,
        Audit audit,
        PartitionOffset[] offsets,
        @Nullable LearnerStateHeader model,
        @Nullable DriftMonitorState drift,
        @Nullable LearnerStateHeader successor,
        PartitionTally @Nullable [] partitions,
        long @Nullable [] missing,
        FeatureCount @Nullable [] rounded,
        @Nullable String encoding) {}
