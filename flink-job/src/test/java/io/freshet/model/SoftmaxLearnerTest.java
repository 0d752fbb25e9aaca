package io.freshet.model;

import static io.freshet.model.StateAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.PlainLoop;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.loss.SoftmaxCrossEntropy;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.OptimizerState;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.ScalerState;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SoftmaxLearnerTest {

    // Results, compared with known values.

    @Test
    void lossOfUniformLogits_isLogOfNumClasses() {
        LearnerFixture fixture = plain(3, 7, 5);
        Evaluation evaluation = new Evaluation(7);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(randomBatch(new Random(1), fixture, 5), false, evaluation);
        }
        assertThat(evaluation.size()).isEqualTo(5);
        assertOutcomes(evaluation, Outcome.TRAINED);
        assertThat(losses(evaluation)).containsOnly((float) Math.log(7));
        assertThat(predictedClasses(evaluation)).containsOnly(0);
    }

    @Test
    void firstStep_followsTheMeanOfTheGradients() {
        // From zero parameters every probability is 1/2, so that an example of class 0 with feature
        // x and weight w has the gradient w·(−x/2, x/2), and at the bias w·(−1/2, 1/2).
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(1, 0).miniBatch(4);
        Examples batch = new Examples(1);
        batch.add(new float[] {1}, 0, 0, 1);
        batch.add(new float[] {2}, 0, 0, 1);
        batch.add(new float[] {4}, 0, 1, 1);
        batch.add(new float[] {8}, 0, 0, 2);
        float weight = (1 + 2 - 4 + 2 * 8) / 2f;
        float bias = (1 + 1 - 1 + 2) / 2f;
        assertThat(stepFromZero(fixture, batch))
                .containsExactly(weight / 4, -weight / 4, bias / 4, -bias / 4);
        assertThat(stepFromZero(fixture.reduction(MiniBatchReduction.WEIGHTS), batch))
                .containsExactly(
                        new float[] {weight / 5, -weight / 5, bias / 5, -bias / 5}, within(1e-6f));
    }

    @ParameterizedTest
    @CsvSource({
        "EXAMPLES, 0, NONE",
        "EXAMPLES, 0.9, NONE",
        "EXAMPLES, 0.9, WELFORD",
        "WEIGHTS, 0, WELFORD",
        "WEIGHTS, 0.9, WELFORD"
    })
    void steps_matchALoopInDoubles(
            MiniBatchReduction reduction, double momentum, ScalerChoice scaler) {
        LearnerFixture fixture =
                LearnerFixture.of(11, 5)
                        .sgd(0.05, momentum)
                        .miniBatch(16)
                        .reduction(reduction)
                        .scaler(scaler);
        Random random = new Random(2);
        PlainLoop plain = new PlainLoop(fixture.settings());
        long examples = 0;
        try (SoftmaxLearner learner = fixture.start()) {
            for (int step = 1; step <= 300; step++) {
                int size = step % 3 == 0 ? 1 + random.nextInt(16) : 16;
                examples += size;
                Examples batch = randomBatch(random, fixture, size);
                RecordedEvaluation expected = plain.learn(batch);
                RecordedEvaluation found = RecordedEvaluation.byCalls(learner, batch, 16);
                assertThat(found.outcomes).containsOnly(Outcome.TRAINED);
                EvaluationAssertions.assertCloseTo(found, expected, 1e-4);
            }
            assertThat(learner.modelVersion()).isEqualTo(300);
            assertThat(learner.counters().skippedSteps()).isZero();
            LearnerState state = learner.state();
            assertClose(state.parameters(), plain.parameters[0], 1e-4);
            if (momentum > 0) {
                assertClose(state.optimizer().array(Sgd.VELOCITY), plain.velocity[0], 1e-4);
            } else {
                assertThat(state.optimizer().array(Sgd.VELOCITY)).isEmpty();
            }
            assertThat(state.scaler().count())
                    .isEqualTo(scaler == ScalerChoice.NONE ? 0 : examples);
        }
    }

    @ParameterizedTest
    @EnumSource(MiniBatchReduction.class)
    void step_matchesNd4jsLossOperators(MiniBatchReduction reduction) {
        LearnerFixture fixture =
                LearnerFixture.of(9, 6).sgd(1, 0).miniBatch(8).reduction(reduction);
        Random random = new Random(3);
        float[] before = randomParameters(random, fixture);
        SoftmaxCrossEntropy operators = new SoftmaxCrossEntropy(6, reduction);
        for (int size = 1; size <= 8; size++) {
            Examples batch = randomBatch(random, fixture, size);
            int[] labels = Arrays.copyOf(batch.labels(), size);
            float[] weights = Arrays.copyOf(batch.weights(), size);
            float[] logits = logits(fixture, before, batch);
            Evaluation evaluation = new Evaluation(6);
            float[] after;
            try (SoftmaxLearner learner = fixture.startFrom(before)) {
                learner.learn(batch, true, evaluation);
                after = learner.state().parameters();
            }

            assertThat(losses(evaluation))
                    .containsExactly(operators.losses(logits, labels), within(1e-5f));
            float[] logitGradients = operators.gradient(logits, labels, weights);
            for (int f = 0; f <= 9; f++) {
                for (int c = 0; c < 6; c++) {
                    double gradient = 0;
                    for (int i = 0; i < size; i++) {
                        gradient += input(batch, i, f) * logitGradients[i * 6 + c];
                    }
                    int p = f * 6 + c;
                    assertThat((double) before[p] - after[p]).isCloseTo(gradient, within(1e-5));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MiniBatchReduction.class)
    void step_matchesCentralDifferencesOfTheLoss(MiniBatchReduction reduction) {
        LearnerFixture fixture =
                LearnerFixture.of(3, 4).sgd(1, 0).miniBatch(6).reduction(reduction);
        Random random = new Random(4);
        float[] before = randomParameters(random, fixture);
        Examples batch = randomBatch(random, fixture, 6);
        float[] after;
        try (SoftmaxLearner learner = fixture.startFrom(before)) {
            learner.learn(batch, false, new Evaluation(4));
            after = learner.state().parameters();
        }
        float h = 1e-2f;
        for (int p = 0; p < after.length; p++) {
            float[] up = before.clone();
            float[] down = before.clone();
            up[p] += h;
            down[p] -= h;
            double slope =
                    (loss(fixture, up, batch) - loss(fixture, down, batch))
                            / ((double) up[p] - down[p]);
            assertThat((double) before[p] - after[p]).isCloseTo(slope, within(1e-3));
        }
    }

    @Test
    void velocity_followsPyTorchsMomentum() {
        // One example, repeated, with weight 0 except in the first step: v ← μ·v, θ ← θ − η·v.
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(0.1, 0.9);
        Examples batch = new Examples(1);
        double velocity = 1.5;
        double parameter = 0;
        try (SoftmaxLearner learner = fixture.start()) {
            for (int step = 0; step < 20; step++) {
                batch.clear();
                batch.add(new float[] {3}, 0, 1, step == 0 ? 1 : 0);
                learner.learn(batch, false, new Evaluation(2));
                parameter -= 0.1 * velocity;
                LearnerState state = learner.state();
                assertThat((double) state.optimizer().array(Sgd.VELOCITY)[0])
                        .isCloseTo(velocity, within(1e-6));
                assertThat((double) state.parameters()[0]).isCloseTo(parameter, within(1e-6));
                velocity *= 0.9;
            }
        }
    }

    @Test
    void singleOutput_isTheProbabilityOfClassOne() {
        // Logit 2·x: at x = 1 the probability of class 1 is 1/(1 + e⁻²).
        LearnerFixture fixture =
                LearnerFixture.of(1, 2).loss(new BinaryCrossEntropyWithLogits(1)).sgd(0.5, 0);
        double probability = 1 / (1 + Math.exp(-2));
        Examples examples = new Examples(1);
        examples.add(new float[] {1}, 0, Examples.UNLABELLED, 1);
        examples.add(new float[] {1}, 0, 1, 1);
        examples.add(new float[] {-1}, 0, 1, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = fixture.startFrom(2, 0)) {
            learner.learn(examples, false, evaluation);
        }
        assertThat((double) evaluation.probabilities(0)[0])
                .isCloseTo(1 - probability, within(1e-7));
        assertThat((double) evaluation.probabilities(0)[1]).isCloseTo(probability, within(1e-7));
        assertThat(predictedClasses(evaluation)).containsExactly(1, 1, 0);
        assertThat((double) evaluation.losses()[1]).isCloseTo(-Math.log(probability), within(1e-6));
        // The step before the third example adds the same s to weight and bias, so the logit at
        // x = −1 is −(2 + s) + s = −2.
        assertThat((double) evaluation.losses()[2])
                .isCloseTo(-Math.log(1 - probability), within(1e-6));
    }

    // Mini-batches and calls.

    @Test
    void examples_arePending_untilTheirMiniBatchIsFullOrClosed() {
        LearnerFixture fixture = plain(2, 3, 4);
        Random random = new Random(14);
        Evaluation evaluation = new Evaluation(3);
        Examples examples = randomBatch(random, fixture, 6);
        examples.add(new float[] {1, 2}, 0, Examples.UNLABELLED, 1);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(examples, false, evaluation);
            assertThat(IntStream.range(0, 7).mapToObj(evaluation::outcome))
                    .containsExactly(
                            Outcome.TRAINED,
                            Outcome.TRAINED,
                            Outcome.TRAINED,
                            Outcome.TRAINED,
                            Outcome.PENDING,
                            Outcome.PENDING,
                            Outcome.PREDICTED);
            assertThat(learner.counters().steps()).isEqualTo(1);
            float[] fifth = Arrays.copyOfRange(examples.features(), 8, 12);

            examples.retainPending(evaluation);
            assertThat(examples.size()).isEqualTo(2);
            assertThat(examples.features()).startsWith(fifth);
            learner.learn(examples, false, evaluation);
            assertOutcomes(evaluation, Outcome.PENDING);
            learner.learn(examples, true, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(learner.counters().steps()).isEqualTo(2);
            examples.retainPending(evaluation);
            assertThat(examples.size()).isZero();
            learner.learn(examples, true, evaluation);
            assertThat(evaluation.size()).isZero();
            assertThat(learner.counters().steps()).isEqualTo(2);
        }
    }

    @Test
    void unlabelledExample_isPredictedWithTheParametersAtItsPosition() {
        LearnerFixture fixture = LearnerFixture.of(2, 3).miniBatch(2).scaler(ScalerChoice.WELFORD);
        Random random = new Random(15);
        Examples labelled = randomBatch(random, fixture, 4);
        float[] unlabelled = {0.3f, -2};
        Examples examples = new Examples(2);
        examples.add(unlabelled, 0, Examples.UNLABELLED, 1);
        for (int i = 0; i < 4; i++) {
            ExampleStream.append(labelled, i, examples);
            examples.add(unlabelled, 0, Examples.UNLABELLED, 1);
        }
        Evaluation evaluation = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(examples, false, evaluation);
        }
        // Of the unlabelled examples at 0, 2, 4, 6 and 8, two are before the first step and one is
        // after the last step.
        int[] versions = {0, 0, 1, 1, 2};
        try (SoftmaxLearner learner = fixture.start()) {
            float[] expected = new float[3];
            int steps = 0;
            for (int k = 0; k < 5; k++) {
                if (steps < versions[k]) {
                    Examples batch = ExampleStream.rows(labelled, 2 * steps, 2 * steps + 2);
                    learner.learn(batch, false, new Evaluation(3));
                    steps++;
                }
                learner.predict(unlabelled, 1, expected);
                int index = 2 * k;
                assertThat(evaluation.outcome(index)).isEqualTo(Outcome.PREDICTED);
                assertThat(evaluation.modelVersion(index)).isEqualTo(versions[k]);
                assertThat(evaluation.probabilities(index))
                        .containsExactly(expected, within(1e-6f));
            }
        }
    }

    @Test
    void miniBatchOfWeightZero_isWeightless_underTheReductionByWeights() {
        LearnerFixture fixture =
                plain(2, 3, 2).reduction(MiniBatchReduction.WEIGHTS).scaler(ScalerChoice.WELFORD);
        Examples batch = new Examples(2);
        batch.add(new float[] {1, 2}, 0, 0, 0);
        batch.add(new float[] {3, 4}, 0, 1, 0);
        Evaluation evaluation = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.WEIGHTLESS);
            assertSameBits(learner.state(), LearnerState.initial(fixture.settings()));
        }
        try (SoftmaxLearner learner = fixture.reduction(MiniBatchReduction.EXAMPLES).start()) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(learner.modelVersion()).isEqualTo(1);
        }
    }

    @Test
    void ignoredClass_isNotTrainedOn_butIsScored() {
        Loss loss = new CrossEntropy(3, OutputWeights.NONE, 2, 0.1);
        LearnerFixture fixture = LearnerFixture.of(2, 3).loss(loss).sgd(0.1, 0);
        Examples batch = new Examples(2);
        batch.add(new float[] {1, 2}, 0, 2, 1);
        Evaluation evaluation = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(losses(evaluation)).containsExactly((float) Math.log(3));
            assertThat(learner.state().parameters()).containsOnly(0f);
        }
        try (SoftmaxLearner learner = fixture.reduction(MiniBatchReduction.WEIGHTS).start()) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.WEIGHTLESS);
            assertThat(learner.modelVersion()).isZero();
        }
    }

    // Properties.

    @Test
    void duplicatedExample_equalsWeightTwo() {
        LearnerFixture fixture =
                LearnerFixture.of(4, 3)
                        .sgd(0.5, 0.9)
                        .miniBatch(8)
                        .reduction(MiniBatchReduction.WEIGHTS);
        Examples example = randomBatch(new Random(5), fixture, 3);
        Examples twice = new Examples(4);
        Examples weighted = new Examples(4);
        for (int i = 0; i < 3; i++) {
            boolean doubled = i == 1;
            weighted.add(example.features(), i * 4, example.labels()[i], doubled ? 2 : 1);
            twice.add(example.features(), i * 4, example.labels()[i], 1);
            if (doubled) {
                twice.add(example.features(), i * 4, example.labels()[i], 1);
            }
        }
        assertThat(stepFromZero(fixture, twice))
                .containsExactly(stepFromZero(fixture, weighted), within(1e-6f));
    }

    @Test
    void orderOfTheFeatures_doesNotMatter() {
        LearnerFixture fixture =
                LearnerFixture.of(6, 3).sgd(0.1, 0.9).miniBatch(8).scaler(ScalerChoice.WELFORD);
        int[] order = {4, 2, 0, 5, 1, 3};
        Random random = new Random(6);
        Examples shuffled = new Examples(6);
        Evaluation evaluation = new Evaluation(3);
        Evaluation evaluationOfShuffled = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.start();
                SoftmaxLearner learnerOfShuffled = fixture.start()) {
            for (int step = 0; step < 100; step++) {
                Examples batch = randomBatch(random, fixture, 8);
                shuffled.clear();
                for (int i = 0; i < 8; i++) {
                    float[] features = new float[6];
                    for (int f = 0; f < 6; f++) {
                        features[f] = batch.features()[i * 6 + order[f]];
                    }
                    shuffled.add(features, 0, batch.labels()[i], batch.weights()[i]);
                }
                learner.learn(batch, false, evaluation);
                learnerOfShuffled.learn(shuffled, false, evaluationOfShuffled);
                assertThat(losses(evaluationOfShuffled))
                        .containsExactly(losses(evaluation), within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ScalerChoice.class)
    void restoredLearner_continuesBitForBit(ScalerChoice scaler) {
        LearnerFixture fixture =
                LearnerFixture.of(13, 5).sgd(0.05, 0.9).miniBatch(32).scaler(scaler);
        Random random = new Random(7);
        Evaluation evaluation = new Evaluation(5);
        Evaluation evaluationOfRestored = new Evaluation(5);
        SoftmaxLearner restored = fixture.start();
        try (SoftmaxLearner learner = fixture.start()) {
            for (int step = 0; step < 60; step++) {
                if (step % 7 == 3) {
                    LearnerState state = restored.state();
                    restored.close();
                    restored = TestEngine.start(fixture.settings(), state);
                }
                Examples batch = randomBatch(random, fixture, step % 5 == 4 ? 11 : 32);
                if (step % 20 == 9) {
                    batch.features()[3] = Float.NaN;
                }
                learner.learn(batch, true, evaluation);
                restored.learn(batch, true, evaluationOfRestored);
                assertThat(losses(evaluationOfRestored)).containsExactly(losses(evaluation));
                assertSameBits(restored.state(), learner.state());
            }
            int skipped = scaler.acceptsMissing() ? 0 : 3;
            assertThat(learner.counters().skippedSteps()).isEqualTo(skipped);
            assertThat(learner.modelVersion()).isEqualTo(60 - skipped);
        } finally {
            restored.close();
        }
    }

    @Test
    void learnersOnSeveralThreads_doNotAffectEachOther() {
        LearnerFixture fixture =
                LearnerFixture.of(40, 6).sgd(0.05, 0.9).miniBatch(32).scaler(ScalerChoice.WELFORD);
        for (LearnerFixture variant : List.of(fixture, fixture.miniBatch(1))) {
            LearnerState alone = stateAfter(variant, 300);
            IntStream.range(0, 4)
                    .parallel()
                    .mapToObj(i -> stateAfter(variant, 300))
                    .forEach(state -> assertSameBits(state, alone));
        }
    }

    private static LearnerState stateAfter(LearnerFixture fixture, int calls) {
        Random random = new Random(13);
        Evaluation evaluation = new Evaluation(fixture.settings().numClasses());
        try (SoftmaxLearner learner = fixture.start()) {
            for (int call = 0; call < calls; call++) {
                learner.learn(randomBatch(random, fixture, 32), false, evaluation);
            }
            return learner.state();
        }
    }

    @Test
    void state_isNotModifiedByLaterSteps() {
        Mixture mixture = new Mixture(List.of(0.1, 0.5), 0.01, true);
        LearnerFixture fixture = LearnerFixture.of(3, 2).miniBatch(4).scaler(ScalerChoice.WELFORD);
        for (LearnerFixture variant :
                List.of(fixture.sgd(0.1, 0.9).balanced(), fixture.mixture(mixture))) {
            Random random = new Random(8);
            try (SoftmaxLearner learner = variant.start()) {
                learner.learn(randomBatch(random, variant, 4000), false, new Evaluation(2));
                LearnerState state = learner.state();
                LearnerState copy =
                        new LearnerState(
                                        state.counters(),
                                        state.parameters().clone(),
                                        copy(state.optimizer()),
                                        state.weights().clone(),
                                        state.restarts().clone(),
                                        state.baselineCounts().clone(),
                                        state.lastLabel(),
                                        state.goodParameters().clone(),
                                        state.goodWeights().clone(),
                                        state.classCounts().clone(),
                                        ScalerState.of(
                                                state.scaler().count(),
                                                state.scaler().sumOfWeights(),
                                                state.scaler().mean().clone(),
                                                state.scaler().squaredDeviations().clone()))
                                .withLosses(state.losses().clone());
                assertThat(state.goodParameters()).isNotEmpty();
                learner.learn(randomBatch(random, variant, 4000), false, new Evaluation(2));
                assertSameBits(state, copy);
                assertThat(learner.state().parameters()).isNotEqualTo(state.parameters());
                assertThat(learner.state().goodParameters()).isNotEqualTo(state.goodParameters());
            }
        }
    }

    // Edge cases.

    @Test
    void losses_stayFinite_atLogitsOfTenThousand() {
        LearnerFixture fixture = plain(1, 3, 4);
        Examples batch = new Examples(1);
        batch.add(new float[] {1}, 0, 0, 1);
        batch.add(new float[] {1}, 0, 1, 1);
        batch.add(new float[] {-1}, 0, 0, 1);
        batch.add(new float[] {-1}, 0, 2, 1);
        Evaluation evaluation = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.startFrom(1e4f, -1e4f, 0, 0, 0, 0)) {
            learner.learn(batch, false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(losses(evaluation)).containsExactly(0f, 2e4f, 2e4f, 1e4f);
            assertThat(predictedClasses(evaluation)).containsExactly(0, 0, 1, 1);
            for (float parameter : learner.state().parameters()) {
                assertThat(parameter).isFinite();
            }
        }
    }

    @Test
    void losses_stayFinite_atLogitsOfTenThousand_ofManyClasses() {
        LearnerFixture fixture = plain(1, 300, 40);
        Examples batch = new Examples(1);
        for (int i = 0; i < 40; i++) {
            batch.add(new float[] {i % 2 == 0 ? 1 : -1}, 0, 0, 1);
        }
        float[] parameters = new float[600];
        parameters[0] = 1e4f;
        parameters[1] = -1e4f;
        Evaluation evaluation = new Evaluation(300);
        try (SoftmaxLearner learner = fixture.startFrom(parameters)) {
            learner.learn(batch, false, evaluation);
        }
        assertOutcomes(evaluation, Outcome.TRAINED);
        for (int i = 0; i < 40; i++) {
            assertThat(evaluation.losses()[i]).isEqualTo(i % 2 == 0 ? 0f : 2e4f);
            assertThat(evaluation.predictedClasses()[i]).isEqualTo(i % 2 == 0 ? 0 : 1);
        }
    }

    @Test
    void loss_staysFinite_whenTheTrueClassSaturates() {
        LearnerFixture fixture = plain(1, 2, 1);
        Examples batch = new Examples(1);
        for (float feature : new float[] {1, -1}) {
            Evaluation evaluation = new Evaluation(2);
            batch.clear();
            batch.add(new float[] {feature}, 0, 0, 1);
            try (SoftmaxLearner learner = fixture.startFrom(200, -200, 0, 0)) {
                learner.learn(batch, false, evaluation);
            }
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(evaluation.losses()[0]).isEqualTo(feature > 0 ? 0f : 400f);
        }
    }

    @Test
    void tie_goesToTheLowestClass() {
        LearnerFixture fixture = plain(1, 4, 1);
        Evaluation evaluation = new Evaluation(4);
        Examples batch = new Examples(1);
        batch.add(new float[] {1}, 0, Examples.UNLABELLED, 1);
        batch.add(new float[] {1}, 0, 0, 1);
        try (SoftmaxLearner learner = fixture.startFrom(1, 3, 3, 2, 0, 0, 0, 0)) {
            learner.learn(batch, false, evaluation);
        }
        assertThat(predictedClasses(evaluation)).containsExactly(1, 1);
    }

    // Predictions.

    @ParameterizedTest
    @EnumSource(ScalerChoice.class)
    void predict_usesTheCurrentParametersAndScaler(ScalerChoice scaler) {
        Mixture mixture = new Mixture(List.of(0.1, 0.5), 0.01, true);
        LearnerFixture fixture = LearnerFixture.of(6, 4).miniBatch(8).scaler(scaler);
        for (LearnerFixture variant : List.of(fixture.sgd(0.1, 0.9), fixture.mixture(mixture))) {
            Random random = new Random(10);
            PlainLoop expected = new PlainLoop(variant.settings());
            try (SoftmaxLearner learner = variant.start()) {
                for (int step = 0; step < 20; step++) {
                    Examples batch = randomBatch(random, variant, 8);
                    expected.learn(batch);
                    learner.learn(batch, false, new Evaluation(4));
                }
                LearnerState before = learner.state();
                for (int rows : new int[] {0, 1, 7, 8, 9, 100}) {
                    Examples queries = new Examples(6);
                    float[] features = new float[rows * 6];
                    for (int i = 0; i < features.length; i++) {
                        features[i] = (float) random.nextGaussian();
                    }
                    for (int i = 0; i < rows; i++) {
                        queries.add(features, i * 6, Examples.UNLABELLED, 1);
                    }
                    float[] probabilities = new float[rows * 4];
                    learner.predict(features, rows, probabilities);
                    RecordedEvaluation predictions = expected.learn(queries);
                    for (int i = 0; i < rows; i++) {
                        for (int c = 0; c < 4; c++) {
                            assertThat((double) probabilities[i * 4 + c])
                                    .isCloseTo(predictions.probabilities[i][c], within(1e-5));
                        }
                    }
                }
                assertSameBits(learner.state(), before);
            }
        }
    }

    @Test
    void predict_isUniform_beforeTheFirstExample() {
        LearnerFixture fixture = LearnerFixture.of(2, 4).scaler(ScalerChoice.WELFORD);
        Mixture mixture = new Mixture(Mixture.DEFAULT_RATES, 0.001, true);
        for (LearnerFixture variant : List.of(fixture, fixture.mixture(mixture))) {
            float[] probabilities = new float[12];
            try (SoftmaxLearner learner = variant.start()) {
                learner.predict(new float[] {1, 2, 3, 4, 5, 6}, 3, probabilities);
            }
            assertThat(probabilities).containsOnly(0.25f);
        }
    }

    // Errors.

    @Test
    void invalidArguments_areRefused() {
        LearnerFixture fixture = plain(2, 3, 4);
        Evaluation evaluation = new Evaluation(3);
        try (SoftmaxLearner learner = fixture.start()) {
            Examples wide = randomBatch(new Random(11), plain(3, 3, 4), 4);
            assertThatThrownBy(() -> learner.learn(wide, false, evaluation))
                    .hasMessage("the model has 2 features, but the examples have 3");
            Examples unknown = new Examples(2);
            unknown.add(new float[2], 0, 3, 1);
            assertThatThrownBy(() -> learner.learn(unknown, false, evaluation))
                    .hasMessage("a label must be 0 to 2, or -1 for none, but is 3");
            Examples negative = new Examples(2);
            negative.add(new float[2], 0, -2, 1);
            assertThatThrownBy(() -> learner.learn(negative, false, evaluation))
                    .hasMessage("a label must be 0 to 2, or -1 for none, but is -2");
            Examples valued = new Examples(2, 2);
            valued.add(new float[2], 0, 0, new float[2], 0, 1);
            assertThatThrownBy(() -> learner.learn(valued, false, evaluation))
                    .hasMessage("the model has 3 outputs, but the examples have 2 targets");
            assertThat(learner.counters()).isEqualTo(LearnerCounters.NONE);

            // The refused examples had no effect.
            learner.learn(randomBatch(new Random(11), fixture, 4), false, evaluation);
            assertOutcomes(evaluation, Outcome.TRAINED);
            assertThat(learner.modelVersion()).isEqualTo(1);
        }
    }

    @Test
    void close_mayBeCalledTwice() {
        SoftmaxLearner learner = plain(2, 3, 4).start();
        learner.close();
        assertThatNoException().isThrownBy(learner::close);
    }

    @Test
    void stateOfAnotherShape_isRefused() {
        LearnerState state = LearnerState.initial(plain(2, 3, 4).settings());
        assertThatThrownBy(() -> new SoftmaxLearner(plain(2, 4, 4).settings(), state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parameters must have 12 values")
                .hasMessageContaining("but has 9");
        Mixture mixture = new Mixture(List.of(0.1), 0, true);
        assertThatThrownBy(
                        () ->
                                new SoftmaxLearner(
                                        LearnerFixture.of(2, 3).mixture(mixture).settings(), state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("weights must have 4 values")
                .hasMessageContaining("but has 0");
        assertThatThrownBy(
                        () ->
                                new SoftmaxLearner(
                                        LearnerFixture.of(2, 3)
                                                .scaler(ScalerChoice.WELFORD)
                                                .settings(),
                                        state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("scaler.mean must have 2 values")
                .hasMessageContaining("but has 0");
    }

    @Test
    void learningRate_followsTheSchedule() {
        LearningRateSchedule schedule =
                new LearningRateSchedule(LearningRateSchedule.Kind.STEP, 0.8, 0.5, 3);
        LearnerFixture fixture = LearnerFixture.of(2, 3).sgd(new Sgd(schedule, 0, 0, false, 0));
        try (SoftmaxLearner learner = fixture.start()) {
            assertThat(learner.learningRate()).isEqualTo(0.8);
            learner.learn(randomBatch(new Random(16), fixture, 7), false, new Evaluation(3));
            assertThat(learner.learningRate()).isEqualTo(0.2);
            assertThat(learner.weight(0)).isEqualTo(1);
            assertThat(learner.restarts(0)).isZero();
        }
    }

    // Allocation.

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allocationPerStep_doesNotGrowWithTheDimensions(boolean mixture) {
        TestEngine.assumeOnCpu();
        for (boolean online : new boolean[] {false, true}) {
            for (ScalerChoice scaler : ScalerChoice.values()) {
                long small =
                        bytesPerBlock(4, 2, 32, online, scaler, mixture ? List.of(0.1) : List.of());
                long large =
                        bytesPerBlock(
                                400,
                                50,
                                128,
                                online,
                                scaler,
                                mixture ? Mixture.DEFAULT_RATES : List.of());
                // One float for each feature and class, or example and class, would be about 80 or
                // 25 KB.
                String description = "online: " + online + ", scaler: " + scaler;
                assertThat(large - small).as(description).isLessThan(512);
                assertThat(large).as(description).isLessThan(4096);
            }
        }
    }

    private static long bytesPerBlock(
            int numFeatures,
            int numClasses,
            int examples,
            boolean online,
            ScalerChoice scaler,
            List<Double> rates) {
        LearnerFixture fixture =
                LearnerFixture.of(numFeatures, numClasses)
                        .miniBatch(online ? 1 : examples)
                        .scaler(scaler);
        fixture =
                rates.isEmpty()
                        ? fixture.sgd(0.01, 0.9)
                        : fixture.mixture(new Mixture(rates, 0.001, false));
        int columns = numClasses * Math.max(1, rates.size());
        int rows =
                online
                        ? BlockSize.rows(
                                numFeatures + 1,
                                columns,
                                1,
                                scaler != ScalerChoice.NONE,
                                MatrixFactory.tiles(Precision.FLOAT))
                        : examples;
        int blocks = (examples + rows - 1) / rows;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Examples batch = randomBatch(new Random(12), fixture, examples);
        Evaluation evaluation = new Evaluation(numClasses);
        try (SoftmaxLearner learner = fixture.start()) {
            // A copy for roll-backs is made every 1000 steps and must not be measured: none is due
            // if the counters say that the last copy is less than 900 steps old.
            int calls = online ? 900 / examples : 100;
            long bytes = Long.MAX_VALUE;
            for (int round = 0; round < 6; round++) {
                LearnerCounters before = learner.counters();
                long allocated = threads.getCurrentThreadAllocatedBytes();
                for (int call = 0; call < calls; call++) {
                    learner.learn(batch, false, evaluation);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
                LearnerCounters after = learner.counters();
                if (after.stepsSinceCopy() - before.stepsSinceCopy()
                        == after.steps() - before.steps()) {
                    bytes = Math.min(bytes, allocated / calls / blocks);
                }
            }
            return bytes;
        }
    }

    private static LearnerFixture plain(int numFeatures, int numClasses, int miniBatchSize) {
        return LearnerFixture.of(numFeatures, numClasses).sgd(0.1, 0.9).miniBatch(miniBatchSize);
    }

    private static float[] randomParameters(Random random, LearnerFixture fixture) {
        float[] parameters = new float[fixture.settings().numParameters()];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (float) random.nextGaussian();
        }
        return parameters;
    }

    /** Returns examples whose class depends on their features, with weights from 0.5 to 2. */
    private static Examples randomBatch(Random random, LearnerFixture fixture, int size) {
        int numClasses = fixture.settings().numClasses();
        Examples batch = new Examples(fixture.settings().numFeatures());
        float[] features = new float[fixture.settings().numFeatures()];
        for (int i = 0; i < size; i++) {
            int label = random.nextInt(numClasses);
            for (int f = 0; f < features.length; f++) {
                double centre = f % numClasses == label ? 1 : 0;
                features[f] = (float) (centre + random.nextGaussian());
            }
            batch.add(features, 0, label, 0.5f + 1.5f * random.nextFloat());
        }
        return batch;
    }

    private static double input(Examples batch, int row, int feature) {
        return feature == batch.numFeatures()
                ? 1
                : batch.features()[row * batch.numFeatures() + feature];
    }

    private static float[] logits(LearnerFixture fixture, float[] parameters, Examples batch) {
        int numClasses = fixture.settings().numClasses();
        float[] logits = new float[batch.size() * numClasses];
        for (int i = 0; i < logits.length; i++) {
            double sum = 0;
            for (int f = 0; f <= batch.numFeatures(); f++) {
                sum +=
                        input(batch, i / numClasses, f)
                                * parameters[f * numClasses + i % numClasses];
            }
            logits[i] = (float) sum;
        }
        return logits;
    }

    /** Returns the reduced loss of a mini-batch, in double precision except for the logits. */
    private static double loss(LearnerFixture fixture, float[] parameters, Examples batch) {
        float[] logits = logits(fixture, parameters, batch);
        int numClasses = fixture.settings().numClasses();
        double loss = 0;
        double sumOfWeights = 0;
        for (int i = 0; i < batch.size(); i++) {
            double[] row =
                    IntStream.range(i * numClasses, (i + 1) * numClasses)
                            .mapToDouble(j -> logits[j])
                            .toArray();
            loss += batch.weights()[i] * (PlainLoop.logSumExp(row) - row[batch.labels()[i]]);
            sumOfWeights += batch.weights()[i];
        }
        return loss
                / (fixture.settings().reduction() == MiniBatchReduction.EXAMPLES
                        ? batch.size()
                        : sumOfWeights);
    }

    private static float[] stepFromZero(LearnerFixture fixture, Examples batch) {
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(batch, true, new Evaluation(fixture.settings().numClasses()));
            return learner.state().parameters();
        }
    }

    private static float[] losses(Evaluation evaluation) {
        return Arrays.copyOf(evaluation.losses(), evaluation.size());
    }

    private static int[] predictedClasses(Evaluation evaluation) {
        return Arrays.copyOf(evaluation.predictedClasses(), evaluation.size());
    }

    private static void assertOutcomes(Evaluation evaluation, Outcome expected) {
        assertThat(IntStream.range(0, evaluation.size()).mapToObj(evaluation::outcome))
                .containsOnly(expected);
    }

    private static void assertClose(float[] actual, double[][] expected, double tolerance) {
        int numClasses = expected[0].length;
        assertThat(actual).hasSize(expected.length * numClasses);
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i])
                    .isCloseTo(expected[i / numClasses][i % numClasses], within(tolerance));
        }
    }

    private static OptimizerState copy(OptimizerState state) {
        NamedArray[] arrays = state.arrays().clone();
        Arrays.setAll(arrays, i -> new NamedArray(arrays[i].name(), arrays[i].values().clone()));
        return new OptimizerState(state.steps(), arrays);
    }
}
