package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.learn.drift.DriftMonitorState;
import org.jspecify.annotations.Nullable;

/**
 * What a learner keeps in state beside the large arrays of its parameters and the rows of an open
 * mini-batch.
 *
 * <p>Flink's POJO serializer writes it: a later release may add components, and none may be
 * renamed.
 *
 * @param classes class names by index, so that a restore with others is noticed
 * @param deadline when the open mini-batch is to be closed, processing time in milliseconds since
 *     1970-01-01T00:00Z; the largest long for never
 * @param publishedVersion the newest version published; -1 before the first
 * @param timestamp latest event time among the examples trained on
 * @param audit counts and digests by fate
 * @param offsets last offset of each partition whose event is among the examples trained on
 * @param model what its learner keeps beside chunks; null if none was ever needed, as in a model of
 *     dead letters only
 * @param drift what the drift detectors keep; null without any
 * @param successor of a learner that was started at a warning; null if there is none
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
        @Nullable LearnerStateHeader successor) {}
