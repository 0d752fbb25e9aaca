package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockSerializer;
import io.freshet.ingest.IngestOperator;
import io.freshet.ingest.Messages;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LearnOperator;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.model.example.ScoredColumns;
import io.freshet.monitor.ConfusionMatrix;
import io.freshet.monitor.MonitorOperator;
import io.freshet.monitor.RollingMetrics;
import io.freshet.monitor.RunningLoss;
import io.freshet.schemas.LabelledEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.assertj.core.api.RecursiveComparisonAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Test that two runs of the operators over one partition give the same results bit for bit if
 * {@code block.max-wait} is off, although events arrive, checkpoints are taken, failures happen and
 * models are evicted at other moments.
 */
@SuppressWarnings("try") // closing a harness may be interrupted
class ReproducibleResultsTest {
    private static final int EVENTS = 3_000;
    private static final int FEATURES = 5;
    private static final int CLASSES = 3;
    private static final List<String> MODELS = List.of("x", "y");

    static Stream<Named<Map<String, String>>> settings() {
        return Stream.of(
                Named.of("defaults", Map.of()),
                Named.of("mini-batches of 32", Map.of("mini-batch.size", "32")),
                Named.of("a mixture of learning rates", Map.of("learner.type", "softmax")),
                Named.of(
                        "mini-batches of 5, momentum, a hand-over",
                        Map.of(
                                "learner.type", "softmax",
                                "mini-batch.size", "5",
                                "training.learning-rate", "0.05",
                                "training.momentum", "0.9",
                                "drift.detector", "ddm",
                                "drift.reaction", "hand-over")),
                Named.of(
                        "the mixture, a hand-over",
                        Map.of(
                                "learner.type", "softmax",
                                "drift.detector", "ddm",
                                "drift.reaction", "hand-over")),
                Named.of(
                        "Adam, a reset",
                        Map.of(
                                "learner.type", "softmax",
                                "training.optimizer", "adam",
                                "training.learning-rate", "0.01",
                                "drift.reaction", "reset-parameters")),
                Named.of(
                        "label experts, a roll-back",
                        Map.of(
                                "training.experts.baselines", "true",
                                "drift.reaction", "roll-back")),
                Named.of(
                        "mini-batches of 7, a hand-over",
                        Map.of(
                                "mini-batch.size", "7",
                                "drift.detector", "ddm",
                                "drift.reaction", "hand-over")),
                Named.of(
                        "an ensemble of sparse features, a roll-back",
                        Map.of(
                                "learner.type", "ensemble",
                                "features.encoding", "sparse",
                                "training.experts.baselines", "true",
                                "drift.reaction", "roll-back")),
                Named.of(
                        "sparse features",
                        Map.of("learner.type", "softmax", "features.encoding", "sparse")),
                Named.of(
                        "sparse features, momentum, decay, a roll-back",
                        Map.of(
                                "learner.type", "softmax",
                                "features.encoding", "sparse",
                                "mini-batch.size", "3",
                                "training.learning-rate", "0.05",
                                "training.momentum", "0.9",
                                "training.weight-decay", "0.001",
                                "drift.reaction", "roll-back")));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void runs_haveTheSameBits_whateverTheMomentsOfArrivalCheckpointsAndFailures(
            Map<String, String> settings) throws Exception {
        List<RawMessage> messages = messages();
        Results expected = runWithoutFailures(settings, "off", messages);
        assertThat(expected.lastMetrics().keySet()).containsAll(MODELS);
        assertThat(expected.alerts).isNotEmpty();
        assertThat(expected.predictions).hasSizeGreaterThan(EVENTS / 20);
        for (EventOutcome outcome : EventOutcome.values()) {
            long count = 0;
            for (RollingMetrics metrics : expected.lastMetrics().values()) {
                count += metrics.progress().audit().count(outcome);
            }
            assertThat(count).as(outcome.name()).isPositive();
        }

        Results checkpointed = runWithCheckpoints(settings, "off", messages, false);
        assertSameResults(checkpointed, expected);
        comparing(checkpointed.lastSnapshots()).isEqualTo(expected.lastSnapshots());
        comparing(checkpointed.lastMetrics()).isEqualTo(expected.lastMetrics());

        Results restored = runWithCheckpoints(settings, "off", messages, true);
        assertSameResults(restored, expected);
        // A restored learner has no gradient before its next step.
        comparing(restored.lastSnapshots())
                .ignoringFieldsMatchingRegexes(".*gradientNorm")
                .isEqualTo(expected.lastSnapshots());
        comparing(restored.lastMetrics())
                .ignoringFieldsMatchingRegexes(".*gradientNorm")
                .isEqualTo(expected.lastMetrics());
    }

    private static void assertSameResults(Results actual, Results expected) {
        assertThat(actual.scored).isEqualTo(expected.scored);
        assertThat(actual.miniBatchLosses).isEqualTo(expected.miniBatchLosses);
        comparing(Results.byModel(actual.predictions, Prediction::modelId))
                .isEqualTo(Results.byModel(expected.predictions, Prediction::modelId));
        comparing(Results.byModel(actual.alerts, DriftAlert::modelId))
                .isEqualTo(Results.byModel(expected.alerts, DriftAlert::modelId));
        assertSameFiguresAfterTheSameExamples(actual, expected);
    }

    @ParameterizedTest
    @MethodSource("defaults")
    void runsWithAMaximumWait_differByRounding(Map<String, String> settings) throws Exception {
        List<RawMessage> messages = messages();
        Results one = runWithoutFailures(settings, "200 ms", messages);
        Results other = runWithCheckpoints(settings, "200 ms", messages, true);

        assertThat(one.lastSnapshots().get("x").parameters())
                .isNotEqualTo(other.lastSnapshots().get("x").parameters())
                .usingComparatorWithPrecision(1e-2f)
                .containsExactly(other.lastSnapshots().get("x").parameters());
        assertThat(one.scored).isNotEqualTo(other.scored);
    }

    static Stream<Named<Map<String, String>>> defaults() {
        return settings().limit(1);
    }

    /** Returns an assertion that compares bits of floating-point numbers. */
    private static RecursiveComparisonAssert<?> comparing(Object actual) {
        return assertThat(actual)
                .usingRecursiveComparison()
                .withComparatorForType(Double::compare, Double.class)
                .withComparatorForType(Float::compare, Float.class);
    }

    /** Compares records with the same number of examples; each run emits some others, too. */
    private static void assertSameFiguresAfterTheSameExamples(Results actual, Results expected) {
        Map<String, RollingMetrics> byExamples = new HashMap<>();
        for (RollingMetrics metrics : expected.metrics) {
            byExamples.put(metrics.modelId() + metrics.progress().examplesSeen(), metrics);
        }
        int compared = 0;
        for (RollingMetrics metrics : actual.metrics) {
            RollingMetrics other =
                    byExamples.get(metrics.modelId() + metrics.progress().examplesSeen());
            if (other != null) {
                assertThat(figures(metrics)).isEqualTo(figures(other));
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(10);
    }

    /** Returns the scores and the mixture's weights in a metrics record; equal if all bits are. */
    private static List<@Nullable Object> figures(RollingMetrics metrics) {
        ConfusionMatrix confusion = metrics.confusion();
        return Arrays.asList(
                metrics.rolling(),
                metrics.fading(),
                metrics.prequential(),
                metrics.runningLoss(),
                List.of(metrics.classes()),
                confusion == null ? null : List.of(confusion.cells()),
                List.of(metrics.calibration()),
                List.of(metrics.progress().experts()),
                List.of(metrics.progress().combinations()),
                metrics.progress().parameterNorm());
    }

    /**
     * Returns a seeded stream of two models with a change in the middle. Some events have no label,
     * no weight or a value near the largest float, and some messages are no events.
     */
    private static List<RawMessage> messages() {
        Random random = new Random(17);
        List<RawMessage> messages = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            int label = random.nextInt(CLASSES);
            int shown = i < EVENTS / 2 ? label : (label + 1) % CLASSES;
            float[] features = new float[FEATURES];
            for (int j = 0; j < FEATURES; j++) {
                features[j] =
                        (float) (random.nextGaussian() + (j % CLASSES == shown ? 2 : 0)) * (j + 1);
            }
            if (random.nextInt(300) == 0) {
                features[random.nextInt(FEATURES)] = random.nextBoolean() ? 3e38f : -1e30f;
            }
            String model = MODELS.get(random.nextInt(3) / 2);
            Integer given = random.nextInt(9) == 0 ? null : label;
            LabelledEvent event = Messages.event(model, i, given, features);
            event.setWeight(random.nextInt(40) == 0 ? 0 : 0.5f + random.nextInt(3) * 0.5f);
            messages.add(
                    random.nextInt(60) == 0
                            ? Messages.message(i, new byte[] {1, 2, 3})
                            : Messages.message(i, event));
        }
        return messages;
    }

    private static JobConfig config(
            Map<String, String> settings, String maxWait, int blockSize, int maxModels) {
        Map<String, String> values = new HashMap<>(settings);
        values.put("kafka.bootstrap.servers", "broker:9092");
        values.put("num-features", Integer.toString(FEATURES));
        values.put("classes", Integer.toString(CLASSES));
        values.put("metrics.every", "100");
        values.put("metrics.window-size", "300");
        values.put("block.max-wait", maxWait);
        values.put("block.size", Integer.toString(blockSize));
        values.put("models.max", Integer.toString(maxModels));
        return JobConfig.parse(values);
    }

    private static Results runWithoutFailures(
            Map<String, String> settings, String maxWait, List<RawMessage> messages)
            throws Exception {
        JobConfig config = config(settings, maxWait, 256, 1000);
        try (Operators operators = new Operators(config, new Results(), null)) {
            for (RawMessage message : messages) {
                operators.send(message);
            }
            return operators.end();
        }
    }

    /**
     * Runs with small blocks, and with checkpoints and a clock that advances at random moments.
     *
     * @param failures whether models are evicted, and the operators are restored from the last
     *     checkpoint at random moments
     */
    private static Results runWithCheckpoints(
            Map<String, String> settings,
            String maxWait,
            List<RawMessage> messages,
            boolean failures)
            throws Exception {
        Random random = new Random(5);
        JobConfig config = config(settings, maxWait, 37, failures ? 1 : 1000);
        Checkpoint last = new Checkpoint(0, new Results(), null, null);
        int checkpoints = 0;
        int starts = 0;
        long now = 0;
        while (true) {
            try (Operators operators = new Operators(config, last.results.copy(), last)) {
                starts++;
                int end =
                        failures
                                ? Math.min(EVENTS, last.position + 1 + random.nextInt(EVENTS / 2))
                                : EVENTS;
                for (int at = last.position; at < end; at++) {
                    operators.send(messages.get(at));
                    if (random.nextInt(30) == 0) {
                        now += random.nextInt(300);
                        operators.setTime(now);
                    }
                    if (random.nextInt(200) == 0) {
                        last = operators.checkpoint(++checkpoints, at + 1);
                    }
                }
                if (end == EVENTS) {
                    assertThat(checkpoints).isGreaterThan(5);
                    assertThat(starts > 2).isEqualTo(failures);
                    return operators.end();
                }
            }
        }
    }

    /** Published results, in their order. */
    private static final class Results {
        final Map<String, List<ScoredRow>> scored = new TreeMap<>();
        final Map<String, List<Double>> miniBatchLosses = new TreeMap<>();
        final List<Prediction> predictions = new ArrayList<>();
        final List<DriftAlert> alerts = new ArrayList<>();
        final List<ModelSnapshot> snapshots = new ArrayList<>();
        final List<RollingMetrics> metrics = new ArrayList<>();

        Results copy() {
            Results copy = new Results();
            scored.forEach((model, rows) -> copy.scored.put(model, new ArrayList<>(rows)));
            miniBatchLosses.forEach(
                    (model, losses) -> copy.miniBatchLosses.put(model, new ArrayList<>(losses)));
            copy.predictions.addAll(predictions);
            copy.alerts.addAll(alerts);
            copy.snapshots.addAll(snapshots);
            copy.metrics.addAll(metrics);
            return copy;
        }

        void add(BlockEvaluation evaluation) {
            List<ScoredRow> rows =
                    scored.computeIfAbsent(evaluation.modelId(), id -> new ArrayList<>());
            for (int row = 0; row < evaluation.scored().length(); row++) {
                rows.add(ScoredRow.of(evaluation.scored(), row));
            }
            List<Double> losses =
                    miniBatchLosses.computeIfAbsent(evaluation.modelId(), id -> new ArrayList<>());
            for (double loss : evaluation.miniBatchLosses()) {
                losses.add(loss);
            }
        }

        static <T> Map<String, List<T>> byModel(List<T> results, Function<T, String> modelId) {
            Map<String, List<T>> byModel = new TreeMap<>();
            for (T result : results) {
                byModel.computeIfAbsent(modelId.apply(result), id -> new ArrayList<>()).add(result);
            }
            return byModel;
        }

        Map<String, ModelSnapshot> lastSnapshots() {
            Map<String, ModelSnapshot> last = new TreeMap<>();
            snapshots.forEach(snapshot -> last.put(snapshot.modelId(), snapshot));
            return last;
        }

        /**
         * Returns the last record of each model, without what depends on the clock, and with the
         * running losses of all records.
         */
        Map<String, RollingMetrics> lastMetrics() {
            Map<String, RollingMetrics> last = new TreeMap<>();
            Map<String, List<RunningLoss>> runningLosses = new TreeMap<>();
            for (RollingMetrics record : metrics) {
                List<RunningLoss> ofModel =
                        runningLosses.computeIfAbsent(record.modelId(), id -> new ArrayList<>());
                ofModel.addAll(List.of(record.runningLosses()));
                last.put(
                        record.modelId(),
                        new RollingMetrics(
                                record.modelId(),
                                0,
                                null,
                                0,
                                null,
                                record.progress(),
                                record.rolling(),
                                record.fading(),
                                record.prequential(),
                                record.runningLoss(),
                                ofModel.toArray(RunningLoss[]::new),
                                record.classes(),
                                record.otherClasses(),
                                record.confusion(),
                                record.calibration(),
                                record.averageConfidence(),
                                record.averageConfidenceEvents()));
            }
            return last;
        }
    }

    /** The columns of one scored example; equal if all bits are. */
    private record ScoredRow(
            int label,
            float weight,
            float loss,
            int predictedClass,
            float confidence,
            float brier,
            int rank) {
        static ScoredRow of(ScoredColumns columns, int row) {
            return new ScoredRow(
                    columns.labels()[row],
                    columns.weights()[row],
                    columns.losses()[row],
                    columns.predictedClasses()[row],
                    columns.confidences()[row],
                    columns.briers()[row],
                    columns.ranks()[row]);
        }
    }

    /** State of the operators, the position in the input, and the results until then. */
    private record Checkpoint(
            int position,
            Results results,
            @Nullable OperatorSubtaskState learn,
            @Nullable OperatorSubtaskState monitor) {}

    /** The operators from ingest to monitor, one after the other. */
    private static final class Operators implements AutoCloseable {
        private final Results results;
        private final OneInputStreamOperatorTestHarness<RawMessage, ExampleBlock> ingest;
        private final KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation>
                learn;
        private final KeyedOneInputStreamOperatorTestHarness<
                        String, BlockEvaluation, RollingMetrics>
                monitor;

        Operators(JobConfig config, Results results, @Nullable Checkpoint checkpoint)
                throws Exception {
            this.results = results;
            ingest =
                    new OneInputStreamOperatorTestHarness<>(
                            new IngestOperator(config.ingest(), text -> text));
            learn =
                    new KeyedOneInputStreamOperatorTestHarness<>(
                            new LearnOperator(config.learn()), ExampleBlock::modelId, Types.STRING);
            monitor =
                    new KeyedOneInputStreamOperatorTestHarness<>(
                            new MonitorOperator(config.monitor()),
                            BlockEvaluation::modelId,
                            Types.STRING);
            ingest.setup(new ExampleBlockSerializer());
            ingest.open();
            open(learn, checkpoint == null ? null : checkpoint.learn);
            open(monitor, checkpoint == null ? null : checkpoint.monitor);
        }

        private static void open(
                AbstractStreamOperatorTestHarness<?> harness, @Nullable OperatorSubtaskState state)
                throws Exception {
            harness.setup();
            if (state != null) {
                harness.initializeState(state);
            }
            harness.open();
        }

        void send(RawMessage message) throws Exception {
            ingest.processElement(message, 0);
            passOn();
        }

        void setTime(long now) throws Exception {
            ingest.setProcessingTime(now);
            passOn();
            learn.setProcessingTime(now);
            monitor.setProcessingTime(now);
            passOn();
        }

        Checkpoint checkpoint(long id, int position) throws Exception {
            prepare(ingest, id);
            prepare(learn, id);
            prepare(monitor, id);
            return new Checkpoint(
                    position, results.copy(), learn.snapshot(id, id), monitor.snapshot(id, id));
        }

        private void prepare(AbstractStreamOperatorTestHarness<?> harness, long id)
                throws Exception {
            ((AbstractStreamOperator<?>) harness.getOperator()).prepareSnapshotPreBarrier(id);
            passOn();
        }

        Results end() throws Exception {
            ingest.endInput();
            passOn();
            learn.endInput();
            passOn();
            monitor.endInput();
            passOn();
            return results;
        }

        private void passOn() throws Exception {
            clear(ingest, IngestOperator.DEAD_LETTERS, new ArrayList<DeadLetter>());
            for (ExampleBlock block : ingest.extractOutputValues()) {
                learn.processElement(block, 0);
            }
            ingest.getOutput().clear();
            clear(learn, LearnOperator.PREDICTIONS, results.predictions);
            clear(learn, LearnOperator.DRIFT_ALERTS, results.alerts);
            clear(learn, LearnOperator.SNAPSHOTS, results.snapshots);
            for (BlockEvaluation evaluation : learn.extractOutputValues()) {
                results.add(evaluation);
                monitor.processElement(evaluation, 0);
            }
            learn.getOutput().clear();
            results.metrics.addAll(monitor.extractOutputValues());
            monitor.getOutput().clear();
        }

        /** Moves a side output to a list. */
        private static <T> void clear(
                AbstractStreamOperatorTestHarness<?> harness, OutputTag<T> tag, List<T> to) {
            Queue<StreamRecord<T>> records = harness.getSideOutput(tag);
            if (records != null) {
                records.forEach(record -> to.add(record.getValue()));
                records.clear();
            }
        }

        @Override
        public void close() throws Exception {
            ingest.close();
            learn.close();
            monitor.close();
        }
    }
}
