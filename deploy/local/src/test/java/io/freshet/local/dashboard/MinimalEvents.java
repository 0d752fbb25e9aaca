package io.freshet.local.dashboard;

import io.freshet.schemas.Audit;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Events with only the required fields. */
final class MinimalEvents {
    private static final Tally NONE = new Tally(0L, -1L);
    private static final Audit NOTHING = new Audit(NONE, NONE, NONE, NONE);

    private MinimalEvents() {}

    /**
     * Returns the metrics record with a sequence number, after 100 examples for each record so far.
     */
    static MetricsEvent.Builder metrics(String modelId, long sequence, @Nullable Double loss) {
        Scores scores =
                new Scores(
                        100L, 100.0, loss, 0.5, null, null, null, null, null, null, null, null,
                        null, null);
        return MetricsEvent.newBuilder()
                .setModelId(modelId)
                .setSequence(sequence)
                .setTimestamp(null)
                .setModelVersion(0)
                .setExamplesSeen((sequence + 1) * 100)
                .setAudit(NOTHING)
                .setIgnoredByReason(Map.of())
                .setDeadLettersByReason(Map.of())
                .setOffsets(List.of())
                .setWindowSize(100)
                .setRolling(scores)
                .setPrequential(scores)
                .setLearningRate(0.1)
                .setSkippedSteps(0)
                .setExperts(List.of(new Expert("rate 0.1", 0.1, 1.0, 0L, null, null, null)));
    }

    static DriftAlertEvent alert(String modelId, long sequence, long examples) {
        return DriftAlertEvent.newBuilder()
                .setModelId(modelId)
                .setSequence(sequence)
                .setTimestamp(Instant.EPOCH)
                .setDetector("ddm")
                .setExamplesSeen(examples)
                .setModelVersion(examples)
                .setStatistic(2)
                .setThreshold(1)
                .build();
    }

    static ModelSnapshotEvent snapshot(String modelId, long version) {
        return ModelSnapshotEvent.newBuilder()
                .setModelId(modelId)
                .setModelVersion(version)
                .setTimestamp(null)
                .setChunk(0)
                .setChunks(1)
                .setContentHash("abc")
                .setNumFeatures(1)
                .setClasses(List.of("a", "b"))
                .setParameterOffset(0)
                .setParameters(List.of())
                .setScaler(null)
                .setProvenance(
                        new Provenance("1", version, NOTHING, List.of(), Map.of(), List.of()))
                .build();
    }
}
