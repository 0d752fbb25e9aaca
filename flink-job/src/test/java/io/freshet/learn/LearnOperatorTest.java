package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockSerializer;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.model.LearnerState;
import io.freshet.model.device.DeviceFallback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // closing a harness may be interrupted
class LearnOperatorTest {
    private static final List<String> MODELS = List.of("x", "y", "z");
    private static final List<Blocks.Example> STREAM =
            Blocks.stream(11, 600, 4, 3, MODELS.toArray(String[]::new));

    private static KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation>
            harness(LearnConfig config, boolean rocksDb) throws Exception {
        var harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new LearnOperator(config), ExampleBlock::modelId, Types.STRING);
        harness.setStateBackend(
                rocksDb ? new EmbeddedRocksDBStateBackend() : new HashMapStateBackend());
        harness.getExecutionConfig().enableObjectReuse();
        return harness;
    }

    static LearnConfig config(int maxModels, int miniBatchSize, Duration maxWait) {
        LearnConfig base = LearnerTest.config(miniBatchSize);
        return new LearnConfig(
                base.learner(),
                base.classes(),
                base.labelType(),
                maxWait,
                false,
                maxModels,
                Duration.ofSeconds(10),
                DriftConfig.NONE,
                DeviceFallback.CPU);
    }

    /** Returns blocks of 1 to 20 examples, each of one model, in the order of the stream. */
    private static List<ExampleBlock> blocks(List<Blocks.Example> stream) {
        return blocks(stream, 0);
    }

    private static List<ExampleBlock> blocks(List<Blocks.Example> stream, int numTargets) {
        List<ExampleBlock> blocks = new ArrayList<>();
        for (int from = 0; from < stream.size(); from += 20) {
            Map<String, List<Blocks.Example>> byModel = new TreeMap<>();
            for (Blocks.Example example :
                    stream.subList(from, Math.min(from + 20, stream.size()))) {
                byModel.computeIfAbsent(example.modelId(), id -> new ArrayList<>()).add(example);
            }
            byModel.values().forEach(examples -> blocks.add(Blocks.block(examples, numTargets)));
        }
        return blocks;
    }

    /** Returns the last snapshot of each model. */
    private static Map<String, ModelSnapshot> run(LearnConfig config) throws Exception {
        return run(config, blocks(STREAM));
    }

    private static Map<String, ModelSnapshot> run(LearnConfig config, List<ExampleBlock> blocks)
            throws Exception {
        try (var harness = harness(config, false)) {
            harness.setup();
            harness.open();
            for (ExampleBlock block : blocks) {
                harness.processElement(block, 0);
            }
            harness.endInput();
            return lastSnapshots(harness);
        }
    }

    private static Map<String, ModelSnapshot> lastSnapshots(
            KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness) {
        Map<String, ModelSnapshot> last = new TreeMap<>();
        harness.getSideOutput(LearnOperator.SNAPSHOTS)
                .forEach(record -> last.put(record.getValue().modelId(), record.getValue()));
        return last;
    }

    private static void assertSame(
            Map<String, ModelSnapshot> actual, Map<String, ModelSnapshot> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (modelId, snapshot) -> {
                    ModelSnapshot other = actual.get(modelId);
                    assertThat(other.parameters()).containsExactly(snapshot.parameters());
                    assertThat(other.scalerMean()).containsExactly(snapshot.scalerMean());
                    assertThat(other.progress().modelVersion())
                            .isEqualTo(snapshot.progress().modelVersion());
                    assertThat(other.progress().audit().counts())
                            .containsExactly(snapshot.progress().audit().counts());
                    assertThat(other.progress().audit().digests())
                            .containsExactly(snapshot.progress().audit().digests());
                    assertThat(other.progress().offsets())
                            .containsExactly(snapshot.progress().offsets());
                    assertThat(other.progress().experts())
                            .containsExactly(snapshot.progress().experts());
                    assertThat(other.progress().rollBacks())
                            .isEqualTo(snapshot.progress().rollBacks());
                });
    }

    static Stream<Arguments> configurationsAndBackends() {
        return LearnerTest.configurations()
                .flatMap(
                        config ->
                                Stream.of(
                                        Arguments.of(config, Named.of("hash map", false)),
                                        Arguments.of(config, Named.of("RocksDB", true))));
    }

    @ParameterizedTest
    @MethodSource("configurationsAndBackends")
    void restoredOperator_continuesAsIfItHadNotStopped(LearnConfig config, boolean rocksDb)
            throws Exception {
        // More than 1,000 examples per model, so that the state has last good parameters.
        List<ExampleBlock> blocks =
                blocks(
                        Blocks.stream(11, 3_600, 4, 3, MODELS.toArray(String[]::new)),
                        config.numTargets());
        Map<String, ModelSnapshot> expected = run(config, blocks);
        OperatorSubtaskState state = null;
        Map<String, LearnerState> before = new TreeMap<>();
        Map<String, ModelSnapshot> last = new TreeMap<>();
        for (int from = 0; from < blocks.size(); from += 100) {
            try (var harness = harness(config, rocksDb)) {
                harness.setup();
                if (state != null) {
                    harness.initializeState(state);
                }
                harness.open();
                for (String model : before.keySet()) {
                    LearnerTest.assertBitForBit(live(harness, model), before.get(model));
                }
                int to = Math.min(from + 100, blocks.size());
                for (ExampleBlock block : blocks.subList(from, to)) {
                    harness.processElement(block, 0);
                }
                if (to == blocks.size()) {
                    harness.endInput();
                } else {
                    harness.getOneInputOperator().prepareSnapshotPreBarrier(from);
                    state = harness.snapshot(from, from);
                    for (String model : MODELS) {
                        before.put(model, live(harness, model));
                    }
                    // The output after the checkpoint is lost with the operator.
                    harness.processElement(blocks.get(to), 0);
                }
                last.putAll(lastSnapshots(harness));
            }
        }
        assertThat(before).hasSameSizeAs(MODELS);
        assertSame(last, expected);
    }

    private static LearnerState live(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness,
            String model)
            throws Exception {
        return Objects.requireNonNull(
                ((LearnOperator) harness.getOneInputOperator()).live(model).learnerState());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void restoredOperator_rollsBackToTheGoodParametersFromBeforeItStopped(boolean rocksDb)
            throws Exception {
        LearnConfig config = config(1000, 1, null);
        int maxSkippedSteps = config.learner().maxSkippedSteps();
        List<Blocks.Example> stream = Blocks.stream(3, 1_400, 4, 3, "m");
        try (var before = harness(config, rocksDb);
                var after = harness(config, rocksDb)) {
            before.setup();
            before.open();
            // The good parameters are copied at the 1,000th step, and are in the checkpoint.
            before.processElement(Blocks.block(stream.subList(0, 1_000)), 0);
            float[] good = live(before, "m").parameters();
            before.processElement(Blocks.block(stream.subList(1_000, 1_400)), 0);
            before.getOneInputOperator().prepareSnapshotPreBarrier(1);
            OperatorSubtaskState state = before.snapshot(1, 1);
            assertThat(live(before, "m").parameters()).isNotEqualTo(good);

            after.setup();
            after.initializeState(state);
            after.open();
            // The examples have so large a weight that each step exceeds the range of a float.
            List<Blocks.Example> bad = new ArrayList<>();
            for (int i = 0; i < maxSkippedSteps; i++) {
                bad.add(new Blocks.Example("m", 1_400 + i, 0, 3e38f, new float[] {0, 1e5f, 0, 0}));
            }
            after.processElement(Blocks.block(bad), 0);

            LearnerState rolledBack = live(after, "m");
            assertThat(rolledBack.counters().rollBacks()).isEqualTo(1);
            assertThat(rolledBack.parameters()).containsExactly(good);
        }
    }

    @Test
    void restoredOperator_predictsAsBefore() throws Exception {
        LearnConfig config = LearnerTest.mixtureWithBaselines();
        List<Blocks.Example> stream = Blocks.stream(5, 300, 4, 3, "m");
        List<Blocks.Example> unlabelled =
                stream.subList(0, 20).stream().map(Blocks::unlabelled).toList();
        try (var before = harness(config, false);
                var after = harness(config, false)) {
            before.setup();
            before.open();
            before.processElement(Blocks.block(stream), 0);
            before.getOneInputOperator().prepareSnapshotPreBarrier(1);
            OperatorSubtaskState state = before.snapshot(1, 1);
            after.setup();
            after.initializeState(state);
            after.open();
            before.processElement(Blocks.block(unlabelled), 0);
            after.processElement(Blocks.block(unlabelled), 0);

            assertThat(probabilities(after)).isEqualTo(probabilities(before)).hasSize(20);
        }
    }

    @Test
    void stateOfAnotherConfiguration_failsTheJob() throws Exception {
        List<Blocks.Example> stream = Blocks.stream(5, 40, 4, 3, "m");
        try (var one = harness(LearnerTest.mixtureWithBaselines(), false);
                var other = harness(LearnerTest.config(1), false)) {
            one.setup();
            one.open();
            one.processElement(Blocks.block(stream), 0);
            one.getOneInputOperator().prepareSnapshotPreBarrier(1);
            OperatorSubtaskState state = one.snapshot(1, 1);
            other.setup();
            other.initializeState(state);
            other.open();

            assertThatThrownBy(() -> other.processElement(Blocks.block(stream), 0))
                    .isInstanceOf(SuppressRestartsException.class)
                    .cause()
                    .hasMessageStartingWith("The state of model \"m\" was saved with ");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void arraysOfAnotherOptimizer_areRemoved_andTheNewStateBeginsAtZero(boolean rocksDb)
            throws Exception {
        List<ExampleBlock> blocks = blocks(STREAM);
        OperatorSubtaskState state;
        Map<String, float[]> parameters = new TreeMap<>();
        try (var momentum = harness(config(1000, 1, null), rocksDb)) {
            momentum.setup();
            momentum.open();
            for (ExampleBlock block : blocks) {
                momentum.processElement(block, 0);
            }
            momentum.getOneInputOperator().prepareSnapshotPreBarrier(1);
            state = momentum.snapshot(1, 1);
            assertThat(keysWith("optimizer-velocity", momentum)).isEqualTo(MODELS);
            for (String model : MODELS) {
                parameters.put(model, live(momentum, model).parameters());
            }
        }

        OperatorSubtaskState second;
        try (var adam = harness(LearnerTest.adam(), rocksDb)) {
            adam.setup();
            adam.initializeState(state);
            adam.open();
            for (String model : MODELS) {
                LearnerState restored = live(adam, model);
                assertThat(restored.parameters()).containsExactly(parameters.get(model));
                assertThat(restored.optimizer().steps()).isZero();
            }
            assertThat(keysWith("optimizer-velocity", adam)).isEmpty();
            // The restored models have not changed, but their state has.
            adam.getOneInputOperator().prepareSnapshotPreBarrier(2);
            second = adam.snapshot(2, 2);
        }

        try (var again = harness(LearnerTest.adam(), rocksDb)) {
            again.setup();
            again.initializeState(second);
            again.open();
            for (ExampleBlock block : blocks) {
                again.processElement(block, 0);
            }
            again.getOneInputOperator().prepareSnapshotPreBarrier(3);
            for (String name : LearnerTest.adam().learner().optimizer().stateNames()) {
                assertThat(keysWith("optimizer-" + name, again)).isEqualTo(MODELS);
            }
        }
    }

    private static List<String> keysWith(
            String stateName, KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness)
            throws Exception {
        var backend =
                ((AbstractStreamOperator<?>) harness.getOperator()).<String>getKeyedStateBackend();
        try (Stream<String> keys = backend.getKeys(stateName, VoidNamespace.INSTANCE)) {
            return keys.distinct().sorted().toList();
        }
    }

    /** Operator with a state of another type under the name of the learner's state. */
    private static final class OtherState extends AbstractStreamOperator<BlockEvaluation>
            implements OneInputStreamOperator<ExampleBlock, BlockEvaluation> {
        private static final long serialVersionUID = 1;

        @Override
        public void processElement(StreamRecord<ExampleBlock> element) throws Exception {
            getRuntimeContext()
                    .getState(new ValueStateDescriptor<>("learner", Types.STRING))
                    .update("text");
        }
    }

    @Test
    void stateOfAnotherType_failsTheJob() throws Exception {
        List<Blocks.Example> stream = Blocks.stream(5, 40, 4, 3, "m");
        try (var one =
                        new KeyedOneInputStreamOperatorTestHarness<>(
                                new OtherState(), ExampleBlock::modelId, Types.STRING);
                var other = harness(LearnerTest.config(1), false)) {
            one.setup();
            one.open();
            one.processElement(Blocks.block(stream), 0);
            OperatorSubtaskState state = one.snapshot(1, 1);
            other.setup();

            assertThatThrownBy(() -> other.initializeState(state))
                    .isInstanceOf(SuppressRestartsException.class)
                    .cause()
                    .hasMessageStartingWith(
                            "The state was written by an incompatible version of the job: ");
        }
    }

    private static List<List<Float>> probabilities(
            KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness) {
        List<List<Float>> all = new ArrayList<>();
        harness.getSideOutput(LearnOperator.PREDICTIONS)
                .forEach(
                        record -> {
                            List<Float> values = new ArrayList<>();
                            for (float probability : record.getValue().probabilities()) {
                                values.add(probability);
                            }
                            all.add(values);
                        });
        return all;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void evictedModels_areReloadedUnchanged(boolean rocksDb) throws Exception {
        assertSame(run(config(1, 32, null)), run(config(1000, 32, null)));

        String[] models =
                IntStream.range(0, 200).mapToObj(i -> "model-" + i).toArray(String[]::new);
        List<ExampleBlock> blocks = blocks(Blocks.stream(12, 4_000, 4, 3, models));
        Map<String, LearnerState> evicted = statesAfter(blocks, config(10, 2, null), rocksDb);
        Map<String, LearnerState> live = statesAfter(blocks, config(1000, 2, null), rocksDb);
        assertThat(live).hasSize(200);
        assertThat(evicted.keySet()).isEqualTo(live.keySet());
        live.forEach((id, state) -> LearnerTest.assertBitForBit(evicted.get(id), state));
    }

    /** Returns the states of all models after a job that was restored half-way. */
    private static Map<String, LearnerState> statesAfter(
            List<ExampleBlock> blocks, LearnConfig config, boolean rocksDb) throws Exception {
        OperatorSubtaskState saved;
        int half = blocks.size() / 2;
        try (var before = harness(config, rocksDb)) {
            before.setup();
            before.open();
            for (ExampleBlock block : blocks.subList(0, half)) {
                before.processElement(block, 0);
            }
            before.getOneInputOperator().prepareSnapshotPreBarrier(1);
            saved = before.snapshot(1, 1);
        }
        Map<String, LearnerState> states = new TreeMap<>();
        try (var after = harness(config, rocksDb)) {
            after.setup();
            after.initializeState(saved);
            after.open();
            for (ExampleBlock block : blocks.subList(half, blocks.size())) {
                after.processElement(block, 0);
            }
            after.getOneInputOperator().prepareSnapshotPreBarrier(2);
            for (String id : ((LearnOperator) after.getOneInputOperator()).savedKeys()) {
                states.put(id, live(after, id));
            }
        }
        return states;
    }

    @Test
    void modelThatIsEvictedAgainAndAgain_isPublishedOncePerInterval() throws Exception {
        List<ExampleBlock> x = blocks(Blocks.stream(1, 80, 4, 3, "x"));
        List<ExampleBlock> y = blocks(Blocks.stream(2, 80, 4, 3, "y"));
        try (var harness = harness(config(1, 1, null), false)) {
            harness.setup();
            harness.open();
            for (int i = 0; i < 4; i++) {
                harness.setProcessingTime(1_000L * i);
                harness.processElement(x.get(i), 0);
                harness.processElement(y.get(i), 0);
            }
            assertThat(publishedVersions(harness, "x")).hasSize(1);

            harness.setProcessingTime(10_000);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            long newest = live(harness, "x").counters().modelVersion();
            assertThat(publishedVersions(harness, "x")).hasSize(2).last().isEqualTo(newest);
        }
    }

    private static List<Long> publishedVersions(
            KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness, String modelId) {
        return harness.getSideOutput(LearnOperator.SNAPSHOTS).stream()
                .map(StreamRecord::getValue)
                .filter(snapshot -> snapshot.modelId().equals(modelId))
                .map(snapshot -> snapshot.progress().modelVersion())
                .toList();
    }

    @Test
    void endOfInput_closesIncompleteMiniBatches_alsoOfEvictedModels() throws Exception {
        Map<String, ModelSnapshot> last = run(config(1, 1000, null));

        long accepted = 0;
        for (ModelSnapshot snapshot : last.values()) {
            assertThat(snapshot.progress().modelVersion()).isEqualTo(1);
            accepted += snapshot.progress().audit().count(EventOutcome.ACCEPTED);
        }
        assertThat(accepted).isEqualTo(600);
    }

    @Test
    void stateAtABarrier_doesNotChangeAfterwards() throws Exception {
        // The heap backend serialises an object only later, so its arrays must not be reused.
        LearnConfig config = config(1000, 1, null);
        try (var harness = harness(config, false)) {
            harness.setup();
            harness.open();
            List<ExampleBlock> blocks = blocks(STREAM);
            blocks.subList(0, 5).forEach(block -> process(harness, block));
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            blocks.subList(5, 10).forEach(block -> process(harness, block));
            OperatorSubtaskState first = harness.snapshot(1, 1);

            try (var restored = harness(config, false);
                    var fresh = harness(config, false)) {
                restored.setup();
                restored.initializeState(first);
                restored.open();
                blocks.subList(5, 20).forEach(block -> process(restored, block));
                restored.endInput();
                fresh.setup();
                fresh.open();
                blocks.subList(0, 20).forEach(block -> process(fresh, block));
                fresh.endInput();
                assertSame(lastSnapshots(restored), lastSnapshots(fresh));
            }
        }
    }

    private static void process(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness,
            ExampleBlock block) {
        try {
            harness.processElement(new ExampleBlockSerializer().copy(block), 0);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void snapshots_arePublishedAtCheckpoints_ifTheModelChanged_andTheIntervalHasPassed()
            throws Exception {
        try (var harness = harness(config(1000, 1, null), false)) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(100_000);
            List<ExampleBlock> blocks = blocks(STREAM);
            harness.processElement(blocks.get(0), 0);
            checkpoint(harness, 1);
            assertThat(versions(harness)).hasSize(1);
            checkpoint(harness, 2);
            assertThat(versions(harness)).hasSize(1); // unchanged
            harness.processElement(blocks.get(3), 0);
            harness.setProcessingTime(105_000);
            checkpoint(harness, 3);
            assertThat(versions(harness)).hasSize(1); // changed, but too soon
            harness.setProcessingTime(110_000);
            checkpoint(harness, 4);
            assertThat(versions(harness)).hasSize(2).isSorted();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void newestVersion_isPublishedWithoutAnotherEvent_afterARestoreOrAnEviction(boolean rocksDb)
            throws Exception {
        List<ExampleBlock> blocks = blocks(STREAM);
        OperatorSubtaskState state;
        long newest;
        try (var harness = harness(config(1, 1, null), rocksDb)) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(100_000);
            ExampleBlock first = blocks.get(0);
            harness.processElement(first, 0);
            checkpoint(harness, 1);
            ExampleBlock next =
                    blocks.stream()
                            .skip(1)
                            .filter(block -> block.modelId().equals(first.modelId()))
                            .findFirst()
                            .orElseThrow();
            ExampleBlock other =
                    blocks.stream()
                            .filter(block -> !block.modelId().equals(first.modelId()))
                            .findFirst()
                            .orElseThrow();
            harness.processElement(next, 0);
            harness.processElement(other, 0); // evicts the first model
            newest = (long) first.size() + next.size();
            checkpoint(harness, 2);
            assertThat(versions(harness, first.modelId())).containsExactly((long) first.size());
            state = harness.snapshot(3, 3);

            harness.setProcessingTime(110_000);
            checkpoint(harness, 4);
            assertThat(versions(harness, first.modelId())).endsWith(newest);
            checkpoint(harness, 5);
            assertThat(versions(harness, first.modelId())).hasSize(2);
        }
        try (var restored = harness(config(1, 1, null), rocksDb)) {
            restored.setup();
            restored.initializeState(state);
            restored.open();
            restored.setProcessingTime(200_000);
            checkpoint(restored, 4);
            assertThat(versions(restored, blocks.get(0).modelId())).containsExactly(newest);
        }
    }

    private static List<Long> versions(
            KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness, String modelId) {
        var snapshots = harness.getSideOutput(LearnOperator.SNAPSHOTS);
        return snapshots.stream()
                .map(StreamRecord::getValue)
                .filter(snapshot -> snapshot.modelId().equals(modelId))
                .map(snapshot -> snapshot.progress().modelVersion())
                .toList();
    }

    private static void checkpoint(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness,
            long id)
            throws Exception {
        harness.getOneInputOperator().prepareSnapshotPreBarrier(id);
        harness.snapshot(id, id);
    }

    private static List<Long> versions(KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness) {
        var snapshots = harness.getSideOutput(LearnOperator.SNAPSHOTS);
        return snapshots == null
                ? List.of()
                : snapshots.stream()
                        .map(record -> record.getValue().progress().modelVersion())
                        .toList();
    }

    @Test
    void miniBatch_isClosedIncomplete_afterItsMaximumWait() throws Exception {
        try (var harness = harness(config(1000, 32, Duration.ofSeconds(5)), false)) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(1_000);
            List<Blocks.Example> stream = Blocks.stream(1, 40, 4, 3, "m");
            harness.processElement(Blocks.block(stream.subList(0, 10)), 0);
            harness.setProcessingTime(4_000);
            harness.processElement(Blocks.block(stream.subList(10, 36)), 0);
            // The first mini-batch is full; the second, of 4 rows, has waited since 4,000.
            harness.setProcessingTime(8_999);
            assertThat(examplesSeen(harness)).isEqualTo(32);
            harness.setProcessingTime(9_000);
            assertThat(examplesSeen(harness)).isEqualTo(36);
        }
    }

    @Test
    void miniBatchAfterASkippedOne_hasItsOwnWait() throws Exception {
        try (var harness = harness(config(1000, 32, Duration.ofSeconds(5)), false)) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(1_000);
            List<Blocks.Example> stream = new ArrayList<>(Blocks.stream(1, 36, 4, 3, "m"));
            stream.set(9, new Blocks.Example("m", 9, 0, 1, new float[] {Float.NaN, 0, 0, 0}));
            harness.processElement(Blocks.block(stream.subList(0, 10)), 0);
            harness.setProcessingTime(4_000);
            harness.processElement(Blocks.block(stream.subList(10, 36)), 0);
            // The first mini-batch is skipped; the second, of 4 rows, has waited since 4,000.
            harness.setProcessingTime(8_999);
            assertThat(examplesSeen(harness)).isZero();
            harness.setProcessingTime(9_000);
            assertThat(examplesSeen(harness)).isEqualTo(4);
        }
    }

    @Test
    void incompleteMiniBatchOfAJobWithoutAMaximumWait_waitsFromItsNextExample() throws Exception {
        List<Blocks.Example> stream = Blocks.stream(1, 10, 4, 3, "m");
        try (var before = harness(config(1000, 32, null), false);
                var after = harness(config(1000, 32, Duration.ofSeconds(5)), false)) {
            before.setup();
            before.open();
            before.processElement(Blocks.block(stream.subList(0, 7)), 0);
            before.getOneInputOperator().prepareSnapshotPreBarrier(1);
            OperatorSubtaskState state = before.snapshot(1, 1);

            after.setup();
            after.initializeState(state);
            after.open();
            after.setProcessingTime(1_000);
            after.processElement(Blocks.block(stream.subList(7, 10)), 0);
            after.setProcessingTime(5_999);
            assertThat(examplesSeen(after)).isZero();
            after.setProcessingTime(6_000);
            assertThat(examplesSeen(after)).isEqualTo(10);
        }
    }

    @Test
    void incompleteMiniBatchOfAJobThatNoLongerHasAMaximumWait_isNotClosed() throws Exception {
        List<Blocks.Example> stream = Blocks.stream(1, 10, 4, 3, "m");
        try (var before = harness(config(1000, 32, Duration.ofSeconds(5)), false);
                var after = harness(config(1000, 32, null), false)) {
            before.setup();
            before.open();
            before.setProcessingTime(1_000);
            before.processElement(Blocks.block(stream.subList(0, 7)), 0);
            before.getOneInputOperator().prepareSnapshotPreBarrier(1);
            OperatorSubtaskState state = before.snapshot(1, 1);

            after.setup();
            after.initializeState(state);
            after.open();
            after.setProcessingTime(10_000);
            after.processElement(Blocks.block(stream.subList(7, 10)), 0);
            assertThat(examplesSeen(after)).isZero();
        }
    }

    @Test
    void examplesOfAJobWithBlocksByCount_areTrainedOnAtTheNextEventOfAJobThatDoesNotWait()
            throws Exception {
        List<Blocks.Example> stream = Blocks.stream(1, 8, 4, 3, "m");
        LearnConfig config = config(1000, 1, null);
        LearnConfig byCount =
                new LearnConfig(
                        config.learner(),
                        config.classes(),
                        config.labelType(),
                        null,
                        true,
                        config.maxModels(),
                        config.publishInterval(),
                        config.drift(),
                        config.device().fallback());
        try (var before = harness(byCount, false);
                var after = harness(config, false)) {
            before.setup();
            before.open();
            before.processElement(Blocks.block(stream.subList(0, 7)), 0);
            assertThat(examplesSeen(before)).isZero();
            checkpoint(before, 1);
            OperatorSubtaskState state = before.snapshot(2, 2);

            after.setup();
            after.initializeState(state);
            after.open();
            after.processElement(Blocks.block(stream.subList(7, 8)), 0);
            assertThat(examplesSeen(after)).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void incompleteMiniBatchOfAnEvictedModel_doesNotWaitLonger(boolean rocksDb) throws Exception {
        try (var harness = harness(config(1, 32, Duration.ofSeconds(5)), rocksDb)) {
            harness.setup();
            harness.open();
            List<Blocks.Example> stream = Blocks.stream(1, 11, 4, 3, "x");
            harness.setProcessingTime(1_000);
            harness.processElement(Blocks.block(stream.subList(0, 10)), 0);
            harness.processElement(Blocks.block(Blocks.stream(2, 3, 4, 3, "y")), 0);
            harness.setProcessingTime(4_000);
            harness.processElement(Blocks.block(stream.subList(10, 11)), 0);
            harness.setProcessingTime(5_999);
            assertThat(examplesSeen(harness)).isZero();
            harness.setProcessingTime(6_000);
            assertThat(examplesSeenOf("x", harness)).isEqualTo(11);
            assertThat(examplesSeenOf("y", harness)).isEqualTo(3);
        }
    }

    private static long examplesSeenOf(
            String modelId,
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness) {
        return harness.extractOutputValues().stream()
                .filter(evaluation -> evaluation.modelId().equals(modelId))
                .mapToLong(evaluation -> evaluation.progress().examplesSeen())
                .max()
                .orElseThrow();
    }

    private static long examplesSeen(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness) {
        List<BlockEvaluation> evaluations = harness.extractOutputValues();
        return evaluations.get(evaluations.size() - 1).progress().examplesSeen();
    }
}
