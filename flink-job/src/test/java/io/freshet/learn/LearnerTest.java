package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.data.Offset.offset;

import io.freshet.ingest.Audit;
import io.freshet.ingest.Blocks;
import io.freshet.ingest.EventHash;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockSerializer;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.Messages;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.PartitionTally;
import io.freshet.ingest.PredictedEvents;
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
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

public class LearnerTest {
    private static final int FEATURES = 4;
    private static final int CLASSES = 3;
    private static final int MAX_SKIPPED_STEPS = 10;

    static LearnConfig config(int miniBatchSize) {
        return config(settings(miniBatchSize, new Sgd(0.05, 0.9), null), LabelType.CLASS);
    }

    private static LearnConfig config(LearnerSettings learner, LabelType labelType) {
        return new LearnConfig(
                learner,
                List.of("a", "b", "c").subList(0, learner.numClasses()),
                labelType,
                null,
                false,
                1000,
                Duration.ofSeconds(10),
                DriftConfig.NONE,
                DeviceFallback.CPU);
    }

    private static LearnerSettings settings(
            int miniBatchSize, Optimizer optimizer, @Nullable Mixture mixture) {
        return settings(miniBatchSize, new CrossEntropy(CLASSES), optimizer, mixture);
    }

    private static LearnerSettings settings(
            int miniBatchSize, Loss loss, Optimizer optimizer, @Nullable Mixture mixture) {
        return new LearnerSettings(
                FEATURES,
                CLASSES,
                miniBatchSize,
                loss,
                optimizer,
                mixture,
                MiniBatchReduction.EXAMPLES,
                new Standardization(),
                MAX_SKIPPED_STEPS);
    }

    private static Mixture mixture(boolean baselines) {
        return new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, baselines);
    }

    static LearnConfig mixtureWithBaselines() {
        return config(settings(1, new Sgd(1, 0), mixture(true)), LabelType.CLASS);
    }

    static LearnConfig adam() {
        return config(
                settings(
                        1,
                        new Adam(LearningRateSchedule.constant(0.01), 0.9, 0.999, 1e-8, 0),
                        null),
                LabelType.CLASS);
    }

    private static LearnConfig balanced(int miniBatchSize) {
        return config(
                settings(miniBatchSize, balancedCrossEntropy(), new Sgd(0.05, 0), null),
                LabelType.CLASS);
    }

    private static CrossEntropy balancedCrossEntropy() {
        return new CrossEntropy(CLASSES, OutputWeights.BALANCED, Loss.DEFAULT_IGNORE_INDEX, 0);
    }

    /** Configurations that together cover every part of a learner's state. */
    static Stream<Named<LearnConfig>> configurations() {
        Sgd plain = new Sgd(1, 0);
        LearningRateSchedule decaying =
                new LearningRateSchedule(LearningRateSchedule.Kind.INVERSE_TIME, 0.05, 1e-3, 1);
        return Stream.of(
                Named.of("momentum, mini-batches of 32", config(32)),
                Named.of(
                        "a schedule, Nesterov momentum and weight decay, mini-batches of 1",
                        config(
                                settings(1, new Sgd(decaying, 0.9, 0, true, 1e-4), null),
                                LabelType.CLASS)),
                Named.of(
                        "Adam, mini-batches of 1",
                        config(
                                settings(1, new Adam(decaying, 0.9, 0.999, 1e-8, 1e-4), null),
                                LabelType.CLASS)),
                Named.of("the mixture with baselines, mini-batches of 1", mixtureWithBaselines()),
                Named.of("balanced classes", balanced(3)),
                Named.of(
                        "the mixture with labels of probabilities",
                        config(settings(8, plain, mixture(false)), LabelType.PROBABILITIES)),
                Named.of(
                        "multi-label",
                        config(
                                settings(
                                        8,
                                        new BinaryCrossEntropyWithLogits(
                                                CLASSES, OutputWeights.NONE, OutputWeights.NONE),
                                        new Sgd(0.05, 0.9),
                                        null),
                                LabelType.MULTI_LABEL)));
    }

    /** Returns the reference: the state after a loop that passes each piece to the model. */
    private static LearnerState plainLoop(LearnConfig config, List<List<Blocks.Example>> pieces) {
        LearnerSettings settings = config.learner();
        int numTargets = config.numTargets();
        Evaluation evaluation = new Evaluation(CLASSES);
        Examples examples = new Examples(FEATURES, numTargets);
        try (SoftmaxLearner model = new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            for (List<Blocks.Example> piece : pieces) {
                for (Blocks.Example example : piece) {
                    examples.add(
                            example.features(),
                            0,
                            example.label(),
                            Blocks.targets(example, numTargets),
                            0,
                            example.weight());
                }
                model.learn(examples, false, evaluation);
                examples.retainPending(evaluation);
            }
            model.learn(examples, true, evaluation);
            return model.state();
        }
    }

    /** Returns the state after a single call of the model. */
    private static LearnerState atOnce(LearnConfig config, List<Blocks.Example> stream) {
        LearnerSettings settings = config.learner();
        try (SoftmaxLearner model = new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            model.learn(
                    Blocks.block(stream, config.numTargets()).examples(),
                    true,
                    new Evaluation(CLASSES));
            return model.state();
        }
    }

    private static LearnerState state(Learner learner) {
        return Objects.requireNonNull(learner.learnerState());
    }

    public static void assertBitForBit(LearnerState actual, LearnerState expected) {
        assertThat(actual.counters()).isEqualTo(expected.counters());
        assertThat(actual.parameters()).containsExactly(expected.parameters());
        assertThat(actual.optimizer()).usingRecursiveComparison().isEqualTo(expected.optimizer());
        assertThat(actual.weights()).containsExactly(expected.weights());
        assertThat(actual.restarts()).containsExactly(expected.restarts());
        assertThat(actual.baselineCounts()).containsExactly(expected.baselineCounts());
        assertThat(actual.lastLabel()).isEqualTo(expected.lastLabel());
        assertThat(actual.goodParameters()).containsExactly(expected.goodParameters());
        assertThat(actual.goodWeights()).containsExactly(expected.goodWeights());
        assertThat(actual.classCounts()).containsExactly(expected.classCounts());
        assertThat(actual.scaler().count()).isEqualTo(expected.scaler().count());
        assertThat(actual.scaler().mean()).containsExactly(expected.scaler().mean());
        assertThat(actual.scaler().squaredDeviations())
                .containsExactly(expected.scaler().squaredDeviations());
    }

    private static LearnerState learn(LearnConfig config, List<List<Blocks.Example>> pieces) {
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            for (List<Blocks.Example> piece : pieces) {
                learner.process(
                        Blocks.block(piece, config.numTargets()), prediction -> {}, alert -> {});
            }
            learner.closeMiniBatch(prediction -> {}, alert -> {});
            return state(learner);
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void learner_equalsThePlainLoopOnTheSamePieces_bitForBit(LearnConfig config) {
        List<Blocks.Example> stream = Blocks.stream(7, 500, FEATURES, CLASSES, "m");
        for (int largest : new int[] {1, 5, 300}) {
            List<List<Blocks.Example>> pieces = Blocks.pieces(stream, largest, 3);
            assertBitForBit(learn(config, pieces), plainLoop(config, pieces));
        }
    }

    @Test
    void miniBatchesAsLargeAsABlock_giveTheSameBits_howeverTheStreamIsCut() {
        LearnConfig config = config(32);
        List<Blocks.Example> stream = Blocks.stream(7, 500, FEATURES, CLASSES, "m");
        LearnerState expected = plainLoop(config, List.of(stream));
        for (int largest : new int[] {1, 5, 300}) {
            assertBitForBit(learn(config, Blocks.pieces(stream, largest, 3)), expected);
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void cutOfTheStream_affectsOnlyRounding(LearnConfig config) {
        List<Blocks.Example> stream = Blocks.stream(7, 500, FEATURES, CLASSES, "m");
        LearnerState expected = plainLoop(config, Blocks.pieces(stream, 1, 3));
        for (int largest : new int[] {5, 300}) {
            LearnerState actual = learn(config, Blocks.pieces(stream, largest, 3));
            assertThat(actual.counters()).isEqualTo(expected.counters());
            assertThat(actual.parameters()).containsExactly(expected.parameters(), offset(1e-4f));
            assertThat(actual.weights()).containsExactly(expected.weights(), offset(1e-4));
            assertThat(actual.scaler().mean())
                    .containsExactly(expected.scaler().mean(), offset(1e-6));
        }
    }

    private static LearnConfig withBlocksByCount(LearnConfig config) {
        return new LearnConfig(
                config.learner(),
                config.classes(),
                config.labelType(),
                null,
                true,
                config.maxModels(),
                config.publishInterval(),
                config.drift(),
                config.device().fallback());
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void blocksByCount_giveTheSameBits_howeverTheStreamIsCutAndTheLearnerIsRestored(
            LearnConfig config) {
        // More than 1,000 steps of one example each, after which good parameters are copied.
        List<Blocks.Example> stream =
                Blocks.stream(7, 1_500, FEATURES, CLASSES, "m").stream()
                        .map(
                                example ->
                                        example.offset() % 7 == 3
                                                ? Blocks.unlabelled(example)
                                                : example)
                        .toList();
        LearnerState expected = atOnce(config, stream);
        LearnConfig byCount = withBlocksByCount(config);
        List<Prediction> predictions = predictions(byCount, List.of(stream), false);
        for (int largest : new int[] {1, 5, 300}) {
            List<List<Blocks.Example>> pieces = Blocks.pieces(stream, largest, 3);
            assertBitForBit(learn(byCount, pieces), expected);
            assertThat(predictions(byCount, pieces, largest > 1))
                    .usingRecursiveComparison()
                    .withComparatorForType(Float::compare, Float.class)
                    .withComparatorForType(Double::compare, Double.class)
                    .isEqualTo(predictions);
        }
    }

    /**
     * Returns the predictions of a learner that processes the pieces.
     *
     * @param restored whether the learner is saved and restored after each piece
     */
    private static List<Prediction> predictions(
            LearnConfig config, List<List<Blocks.Example>> pieces, boolean restored) {
        List<Prediction> predictions = new ArrayList<>();
        Learner learner = new Learner("m", new LearnerWorkspace(config));
        for (List<Blocks.Example> piece : pieces) {
            learner.process(
                    Blocks.block(piece, config.numTargets()), predictions::add, alert -> {});
            if (restored) {
                LearnerState state = state(learner);
                Learner next =
                        Learner.restore(
                                "m",
                                new LearnerWorkspace(config),
                                learner.modelState(state, null),
                                state,
                                null,
                                learner.pendingExamples());
                learner.close();
                learner = next;
            }
        }
        learner.closeMiniBatch(predictions::add, alert -> {});
        learner.close();
        return predictions;
    }

    @Test
    void blocksByCount_waitWithUnlabelledExamplesInTheirPlace() {
        LearnConfig config = withBlocksByCount(config(1));
        List<Blocks.Example> stream = new ArrayList<>(Blocks.stream(7, 5, FEATURES, CLASSES, "m"));
        stream.set(2, Blocks.unlabelled(stream.get(2)));
        List<Prediction> predictions = new ArrayList<>();
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            BlockEvaluation first =
                    learner.process(Blocks.block(stream), predictions::add, alert -> {});

            assertThat(first.progress().audit().total()).isZero();
            assertThat(predictions).isEmpty();
            ExampleBlock waiting = Objects.requireNonNull(learner.pendingExamples());
            assertThat(Arrays.copyOf(waiting.examples().labels(), waiting.size()))
                    .containsExactly(stream.stream().mapToInt(Blocks.Example::label).toArray());

            BlockEvaluation last = learner.closeMiniBatch(predictions::add, alert -> {});
            assertThat(last.progress().audit().total()).isEqualTo(5);
            assertThat(predictions)
                    .extracting(Prediction::id, Prediction::modelVersion)
                    .containsExactly(tuple("event-2", 2L));
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void learnerSavedAndRestoredAfterEveryBlock_equalsAnUninterruptedOne(LearnConfig config) {
        // More than 1,000 steps of one example each, after which good parameters are copied.
        int count = 1_300;
        List<Blocks.Example> stream = Blocks.stream(8, count, FEATURES, CLASSES, "m");
        List<List<Blocks.Example>> pieces = Blocks.pieces(stream, 20, 3);
        LearnerState expected = plainLoop(config, pieces);

        Learner learner = new Learner("m", new LearnerWorkspace(config));
        for (List<Blocks.Example> piece : pieces) {
            learner.process(
                    Blocks.block(piece, config.numTargets()), prediction -> {}, alert -> {});
            LearnerState state = state(learner);
            Learner restored =
                    Learner.restore(
                            "m",
                            new LearnerWorkspace(config),
                            learner.modelState(state, null),
                            state,
                            null,
                            learner.pendingExamples());
            learner.close();
            assertBitForBit(state(restored), state);
            learner = restored;
        }
        BlockEvaluation last = learner.closeMiniBatch(prediction -> {}, alert -> {});

        assertBitForBit(state(learner), expected);
        assertThat(last.progress().examplesSeen()).isEqualTo(count);
        EventHash hash = new EventHash();
        long digest = 0;
        for (int i = 0; i < count; i++) {
            digest += hash.of(Messages.TOPIC, 0, i);
        }
        assertThat(last.progress().audit().digest(EventOutcome.ACCEPTED)).isEqualTo(digest);
        assertThat(last.progress().offsets())
                .containsExactly(new PartitionOffset(Messages.TOPIC, 0, count - 1));
        assertThat(last.progress().partitions())
                .containsExactly(
                        new PartitionTally(Messages.TOPIC, 0, 0, count - 1, count, digest));
        assertThat(last.progress().timestamp()).isEqualTo(1000 + count - 1);
        learner.close();
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void learnersThatShareAWorkspace_trainBitForBitAsAlone(LearnConfig config) {
        int learners = 3;
        List<List<List<Blocks.Example>>> pieces = new ArrayList<>();
        List<LearnerState> expected = new ArrayList<>();
        for (int k = 0; k < learners; k++) {
            // At the end of a block, some mini-batches are full and some examples are pending.
            pieces.add(Blocks.pieces(Blocks.stream(k, 400, FEATURES, CLASSES, "m" + k), 40, 3 + k));
            expected.add(plainLoop(config, pieces.get(k)));
        }
        try (LearnerWorkspace workspace = new LearnerWorkspace(config)) {
            List<Learner> sharing = new ArrayList<>();
            for (int k = 0; k < learners; k++) {
                sharing.add(new Learner("m" + k, workspace));
            }
            int maxPieces = pieces.stream().mapToInt(List::size).max().orElseThrow();
            for (int i = 0; i < maxPieces; i++) {
                for (int k = 0; k < learners; k++) {
                    if (i < pieces.get(k).size()) {
                        sharing.get(k)
                                .process(
                                        Blocks.block(pieces.get(k).get(i), config.numTargets()),
                                        prediction -> {},
                                        alert -> {});
                    }
                }
            }
            for (int k = 0; k < learners; k++) {
                BlockEvaluation last = sharing.get(k).closeMiniBatch(prediction -> {}, alert -> {});
                assertBitForBit(state(sharing.get(k)), expected.get(k));
                assertThat(last.progress().examplesSeen()).isEqualTo(400);
                sharing.get(k).close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void block_isNeitherModifiedNorKept(LearnConfig config) throws IOException {
        ExampleBlockSerializer serializer = new ExampleBlockSerializer();
        List<List<Blocks.Example>> pieces =
                Blocks.pieces(Blocks.stream(7, 500, FEATURES, CLASSES, "m"), 50, 3);
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            for (List<Blocks.Example> piece : pieces) {
                ExampleBlock block = Blocks.block(piece, config.numTargets());
                DataOutputSerializer before = new DataOutputSerializer(64);
                serializer.serialize(block, before);
                learner.process(block, prediction -> {}, alert -> {});
                DataOutputSerializer after = new DataOutputSerializer(64);
                serializer.serialize(block, after);
                assertThat(after.getCopyOfBuffer()).isEqualTo(before.getCopyOfBuffer());

                // Ingest reuses the arrays of a block that it has sent.
                Arrays.fill(block.examples().features(), Float.NaN);
                Arrays.fill(block.examples().targets(), Float.NaN);
                Arrays.fill(block.examples().labels(), -7);
                Arrays.fill(block.examples().weights(), Float.NaN);
            }
            learner.closeMiniBatch(prediction -> {}, alert -> {});
            assertBitForBit(state(learner), plainLoop(config, pieces));
        }
    }

    @Test
    void pendingExamples_keepTheirTargets() {
        LearnConfig config = config(settings(32, new Sgd(0.05, 0), null), LabelType.PROBABILITIES);
        List<Blocks.Example> stream = Blocks.stream(8, 10, FEATURES, CLASSES, "m");
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            learner.process(Blocks.block(stream, CLASSES), prediction -> {}, alert -> {});
            ExampleBlock rows = Objects.requireNonNull(learner.pendingExamples());

            assertThat(rows.size()).isEqualTo(10);
            for (int i = 0; i < 10; i++) {
                assertThat(
                                Arrays.copyOfRange(
                                        rows.examples().targets(), i * CLASSES, (i + 1) * CLASSES))
                        .containsExactly(Blocks.targets(stream.get(i), CLASSES));
                assertThat(rows.examples().labels()[i]).isEqualTo(stream.get(i).label());
            }
        }
    }

    @Test
    void pendingExamplesOfAnotherLabelType_areRefused_namingIt() {
        Learner learner = new Learner("m", new LearnerWorkspace(config(32)));
        learner.process(
                Blocks.block(Blocks.stream(8, 10, FEATURES, CLASSES, "m")),
                prediction -> {},
                alert -> {});
        LearnerState state = state(learner);
        LearnConfig other = config(config(32).learner(), LabelType.PROBABILITIES);

        assertThatThrownBy(
                        () ->
                                Learner.restore(
                                        "m",
                                        new LearnerWorkspace(other),
                                        learner.modelState(state, null),
                                        state,
                                        null,
                                        learner.pendingExamples()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "The state of model \"m\" has pending examples whose labels have 0 values"
                                + " each; the configuration (label.type = probabilities) requires"
                                + " 3");
        learner.close();
    }

    @Test
    void stateOfAnotherEncoding_isRefused() {
        LearnConfig dense = config(32);
        Learner learner = new Learner("m", new LearnerWorkspace(dense));
        learner.process(
                Blocks.block(Blocks.stream(8, 10, FEATURES, CLASSES, "m")),
                prediction -> {},
                alert -> {});
        LearnerState state = state(learner);
        LearnConfig sparse = sparse(dense, 32);

        assertThatThrownBy(
                        () ->
                                Learner.restore(
                                        "m",
                                        new LearnerWorkspace(sparse),
                                        learner.modelState(state, null),
                                        state,
                                        null,
                                        learner.pendingExamples()))
                .isInstanceOf(StateMismatchException.class)
                .hasMessage(
                        "The state of model \"m\" was saved with features.encoding = columns, the"
                                + " configuration has sparse");
        learner.close();
    }

    @Test
    void pendingExamples_areTrainedOn_whenTheMiniBatchSizeIsNowSmaller() {
        List<Blocks.Example> stream = Blocks.stream(8, 20, FEATURES, CLASSES, "m");
        Learner before = new Learner("m", new LearnerWorkspace(config(32)));
        before.process(Blocks.block(stream.subList(0, 19)), prediction -> {}, alert -> {});
        LearnerState state = before.learnerState();

        try (Learner after =
                Learner.restore(
                        "m",
                        new LearnerWorkspace(config(8)),
                        before.modelState(state, null),
                        state,
                        null,
                        before.pendingExamples())) {
            BlockEvaluation evaluation =
                    after.process(
                            Blocks.block(stream.subList(19, 20)), prediction -> {}, alert -> {});
            assertThat(evaluation.scored().labels()).hasSize(16);
            assertThat(evaluation.progress().examplesSeen()).isEqualTo(16);
        }
        before.close();
    }

    @Test
    void evaluation_hasTheRowsOfCompletedMiniBatches_inOrder() {
        List<Blocks.Example> stream = Blocks.stream(9, 10, FEATURES, CLASSES, "m");
        try (Learner learner = new Learner("m", new LearnerWorkspace(config(4)))) {
            BlockEvaluation first =
                    learner.process(
                            Blocks.block(stream.subList(0, 7)), prediction -> {}, alert -> {});
            BlockEvaluation second =
                    learner.process(
                            Blocks.block(stream.subList(7, 10)), prediction -> {}, alert -> {});

            int[] labels = stream.stream().mapToInt(Blocks.Example::label).toArray();
            assertThat(first.scored().labels()).containsExactly(Arrays.copyOf(labels, 4));
            assertThat(second.scored().labels()).containsExactly(Arrays.copyOfRange(labels, 4, 8));
            // The initial parameters are 0, so the first mini-batch has uniform probabilities.
            assertThat(first.scored().losses()).containsOnly((float) Math.log(CLASSES));
            assertThat(learner.hasPendingExamples()).isTrue();
            assertThat(second.progress().examplesSeen()).isEqualTo(8);
        }
    }

    private static LearnConfig predictingAll(LearnConfig config) {
        return new LearnConfig(
                config.learner(),
                config.classes(),
                config.labelType(),
                null,
                false,
                config.maxModels(),
                config.publishInterval(),
                config.drift(),
                config.device(),
                config.missing(),
                config.encoding(),
                false,
                config.featureSettings(),
                PredictedEvents.ALL,
                null);
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void predictionsOfAllEvents_areThoseThatWereTested(LearnConfig config) {
        int size = config.learner().miniBatchSize();
        List<Blocks.Example> stream =
                Blocks.stream(3, 40 * size + 5, FEATURES, CLASSES, "m").stream()
                        .map(
                                example ->
                                        example.offset() % 7 == 3
                                                ? Blocks.unlabelled(example)
                                                : example)
                        .toList();
        List<Prediction> predictions = new ArrayList<>();
        List<Float> losses = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        try (Learner learner = new Learner("m", new LearnerWorkspace(predictingAll(config)))) {
            for (List<Blocks.Example> piece : Blocks.pieces(stream, 90, 4)) {
                BlockEvaluation evaluation =
                        learner.process(
                                Blocks.block(piece, config.numTargets()),
                                predictions::add,
                                alert -> {});
                for (int i = 0; i < evaluation.scored().length(); i++) {
                    losses.add(evaluation.scored().losses()[i]);
                    labels.add(evaluation.scored().labels()[i]);
                }
            }
        }
        List<Prediction> tested =
                predictions.stream()
                        .filter(prediction -> prediction.label() != Prediction.UNLABELLED)
                        .toList();
        assertThat(predictions.size()).isGreaterThan(tested.size());
        assertThat(tested).extracting(Prediction::label).isEqualTo(labels);
        assertThat(tested).extracting(prediction -> (float) prediction.loss()).isEqualTo(losses);
        for (int i = 0; i < tested.size(); i++) {
            Prediction prediction = tested.get(i);
            // The version before the step of its mini-batch.
            assertThat(prediction.modelVersion()).isEqualTo(i / size);
            assertThat(prediction.examplesSeen()).isEqualTo((long) (i / size) * size);
            if (config.labelType() == LabelType.CLASS) {
                assertThat(-Math.log(prediction.probabilities()[prediction.label()]))
                        .isCloseTo(prediction.loss(), offset(1e-4 * (1 + prediction.loss())));
            }
        }
    }

    /**
     * The labels 0, 0, 1 and 2 have the balanced weights 1, 2 / (1 · 2), 3 / (2 · 1) and 4 / (3 ·
     * 1), but for fading by 0.9999. All losses are ln 3, as the first parameters are 0.
     */
    @Test
    void lossOfAMiniBatch_isThatOfBalancedClasses() {
        List<Blocks.Example> stream = Blocks.stream(9, 200, FEATURES, CLASSES, "m");
        List<Blocks.Example> miniBatch = new ArrayList<>();
        for (int label : new int[] {0, 0, 1, 2}) {
            miniBatch.add(
                    stream.stream()
                            .filter(example -> example.label() == label && example.weight() == 1)
                            .filter(example -> !miniBatch.contains(example))
                            .findFirst()
                            .orElseThrow());
        }
        try (Learner learner = new Learner("m", new LearnerWorkspace(balanced(4)))) {
            BlockEvaluation evaluation =
                    learner.process(Blocks.block(miniBatch), prediction -> {}, alert -> {});
            assertThat(evaluation.miniBatchLosses()).hasSize(1);
            assertThat(evaluation.miniBatchLosses()[0])
                    .isCloseTo((1 + 1 + 3 / 2.0 + 4 / 3.0) / 4 * Math.log(3), offset(1e-3));
        }
    }

    @Test
    void unlabelledRows_arePredictedByTheParametersAtTheirPlace_andDoNotTrain() {
        LearnConfig config = config(4);
        List<Blocks.Example> labelled = Blocks.stream(10, 60, FEATURES, CLASSES, "m");
        List<Blocks.Example> mixed = new ArrayList<>();
        Random random = new Random(2);
        for (Blocks.Example example : labelled) {
            if (random.nextBoolean()) {
                mixed.add(Blocks.unlabelled(labelled.get(random.nextInt(60))));
            }
            mixed.add(example);
        }
        LearnerState expected = plainLoop(config, List.of(labelled));
        List<Prediction> inOneBlock = new ArrayList<>();
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            BlockEvaluation evaluation =
                    learner.process(Blocks.block(mixed), inOneBlock::add, alert -> {});
            LearnerState actual = state(learner);
            assertThat(actual.counters()).isEqualTo(expected.counters());
            assertThat(actual.scaler().count()).isEqualTo(60);
            // Unlabelled rows take room in a block, so that steps may be computed in other
            // blocks, which changes the rounding.
            assertThat(actual.parameters()).containsExactly(expected.parameters(), offset(1e-6f));
            assertThat(evaluation.progress().audit().count(EventOutcome.UNLABELLED))
                    .isEqualTo(mixed.size() - 60);
        }
        List<Prediction> oneByOne = new ArrayList<>();
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            for (ExampleBlock block : Blocks.cut(mixed, 1, 1)) {
                learner.process(block, oneByOne::add, alert -> {});
            }
        }

        assertThat(inOneBlock).hasSize(mixed.size() - 60).hasSameSizeAs(oneByOne);
        for (int i = 0; i < oneByOne.size(); i++) {
            assertThat(inOneBlock.get(i).modelVersion()).isEqualTo(oneByOne.get(i).modelVersion());
            assertThat(inOneBlock.get(i).source()).isEqualTo(oneByOne.get(i).source());
            assertThat(inOneBlock.get(i).id()).isEqualTo(oneByOne.get(i).id());
            float[] probabilities = inOneBlock.get(i).probabilities();
            float sum = 0;
            for (int k = 0; k < CLASSES; k++) {
                assertThat(probabilities[k])
                        .isCloseTo(oneByOne.get(i).probabilities()[k], offset(1e-6f));
                sum += probabilities[k];
            }
            assertThat(sum).isCloseTo(1, offset(1e-5f));
        }
    }

    @Test
    void examplesOfANonFiniteStep_areIgnored_withTheirReason() {
        LearnConfig config = config(unscaled(2, new Sgd(1e30, 0), null, 3), LabelType.CLASS);
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            ModelProgress progress =
                    learner.process(Blocks.block(hugeFeatures()), prediction -> {}, alert -> {})
                            .progress();

            Audit audit = progress.audit();
            assertThat(progress.skippedSteps()).isPositive();
            assertThat(
                            audit.count(IgnoredReason.NON_FINITE_STEP)
                                    + audit.count(IgnoredReason.NON_FINITE_LOSS))
                    .isEqualTo(2 * progress.skippedSteps());
            assertThat(progress.rollBacks()).isPositive();
            assertThat(progress.examplesSeen())
                    .isEqualTo(2 * (progress.modelVersion() - progress.rollBacks()));
            assertThat(audit.total()).isEqualTo(20);
            for (float parameter : state(learner).parameters()) {
                assertThat(parameter).isFinite();
            }
        }
    }

    @Test
    void examplesWithANonFiniteLoss_areIgnored_withTheirReason() {
        LearnConfig config =
                config(unscaled(1, new Sgd(1e5, 0), null, MAX_SKIPPED_STEPS), LabelType.CLASS);
        // The first step sets a parameter to 5e4 · 1e33, so that the second example's logits
        // exceed the range of a float.
        List<Blocks.Example> stream =
                List.of(
                        new Blocks.Example("m", 0, 0, 1, new float[] {1e33f}),
                        new Blocks.Example("m", 1, 1, 1, new float[] {1e33f}));
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            ModelProgress progress =
                    learner.process(Blocks.block(stream), prediction -> {}, alert -> {}).progress();

            assertThat(progress.examplesSeen()).isEqualTo(1);
            assertThat(progress.audit().count(IgnoredReason.NON_FINITE_LOSS)).isEqualTo(1);
            assertThat(progress.skippedSteps()).isEqualTo(1);
        }
    }

    @Test
    void expertWithANonFiniteStep_restartsAlone_andProgressCountsIt() {
        Mixture mixture = new Mixture(List.of(1e-35, 1e30), 0.001, false);
        LearnConfig config =
                config(unscaled(1, new Sgd(1, 0), mixture, MAX_SKIPPED_STEPS), LabelType.CLASS);
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            ModelProgress progress =
                    learner.process(Blocks.block(hugeFeatures()), prediction -> {}, alert -> {})
                            .progress();

            assertThat(progress.skippedSteps()).isZero();
            assertThat(progress.examplesSeen()).isEqualTo(20);
            assertThat(progress.experts())
                    .extracting(Expert::name)
                    .containsExactly(
                            "rate 0.00000000000000000000000000000000001",
                            "rate 1" + "0".repeat(30));
            assertThat(progress.experts()[0].restarts()).isZero();
            assertThat(progress.experts()[1].restarts()).isPositive();
            assertThat(progress.experts()[0].weight() + progress.experts()[1].weight())
                    .isCloseTo(1, offset(1e-12));
        }
    }

    @Test
    void lossOfAnExpertThatRestarts_beginsAnew() {
        Mixture mixture = new Mixture(List.of(1e-35, 1e30), 0.001, false);
        LearnConfig config =
                config(unscaled(1, new Sgd(1, 0), mixture, MAX_SKIPPED_STEPS), LabelType.CLASS);
        List<Blocks.Example> first = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            first.add(new Blocks.Example("m", i, i / 3 % 2, 1, new float[] {0}));
        }
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            Expert before = fastExpert(learner, first);
            // Its bias moves by 10³⁰ with each step, and the label changes.
            assertThat(before.restarts()).isZero();
            assertThat(before.loss()).isGreaterThan(1e28);

            Expert after = fastExpert(learner, hugeFeatures());
            assertThat(after.restarts()).isPositive();
            assertThat(after.loss()).isLessThan(1e26);
        }
    }

    private static Expert fastExpert(Learner learner, List<Blocks.Example> examples) {
        return learner.process(Blocks.block(examples), prediction -> {}, alert -> {})
                .progress()
                .experts()[1];
    }

    @Test
    void progress_listsTheExperts_baselinesLast() {
        LearnConfig config =
                config(
                        settings(1, new Sgd(1, 0), new Mixture(List.of(0.01, 0.1), 0.001, true)),
                        LabelType.CLASS);
        List<Blocks.Example> stream = Blocks.stream(9, 200, FEATURES, CLASSES, "m");
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            ModelProgress progress =
                    learner.process(Blocks.block(stream), prediction -> {}, alert -> {}).progress();

            Expert[] experts = progress.experts();
            assertThat(experts)
                    .extracting(Expert::name)
                    .containsExactly("rate 0.01", "rate 0.1", "no-change", "frequencies");
            assertThat(experts)
                    .extracting(Expert::learningRate)
                    .containsExactly(0.01, 0.1, Double.NaN, Double.NaN);
            assertThat(Arrays.stream(experts).mapToDouble(Expert::weight).sum())
                    .isCloseTo(1, offset(1e-12));
            double slow = experts[0].weight();
            double fast = experts[1].weight();
            assertThat(progress.learningRate())
                    .isCloseTo((0.01 * slow + 0.1 * fast) / (slow + fast), offset(1e-12));
            assertThat(progress.modelVersion()).isEqualTo(200);
            assertThat(experts).allSatisfy(expert -> assertThat(expert.loss()).isBetween(0.0, 2.0));
            assertThat(experts).extracting(Expert::stackWeight).containsOnly(Double.NaN);
            assertThat(progress.combinations()).isEmpty();
        }
    }

    private static LearnerSettings unscaled(
            int miniBatchSize, Sgd sgd, @Nullable Mixture mixture, int maxSkippedSteps) {
        return new LearnerSettings(
                1,
                2,
                miniBatchSize,
                new CrossEntropy(2),
                sgd,
                mixture,
                MiniBatchReduction.EXAMPLES,
                null,
                maxSkippedSteps);
    }

    private static List<Blocks.Example> hugeFeatures() {
        List<Blocks.Example> stream = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            stream.add(new Blocks.Example("m", i, i / 3 % 2, 1, new float[] {1e30f + i}));
        }
        return stream;
    }

    @Test
    void stateOfAnotherShape_isRefused_namingBothValues() {
        Learner learner = new Learner("m", new LearnerWorkspace(config(1)));
        learner.process(
                Blocks.block(Blocks.stream(1, 5, FEATURES, CLASSES, "m")),
                prediction -> {},
                alert -> {});
        LearnerState state = learner.learnerState();
        ModelState modelState = learner.modelState(state, null);
        LearnConfig other =
                config(
                        settingsOf(
                                7,
                                new CrossEntropy(CLASSES),
                                mixture(false),
                                new Standardization()),
                        LabelType.CLASS);

        assertThatThrownBy(
                        () ->
                                Learner.restore(
                                        "m",
                                        new LearnerWorkspace(other),
                                        modelState,
                                        state,
                                        null,
                                        null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "The state of model \"m\" was saved with training.learning-rate = fixed,"
                                + " the configuration has auto");
        learner.close();
    }

    private static LearnerSettings settingsOf(
            int numFeatures, Loss loss, @Nullable Mixture mixture, @Nullable ScalerRule scaler) {
        return new LearnerSettings(
                numFeatures,
                CLASSES,
                1,
                loss,
                new Sgd(1, 0),
                mixture,
                MiniBatchReduction.EXAMPLES,
                scaler,
                MAX_SKIPPED_STEPS);
    }

    static Stream<Arguments> mismatches() {
        Loss loss = new CrossEntropy(CLASSES);
        ScalerRule scaler = new Standardization();
        Mixture mixture = new Mixture(List.of(0.1, 0.01), List.of(0.01, 0.1), false);
        LearnerSettings fixed = settingsOf(FEATURES, loss, null, scaler);
        LearnerSettings unscaled = settingsOf(FEATURES, loss, null, null);
        LearnerSettings mixed = settingsOf(FEATURES, loss, mixture, scaler);
        return Stream.of(
                Arguments.of(
                        fixed,
                        unscaled,
                        "was saved with scaler.type = welford or fading, the configuration has"
                                + " none"),
                Arguments.of(
                        unscaled,
                        fixed,
                        "was saved with scaler.type = none, the configuration has welford"),
                Arguments.of(
                        unscaled,
                        settingsOf(FEATURES, loss, null, new FadingStandardization(100)),
                        "was saved with scaler.type = none, the configuration has fading"),
                Arguments.of(
                        mixed,
                        fixed,
                        "was saved with training.learning-rate = auto, the configuration has"
                                + " fixed"),
                // A mixture of one learning rate has as many parameters as a fixed learning rate.
                Arguments.of(
                        fixed,
                        settingsOf(FEATURES, loss, new Mixture(List.of(0.1), 0.1, false), scaler),
                        "was saved with training.learning-rate = fixed, the configuration has"
                                + " auto"),
                Arguments.of(
                        mixed,
                        settingsOf(
                                FEATURES,
                                loss,
                                new Mixture(List.of(0.1), List.of(0.01, 0.1), false),
                                scaler),
                        "was saved with training.experts.rates = 2 values, the configuration has"
                                + " 1 value"),
                Arguments.of(
                        mixed,
                        settingsOf(
                                FEATURES,
                                loss,
                                new Mixture(List.of(0.1, 0.01), 0.1, false),
                                scaler),
                        "was saved with training.experts.shares = 2 values, the configuration has"
                                + " 1 value"),
                Arguments.of(
                        mixed,
                        settingsOf(
                                FEATURES,
                                loss,
                                new Mixture(List.of(0.1, 0.01), List.of(0.01, 0.1), true),
                                scaler),
                        "was saved with training.experts.baselines = false, the configuration has"
                                + " true"),
                Arguments.of(
                        fixed,
                        settingsOf(3, loss, null, scaler),
                        "was saved with num-features = 4, the configuration has 3"),
                Arguments.of(
                        unscaled,
                        settingsOf(3, loss, null, null),
                        "has 15 parameters; the configuration requires (3 features + 1) x 3"
                                + " outputs x 1 learning rates = 12 (num-features, training.loss,"
                                + " label.type)"));
    }

    @ParameterizedTest
    @MethodSource("mismatches")
    void stateOfOtherSettings_isRefused_namingTheKeyAndBothValues(
            LearnerSettings saved, LearnerSettings configured, String difference) {
        LearnConfig before = config(saved, LabelType.CLASS);
        try (Learner learner = new Learner("m", new LearnerWorkspace(before))) {
            learner.process(
                    Blocks.block(Blocks.stream(1, 5, FEATURES, CLASSES, "m")),
                    prediction -> {},
                    alert -> {});
            LearnerState state = learner.learnerState();
            ModelState modelState = learner.modelState(state, null);
            LearnerWorkspace workspace = new LearnerWorkspace(config(configured, LabelType.CLASS));

            assertThatThrownBy(() -> Learner.restore("m", workspace, modelState, state, null, null))
                    .isInstanceOf(StateMismatchException.class)
                    .hasMessage("The state of model \"m\" " + difference);
        }
    }

    @Test
    void classesThatBeginOrCeaseToBeBalanced_areNoMismatch() {
        LearnConfig plain =
                config(
                        settingsOf(FEATURES, new CrossEntropy(CLASSES), null, null),
                        LabelType.CLASS);
        LearnConfig balanced =
                config(settingsOf(FEATURES, balancedCrossEntropy(), null, null), LabelType.CLASS);
        for (boolean begins : new boolean[] {true, false}) {
            LearnConfig from = begins ? plain : balanced;
            LearnConfig to = begins ? balanced : plain;
            List<Blocks.Example> stream = Blocks.stream(1, 50, FEATURES, CLASSES, "m");
            LearnerState state = learn(from, List.of(stream));
            try (Learner learner = new Learner("m", new LearnerWorkspace(from))) {
                learner.process(Blocks.block(stream), prediction -> {}, alert -> {});
                Learner restored =
                        Learner.restore(
                                "m",
                                new LearnerWorkspace(to),
                                learner.modelState(state, null),
                                state,
                                null,
                                null);
                try (restored) {
                    assertThat(state(restored).parameters()).containsExactly(state.parameters());
                    assertThat(state(restored).classCounts()).hasSize(begins ? CLASSES : 0);
                    restored.process(Blocks.block(stream), prediction -> {}, alert -> {});
                    assertThat(restored.learnerState().counters().steps()).isEqualTo(100);
                }
            }
        }
    }

    /** Returns the configuration of a sparse model like a dense one, without a scaler. */
    static LearnConfig sparse(LearnConfig dense, int miniBatchSize) {
        return new LearnConfig(
                new LearnerSettings(
                        dense.learner().numFeatures(),
                        dense.learner().numClasses(),
                        miniBatchSize,
                        dense.learner().loss(),
                        dense.learner().optimizer(),
                        dense.learner().mixture(),
                        dense.learner().reduction(),
                        null,
                        10,
                        true),
                dense.classes(),
                dense.labelType(),
                null,
                false,
                dense.maxModels(),
                dense.publishInterval(),
                dense.drift(),
                dense.device(),
                MissingValues.ZERO,
                FeatureEncoding.SPARSE,
                false,
                dense.featureSettings(),
                PredictedEvents.UNLABELLED,
                null);
    }
}
