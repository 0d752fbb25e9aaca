package io.freshet.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.Messages;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.Prediction;
import io.freshet.pipeline.JobConfig;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.co.CoBroadcastWithNonKeyedOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.TwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class ScoreFunctionTest {
    private static final int FEATURES = 2;

    private static JobConfig config(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "localhost:9092");
        values.put("topics.feature-events", "feature-events");
        values.put("num-features", Integer.toString(FEATURES));
        values.put("classes", "no,yes");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        return JobConfig.parse(values);
    }

    /** The function in a harness, with what it has emitted. */
    private static final class Scoring implements AutoCloseable {
        private final TwoInputStreamOperatorTestHarness<RawMessage, RawMessage, Prediction> harness;

        Scoring(JobConfig config) throws Exception {
            this(config, null, null);
        }

        Scoring(JobConfig config, OperatorSubtaskState restored) throws Exception {
            this(config, restored, null);
        }

        Scoring(JobConfig config, OperatorSubtaskState restored, InitialModels initial)
                throws Exception {
            harness =
                    new TwoInputStreamOperatorTestHarness<>(
                            new CoBroadcastWithNonKeyedOperator<>(
                                    new ScoreFunction(
                                            config.ingest(), config.score(), text -> text, initial),
                                    List.of(ScoreFunction.SNAPSHOTS)));
            harness.setup();
            if (restored != null) {
                harness.initializeState(restored);
            }
            harness.open();
        }

        void event(RawMessage message) throws Exception {
            harness.processElement1(new StreamRecord<>(message));
        }

        void event(long offset, String model, float... features) throws Exception {
            event(Messages.message(offset, Messages.event(model, offset, null, features)));
        }

        void publish(ModelSnapshotEvent... records) throws Exception {
            for (ModelSnapshotEvent record : records) {
                ByteBuffer encoded = record.toByteBuffer();
                byte[] value = new byte[encoded.remaining()];
                encoded.get(value);
                harness.processElement2(new StreamRecord<>(Messages.message(0, value)));
            }
        }

        List<Prediction> predictions() {
            List<Prediction> predictions = new ArrayList<>();
            for (Object element : harness.getOutput()) {
                @SuppressWarnings("unchecked")
                StreamRecord<Prediction> record = (StreamRecord<Prediction>) element;
                predictions.add(record.getValue());
            }
            return predictions;
        }

        List<DeadLetter> deadLetters() {
            var letters = harness.getSideOutput(ScoreFunction.DEAD_LETTERS);
            return letters == null
                    ? List.of()
                    : letters.stream().map(StreamRecord::getValue).toList();
        }

        OperatorSubtaskState snapshot() throws Exception {
            return harness.snapshot(1, 1);
        }

        @Override
        public void close() throws IOException {
            try {
                harness.close();
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    /**
     * Snapshot of a model of two classes, in two records: the logit of the second class is {@code
     * weight x₀ + 1}, that of the first 0.
     */
    private static ModelSnapshotEvent[] snapshot(String model, long version, float weight)
            throws Exception {
        float[] parameters = {0, weight, 0, 0, 0, 1};
        ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (float parameter : parameters) {
            bytes.putFloat(parameter);
        }
        String hash =
                HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        ModelSnapshotEvent[] records = new ModelSnapshotEvent[2];
        for (int chunk = 0; chunk < 2; chunk++) {
            records[chunk] =
                    ModelSnapshotEvent.newBuilder()
                            .setModelId(model)
                            .setModelVersion(version)
                            .setTimestamp(null)
                            .setChunk(chunk)
                            .setChunks(2)
                            .setContentHash(hash)
                            .setNumFeatures(FEATURES)
                            .setClasses(chunk == 0 ? List.of("no", "yes") : List.of())
                            .setParameterOffset(3 * chunk)
                            .setParameters(
                                    List.of(
                                            parameters[3 * chunk],
                                            parameters[3 * chunk + 1],
                                            parameters[3 * chunk + 2]))
                            .setScaler(null)
                            .setProvenance(null)
                            .build();
        }
        return records;
    }

    private static double sigmoid(double logit) {
        return 1 / (1 + Math.exp(-logit));
    }

    @Test
    void event_isPredictedByTheNewestVersion() throws Exception {
        try (Scoring scoring = new Scoring(config())) {
            scoring.publish(snapshot("m", 1, 2));
            scoring.event(5, "m", 0.5f, 9);
            scoring.publish(snapshot("m", 2, -3));
            scoring.event(6, "m", 0.5f, 9);

            List<Prediction> predictions = scoring.predictions();
            assertThat(predictions).hasSize(2);
            Prediction first = predictions.get(0);
            assertThat(first.modelVersion()).isEqualTo(1);
            assertThat((double) first.probabilities()[1]).isCloseTo(sigmoid(2), within(1e-6));
            assertThat(first.predictedClass()).isEqualTo(1);
            assertThat(first.classes()).containsExactly("no", "yes");
            assertThat(first.id()).isEqualTo("event-5");
            assertThat(first.source().offset()).isEqualTo(5);
            assertThat(first.timestamp()).isEqualTo(5);
            assertThat(first.label()).isEqualTo(Prediction.UNLABELLED);
            Prediction second = predictions.get(1);
            assertThat(second.modelVersion()).isEqualTo(2);
            assertThat((double) second.probabilities()[1]).isCloseTo(sigmoid(-0.5), within(1e-6));
            assertThat(second.predictedClass()).isZero();
        }
    }

    @Test
    void halfASnapshot_changesNothing() throws Exception {
        try (Scoring scoring = new Scoring(config())) {
            scoring.publish(snapshot("m", 1, 2));
            scoring.publish(snapshot("m", 2, -3)[0]);
            scoring.event(6, "m", 0.5f, 9);
            assertThat(scoring.predictions().get(0).modelVersion()).isEqualTo(1);
        }
    }

    @Test
    void labelOfAnEvent_isNotUsed() throws Exception {
        LabelledEvent event = Messages.event("m", 3, 1, 0, 0);
        event.setWeight(0);
        try (Scoring scoring = new Scoring(config())) {
            scoring.publish(snapshot("m", 1, 2));
            scoring.event(Messages.message(3, event));
            assertThat(scoring.predictions()).hasSize(1);
            assertThat(scoring.predictions().get(0).id()).isEqualTo("event-3");
            assertThat(scoring.predictions().get(0).label()).isEqualTo(Prediction.UNLABELLED);
        }
    }

    @Test
    void eventsOfAnUnknownModel_wait_throughARestore() throws Exception {
        OperatorSubtaskState state;
        try (Scoring scoring = new Scoring(config())) {
            scoring.publish(snapshot("other", 1, 2));
            scoring.event(1, "m", 1, 0);
            scoring.event(2, "other", 1, 0);
            scoring.event(3, "m", 2, 0);
            assertThat(scoring.predictions()).hasSize(1);
            state = scoring.snapshot();
        }
        try (Scoring scoring = new Scoring(config(), state)) {
            // The other model is in state.
            scoring.event(4, "other", 1, 0);
            assertThat(scoring.predictions()).hasSize(1);
            assertThat(scoring.predictions().get(0).modelVersion()).isEqualTo(1);
            scoring.publish(snapshot("m", 9, 1));
            assertThat(scoring.predictions())
                    .extracting(prediction -> prediction.source().offset())
                    .containsExactly(4L, 1L, 3L);
            assertThat(scoring.predictions().get(2).modelVersion()).isEqualTo(9);
        }
    }

    @Test
    void restoredJob_hasTheNewestVersionOnly() throws Exception {
        OperatorSubtaskState state;
        try (Scoring scoring = new Scoring(config())) {
            for (long version = 1; version <= 5; version++) {
                scoring.publish(snapshot("m", version, (float) version));
            }
            state = scoring.snapshot();
        }
        try (Scoring scoring = new Scoring(config(), state)) {
            scoring.event(4, "m", 1, 0);
            assertThat(scoring.predictions().get(0).modelVersion()).isEqualTo(5);
        }
    }

    @Test
    void moreWaitingEventsThanAllowed_areDeadLetters() throws Exception {
        try (Scoring scoring = new Scoring(config("score.max-waiting", "2"))) {
            for (long offset = 0; offset < 3; offset++) {
                scoring.event(offset, "m", 1, 0);
            }
            assertThat(scoring.deadLetters()).hasSize(1);
            DeadLetter letter = scoring.deadLetters().get(0);
            assertThat(letter.reason()).isEqualTo(DeadLetterReason.UNKNOWN_MODEL);
            assertThat(letter.message().offset()).isEqualTo(2);
            assertThat(letter.detail())
                    .isEqualTo(
                            "no version of the model has been published, and 2 events wait"
                                    + " already (score.max-waiting)");
            scoring.publish(snapshot("m", 1, 1));
            assertThat(scoring.predictions()).hasSize(2);
            scoring.event(4, "n", 1, 0);
            assertThat(scoring.deadLetters()).hasSize(1);
        }
    }

    @Test
    void eventOfAnUnknownModel_isADeadLetter_ifSoConfigured() throws Exception {
        try (Scoring scoring = new Scoring(config("score.unknown-model", "dead-letter"))) {
            scoring.event(7, "m", 1, 0);
            DeadLetter letter = scoring.deadLetters().get(0);
            assertThat(letter.reason()).isEqualTo(DeadLetterReason.UNKNOWN_MODEL);
            assertThat(letter.modelId()).isEqualTo("m");
            assertThat(letter.message().value()).isNotEmpty();
            assertThat(scoring.predictions()).isEmpty();
        }
    }

    @Test
    void eventOfAnUnknownModel_isAnsweredUniformly_ifSoConfigured() throws Exception {
        try (Scoring scoring = new Scoring(config("score.unknown-model", "uniform"))) {
            scoring.event(7, "m", 1, 0);
            Prediction prediction = scoring.predictions().get(0);
            assertThat(prediction.modelVersion()).isZero();
            assertThat(prediction.probabilities()).containsExactly(0.5f, 0.5f);
            assertThat(prediction.predictedClass()).isZero();
        }
    }

    @Test
    void invalidEvent_isADeadLetter() throws Exception {
        try (Scoring scoring = new Scoring(config())) {
            scoring.publish(snapshot("m", 1, 2));
            scoring.event(Messages.message(1, new byte[] {1, 2, 3}));
            scoring.event(2, "m", 1);
            scoring.event(3, "m", Float.NaN, 0);
            assertThat(scoring.deadLetters())
                    .extracting(DeadLetter::reason)
                    .containsExactly(
                            DeadLetterReason.NOT_SINGLE_OBJECT,
                            DeadLetterReason.WRONG_NUM_FEATURES,
                            DeadLetterReason.NON_FINITE_FEATURE);
            assertThat(scoring.predictions()).isEmpty();
        }
    }

    @Test
    void missingValue_thatTheModelDoesNotAccept_isADeadLetter() throws Exception {
        try (Scoring scoring = new Scoring(config("features.missing", "mean"))) {
            scoring.publish(snapshot("m", 1, 2));
            scoring.event(3, "m", Float.NaN, 0);
            assertThat(scoring.deadLetters())
                    .extracting(DeadLetter::detail)
                    .containsExactly("feature 0 is NaN");
        }
    }

    @Test
    void snapshotThatCannotBeUsed_leavesTheVersionBefore() throws Exception {
        try (Scoring scoring = new Scoring(config())) {
            scoring.publish(snapshot("m", 1, 2));
            ModelSnapshotEvent[] wider = snapshot("m", 2, 2);
            wider[0].setNumFeatures(3);
            scoring.publish(wider);
            ModelSnapshotEvent[] wrongHash = snapshot("m", 3, 2);
            wrongHash[1].setParameters(List.of(5f, 5f, 5f));
            scoring.publish(wrongHash);
            scoring.harness.processElement2(
                    new StreamRecord<>(Messages.message(0, new byte[] {1})));
            scoring.harness.processElement2(new StreamRecord<>(Messages.message(0, (byte[]) null)));
            scoring.event(1, "m", 1, 0);
            assertThat(scoring.predictions().get(0).modelVersion()).isEqualTo(1);
            scoring.publish(snapshot("m", 4, 2));
            scoring.event(2, "m", 1, 0);
            assertThat(scoring.predictions().get(1).modelVersion()).isEqualTo(4);
        }
    }

    private static RawMessage message(long offset, ModelSnapshotEvent record) throws IOException {
        ByteBuffer encoded = record.toByteBuffer();
        byte[] value = new byte[encoded.remaining()];
        encoded.get(value);
        return Messages.message(offset, value);
    }

    @Test
    void jobThatReadsModelsFromTheirTopic_beginsWithTheNewest_andReadsNoneTwice() throws Exception {
        List<RawMessage> topic = new ArrayList<>();
        for (long version = 1; version <= 3; version++) {
            for (ModelSnapshotEvent record : snapshot("m", version, (float) version)) {
                topic.add(message(topic.size(), record));
            }
        }
        InitialModels initial =
                records -> {
                    topic.forEach(records);
                    return Map.of(0, 6L);
                };
        try (Scoring scoring = new Scoring(config(), null, initial)) {
            scoring.event(1, "m", 1, 0);
            for (RawMessage record : topic.subList(0, 4)) {
                scoring.harness.processElement2(new StreamRecord<>(record));
            }
            scoring.event(2, "m", 1, 0);
            for (ModelSnapshotEvent record : snapshot("m", 4, 4)) {
                scoring.harness.processElement2(new StreamRecord<>(message(7, record)));
            }
            scoring.event(3, "m", 1, 0);
            assertThat(scoring.predictions())
                    .extracting(Prediction::modelVersion)
                    .containsExactly(3L, 3L, 4L);
        }
    }

    @Test
    void modelOfOtherFeatures_isNotUsed() throws Exception {
        try (Scoring scoring =
                new Scoring(config("num-features", "5", "score.unknown-model", "dead-letter"))) {
            scoring.publish(snapshot("m", 1, 2));
            scoring.event(1, "m", 1, 0, 0, 0, 0);
            assertThat(scoring.deadLetters())
                    .extracting(DeadLetter::reason)
                    .containsExactly(DeadLetterReason.UNKNOWN_MODEL);
        }
    }
}
