package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.MissingValues;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Adam;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Test of a restore with a class and a feature that are added at the end. */
@SuppressWarnings("try") // closing a harness may be interrupted
class ExtendedRestoreTest {
    private static final int FEATURES = 3;
    private static final int CLASSES = 2;

    private record Dimensions(int numFeatures, int numClasses) {}

    private static final Dimensions BEFORE = new Dimensions(FEATURES, CLASSES);
    private static final Dimensions AFTER = new Dimensions(FEATURES + 1, CLASSES + 1);

    private static LearnConfig config(
            Dimensions dimensions,
            int miniBatchSize,
            Loss loss,
            Optimizer optimizer,
            @Nullable Mixture mixture,
            LabelType labelType,
            MissingValues missing) {
        return new LearnConfig(
                new LearnerSettings(
                        dimensions.numFeatures,
                        dimensions.numClasses,
                        miniBatchSize,
                        loss,
                        optimizer,
                        mixture,
                        MiniBatchReduction.EXAMPLES,
                        new Standardization(10, true),
                        10),
                List.of("a", "b", "c").subList(0, dimensions.numClasses),
                labelType,
                null,
                false,
                1000,
                Duration.ofSeconds(10),
                DriftConfig.NONE,
                DeviceFallback.CPU,
                missing);
    }

    private static LearnConfig momentum(Dimensions dimensions, MissingValues missing) {
        return config(
                dimensions,
                32,
                new CrossEntropy(dimensions.numClasses),
                new Sgd(0.05, 0.9),
                null,
                LabelType.CLASS,
                missing);
    }

    private static LearnConfig mixture(Dimensions dimensions) {
        return config(
                dimensions,
                1,
                new CrossEntropy(dimensions.numClasses),
                new Sgd(1, 0),
                new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, true),
                LabelType.CLASS,
                MissingValues.MEAN);
    }

    private static LearnConfig adam(Dimensions dimensions) {
        return config(
                dimensions,
                1,
                new CrossEntropy(dimensions.numClasses),
                new Adam(LearningRateSchedule.constant(0.01), 0.9, 0.999, 1e-8, 0),
                null,
                LabelType.CLASS,
                MissingValues.MEAN);
    }

    private static LearnConfig multiLabel(Dimensions dimensions) {
        return config(
                dimensions,
                8,
                new BinaryCrossEntropyWithLogits(
                        dimensions.numClasses, OutputWeights.NONE, OutputWeights.NONE),
                new Sgd(0.05, 0.9),
                null,
                LabelType.MULTI_LABEL,
                MissingValues.ZERO);
    }

    static Stream<Arguments> configurations() {
        return Stream.<Named<BiFunction<Integer, Integer, LearnConfig>>>of(
                        Named.of(
                                "momentum in mini-batches, some examples pending",
                                (f, k) -> momentum(new Dimensions(f, k), MissingValues.MEAN)),
                        Named.of(
                                "pending examples without missing values",
                                (f, k) -> momentum(new Dimensions(f, k), MissingValues.ZERO)),
                        Named.of("the mixture", (f, k) -> mixture(new Dimensions(f, k))),
                        Named.of("Adam", (f, k) -> adam(new Dimensions(f, k))),
                        Named.of("multi-label", (f, k) -> multiLabel(new Dimensions(f, k))))
                .flatMap(
                        config ->
                                Stream.of(
                                        Arguments.of(config, Named.of("hash map", false)),
                                        Arguments.of(config, Named.of("RocksDB", true))));
    }

    /**
     * Returns an open operator.
     *
     * @param state state that it restores; null to begin without
     */
    static KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness(
            LearnConfig config, boolean rocksDb, @Nullable OperatorSubtaskState state)
            throws Exception {
        var harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new LearnOperator(config), ExampleBlock::modelId, Types.STRING);
        harness.setStateBackend(
                rocksDb ? new EmbeddedRocksDBStateBackend() : new HashMapStateBackend());
        harness.getExecutionConfig().enableObjectReuse();
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
        return harness;
    }

    private static Learner live(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness)
            throws Exception {
        return ((LearnOperator) harness.getOneInputOperator()).live("m");
    }

    private static LearnerState state(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness)
            throws Exception {
        return Objects.requireNonNull(live(harness).learnerState());
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void savepoint_goesOnWithAClassAndAFeatureMore(
            BiFunction<Integer, Integer, LearnConfig> configs, boolean rocksDb) throws Exception {
        LearnConfig before = configs.apply(BEFORE.numFeatures, BEFORE.numClasses);
        LearnConfig after = configs.apply(AFTER.numFeatures, AFTER.numClasses);
        // More than 1,000 examples, so that the state has last good parameters.
        List<Blocks.Example> first = Blocks.stream(1, 1_205, FEATURES, CLASSES, "m");
        List<Blocks.Example> second = later(Blocks.stream(2, 300, FEATURES + 1, CLASSES + 1, "m"));
        OperatorSubtaskState savepoint;
        LearnerState saved;
        ExampleBlock pending;
        try (var harness = harness(before, rocksDb, null)) {
            harness.processElement(Blocks.block(first, before.numTargets()), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            savepoint = harness.snapshot(1, 1);
            saved = state(harness);
            pending = live(harness).pendingExamples();
        }
        OperatorSubtaskState next;
        LearnerState restored;
        try (var harness = harness(after, rocksDb, savepoint)) {
            restored = state(harness);
            assertExtended(restored, saved, before.learner().numRates());
            harness.processElement(Blocks.block(second.subList(0, 150), after.numTargets()), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(2);
            next = harness.snapshot(2, 2);
        }
        // The last good parameters, too, are restored from a state with the new dimensions.
        try (var harness = harness(after, rocksDb, next)) {
            harness.processElement(Blocks.block(second.subList(150, 300), after.numTargets()), 0);

            LearnerState expected = plainLoop(after, restored, pending, second);
            LearnerTest.assertBitForBit(state(harness), expected);
            assertThat(state(harness).counters().steps())
                    .isEqualTo(1_505 / before.learner().miniBatchSize());
        }
    }

    private static List<Blocks.Example> later(List<Blocks.Example> stream) {
        return stream.stream()
                .map(
                        example ->
                                new Blocks.Example(
                                        example.modelId(),
                                        example.offset() + 10_000,
                                        example.label(),
                                        example.weight(),
                                        example.features()))
                .toList();
    }

    /** Asserts that what is new is 0 and everything else is equal bit for bit. */
    private static void assertExtended(LearnerState actual, LearnerState saved, int rates) {
        assertThat(actual.counters()).isEqualTo(saved.counters());
        assertThat(actual.parameters()).containsExactly(extended(saved.parameters(), rates));
        assertThat(actual.goodParameters())
                .containsExactly(extended(saved.goodParameters(), rates));
        assertThat(actual.optimizer().steps()).isEqualTo(saved.optimizer().steps());
        for (NamedArray array : saved.optimizer().arrays()) {
            assertThat(actual.optimizer().array(array.name()))
                    .containsExactly(extended(array.values(), rates));
        }
        assertThat(actual.weights()).containsExactly(saved.weights());
        assertThat(actual.lastLabel()).isEqualTo(saved.lastLabel());
        for (int f = 0; f < FEATURES; f++) {
            assertThat(actual.scaler().mean()[f]).isEqualTo(saved.scaler().mean()[f]);
            assertThat(actual.scaler().variance()[f]).isEqualTo(saved.scaler().variance()[f]);
        }
        assertThat(actual.scaler().variance()[FEATURES]).isZero();
        assertThat(actual.scaler().weights()[FEATURES]).isZero();
        float[] counts = saved.baselineCounts();
        if (counts.length > 0) {
            assertThat(actual.baselineCounts())
                    .containsExactly(
                            counts[0], counts[1], 0, counts[2], counts[3], 0, 0, 0, 0, counts[4],
                            counts[5], 0);
        }
    }

    /** Returns parameters of 3 features and 2 outputs as those of 4 features and 3 outputs. */
    private static float[] extended(float[] saved, int rates) {
        if (saved.length == 0) {
            return saved;
        }
        float[] extended = new float[rates * 5 * 3];
        for (int rate = 0; rate < rates; rate++) {
            for (int f = 0; f < FEATURES; f++) {
                extended[rate * 15 + f * 3] = saved[rate * 8 + f * 2];
                extended[rate * 15 + f * 3 + 1] = saved[rate * 8 + f * 2 + 1];
            }
            extended[rate * 15 + 12] = saved[rate * 8 + 6];
            extended[rate * 15 + 13] = saved[rate * 8 + 7];
        }
        return extended;
    }

    /** Returns the state after a learner that continues from a state with the same calls. */
    private static LearnerState plainLoop(
            LearnConfig config,
            LearnerState state,
            @Nullable ExampleBlock pending,
            List<Blocks.Example> stream) {
        int numTargets = config.numTargets();
        Evaluation evaluation = new Evaluation(config.learner().numClasses());
        Examples examples = new Examples(FEATURES + 1, numTargets);
        float added = config.missing() == MissingValues.MEAN ? Float.NaN : 0;
        for (int row = 0; pending != null && row < pending.size(); row++) {
            float[] features = {0, 0, 0, added};
            System.arraycopy(pending.examples().features(), row * FEATURES, features, 0, FEATURES);
            float[] targets = new float[numTargets];
            if (numTargets > 0) {
                System.arraycopy(pending.examples().targets(), row * CLASSES, targets, 0, CLASSES);
            }
            examples.add(
                    features,
                    0,
                    pending.examples().labels()[row],
                    targets,
                    0,
                    pending.examples().weights()[row]);
        }
        try (SoftmaxLearner learner = new SoftmaxLearner(config.learner(), state)) {
            for (List<Blocks.Example> half :
                    List.of(stream.subList(0, 150), stream.subList(150, 300))) {
                for (Blocks.Example example : half) {
                    examples.add(
                            example.features(),
                            0,
                            example.label(),
                            Blocks.targets(example, numTargets),
                            0,
                            example.weight());
                }
                learner.learn(examples, false, evaluation);
                examples.retainPending(evaluation);
            }
            return learner.state();
        }
    }

    @Test
    void missingValues_areCountedOfTheAddedFeature() throws Exception {
        OperatorSubtaskState savepoint;
        try (var harness = harness(momentum(BEFORE, MissingValues.MEAN), false, null)) {
            List<Blocks.Example> first = new ArrayList<>(Blocks.stream(1, 10, FEATURES, 2, "m"));
            first.get(3).features()[1] = Float.NaN;
            harness.processElement(Blocks.block(first), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            savepoint = harness.snapshot(1, 1);
        }
        try (var harness = harness(momentum(AFTER, MissingValues.MEAN), false, savepoint)) {
            harness.processElement(Blocks.block(later(Blocks.stream(2, 40, 4, 3, "m"))), 0);

            List<BlockEvaluation> evaluations = harness.extractOutputValues();
            FeatureCounts missing = evaluations.get(evaluations.size() - 1).progress().missing();
            // Ten pending examples did not have the new feature.
            assertThat(missing.total()).isEqualTo(1 + 10);
        }
    }

    @Test
    void removedAndRenamedClasses_areRefused() throws Exception {
        OperatorSubtaskState savepoint;
        try (var harness = harness(mixture(AFTER), false, null)) {
            harness.processElement(Blocks.block(Blocks.stream(1, 10, 4, 3, "m")), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            savepoint = harness.snapshot(1, 1);
        }
        try (var harness = harness(mixture(new Dimensions(4, 2)), false, savepoint)) {
            assertThatThrownBy(() -> live(harness))
                    .hasRootCauseMessage(
                            "The state of model \"m\" has the classes [a, b, c], the configuration"
                                    + " [a, b]");
        }
        try (var harness = harness(mixture(new Dimensions(3, 3)), false, savepoint)) {
            assertThatThrownBy(() -> live(harness))
                    .hasRootCauseMessage(
                            "The state of model \"m\" was saved with num-features = 4, the"
                                    + " configuration has 3");
        }
    }
}
