package io.freshet.publish;

import io.freshet.ingest.EventOutcome;
import io.freshet.learn.ModelProgress;
import io.freshet.schemas.Audit;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ExpertCombination;
import io.freshet.schemas.PartitionAudit;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.Tally;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Conversion of a model's progress to the Avro records that several events share. */
final class ProgressFields {
    private ProgressFields() {}

    static @Nullable Instant timestamp(ModelProgress progress) {
        return progress.timestamp() == ModelProgress.NO_TIMESTAMP
                ? null
                : Instant.ofEpochMilli(progress.timestamp());
    }

    static Audit audit(io.freshet.ingest.Audit audit) {
        return new Audit(
                tally(audit, EventOutcome.ACCEPTED),
                tally(audit, EventOutcome.UNLABELLED),
                tally(audit, EventOutcome.IGNORED),
                tally(audit, EventOutcome.DEAD_LETTER));
    }

    static Tally tally(io.freshet.ingest.Audit audit, EventOutcome outcome) {
        return new Tally(audit.count(outcome), audit.digest(outcome));
    }

    static List<PartitionOffset> offsets(ModelProgress progress) {
        return Arrays.stream(progress.offsets()).map(ProgressFields::offset).toList();
    }

    static List<PartitionAudit> partitions(ModelProgress progress, JobIdentity job) {
        return Arrays.stream(progress.partitions())
                .map(
                        partition ->
                                new PartitionAudit(
                                        partition.topic(),
                                        job.topicId(partition.topic()),
                                        partition.partition(),
                                        partition.firstOffset(),
                                        partition.lastOffset(),
                                        new Tally(partition.count(), partition.digest())))
                .toList();
    }

    static PartitionOffset offset(io.freshet.learn.PartitionOffset offset) {
        return new PartitionOffset(offset.topic(), offset.partition(), offset.offset());
    }

    static List<Expert> experts(ModelProgress progress) {
        return Arrays.stream(progress.experts())
                .map(
                        expert ->
                                new Expert(
                                        expert.name(),
                                        Double.isNaN(expert.learningRate())
                                                ? null
                                                : expert.learningRate(),
                                        expert.weight(),
                                        expert.restarts(),
                                        finite(expert.stackWeight()),
                                        finite(expert.correctionWeight()),
                                        finite(expert.loss())))
                .toList();
    }

    static List<ExpertCombination> combinations(ModelProgress progress) {
        return Arrays.stream(progress.combinations())
                .map(
                        combination ->
                                new ExpertCombination(
                                        combination.name(),
                                        combination.weight(),
                                        finite(combination.loss())))
                .toList();
    }

    /** Returns a value, or null if it is NaN or infinite. */
    static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
