package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.EventHash;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.Fate;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.Messages;
import io.freshet.model.DeviceFallback;
import io.freshet.model.Evaluation;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.MiniBatch;
import io.freshet.model.Reduction;
import io.freshet.model.ScalerType;
import io.freshet.model.Sgd;
import io.freshet.model.SoftmaxLearner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearnerTest {
    private static final int FEATURES = 4;
    private static final int CLASSES = 3;

    static LearnConfig config(int miniBatchSize) {
        return new LearnConfig(
                new LearnerSettings(
                        FEATURES,
                        CLASSES,
                        miniBatchSize,
                        new Sgd(0.05, 0.9),
                        Reduction.EXAMPLES,
                        ScalerType.WELFORD),
                List.of("a", "b", "c"),
                null,
                1000,
                Duration.ofSeconds(10),
                DeviceFallback.CPU);
    }

    /** The reference: the model's classes, driven by a loop. */
    private static LearnerState plainLoop(LearnConfig config, List<Blocks.Example> stream) {
        LearnerSettings settings = config.learner();
        Evaluation evaluation = new Evaluation(settings.miniBatchSize());
        MiniBatch batch = new MiniBatch(settings.miniBatchSize(), FEATURES);
        try (SoftmaxLearner model = new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            for (Blocks.Example example : stream) {
                if (example.label() != ExampleBlock.UNLABELLED) {
                    batch.add(example.features(), 0, example.label(), example.weight());
                }
                if (batch.isFull()) {
                    model.step(batch, evaluation);
                    batch.clear();
                }
            }
            if (batch.size() > 0) {
                model.step(batch, evaluation);
            }
            return model.state();
        }
    }

    private static LearnerState state(Learner learner) {
        return Objects.requireNonNull(learner.state());
    }

    private static void assertBitForBit(LearnerState actual, LearnerState expected) {
        assertThat(actual.modelVersion()).isEqualTo(expected.modelVersion());
        assertThat(actual.parameters()).containsExactly(expected.parameters());
        assertThat(actual.velocity()).containsExactly(expected.velocity());
        assertThat(actual.scalerCount()).isEqualTo(expected.scalerCount());
        assertThat(actual.scalerMean()).containsExactly(expected.scalerMean());
        assertThat(actual.scalerSquaredDeviations())
                .containsExactly(expected.scalerSquaredDeviations());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 32})
    void learner_equalsThePlainLoop_bitForBit_howeverTheBlocksAreCut(int miniBatchSize) {
        LearnConfig config = config(miniBatchSize);
        List<Blocks.Example> stream = Blocks.stream(7, 500, FEATURES, CLASSES, "m");
        LearnerState expected = plainLoop(config, stream);
        for (int maxBlock : new int[] {1, 5, 300}) {
            try (Learner learner = new Learner("m", config)) {
                for (ExampleBlock block : Blocks.cut(stream, maxBlock, 3)) {
                    learner.process(block, prediction -> {});
                }
                learner.closeMiniBatch(prediction -> {});
                assertBitForBit(state(learner), expected);
            }
        }
    }

    @Test
    void learnerSavedAndRestoredAtEveryBlock_equalsTheOneThatLived() {
        LearnConfig config = config(32);
        List<Blocks.Example> stream = Blocks.stream(8, 500, FEATURES, CLASSES, "m");
        LearnerState expected = plainLoop(config, stream);

        Learner learner = new Learner("m", config);
        for (ExampleBlock block : Blocks.cut(stream, 20, 3)) {
            learner.process(block, prediction -> {});
            LearnerState state = learner.state();
            Learner restored =
                    Learner.restore("m", config, learner.memory(state), state, learner.openRows());
            learner.close();
            learner = restored;
        }
        BlockEvaluation last = learner.closeMiniBatch(prediction -> {});

        assertBitForBit(state(learner), expected);
        assertThat(last.progress().examplesSeen()).isEqualTo(500);
        EventHash hash = new EventHash();
        long digest = 0;
        for (int i = 0; i < 500; i++) {
            digest += hash.of(Messages.TOPIC, 0, i);
        }
        assertThat(last.progress().audit().digest(Fate.ACCEPTED)).isEqualTo(digest);
        assertThat(last.progress().offsets())
                .containsExactly(new PartitionOffset(Messages.TOPIC, 0, 499));
        assertThat(last.progress().timestamp()).isEqualTo(1499);
        learner.close();
    }

    @Test
    void openRows_areStepped_whenTheMiniBatchHasBecomeSmaller() {
        List<Blocks.Example> stream = Blocks.stream(8, 20, FEATURES, CLASSES, "m");
        Learner before = new Learner("m", config(32));
        before.process(Blocks.block(stream.subList(0, 19)), prediction -> {});
        LearnerState state = before.state();

        try (Learner after =
                Learner.restore("m", config(8), before.memory(state), state, before.openRows())) {
            BlockEvaluation evaluation =
                    after.process(Blocks.block(stream.subList(19, 20)), prediction -> {});
            assertThat(evaluation.labels()).hasSize(16);
            assertThat(evaluation.progress().examplesSeen()).isEqualTo(16);
        }
        before.close();
    }

    @Test
    void evaluation_hasTheRowsOfCompletedMiniBatches_inOrder() {
        List<Blocks.Example> stream = Blocks.stream(9, 10, FEATURES, CLASSES, "m");
        try (Learner learner = new Learner("m", config(4))) {
            BlockEvaluation first =
                    learner.process(Blocks.block(stream.subList(0, 7)), prediction -> {});
            BlockEvaluation second =
                    learner.process(Blocks.block(stream.subList(7, 10)), prediction -> {});

            int[] labels = stream.stream().mapToInt(Blocks.Example::label).toArray();
            assertThat(first.labels()).containsExactly(Arrays.copyOf(labels, 4));
            assertThat(second.labels()).containsExactly(Arrays.copyOfRange(labels, 4, 8));
            // Parameters begin at 0, so the first mini-batch meets uniform probabilities.
            assertThat(first.losses()).containsOnly((float) Math.log(CLASSES));
            assertThat(learner.hasOpenMiniBatch()).isTrue();
            assertThat(second.progress().examplesSeen()).isEqualTo(8);
        }
    }

    @Test
    void unlabelledRows_areAnsweredByTheParametersInForceAtTheirPlace_andChangeNothing() {
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
        LearnerState expected = plainLoop(config, labelled);
        List<Prediction> inOneBlock = new ArrayList<>();
        try (Learner learner = new Learner("m", config)) {
            BlockEvaluation evaluation = learner.process(Blocks.block(mixed), inOneBlock::add);
            assertBitForBit(state(learner), expected);
            assertThat(evaluation.progress().audit().count(Fate.UNLABELLED))
                    .isEqualTo(mixed.size() - 60);
        }
        List<Prediction> oneByOne = new ArrayList<>();
        try (Learner learner = new Learner("m", config)) {
            for (ExampleBlock block : Blocks.cut(mixed, 1, 1)) {
                learner.process(block, oneByOne::add);
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
    void rowsOfAStepThatIsNotFinite_areIgnored_withTheirReason() {
        LearnConfig config =
                new LearnConfig(
                        new LearnerSettings(
                                1, 2, 2, new Sgd(1e30, 0), Reduction.EXAMPLES, ScalerType.NONE),
                        List.of("a", "b"),
                        null,
                        10,
                        Duration.ZERO,
                        DeviceFallback.CPU);
        List<Blocks.Example> stream = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            stream.add(new Blocks.Example("m", i, i / 3 % 2, 1, new float[] {1e30f + i}));
        }
        try (Learner learner = new Learner("m", config)) {
            Progress progress = learner.process(Blocks.block(stream), prediction -> {}).progress();

            assertThat(progress.skippedSteps()).isPositive();
            assertThat(progress.audit().count(IgnoredReason.NON_FINITE_STEP))
                    .isEqualTo(2 * progress.skippedSteps());
            assertThat(progress.examplesSeen()).isEqualTo(2 * progress.modelVersion());
            assertThat(progress.audit().total()).isEqualTo(20);
            for (float parameter : state(learner).parameters()) {
                assertThat(parameter).isFinite();
            }
        }
    }

    @Test
    void stateOfAnotherShape_isRefused_namingBoth() {
        Learner learner = new Learner("m", config(1));
        learner.process(
                Blocks.block(Blocks.stream(1, 5, FEATURES, CLASSES, "m")), prediction -> {});
        LearnerState state = learner.state();
        LearnerMemory memory = learner.memory(state);
        LearnConfig other =
                new LearnConfig(
                        new LearnerSettings(
                                7,
                                CLASSES,
                                1,
                                new Sgd(0.1, 0),
                                Reduction.EXAMPLES,
                                ScalerType.WELFORD),
                        List.of("a", "b", "c"),
                        null,
                        10,
                        Duration.ZERO,
                        DeviceFallback.CPU);

        assertThatThrownBy(() -> Learner.restore("m", other, memory, state, null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "The state of model \"m\" has 15 parameters; the configuration asks for"
                                + " (7 features + 1) x 3 classes = 24");
        learner.close();
    }
}
