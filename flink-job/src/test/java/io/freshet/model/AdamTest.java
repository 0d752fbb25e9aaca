package io.freshet.model;

import static io.freshet.model.StateAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.optim.Adam;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.OptimizerState;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of {@link Adam} in the learner, against trajectories of {@code torch.optim.Adam}. */
class AdamTest {
    private static final int STEPS = 200;

    private static final Adam ADAM =
            new Adam(LearningRateSchedule.constant(0.05), 0.9, 0.999, 1e-8, 0);

    private static List<GoldenCase> golden() {
        return GoldenCase.read(GoldenCase.class, "adam.txt");
    }

    static Stream<Arguments> trajectories() {
        return golden().stream()
                .skip(1)
                .flatMap(
                        trajectory ->
                                Stream.of(
                                        Arguments.of(Precision.FLOAT, 1e-5, trajectory),
                                        Arguments.of(Precision.DOUBLE, 1e-12, trajectory)));
    }

    @Test
    void goldenFile_hasAllTrajectories() {
        assertThat(trajectories()).hasSize(10);
    }

    @ParameterizedTest
    @MethodSource("trajectories")
    void learner_matchesPyTorch(Precision precision, double tolerance, GoldenCase trajectory) {
        GoldenCase data = golden().get(0);
        int[] shape = data.integers("shape");
        int size = data.integers("batch_size")[0];
        LearnerSettings settings = settings(shape[1], shape[2], size, optimizer(trajectory));
        for (int stepsPerCall : new int[] {1, 50}) {
            try (SoftmaxLearner learner =
                    new SoftmaxLearner(settings, precision, LearnerState.initial(settings))) {
                Evaluation evaluation = new Evaluation(shape[2]);
                for (int step = 0; step < STEPS; step += stepsPerCall) {
                    learner.learn(
                            examples(data, step * size, stepsPerCall * size), false, evaluation);
                    for (int s = 0; s < stepsPerCall; s++) {
                        double sum = 0;
                        for (int i = s * size; i < (s + 1) * size; i++) {
                            sum += evaluation.losses()[i];
                        }
                        assertThat(sum / size)
                                .as("loss of step %d", step + s)
                                .isCloseTo(
                                        trajectory.doubles("losses")[step + s],
                                        within(Math.max(1e-6, tolerance)));
                    }
                    String name = "parameters." + (step + stepsPerCall);
                    if (trajectory.has(name)) {
                        assertClose(learner, trajectory.doubles(name), tolerance);
                    }
                }
            }
        }
    }

    private static void assertClose(SoftmaxLearner learner, double[] expected, double tolerance) {
        double[][] actual = StateAssertions.parameters(learner)[0];
        int i = 0;
        for (double[] row : actual) {
            for (double value : row) {
                assertThat(value).isCloseTo(expected[i++], within(tolerance));
            }
        }
        assertThat(i).isEqualTo(expected.length);
    }

    private static Adam optimizer(GoldenCase trajectory) {
        double rate = trajectory.number("learning_rate");
        return new Adam(
                switch (trajectory.text("schedule")) {
                    case "step" -> new LearningRateSchedule(Kind.STEP, rate, 0.5, 50);
                    case "exponential" -> new LearningRateSchedule(Kind.EXPONENTIAL, rate, 0.99, 1);
                    default -> LearningRateSchedule.constant(rate);
                },
                trajectory.number("beta1"),
                trajectory.number("beta2"),
                trajectory.number("epsilon"),
                trajectory.number("weight_decay"));
    }

    private static LearnerSettings settings(
            int numFeatures, int numClasses, int miniBatchSize, Adam optimizer) {
        return new LearnerSettings(
                numFeatures,
                numClasses,
                miniBatchSize,
                new CrossEntropy(numClasses),
                optimizer,
                null,
                MiniBatchReduction.EXAMPLES,
                null,
                10);
    }

    private static Examples examples(GoldenCase data, int first, int count) {
        int[] shape = data.integers("shape");
        Examples examples = new Examples(shape[1]);
        for (int i = 0; i < count; i++) {
            int row = (first + i) % shape[0];
            examples.add(data.floats("features"), row * shape[1], data.integers("labels")[row], 1);
        }
        return examples;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "4, 30", "100, 150"})
    void restoredLearner_continuesBitForBit(int miniBatchSize, int rowsPerCall) {
        LearnerSettings settings = settings(5, 3, miniBatchSize, ADAM);
        Examples stream = new ExampleStream(settings, 1).weighted().partlyLabelled().take(2000);
        try (SoftmaxLearner whole = new SoftmaxLearner(settings, LearnerState.initial(settings));
                SoftmaxLearner first =
                        new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            RecordedEvaluation.byCalls(whole, stream, rowsPerCall);
            RecordedEvaluation.byCalls(first, stream, rowsPerCall);
            assertThat(first.state().optimizer().array(Adam.SECOND_MOMENT)).hasSize(18);
            try (SoftmaxLearner second = new SoftmaxLearner(settings, first.state())) {
                Examples rest = new ExampleStream(settings, 2).weighted().take(500);
                RecordedEvaluation expected = RecordedEvaluation.byCalls(whole, rest, rowsPerCall);

                EvaluationAssertions.assertSameBitsAs(
                        RecordedEvaluation.byCalls(second, rest, rowsPerCall), expected);
                assertSameBits(second.state(), whole.state());
            }
        }
    }

    @Test
    void resetOptimizer_beginsWithMomentsOfZero() {
        LearnerSettings settings = settings(5, 3, 1, ADAM);
        Examples stream = new ExampleStream(settings, 3).take(300);
        try (SoftmaxLearner learner =
                new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            RecordedEvaluation.byCalls(learner, stream, 10);
            learner.resetOptimizer();
            LearnerState state = learner.state();
            assertThat(state.optimizer()).isEqualTo(OptimizerState.INITIAL);
            try (SoftmaxLearner fresh = new SoftmaxLearner(settings, state)) {
                RecordedEvaluation.byCalls(learner, stream, 10);
                RecordedEvaluation.byCalls(fresh, stream, 10);

                assertSameBits(learner.state(), fresh.state());
            }
        }
    }

    @Test
    void skippedStep_leavesTheMomentsAsTheyWere() {
        LearnerSettings settings = settings(2, 3, 1, ADAM);
        try (SoftmaxLearner learner =
                new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            RecordedEvaluation.byCalls(learner, new ExampleStream(settings, 4).take(50), 10);
            LearnerState before = learner.state();
            Examples wild = new Examples(2);
            wild.add(new float[] {Float.MAX_VALUE, Float.MAX_VALUE}, 0, 1, 1);
            Evaluation evaluation = new Evaluation(3);
            learner.learn(wild, true, evaluation);

            assertThat(evaluation.outcome(0)).isNotEqualTo(Outcome.TRAINED);
            StateAssertions.assertSameExceptCounters(learner.state(), before);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 1, 1e3})
    void parameters_stayWithinTheirBound(double scale) {
        LearnerSettings settings = settings(5, 3, 1, ADAM);
        Examples stream = new ExampleStream(settings, 5).take(500);
        for (int i = 0; i < stream.size() * 5; i++) {
            stream.features()[i] *= (float) scale;
        }
        try (SoftmaxLearner learner =
                new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            RecordedEvaluation.byCalls(learner, stream, 10);

            Parameters parameters = learner.parameters();
            assertThat(parameters.values().sumOfMagnitudes(0, 3))
                    .isBetween(1e-3, parameters.bound());
        }
    }

    @Test
    void impossibleRules_areRefused() {
        LearningRateSchedule rate = LearningRateSchedule.constant(0.1);
        assertThatThrownBy(() -> new Adam(rate, 1, 0.9, 1e-8, 0)).hasMessageContaining("beta1");
        assertThatThrownBy(() -> new Adam(rate, 0.9, -0.1, 1e-8, 0)).hasMessageContaining("beta2");
        assertThatThrownBy(() -> new Adam(rate, 0.9, 0.9, 0, 0)).hasMessageContaining("epsilon");
        assertThatThrownBy(() -> new Adam(rate, 0.9, 0.9, 1e-8, Double.NaN))
                .hasMessageContaining("weightDecay");
    }
}
