package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ingest.EventHash;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopicAuditTest {
    private static final String TOPIC = "labelled-events";
    private static final Scores NONE =
            new Scores(
                    0L, 0.0, null, null, null, null, null, null, null, null, null, null, null,
                    null);

    private final EventHash hash = new EventHash();
    private final TopicAudit audit = new TopicAudit();

    /**
     * Creates the records of a topic with offsets 0 to 4 accepted, 5 unlabelled, 6 ignored, and 7 a
     * dead letter without a model.
     */
    @BeforeEach
    void readInput() {
        for (int offset = 0; offset < 8; offset++) {
            audit.input(TOPIC, 0, offset);
        }
    }

    private Tally tally(long... offsets) {
        long digest = 0;
        for (long offset : offsets) {
            digest += hash.of(TOPIC, 0, offset);
        }
        return new Tally((long) offsets.length, digest);
    }

    private void metrics(
            String modelId, long sequence, Tally accepted, Tally unlabelled, Tally dead) {
        metrics(modelId, sequence, null, accepted, unlabelled, dead);
    }

    private void metrics(
            String modelId,
            long sequence,
            @Nullable Long attempt,
            Tally accepted,
            Tally unlabelled,
            Tally dead) {
        audit.metrics(
                MetricsEvent.newBuilder()
                        .setModelId(modelId)
                        .setSequence(sequence)
                        .setAttempt(attempt)
                        .setTimestamp(null)
                        .setModelVersion(1)
                        .setExamplesSeen(accepted.getCount())
                        .setAudit(
                                new io.freshet.schemas.Audit(
                                        accepted,
                                        unlabelled,
                                        modelId.isEmpty() ? tally() : tally(6),
                                        dead))
                        .setIgnoredByReason(Map.of())
                        .setDeadLettersByReason(Map.of())
                        .setOffsets(List.of())
                        .setWindowSize(1)
                        .setRolling(NONE)
                        .setPrequential(NONE)
                        .setLearningRate(0.1)
                        .setSkippedSteps(0)
                        .build());
    }

    private void prediction(long offset) {
        audit.prediction(
                PredictionEvent.newBuilder()
                        .setModelId("m")
                        .setId("id")
                        .setTimestamp(Instant.EPOCH)
                        .setSource(new PartitionOffset(TOPIC, 0, offset))
                        .setModelVersion(1)
                        .setPredictedClass(0)
                        .setPredictedLabel("a")
                        .setProbabilities(List.of(1f))
                        .build());
    }

    private void deadLetter(long offset) {
        audit.deadLetter(
                DeadLetterEvent.newBuilder()
                        .setTopic(TOPIC)
                        .setPartition(0)
                        .setOffset(offset)
                        .setTimestamp(Instant.EPOCH)
                        .setKey(null)
                        .setValue(null)
                        .setHeaders(List.of())
                        .setModelId("")
                        .setReason("NULL_VALUE")
                        .setDetail("none")
                        .build());
    }

    private List<String> failed() {
        return audit.checks().stream()
                .filter(check -> !check.holds())
                .map(TopicAudit.Check::name)
                .toList();
    }

    @Test
    void completeRun_passes() {
        metrics("m", 0, tally(0, 1), tally(), tally());
        metrics("m", 1, tally(0, 1, 2, 3, 4), tally(5), tally());
        metrics("", 0, tally(), tally(), tally(7));
        prediction(5);
        deadLetter(7);

        assertThat(failed()).isEmpty();
        assertThat(audit.holds()).isTrue();
        assertThat(audit.events()).isEqualTo(8);
        assertThat(audit.accepted().count()).isEqualTo(5);
    }

    @Test
    void lostExample_isDetected() {
        metrics("m", 0, tally(0, 1, 2, 3), tally(5), tally());
        metrics("", 0, tally(), tally(), tally(7));
        prediction(5);
        deadLetter(7);

        assertThat(failed())
                .containsExactly(
                        "every event is accounted for", "every event is counted once (digest)");
    }

    @Test
    void exampleTrainedOnTwiceInsteadOfAnother_isDetected() {
        metrics("m", 0, tally(0, 1, 2, 3, 3), tally(5), tally());
        metrics("", 0, tally(), tally(), tally(7));
        prediction(5);
        deadLetter(7);

        assertThat(failed()).containsExactly("every event is counted once (digest)");
    }

    @Test
    void missingPredictionAndExtraDeadLetter_areDetected() {
        metrics("m", 0, tally(0, 1, 2, 3, 4), tally(5), tally());
        metrics("", 0, tally(), tally(), tally(7));
        deadLetter(6);

        assertThat(failed())
                .containsExactly("every dead letter is published", "every prediction is published");
    }

    @Test
    void gapInTheSequence_isDetected() {
        metrics("m", 0, tally(0, 1), tally(), tally());
        metrics("m", 2, tally(0, 1, 2, 3, 4), tally(5), tally());
        metrics("", 0, tally(), tally(), tally(7));
        prediction(5);
        deadLetter(7);

        assertThat(failed()).containsExactly("the metrics sequence is complete");
    }

    @Test
    void repeatedRecordsWithAHigherAttempt_replaceTheOthers() {
        metrics("m", 0, 7L, tally(0, 1), tally(), tally());
        metrics("m", 1, 7L, tally(0, 1, 2, 3), tally(), tally());
        metrics("m", 2, 7L, tally(0, 1, 2, 3, 4), tally(5), tally());
        metrics("m", 1, 8L, tally(0, 1, 2), tally(), tally());
        metrics("m", 2, 8L, tally(0, 1, 2, 3, 4), tally(5), tally());
        metrics("", 0, 7L, tally(), tally(), tally(7));
        prediction(5);
        deadLetter(7);

        assertThat(failed()).isEmpty();
    }

    @Test
    void repeatedRecordsWithTheSameAttempt_areDetected() {
        metrics("m", 0, 7L, tally(0, 1), tally(), tally());
        metrics("m", 0, 7L, tally(0, 1, 2, 3, 4), tally(5), tally());
        metrics("", 0, 7L, tally(), tally(), tally(7));
        prediction(5);
        deadLetter(7);

        assertThat(failed()).containsExactly("the metrics sequence is complete");
    }
}
