package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OpenClassesTest {
    private static final int FEATURES = 9;
    private static final int CAPACITY = 5;
    private static final Mixture MIXTURE =
            new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, true);

    static Stream<Named<LearnerSettings>> settings() {
        LearnerFixture base = LearnerFixture.of(FEATURES, CAPACITY).scaler(ScalerChoice.WELFORD);
        return Stream.of(
                Named.of("the mixture", base.sgd(1, 0).mixture(MIXTURE).settings()),
                Named.of("balanced classes", base.balanced().sgd(0.05, 0).miniBatch(2).settings()),
                Named.of("momentum in mini-batches", base.sgd(0.05, 0.9).miniBatch(4).settings()),
                Named.of("one large mini-batch", base.sgd(0.05, 0.9).miniBatch(100).settings()),
                Named.of("no scaler", base.scaler(ScalerChoice.NONE).settings()));
    }

    /** Examples of classes 0 to {@code maxLabel}, some without a label. */
    private static Examples examples(long seed, int count, int maxLabel) {
        Random random = new Random(seed);
        Examples examples = new Examples(FEATURES);
        float[] features = new float[FEATURES];
        for (int i = 0; i < count; i++) {
            for (int f = 0; f < FEATURES; f++) {
                features[f] = (float) random.nextGaussian();
            }
            int label = random.nextInt(10) == 0 ? Examples.UNLABELLED : random.nextInt(maxLabel);
            examples.add(features, 0, label, 1 + random.nextInt(3));
        }
        return examples;
    }

    /** Examples in which class k is first seen at row 40 k. */
    private static Examples growing(long seed, int count) {
        Examples examples = examples(seed, count, 1_000);
        for (int i = 0; i < count; i++) {
            if (examples.labels()[i] != Examples.UNLABELLED) {
                examples.labels()[i] %= Math.min(CAPACITY, 1 + i / 40);
            }
        }
        return examples;
    }

    private static Examples rows(Examples from, int begin, int end) {
        Examples rows = new Examples(FEATURES);
        for (int i = begin; i < end; i++) {
            rows.addFrom(from, i);
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("settings")
    void newClass_beginsAtLogit0_andLeavesTheOthers_bitForBit(LearnerSettings settings) {
        Examples query = examples(2, 1, 2);
        query.labels()[0] = Examples.UNLABELLED;
        try (BlockWorkspaces workspaces = new BlockWorkspaces(settings, true);
                SoftmaxLearner learner = open(workspaces)) {
            learner.learn(examples(1, 300, 2), true, new Evaluation(CAPACITY));
            LearnerState before = learner.state();
            double[] logits = logits(workspaces, learner, query);
            LearnerState after = before.extended(FEATURES, 2, settings.withClasses(3));
            for (int row = 0; row < settings.numRates() * (FEATURES + 1); row++) {
                assertThat(Arrays.copyOfRange(after.parameters(), 3 * row, 3 * row + 3))
                        .containsExactly(
                                before.parameters()[2 * row], before.parameters()[2 * row + 1], 0);
            }
            try (SoftmaxLearner extended = new SoftmaxLearner(workspaces, after)) {
                assertThat(extended.state().parameters()).containsExactly(after.parameters());
                double[] extendedLogits = logits(workspaces, extended, query);
                for (int rate = 0; rate < settings.numRates(); rate++) {
                    for (int c = 0; c < 2; c++) {
                        // Equal but for the rounding of a product of another shape.
                        assertThat(extendedLogits[3 * rate + c])
                                .isCloseTo(logits[2 * rate + c], within(1e-6));
                    }
                    assertThat(extendedLogits[3 * rate + 2]).isZero();
                }
            }
        }
    }

    /** Returns the logits of one example, (learning rates, numOutputs). */
    private static double[] logits(
            BlockWorkspaces workspaces, SoftmaxLearner learner, Examples query) {
        learner.learn(query, true, new Evaluation(CAPACITY));
        BlockWorkspace workspace = (BlockWorkspace) workspaces.borrow(learner.settings());
        double[] logits = Arrays.copyOf(workspace.logitValues, workspace.columns);
        workspaces.giveBack(workspace);
        return logits;
    }

    private static SoftmaxLearner open(BlockWorkspaces workspaces) {
        return new SoftmaxLearner(workspaces, LearnerState.initial(workspaces.settings(1)));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void openLearner_equalsOneThatIsExtendedByHand_bitForBit(LearnerSettings settings) {
        Examples stream = growing(3, 400);
        LearnerState expected = extendedByHand(settings, stream);
        try (BlockWorkspaces workspaces = new BlockWorkspaces(settings, true);
                SoftmaxLearner learner = open(workspaces)) {
            learner.learn(stream, true, new Evaluation(CAPACITY));

            assertThat(learner.settings().numClasses()).isEqualTo(CAPACITY);
            StateAssertions.assertSameBits(learner.state(), expected);
        }
    }

    /**
     * Returns the state after closed learners that take turns: each has one class more than the one
     * before, and begins with the mini-batch that first has the class.
     */
    private static LearnerState extendedByHand(LearnerSettings settings, Examples stream) {
        LearnerSettings current = settings.withClasses(1);
        LearnerState state = LearnerState.initial(current);
        Examples pending = new Examples(FEATURES);
        int waiting = 0;
        int begin = 0;
        for (int i = 0; i < stream.size(); i++) {
            if (stream.labels()[i] != Examples.UNLABELLED
                    && ++waiting % settings.miniBatchSize() == 0) {
                LearnerSettings needed = current;
                for (int j = begin; j <= i; j++) {
                    if (stream.labels()[j] >= needed.numClasses()) {
                        needed = settings.withClasses(stream.labels()[j] + 1);
                    }
                }
                addRows(pending, stream, begin, i + 1, false);
                if (!needed.equals(current)) {
                    state = learn(current, state, pending);
                    pending = new Examples(FEATURES);
                    state = state.extended(FEATURES, current.numOutputs(), needed);
                    current = needed;
                }
                addRows(pending, stream, begin, i + 1, true);
                begin = i + 1;
            }
        }
        addRows(pending, stream, begin, stream.size(), false);
        addRows(pending, stream, begin, stream.size(), true);
        return learn(current, state, pending);
    }

    private static void addRows(Examples to, Examples from, int begin, int end, boolean labelled) {
        for (int i = begin; i < end; i++) {
            if (from.labels()[i] != Examples.UNLABELLED == labelled) {
                to.addFrom(from, i);
            }
        }
    }

    private static LearnerState learn(
            LearnerSettings settings, LearnerState state, Examples examples) {
        try (SoftmaxLearner learner = TestEngine.start(settings, state)) {
            learner.learn(examples, true, new Evaluation(CAPACITY));
            return learner.state();
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void fullBlocks_areTheSame_howeverTheStreamIsCut_andRestored(LearnerSettings settings) {
        Examples stream = growing(4, 400);
        LearnerState expected = learnFullBlocks(settings, stream, stream.size());
        for (int piece : new int[] {1, 7, 150}) {
            StateAssertions.assertSameBits(learnFullBlocks(settings, stream, piece), expected);
        }
    }

    /** Learns a stream in pieces, each with a learner that is restored from the one before. */
    private static LearnerState learnFullBlocks(
            LearnerSettings settings, Examples stream, int piece) {
        Evaluation evaluation = new Evaluation(CAPACITY);
        Examples pending = new Examples(FEATURES);
        try (BlockWorkspaces workspaces = new BlockWorkspaces(settings, true)) {
            LearnerState state = LearnerState.initial(workspaces.settings(1));
            for (int from = 0; from < stream.size(); from += piece) {
                pending.addAll(rows(stream, from, Math.min(from + piece, stream.size())));
                try (SoftmaxLearner learner = new SoftmaxLearner(workspaces, state)) {
                    learner.learnFullBlocks(pending, evaluation, null);
                    state = learner.state();
                }
                pending.retainPending(evaluation);
            }
            return state;
        }
    }

    @Test
    void firstClass_isCertain_andThePredictionsGrow() {
        LearnerSettings settings = LearnerFixture.of(FEATURES, CAPACITY).settings();
        Evaluation evaluation = new Evaluation(CAPACITY);
        try (BlockWorkspaces workspaces = new BlockWorkspaces(settings, true);
                SoftmaxLearner learner = open(workspaces)) {
            Examples stream = new Examples(FEATURES);
            float[] features = new float[FEATURES];
            for (int label : new int[] {0, -1, 1, -1}) {
                stream.add(features, 0, label, 1);
            }
            learner.learn(stream, true, evaluation);

            assertThat(evaluation.losses()[0]).isZero();
            assertThat(evaluation.probabilities(1)).containsExactly(1);
            assertThat(evaluation.losses()[2]).isEqualTo((float) Math.log(2));
            // A step of 0.1 on the bias, whose gradient is (0.5, -0.5).
            float p = (float) (1 / (1 + Math.exp(-0.1)));
            assertThat(evaluation.probabilities(3)).hasSize(2);
            assertThat(evaluation.probabilities(3)[1]).isCloseTo(p, within(1e-7f));
            assertThat(learner.counters().steps()).isEqualTo(2);
        }
    }

    @Test
    void labelBeyondTheCapacity_isRefused() {
        LearnerSettings settings = LearnerFixture.of(1, 2).settings();
        Examples examples = new Examples(1);
        examples.add(new float[1], 0, 2, 1);
        try (BlockWorkspaces workspaces = new BlockWorkspaces(settings, true);
                SoftmaxLearner learner = open(workspaces)) {
            assertThatThrownBy(() -> learner.learn(examples, true, new Evaluation(2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a label must be 0 to 1");
        }
    }

    @Test
    void lossesWhoseOptionsBelongToTheClasses_cannotBeOpen() {
        CrossEntropy weighted =
                new CrossEntropy(2, OutputWeights.of(1, 2), CrossEntropy.DEFAULT_IGNORE_INDEX, 0);

        assertThatThrownBy(() -> weighted.withClasses(3)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new BinaryCrossEntropy(2, OutputWeights.NONE).withClasses(3))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void unusedWorkspace_isKept_andClosedForTheNext() {
        LearnerSettings settings = LearnerFixture.of(FEATURES, CAPACITY).settings();
        try (BlockWorkspaces workspaces = new BlockWorkspaces(settings, true)) {
            BlockWorkspace two = (BlockWorkspace) workspaces.borrow(settings.withClasses(2));
            assertThat(workspaces.borrow(settings.withClasses(2))).isSameAs(two);
            workspaces.giveBack(two);
            StepWorkspace three = workspaces.borrow(settings.withClasses(3));
            workspaces.giveBack(two);
            assertThat(two.inputs.isClosed()).isFalse();
            workspaces.giveBack(three);
            assertThat(two.inputs.isClosed()).isTrue();
            assertThat(workspaces.borrow(settings.withClasses(3))).isSameAs(three);
        }
    }
}
