package io.freshet.model;

import static io.freshet.model.StateAssertions.assertSameBits;
import static io.freshet.model.StateAssertions.assertSameExceptCounters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.PlainLoop;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the guards of the learner against numbers that are not finite. */
class LearnerGuardsTest {
    private static final Mixture MIXTURE = new Mixture(List.of(0.01, 0.1, 1.0), 0.01, true);

    static Stream<LearnerFixture> fixtures() {
        LearnerFixture fixture = LearnerFixture.of(5, 3);
        return Stream.of(ScalerChoice.values())
                .filter(scaler -> !scaler.acceptsMissing())
                .map(fixture::scaler)
                .flatMap(
                        scaled ->
                                Stream.of(
                                        scaled,
                                        scaled.sgd(0.1, 0.9),
                                        scaled.sgd(nesterov()),
                                        scaled.mixture(MIXTURE)))
                .flatMap(variant -> Stream.of(1, 8, 40, 100).map(variant::miniBatch));
    }

    private static Sgd nesterov() {
        return new Sgd(LearningRateSchedule.constant(0.1), 0.9, 0, true, 0.01);
    }

    // Skipped steps.

    @ParameterizedTest
    @MethodSource("fixtures")
    void stepThatIsNotFinite_changesNoBit(LearnerFixture fixture) {
        int size = fixture.miniBatchSize();
        for (float bad :
                new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (boolean inTheWeight : new boolean[] {false, true}) {
                ExampleStream stream = new ExampleStream(fixture.settings(), 9);
                Evaluation evaluation = new Evaluation(3);
                try (SoftmaxLearner learner = fixture.start();
                        SoftmaxLearner reference = fixture.start()) {
                    // On a new model and on a trained one.
                    for (int round = 0; round < 3; round++) {
                        Examples invalid = stream.take(size);
                        (inTheWeight ? invalid.weights() : invalid.features())[size / 2] = bad;
                        learner.learn(invalid, false, evaluation);

                        assertOutcomes(
                                evaluation,
                                inTheWeight ? Outcome.SKIPPED_STEP : Outcome.SKIPPED_LOSS);
                        assertThat(learner.modelVersion()).isEqualTo(reference.modelVersion());
                        assertThat(learner.counters().skippedSteps()).isEqualTo(round + 1);
                        assertThat(learner.counters().skippedInARow()).isEqualTo(1);
                        assertSameExceptCounters(learner.state(), reference.state());

                        Examples next = stream.take(size * 3);
                        learner.learn(next, false, evaluation);
                        reference.learn(next, false, new Evaluation(3));
                        assertOutcomes(evaluation, Outcome.TRAINED);
                        assertSameExceptCounters(learner.state(), reference.state());
                        assertThat(learner.counters().skippedInARow()).isZero();
                        assertThat(learner.counters().rollBacks()).isZero();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void miniBatchInTheMiddleOfABlock_isSkippedAlone(LearnerFixture fixture) {
        int size = fixture.miniBatchSize();
        Examples stream = new ExampleStream(fixture.settings(), 10).take(size * 20);
        Examples clean = new Examples(5);
        for (int i = 0; i < stream.size(); i++) {
            if (i / size == 3 || i / size == 4 || i / size == 19) {
                stream.features()[i * 5 + 2] = Float.NaN;
            } else {
                ExampleStream.append(stream, i, clean);
            }
        }
        try (SoftmaxLearner learner = fixture.start(Precision.DOUBLE);
                SoftmaxLearner reference = fixture.start(Precision.DOUBLE)) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, stream, size * 20);
            RecordedEvaluation expected = RecordedEvaluation.byCalls(reference, clean, size * 17);

            int kept = 0;
            for (int i = 0; i < stream.size(); i++) {
                if (Float.isNaN(stream.features()[i * 5 + 2])) {
                    assertThat(found.outcomes[i]).isEqualTo(Outcome.SKIPPED_LOSS);
                } else {
                    assertThat(found.outcomes[i]).isEqualTo(Outcome.TRAINED);
                    // The scaler rounds to float at different places.
                    assertThat(found.losses[i]).isCloseTo(expected.losses[kept++], within(1e-5));
                }
            }
            StateAssertions.assertClose(
                    StateAssertions.parameters(learner),
                    StateAssertions.parameters(reference),
                    1e-5);
            assertThat(learner.counters().steps()).isEqualTo(17);
            assertThat(learner.modelVersion()).isEqualTo(17);
            assertThat(learner.counters().skippedSteps()).isEqualTo(3);
            assertThat(learner.counters().skippedInARow()).isEqualTo(1);
            assertThat(learner.state().scaler().count())
                    .isEqualTo(reference.state().scaler().count());
        }
    }

    @Test
    void stepBeyondTheRangeOfFloats_isSkipped() {
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(1e38, 0.5);
        Examples batch = new Examples(1);
        batch.add(new float[] {2}, 0, 0, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(learner.state().parameters())
                    .containsExactly(1e38f, -1e38f, 0.5e38f, -0.5e38f);
            LearnerState before = learner.state();

            // The gradient is 0 now, but half of the velocity remains: the magnitudes would be
            // 1.5, 1.5, 0.75 and 0.75e38, and their sum, 4.5e38, overflows a float.
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.SKIPPED_STEP);
            assertThat(learner.counters().skippedSteps()).isEqualTo(1);
            assertThat(learner.state().parameters()).containsExactly(before.parameters());
            assertThat(learner.state().optimizer().array(Sgd.VELOCITY))
                    .containsExactly(before.optimizer().array(Sgd.VELOCITY));
        }
    }

    @Test
    void smallStepBeyondTheRangeOfFloats_isSkipped() {
        // Both biases are 1.7e38 after the first step; the next would add 0.2 % by momentum alone.
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(1e38, 0.002);
        Examples batch = new Examples(1);
        batch.add(new float[] {0}, 0, 0, 3.4f);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.SKIPPED_STEP);
        }
    }

    @Test
    void stepWithAnInfiniteLoss_isSkipped_evenIfItsGradientIsFinite() {
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(0.1, 0.9).miniBatch(2);
        float[] parameters = {0, -1e30f, 0, 0};
        Examples batch = new Examples(1);
        batch.add(new float[] {1}, 0, 0, 1);
        batch.add(new float[] {1e10f}, 0, 1, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.startFrom(parameters)) {
            learner.learn(batch, false, evaluation);
            assertThat(Arrays.copyOf(evaluation.losses(), 2))
                    .containsExactly(0f, Float.POSITIVE_INFINITY);
            assertOutcomes(evaluation, Outcome.SKIPPED_LOSS);
            assertThat(learner.state().parameters()).containsExactly(parameters);
        }
    }

    @Test
    void largeParameters_takeCheckedSteps() {
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(1e36, 0);
        Examples batch = new Examples(1);
        batch.add(new float[] {0}, 0, 0, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.startFrom(0, 0, 3e37f, 3e37f)) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(learner.state().parameters())
                    .containsExactly(new float[] {0, 0, 3.05e37f, 2.95e37f}, within(1e32f));
        }
    }

    /** Uses only finite values, with which checked steps must give the same results as others. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void checkedSteps_matchThePlainLoop(Precision precision) {
        // The square of 2⁵⁴ is too large for a block, so the step is checked.
        float[] large = {0, 0, 0x1p54f};
        LearnerFixture fixture = LearnerFixture.of(3, 3).miniBatch(2);
        for (LearnerFixture variant : List.of(fixture.sgd(0.1, 0.5), fixture.mixture(MIXTURE))) {
            Examples stream = new ExampleStream(variant.settings(), 11).take(400);
            Examples withLargeFeatures = new Examples(3);
            for (int i = 0; i < 400; i++) {
                if (i % 2 == 0) {
                    withLargeFeatures.add(large, 0, Examples.UNLABELLED, 1);
                }
                ExampleStream.append(stream, i, withLargeFeatures);
            }
            PlainLoop plain = new PlainLoop(variant.settings());
            RecordedEvaluation expected = plain.learn(withLargeFeatures);
            try (SoftmaxLearner learner = variant.start(precision)) {
                RecordedEvaluation found =
                        RecordedEvaluation.byCalls(learner, withLargeFeatures, 100);

                double tolerance = precision == Precision.FLOAT ? 1e-4 : 1e-5;
                EvaluationAssertions.assertCloseTo(
                        found.labelled(withLargeFeatures),
                        expected.labelled(withLargeFeatures),
                        tolerance);
                StateAssertions.assertClose(
                        StateAssertions.parameters(learner), plain.parameters, tolerance);
                assertThat(learner.modelVersion()).isEqualTo(200);
            }
        }
    }

    @Test
    void firstStepThatIsNotFinite_leavesNoVelocityBehind() {
        // With Nesterov's momentum the velocity is computed before the parameters. If the first
        // step is skipped, this velocity must be discarded.
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(nesterov());
        Examples bad = new Examples(1);
        bad.add(new float[] {1}, 0, 0, Float.POSITIVE_INFINITY);
        Examples good = new Examples(1);
        good.add(new float[] {1}, 0, 0, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.start();
                SoftmaxLearner reference = fixture.start()) {
            learner.learn(bad, false, evaluation);
            assertOutcomes(evaluation, Outcome.SKIPPED_STEP);
            assertThat(learner.state().optimizer().array(Sgd.VELOCITY)).isEmpty();

            learner.learn(good, false, evaluation);
            reference.learn(good, false, new Evaluation(2));
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertSameExceptCounters(learner.state(), reference.state());
        }
    }

    // Unlabelled examples next to numbers that are not finite.

    @ParameterizedTest
    @MethodSource("fixtures")
    void unlabelledExample_doesNotAffectAStep(LearnerFixture fixture) {
        int size = fixture.miniBatchSize();
        for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 3e38f}) {
            Examples batches = new ExampleStream(fixture.settings(), 12).take(2 * size);
            Examples examples = ExampleStream.rows(batches, 0, size);
            examples.add(new float[] {0, 0, bad, 0, 0}, 0, Examples.UNLABELLED, 1);
            for (int i = size; i < 2 * size; i++) {
                ExampleStream.append(batches, i, examples);
            }
            try (SoftmaxLearner learner = fixture.start(Precision.DOUBLE);
                    SoftmaxLearner reference = fixture.start(Precision.DOUBLE)) {
                RecordedEvaluation found =
                        RecordedEvaluation.byCalls(learner, examples, examples.size());
                RecordedEvaluation.byCalls(reference, batches, batches.size());

                assertThat(found.outcomes).doesNotContain(Outcome.SKIPPED_STEP);
                assertThat(learner.counters()).isEqualTo(reference.counters());
                StateAssertions.assertClose(
                        StateAssertions.parameters(learner),
                        StateAssertions.parameters(reference),
                        1e-5);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void unlabelledExample_isPredictedByTheCurrentModel_afterASkippedStep(LearnerFixture fixture) {
        int size = fixture.miniBatchSize();
        ExampleStream stream = new ExampleStream(fixture.settings(), 13);
        Examples examples = stream.take(size);
        float[] unlabelled = {1, -1, 0, 0.5f, 2};
        for (boolean inTheWeight : new boolean[] {false, true}) {
            Examples invalid = ExampleStream.rows(examples, 0, size);
            (inTheWeight ? invalid.weights() : invalid.features())[0] = Float.POSITIVE_INFINITY;
            invalid.add(unlabelled, 0, Examples.UNLABELLED, 1);
            try (SoftmaxLearner learner = fixture.start()) {
                learner.learn(examples, false, new Evaluation(3));
                float[] expected = new float[3];
                learner.predict(unlabelled, 1, expected);

                Evaluation evaluation = new Evaluation(3);
                learner.learn(invalid, false, evaluation);

                assertThat(learner.counters().skippedSteps()).isEqualTo(1);
                assertThat(evaluation.outcome(size)).isEqualTo(Outcome.PREDICTED);
                assertThat(evaluation.modelVersion(size)).isEqualTo(1);
                assertThat(evaluation.probabilities(size)).containsExactly(expected, within(1e-6f));
            }
        }
    }

    @Test
    void unlabelledExample_isPredictedByTheWeightsAfterACheckedStep() {
        // A labelled feature of 2⁵⁴ leads to a checked step; the baselines count its label.
        Mixture mixture = new Mixture(List.of(1e-30, 1e-29), 0.01, true);
        LearnerFixture fixture = LearnerFixture.of(1, 2).mixture(mixture);
        Examples examples = new Examples(1);
        examples.add(new float[] {0x1p54f}, 0, 1, 1);
        examples.add(new float[] {1}, 0, Examples.UNLABELLED, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(examples, false, evaluation);
            float[] expected = new float[2];
            learner.predict(new float[] {1}, 1, expected);

            // The baseline of frequencies now predicts 1.1/1.2 for class 1, and the three other
            // experts predict 1/2. Each has the weight 1/4.
            assertThat((double) expected[1]).isCloseTo(0.75 * 0.5 + 0.25 * 1.1 / 1.2, within(1e-6));
            assertThat(evaluation.probabilities(1)).containsExactly(expected, within(1e-7f));
            assertThat(evaluation.modelVersion(1)).isEqualTo(1);
        }
    }

    // Roll-backs.

    @ParameterizedTest
    @MethodSource("fixtures")
    void skippedStepsInARow_rollBackToTheStart_whereThereIsNoCopy(LearnerFixture original) {
        LearnerFixture fixture = original.maxSkippedSteps(3);
        int size = fixture.miniBatchSize();
        ExampleStream stream = new ExampleStream(fixture.settings(), 14);
        Examples bad = stream.take(size);
        bad.features()[0] = Float.NaN;
        Evaluation evaluation = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(stream.take(20 * size), false, evaluation);
            LearnerState before = learner.state();
            for (int skip = 1; skip <= 2; skip++) {
                learner.learn(bad, false, evaluation);
                assertThat(learner.counters().skippedInARow()).isEqualTo(skip);
                assertThat(learner.modelVersion()).isEqualTo(20);
                assertSameExceptCounters(learner.state(), before);
            }
            learner.learn(bad, false, evaluation);

            assertOutcomes(evaluation, Outcome.SKIPPED_LOSS);
            assertThat(learner.counters())
                    .isEqualTo(new LearnerCounters(21, 20, 3, 0, 1, 0, 0, 1, 0));
            LearnerState after = learner.state();
            LearnerState start = LearnerState.initial(fixture.settings());
            assertThat(after.parameters()).containsExactly(start.parameters());
            assertThat(after.optimizer().array(Sgd.VELOCITY)).isEmpty();
            assertThat(after.weights()).containsExactly(start.weights());
            assertThat(after.scaler().count()).isEqualTo(before.scaler().count());
            assertThat(after.scaler().mean()).containsExactly(before.scaler().mean());

            learner.learn(stream.take(size), false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(learner.counters())
                    .isEqualTo(new LearnerCounters(22, 21, 3, 0, 1, 1, 1, 1, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void skippedStepsInARow_rollBackToTheLastCopy_andThenToTheStart(boolean mixture) {
        LearnerFixture fixture =
                LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD).maxSkippedSteps(4);
        fixture = mixture ? fixture.mixture(MIXTURE) : fixture.sgd(0.1, 0.9);
        ExampleStream stream = new ExampleStream(fixture.settings(), 15);
        Examples bad = stream.take(4);
        for (int i = 0; i < 4; i++) {
            bad.features()[i * 5] = Float.NaN;
        }
        try (SoftmaxLearner learner = fixture.start()) {
            // Calls of 8 examples end at step 1000, where the copy is made.
            RecordedEvaluation.byCalls(learner, stream.take(1000), 8);
            LearnerState copied = learner.state();
            double[] weights = weights(learner);
            assertThat(copied.counters().stepsSinceCopy()).isZero();
            assertThat(copied.goodParameters()).containsExactly(copied.parameters());
            RecordedEvaluation.byCalls(learner, stream.take(504), 8);
            assertThat(learner.state().parameters()).isNotEqualTo(copied.parameters());

            RecordedEvaluation.byCalls(learner, bad, 4);
            LearnerState back = learner.state();
            assertThat(back.counters())
                    .isEqualTo(new LearnerCounters(1505, 1504, 4, 0, 1, 0, 0, 1, 0));
            assertThat(back.parameters()).containsExactly(copied.parameters());
            assertThat(back.weights()).containsExactly(copied.weights());
            assertThat(back.optimizer().array(Sgd.VELOCITY)).isEmpty();
            assertThat(weights(learner)).containsExactly(weights);

            // No step was taken since the roll-back, so the good copy equals the
            // current parameters.
            RecordedEvaluation.byCalls(learner, bad, 4);
            LearnerState start = LearnerState.initial(fixture.settings());
            assertThat(learner.state().parameters()).containsExactly(start.parameters());
            assertThat(learner.state().weights()).containsExactly(start.weights());
            assertThat(learner.counters())
                    .isEqualTo(new LearnerCounters(1506, 1504, 8, 0, 2, 0, 0, 1, 0));
        }
    }

    private static double[] weights(SoftmaxLearner learner) {
        return IntStream.range(0, learner.settings().numExperts())
                .mapToDouble(learner::weight)
                .toArray();
    }

    @Test
    void restoredLearner_rollsBackToTheSameCopy() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).sgd(0.1, 0.9).maxSkippedSteps(2);
        ExampleStream stream = new ExampleStream(fixture.settings(), 16);
        Examples bad = stream.take(2);
        bad.features()[0] = Float.NaN;
        bad.features()[5] = Float.NaN;
        try (SoftmaxLearner learner = fixture.start()) {
            RecordedEvaluation.byCalls(learner, stream.take(1400), 8);
            RecordedEvaluation.byCalls(learner, ExampleStream.rows(bad, 0, 1), 1);
            try (SoftmaxLearner restored =
                    new SoftmaxLearner(fixture.settings(), learner.state())) {
                RecordedEvaluation.byCalls(learner, ExampleStream.rows(bad, 1, 2), 1);
                RecordedEvaluation.byCalls(restored, ExampleStream.rows(bad, 1, 2), 1);

                assertThat(learner.counters().rollBacks()).isEqualTo(1);
                assertSameBits(restored.state(), learner.state());
            }
        }
    }

    // Learning rates of a mixture.

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void boundOfTheParameters_coversAllRatesTogether(int miniBatchSize) {
        // The magnitudes of the first gradient at the logits sum to 2 (1 - 1/1000), nearly the
        // maximum for cross-entropy; those of the inputs sum to 3.
        Mixture mixture = new Mixture(List.of(1e-6, 1.1e-6, 1.2e-6), 0.01, false);
        LearnerFixture fixture =
                LearnerFixture.of(2, 1000).mixture(mixture).miniBatch(miniBatchSize);
        Examples examples = new Examples(2);
        examples.add(new float[] {1, 1}, 0, 0, 1);
        try (SoftmaxLearner learner = fixture.start()) {
            RecordedEvaluation.byCalls(learner, examples, 1);

            TestEngine.assumeOnCpu();
            Parameters parameters = learner.parameters();
            double sum = parameters.values().sumOfMagnitudes(0, 3000);
            assertThat(sum).isCloseTo(3.3e-6 * 2 * 0.999 * 3, within(1e-10));
            assertThat(parameters.bound()).isBetween(sum, 1.01 * sum);
        }
    }

    @Test
    void rateThatDiverges_isRestartedAlone_fromTheDominantOtherRate() {
        // The third rate takes a step of 1e33 · x / 2, to logits that overflow a float.
        double switchingRate = 0.03;
        Mixture mixture = new Mixture(List.of(0.01, 0.1, 1e33), switchingRate, false);
        LearnerFixture fixture = LearnerFixture.of(2, 2).mixture(mixture);
        LearnerFixture without =
                LearnerFixture.of(2, 2)
                        .mixture(new Mixture(List.of(0.01, 0.1), switchingRate, false));
        Examples examples = new Examples(2);
        examples.add(new float[] {1e5f, 1}, 0, 0, 1);
        examples.add(new float[] {-1e5f, 2}, 0, 0, 1);
        try (SoftmaxLearner learner = fixture.start();
                SoftmaxLearner finite = without.start()) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, examples, 1);
            RecordedEvaluation.byCalls(finite, examples, 1);

            assertThat(found.outcomes).containsOnly(Outcome.TRAINED);
            assertThat(learner.counters())
                    .isEqualTo(new LearnerCounters(2, 2, 0, 0, 0, 2, 2, 1, 0));
            assertThat(learner.restarts(0) + learner.restarts(1)).isZero();
            assertThat(learner.restarts(2)).isEqualTo(1);
            assertThat(learner.state().restarts()).containsExactly(0, 0, 1);

            // The others are unaffected; the third equals the dominant one of them.
            float[] parameters = learner.state().parameters();
            float[] expected = finite.state().parameters();
            assertThat(Arrays.copyOf(parameters, 12)).containsExactly(expected);
            int dominant = learner.weight(0) >= learner.weight(1) ? 0 : 1;
            assertThat(Arrays.copyOfRange(parameters, 12, 18))
                    .containsExactly(
                            Arrays.copyOfRange(parameters, dominant * 6, dominant * 6 + 6));
            assertThat(learner.weight(2)).isCloseTo(switchingRate / 3, within(1e-15));
            assertThat(learner.weight(0) + learner.weight(1) + learner.weight(2))
                    .isCloseTo(1, within(1e-15));

            // It continues from there.
            Examples next = new Examples(2);
            next.add(new float[] {0.5f, -0.5f}, 0, 1, 1);
            assertThat(RecordedEvaluation.byCalls(learner, next, 1).outcomes)
                    .containsOnly(Outcome.TRAINED);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.01})
    void ratesThatDivergeInTurn_leaveFiniteWeights(double switchingRate) {
        Mixture mixture = new Mixture(List.of(1e34, 1e33, 0.01), switchingRate, false);
        LearnerFixture fixture = LearnerFixture.of(2, 2).mixture(mixture);
        Random random = new Random(17);
        try (SoftmaxLearner learner = fixture.start()) {
            Examples examples = new Examples(2);
            for (int i = 0; i < 300; i++) {
                float scale = i % 3 == 0 ? 1e5f : 1;
                float[] features = {scale * (float) random.nextGaussian(), 1};
                examples.add(features, 0, random.nextInt(2), i % 7 == 0 ? 0 : 1);
                examples.add(new float[] {0.1f, 0.1f}, 0, Examples.UNLABELLED, 1);
            }
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, examples, 5);

            assertThat(learner.restarts(0)).isPositive();
            assertThat(learner.restarts(1)).isPositive();
            double sum = 0;
            for (int k = 0; k < 3; k++) {
                assertThat(learner.weight(k)).isBetween(0.0, 1.0);
                sum += learner.weight(k);
            }
            assertThat(sum).isCloseTo(1, within(1e-12));
            for (int i = 0; i < 600; i++) {
                if (found.outcomes[i] == Outcome.TRAINED) {
                    assertThat(found.losses[i]).as("loss of %d", i).isFinite();
                }
                if (found.outcomes[i] == Outcome.PREDICTED) {
                    assertThat(Arrays.stream(found.probabilities[i]).sum())
                            .as("prediction for %d", i)
                            .isCloseTo(1, within(1e-6));
                }
            }
        }
    }

    @Test
    void rateThatDivergesOnAnExampleOfWeightZero_leavesTheWeightsFinite() {
        Mixture mixture = new Mixture(List.of(0.01, 1e33), 0.02, false);
        LearnerFixture fixture = LearnerFixture.of(1, 2).mixture(mixture);
        Examples examples = new Examples(1);
        examples.add(new float[] {1e5f}, 0, 0, 1);
        examples.add(new float[] {-1e5f}, 0, 0, 0);
        try (SoftmaxLearner learner = fixture.start()) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, examples, 1);

            assertThat(found.outcomes).containsOnly(Outcome.TRAINED);
            assertThat(learner.restarts(1)).isEqualTo(1);
            assertThat(learner.weight(0)).isCloseTo(0.99, within(1e-15));
            assertThat(learner.weight(1)).isCloseTo(0.01, within(1e-15));
        }
    }

    @Test
    void learnerWithoutAFiniteRate_skips_andKeepsWeightsAndBaselines() {
        LearnerFixture fixture =
                LearnerFixture.of(1, 2).mixture(new Mixture(List.of(0.01, 0.1), 0.02, true));
        Examples good = new Examples(1);
        good.add(new float[] {1}, 0, 0, 1);
        Examples bad = new Examples(1);
        bad.add(new float[] {Float.NaN}, 0, 1, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(good, false, evaluation);
            LearnerState before = learner.state();
            learner.learn(bad, false, evaluation);

            assertOutcomes(evaluation, Outcome.SKIPPED_LOSS);
            assertSameExceptCounters(learner.state(), before);
            assertThat(learner.state().lastLabel()).isZero();
            assertThat(learner.restarts(0) + learner.restarts(1)).isZero();
        }
    }

    @Test
    void lossWithoutAFiniteRate_isInfinite() {
        LearnerFixture fixture =
                LearnerFixture.of(1, 2).mixture(new Mixture(List.of(0.01, 0.1), 0.02, false));
        Examples bad = new Examples(1);
        bad.add(new float[] {Float.NaN}, 0, 1, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(bad, false, evaluation);

            assertOutcomes(evaluation, Outcome.SKIPPED_LOSS);
            assertThat(evaluation.losses()[0]).isEqualTo(Float.POSITIVE_INFINITY);
        }
    }

    // All guards together.

    static Stream<LearnerFixture> divergingOptimizers() {
        Sgd diverging = new Sgd(1e6, 0);
        Sgd divergingNesterov = new Sgd(LearningRateSchedule.constant(1e6), 0.9, 0, true, 0.5);
        LearnerFixture fixture = LearnerFixture.of(5, 3).maxSkippedSteps(3);
        LearnerFixture two = LearnerFixture.of(5, 2).maxSkippedSteps(3);
        return Stream.of(
                        fixture.sgd(diverging),
                        LearnerFixture.of(5, 300).sgd(diverging).maxSkippedSteps(3),
                        fixture.sgd(divergingNesterov),
                        fixture.sgd(diverging).loss(new BinaryCrossEntropyWithLogits(3)),
                        fixture.sgd(diverging).loss(new BinaryCrossEntropy(3)),
                        two.sgd(divergingNesterov).loss(new BinaryCrossEntropyWithLogits(1)),
                        fixture.mixture(new Mixture(List.of(1e6, 1e5), 0.001, true)),
                        fixture.mixture(new Mixture(List.of(1e6, 0.001), 0, false)))
                .flatMap(variant -> Stream.of(variant, variant.scaler(ScalerChoice.WELFORD)))
                .flatMap(variant -> Stream.of(1, 3, 32, 100).map(variant::miniBatch));
    }

    @ParameterizedTest
    @MethodSource("divergingOptimizers")
    void hugeFeaturesAtAHugeLearningRate_leaveTheModelFinite(LearnerFixture fixture) {
        Examples stream = new ExampleStream(fixture.settings(), 18).partlyLabelled().take(3000);
        Random random = new Random(19);
        for (int i = 0; i < 3000 * 5; i++) {
            stream.features()[i] *= random.nextInt(4) == 0 ? 1e30f : 1;
        }
        try (SoftmaxLearner learner = fixture.start()) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, stream, 100, 1, 7);

            for (int i = 0; i < 3000; i++) {
                if (found.outcomes[i] == Outcome.TRAINED) {
                    assertThat(found.losses[i]).as("loss of %d", i).isFinite().isNotNegative();
                }
            }
            LearnerState state = learner.state();
            for (float parameter : state.parameters()) {
                assertThat(parameter).isFinite();
            }
            for (float value : state.optimizer().array(Sgd.VELOCITY)) {
                assertThat(value).isFinite();
            }
            for (double weight : state.weights()) {
                assertThat(weight).isFinite();
            }
            for (int f = 0; f < state.scaler().mean().length; f++) {
                assertThat(state.scaler().mean()[f]).isFinite();
                assertThat(state.scaler().squaredDeviations()[f]).isFinite().isNotNegative();
            }
            LearnerCounters counters = state.counters();
            assertThat(counters.modelVersion()).isEqualTo(counters.steps() + counters.rollBacks());
            assertThat(learner.learningRate()).isFinite();
        }
    }

    private static void assertOutcomes(Evaluation evaluation, Outcome expected) {
        for (int i = 0; i < evaluation.size(); i++) {
            assertThat(evaluation.outcome(i)).as("outcome of %d", i).isEqualTo(expected);
        }
    }
}
