package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SoftmaxLearnerTest {

    // What it computes, against what is known.

    @Test
    void lossOfUniformLogits_isLogOfNumClasses() {
        LearnerSettings settings = plain(3, 7, 5);
        Evaluation evaluation = new Evaluation(5);
        try (SoftmaxLearner learner = start(settings)) {
            learner.step(randomBatch(new Random(1), settings, 5), evaluation);
        }
        assertThat(evaluation.size()).isEqualTo(5);
        assertThat(evaluation.stepTaken()).isTrue();
        assertThat(evaluation.losses()).containsOnly((float) Math.log(7));
        assertThat(evaluation.predictedClasses()).containsOnly(0);
    }

    @Test
    void firstStep_followsTheMeanOfTheGradients() {
        // From zero parameters every probability is 1/2, so that an example of class 0 with feature
        // x and weight w has the gradient w·(−x/2, x/2), and at the bias w·(−1/2, 1/2).
        LearnerSettings examples =
                new LearnerSettings(1, 2, 4, new Sgd(1, 0), Reduction.EXAMPLES, ScalerType.NONE);
        MiniBatch batch = new MiniBatch(4, 1);
        batch.add(new float[] {1}, 0, 0, 1);
        batch.add(new float[] {2}, 0, 0, 1);
        batch.add(new float[] {4}, 0, 1, 1);
        batch.add(new float[] {8}, 0, 0, 2);
        float weight = (1 + 2 - 4 + 2 * 8) / 2f;
        float bias = (1 + 1 - 1 + 2) / 2f;
        assertThat(stepFromZero(examples, batch))
                .containsExactly(weight / 4, -weight / 4, bias / 4, -bias / 4);
        LearnerSettings weights =
                new LearnerSettings(1, 2, 4, new Sgd(1, 0), Reduction.WEIGHTS, ScalerType.NONE);
        assertThat(stepFromZero(weights, batch))
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
    void steps_matchAPlainLoopInDoubles(Reduction reduction, double momentum, ScalerType scaler) {
        LearnerSettings settings =
                new LearnerSettings(11, 5, 16, new Sgd(0.05, momentum), reduction, scaler);
        Random random = new Random(2);
        PlainLoop expected = new PlainLoop(settings);
        Evaluation evaluation = new Evaluation(16);
        try (SoftmaxLearner learner = start(settings)) {
            for (int step = 1; step <= 300; step++) {
                int size = step % 3 == 0 ? 1 + random.nextInt(16) : 16;
                MiniBatch batch = randomBatch(random, settings, size);
                double[] losses = expected.step(batch);
                learner.step(batch, evaluation);
                assertThat(evaluation.stepTaken()).isTrue();
                for (int i = 0; i < size; i++) {
                    assertThat((double) evaluation.losses()[i])
                            .isCloseTo(losses[i], within(1e-4 * (1 + losses[i])));
                }
            }
            assertThat(learner.modelVersion()).isEqualTo(300);
            assertThat(learner.skippedSteps()).isZero();
            LearnerState state = learner.state();
            assertClose(state.parameters(), expected.parameters, 1e-4);
            assertClose(state.velocity(), expected.velocity, 1e-4);
        }
    }

    @ParameterizedTest
    @EnumSource(Reduction.class)
    void step_matchesNd4jsLossOperators(Reduction reduction) {
        LearnerSettings settings =
                new LearnerSettings(9, 6, 8, new Sgd(1, 0), reduction, ScalerType.NONE);
        Random random = new Random(3);
        LearnerState before = randomState(random, settings);
        SoftmaxCrossEntropy operators = new SoftmaxCrossEntropy(6, reduction);
        for (int size = 1; size <= 8; size++) {
            MiniBatch batch = randomBatch(random, settings, size);
            int[] labels = Arrays.copyOf(batch.labels(), size);
            float[] logits = logits(settings, before.parameters(), batch);
            Evaluation evaluation = new Evaluation(8);
            float[] after;
            try (SoftmaxLearner learner = new SoftmaxLearner(settings, before)) {
                learner.step(batch, evaluation);
                after = learner.state().parameters();
            }

            assertThat(Arrays.copyOf(evaluation.losses(), size))
                    .containsExactly(operators.losses(logits, labels), within(1e-5f));
            float[] logitGradients = operators.gradient(logits, labels, batch.weights());
            for (int f = 0; f <= 9; f++) {
                for (int c = 0; c < 6; c++) {
                    double gradient = 0;
                    for (int i = 0; i < size; i++) {
                        gradient += input(batch, i, f) * logitGradients[i * 6 + c];
                    }
                    int p = f * 6 + c;
                    assertThat((double) before.parameters()[p] - after[p])
                            .isCloseTo(gradient, within(1e-5));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Reduction.class)
    void step_matchesCentralDifferencesOfTheLoss(Reduction reduction) {
        LearnerSettings settings =
                new LearnerSettings(3, 4, 6, new Sgd(1, 0), reduction, ScalerType.NONE);
        Random random = new Random(4);
        LearnerState before = randomState(random, settings);
        MiniBatch batch = randomBatch(random, settings, 6);
        float[] after;
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, before)) {
            learner.step(batch, new Evaluation(6));
            after = learner.state().parameters();
        }
        float h = 1e-2f;
        for (int p = 0; p < after.length; p++) {
            float[] up = before.parameters().clone();
            float[] down = before.parameters().clone();
            up[p] += h;
            down[p] -= h;
            double slope =
                    (loss(settings, up, batch) - loss(settings, down, batch))
                            / ((double) up[p] - down[p]);
            assertThat((double) before.parameters()[p] - after[p]).isCloseTo(slope, within(1e-3));
        }
    }

    @Test
    void velocity_followsPyTorchsMomentum() {
        // One example again and again, of weight 0 but in the first step: v ← μ·v, θ ← θ − η·v.
        LearnerSettings settings =
                new LearnerSettings(
                        1, 2, 1, new Sgd(0.1, 0.9), Reduction.EXAMPLES, ScalerType.NONE);
        MiniBatch batch = new MiniBatch(1, 1);
        double velocity = 1.5;
        double parameter = 0;
        try (SoftmaxLearner learner = start(settings)) {
            for (int step = 0; step < 20; step++) {
                batch.clear();
                batch.add(new float[] {3}, 0, 1, step == 0 ? 1 : 0);
                learner.step(batch, new Evaluation(1));
                parameter -= 0.1 * velocity;
                LearnerState state = learner.state();
                assertThat((double) state.velocity()[0]).isCloseTo(velocity, within(1e-6));
                assertThat((double) state.parameters()[0]).isCloseTo(parameter, within(1e-6));
                velocity *= 0.9;
            }
        }
    }

    // Properties.

    @Test
    void duplicatedExample_equalsWeightTwo() {
        LearnerSettings settings =
                new LearnerSettings(4, 3, 8, new Sgd(0.5, 0.9), Reduction.WEIGHTS, ScalerType.NONE);
        MiniBatch example = randomBatch(new Random(5), settings, 3);
        MiniBatch twice = new MiniBatch(8, 4);
        MiniBatch weighted = new MiniBatch(8, 4);
        for (int i = 0; i < 3; i++) {
            boolean doubled = i == 1;
            weighted.add(example.features(), i * 4, example.labels()[i], doubled ? 2 : 1);
            twice.add(example.features(), i * 4, example.labels()[i], 1);
            if (doubled) {
                twice.add(example.features(), i * 4, example.labels()[i], 1);
            }
        }
        assertThat(stepFromZero(settings, twice))
                .containsExactly(stepFromZero(settings, weighted), within(1e-6f));
    }

    @Test
    void shufflingFeatures_changesNothing() {
        LearnerSettings settings =
                new LearnerSettings(
                        6, 3, 8, new Sgd(0.1, 0.9), Reduction.EXAMPLES, ScalerType.WELFORD);
        int[] order = {4, 2, 0, 5, 1, 3};
        Random random = new Random(6);
        MiniBatch shuffled = new MiniBatch(8, 6);
        Evaluation evaluation = new Evaluation(8);
        Evaluation evaluationOfShuffled = new Evaluation(8);
        try (SoftmaxLearner learner = start(settings);
                SoftmaxLearner learnerOfShuffled = start(settings)) {
            for (int step = 0; step < 100; step++) {
                MiniBatch batch = randomBatch(random, settings, 8);
                shuffled.clear();
                for (int i = 0; i < 8; i++) {
                    float[] features = new float[6];
                    for (int f = 0; f < 6; f++) {
                        features[f] = batch.features()[i * 6 + order[f]];
                    }
                    shuffled.add(features, 0, batch.labels()[i], batch.weights()[i]);
                }
                learner.step(batch, evaluation);
                learnerOfShuffled.step(shuffled, evaluationOfShuffled);
                assertThat(evaluationOfShuffled.losses())
                        .containsExactly(evaluation.losses(), within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ScalerType.class)
    void restoredLearner_continuesBitForBit(ScalerType scaler) {
        LearnerSettings settings =
                new LearnerSettings(13, 5, 32, new Sgd(0.05, 0.9), Reduction.EXAMPLES, scaler);
        Random random = new Random(7);
        Evaluation evaluation = new Evaluation(32);
        Evaluation evaluationOfRestored = new Evaluation(32);
        SoftmaxLearner restored = start(settings);
        try (SoftmaxLearner learner = start(settings)) {
            for (int step = 0; step < 60; step++) {
                if (step % 7 == 3) {
                    LearnerState state = restored.state();
                    restored.close();
                    restored = new SoftmaxLearner(settings, state);
                }
                MiniBatch batch = randomBatch(random, settings, step % 5 == 4 ? 11 : 32);
                if (step % 20 == 9) {
                    batch.features()[3] = Float.NaN;
                }
                learner.step(batch, evaluation);
                restored.step(batch, evaluationOfRestored);
                assertThat(evaluationOfRestored.losses()).containsExactly(evaluation.losses());
                assertSameBits(restored.state(), learner.state());
            }
            assertThat(learner.skippedSteps()).isEqualTo(3);
            assertThat(learner.modelVersion()).isEqualTo(57);
        } finally {
            restored.close();
        }
    }

    @Test
    void learnersOnSeveralThreads_doNotDisturbEachOther() {
        LearnerSettings settings =
                new LearnerSettings(
                        40, 6, 32, new Sgd(0.05, 0.9), Reduction.EXAMPLES, ScalerType.WELFORD);
        LearnerState alone = stateAfter(settings, 300);
        IntStream.range(0, 4)
                .parallel()
                .mapToObj(i -> stateAfter(settings, 300))
                .forEach(state -> assertSameBits(state, alone));
    }

    private static LearnerState stateAfter(LearnerSettings settings, int steps) {
        Random random = new Random(13);
        Evaluation evaluation = new Evaluation(settings.miniBatchSize());
        try (SoftmaxLearner learner = start(settings)) {
            for (int step = 0; step < steps; step++) {
                learner.step(randomBatch(random, settings, settings.miniBatchSize()), evaluation);
            }
            return learner.state();
        }
    }

    @Test
    void state_isNotTouchedByLaterSteps() {
        LearnerSettings settings =
                new LearnerSettings(
                        3, 2, 4, new Sgd(0.1, 0.9), Reduction.EXAMPLES, ScalerType.WELFORD);
        Random random = new Random(8);
        try (SoftmaxLearner learner = start(settings)) {
            learner.step(randomBatch(random, settings, 4), new Evaluation(4));
            LearnerState state = learner.state();
            LearnerState copy =
                    new LearnerState(
                            state.modelVersion(),
                            state.skippedSteps(),
                            state.parameters().clone(),
                            state.velocity().clone(),
                            state.scalerCount(),
                            state.scalerMean().clone(),
                            state.scalerSquaredDeviations().clone());
            learner.step(randomBatch(random, settings, 4), new Evaluation(4));
            assertSameBits(state, copy);
            assertThat(learner.state().parameters()).isNotEqualTo(state.parameters());
        }
    }

    // Edges.

    @Test
    void losses_stayFinite_atLogitsOfTenThousand() {
        LearnerSettings settings = plain(1, 3, 4);
        float[] parameters = {1e4f, -1e4f, 0, 0, 0, 0};
        MiniBatch batch = new MiniBatch(4, 1);
        batch.add(new float[] {1}, 0, 0, 1);
        batch.add(new float[] {1}, 0, 1, 1);
        batch.add(new float[] {-1}, 0, 0, 1);
        batch.add(new float[] {-1}, 0, 2, 1);
        Evaluation evaluation = new Evaluation(4);
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, state(parameters, 1, 3))) {
            learner.step(batch, evaluation);
            assertThat(evaluation.stepTaken()).isTrue();
            assertThat(evaluation.losses()).containsExactly(0f, 2e4f, 2e4f, 1e4f);
            assertThat(evaluation.predictedClasses()).containsExactly(0, 0, 1, 1);
            for (float parameter : learner.state().parameters()) {
                assertThat(parameter).isFinite();
            }
        }
    }

    @Test
    void loss_staysFinite_whenTheTrueClassSaturates() {
        LearnerSettings settings = plain(1, 2, 1);
        float[] parameters = {200, -200, 0, 0};
        MiniBatch batch = new MiniBatch(1, 1);
        for (float feature : new float[] {1, -1}) {
            Evaluation evaluation = new Evaluation(1);
            batch.clear();
            batch.add(new float[] {feature}, 0, 0, 1);
            try (SoftmaxLearner learner = new SoftmaxLearner(settings, state(parameters, 1, 2))) {
                learner.step(batch, evaluation);
            }
            assertThat(evaluation.stepTaken()).isTrue();
            assertThat(evaluation.losses()[0]).isEqualTo(feature > 0 ? 0f : 400f);
        }
    }

    @Test
    void tie_goesToTheLowestClass() {
        LearnerSettings settings = plain(1, 4, 1);
        float[] parameters = {1, 3, 3, 2, 0, 0, 0, 0};
        Evaluation evaluation = new Evaluation(1);
        MiniBatch batch = new MiniBatch(1, 1);
        batch.add(new float[] {1}, 0, 0, 1);
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, state(parameters, 1, 4))) {
            learner.step(batch, evaluation);
        }
        assertThat(evaluation.predictedClasses()).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void stepThatIsNotFinite_leavesEveryBit(float bad) {
        for (ScalerType scaler : ScalerType.values()) {
            for (boolean inTheWeight : new boolean[] {false, true}) {
                LearnerSettings settings =
                        new LearnerSettings(5, 3, 8, new Sgd(0.1, 0.9), Reduction.EXAMPLES, scaler);
                Random random = new Random(9);
                Evaluation evaluation = new Evaluation(8);
                try (SoftmaxLearner learner = start(settings);
                        SoftmaxLearner undisturbed = start(settings)) {
                    MiniBatch first = randomBatch(random, settings, 8);
                    learner.step(first, evaluation);
                    undisturbed.step(first, evaluation);

                    MiniBatch poisoned = randomBatch(random, settings, 8);
                    (inTheWeight ? poisoned.weights() : poisoned.features())[6] = bad;
                    learner.step(poisoned, evaluation);
                    assertThat(evaluation.stepTaken()).isFalse();
                    assertThat(learner.modelVersion()).isEqualTo(1);
                    assertThat(learner.skippedSteps()).isEqualTo(1);
                    LearnerState state = learner.state();
                    LearnerState expected = undisturbed.state();
                    assertThat(state.scalerCount()).isEqualTo(expected.scalerCount());
                    assertSameBits(state, expected);

                    MiniBatch next = randomBatch(random, settings, 3);
                    learner.step(next, evaluation);
                    undisturbed.step(next, evaluation);
                    assertThat(evaluation.stepTaken()).isTrue();
                    assertSameBits(learner.state(), undisturbed.state());
                }
            }
        }
    }

    @Test
    void stepBeyondTheRangeOfFloats_isSkipped() {
        LearnerSettings settings =
                new LearnerSettings(
                        1, 2, 1, new Sgd(1e38, 0.5), Reduction.EXAMPLES, ScalerType.NONE);
        MiniBatch batch = new MiniBatch(1, 1);
        batch.add(new float[] {2}, 0, 0, 1);
        Evaluation evaluation = new Evaluation(1);
        try (SoftmaxLearner learner = start(settings)) {
            learner.step(batch, evaluation);
            assertThat(evaluation.stepTaken()).isTrue();
            assertThat(learner.state().parameters())
                    .containsExactly(1e38f, -1e38f, 0.5e38f, -0.5e38f);
            LearnerState before = learner.state();

            // The gradient is 0 now, but half of the velocity goes on: the magnitudes would be
            // 1.5, 1.5, 0.75 and 0.75e38, and their sum, 4.5e38, is no float.
            learner.step(batch, evaluation);
            assertThat(evaluation.stepTaken()).isFalse();
            assertThat(learner.skippedSteps()).isEqualTo(1);
            assertThat(learner.state().parameters()).containsExactly(before.parameters());
            assertThat(learner.state().velocity()).containsExactly(before.velocity());
        }
    }

    @Test
    void stepBeyondTheRangeOfFloats_isSkipped_howeverSmall() {
        // Both biases are 1.7e38 after the first step; the next would add 0.2 % by momentum alone.
        LearnerSettings settings =
                new LearnerSettings(
                        1, 2, 1, new Sgd(1e38, 0.002), Reduction.EXAMPLES, ScalerType.NONE);
        MiniBatch batch = new MiniBatch(1, 1);
        batch.add(new float[] {0}, 0, 0, 3.4f);
        Evaluation evaluation = new Evaluation(1);
        try (SoftmaxLearner learner = start(settings)) {
            learner.step(batch, evaluation);
            assertThat(evaluation.stepTaken()).isTrue();
            learner.step(batch, evaluation);
            assertThat(evaluation.stepTaken()).isFalse();
        }
    }

    @Test
    void stepOfAnInfiniteLoss_isSkipped_thoughItsGradientIsFinite() {
        LearnerSettings settings = plain(1, 2, 2);
        float[] parameters = {0, -1e30f, 0, 0};
        MiniBatch batch = new MiniBatch(2, 1);
        batch.add(new float[] {1}, 0, 0, 1);
        batch.add(new float[] {1e10f}, 0, 1, 1);
        Evaluation evaluation = new Evaluation(2);
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, state(parameters, 1, 2))) {
            learner.step(batch, evaluation);
            assertThat(evaluation.losses()).containsExactly(0f, Float.POSITIVE_INFINITY);
            assertThat(evaluation.stepTaken()).isFalse();
            assertThat(learner.state().parameters()).containsExactly(parameters);
        }
    }

    @Test
    void largeParameters_areSteppedWithCare() {
        LearnerSettings settings =
                new LearnerSettings(1, 2, 1, new Sgd(1e36, 0), Reduction.EXAMPLES, ScalerType.NONE);
        float[] parameters = {0, 0, 3e37f, 3e37f};
        MiniBatch batch = new MiniBatch(1, 1);
        batch.add(new float[] {0}, 0, 0, 1);
        Evaluation evaluation = new Evaluation(1);
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, state(parameters, 1, 2))) {
            learner.step(batch, evaluation);
            assertThat(evaluation.stepTaken()).isTrue();
            assertThat(learner.state().parameters())
                    .containsExactly(new float[] {0, 0, 3.05e37f, 2.95e37f}, within(1e32f));
        }
    }

    // Predictions.

    @ParameterizedTest
    @EnumSource(ScalerType.class)
    void predict_followsTheParametersAndTheScalerInForce(ScalerType scaler) {
        LearnerSettings settings =
                new LearnerSettings(6, 4, 8, new Sgd(0.1, 0.9), Reduction.EXAMPLES, scaler);
        Random random = new Random(10);
        PlainLoop expected = new PlainLoop(settings);
        try (SoftmaxLearner learner = start(settings)) {
            for (int step = 0; step < 20; step++) {
                MiniBatch batch = randomBatch(random, settings, 8);
                expected.step(batch);
                learner.step(batch, new Evaluation(8));
            }
            LearnerState before = learner.state();
            for (int rows : new int[] {0, 1, 7, 8, 9, 100}) {
                float[] features = new float[rows * 6];
                for (int i = 0; i < features.length; i++) {
                    features[i] = (float) random.nextGaussian();
                }
                float[] probabilities = new float[rows * 4];
                learner.predict(features, rows, probabilities);
                for (int i = 0; i < rows; i++) {
                    double[] row = expected.probabilities(features, i * 6);
                    for (int c = 0; c < 4; c++) {
                        assertThat((double) probabilities[i * 4 + c])
                                .isCloseTo(row[c], within(1e-5));
                    }
                }
            }
            assertSameBits(learner.state(), before);
        }
    }

    @Test
    void predict_isUniform_beforeTheFirstExample() {
        LearnerSettings settings =
                new LearnerSettings(
                        2, 4, 1, new Sgd(0.1, 0), Reduction.EXAMPLES, ScalerType.WELFORD);
        float[] probabilities = new float[12];
        try (SoftmaxLearner learner = start(settings)) {
            learner.predict(new float[] {1, 2, 3, 4, 5, 6}, 3, probabilities);
        }
        assertThat(probabilities).containsOnly(0.25f);
    }

    // What is refused.

    @Test
    void mistakesOfTheCaller_areRefused() {
        LearnerSettings settings = plain(2, 3, 4);
        Evaluation evaluation = new Evaluation(4);
        try (SoftmaxLearner learner = start(settings)) {
            MiniBatch empty = new MiniBatch(4, 2);
            assertThatThrownBy(() -> learner.step(empty, evaluation))
                    .hasMessage("a mini-batch must have 1 to 4 examples, but has 0");
            MiniBatch large = randomBatch(new Random(11), plain(2, 3, 5), 5);
            assertThatThrownBy(() -> learner.step(large, evaluation))
                    .hasMessage("a mini-batch must have 1 to 4 examples, but has 5");
            MiniBatch wide = randomBatch(new Random(11), plain(3, 3, 4), 4);
            assertThatThrownBy(() -> learner.step(wide, evaluation))
                    .hasMessage("the model has 2 features, but the mini-batch has 3");
            MiniBatch unknown = new MiniBatch(4, 2);
            unknown.add(new float[2], 0, 3, 1);
            assertThatThrownBy(() -> learner.step(unknown, evaluation))
                    .hasMessage("a label must be 0 to 2, but is 3");
            MiniBatch full = randomBatch(new Random(11), settings, 4);
            assertThatThrownBy(() -> full.add(new float[2], 0, 0, 1))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> learner.step(full, new Evaluation(3)))
                    .hasMessage("the evaluation holds 3 examples, but the mini-batch has 4");
            assertThat(learner.modelVersion() + learner.skippedSteps()).isZero();
        }
    }

    @Test
    void close_mayBeCalledTwice() {
        SoftmaxLearner learner = start(plain(2, 3, 4));
        learner.close();
        assertThatNoException().isThrownBy(learner::close);
    }

    @Test
    void stateOfAnotherShape_isRefused() {
        LearnerState state = LearnerState.initial(plain(2, 3, 4));
        assertThatThrownBy(() -> new SoftmaxLearner(plain(2, 4, 4), state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parameters must have 12 values")
                .hasMessageContaining("but has 9");
    }

    // What it costs.

    @Test
    void allocationPerStep_doesNotGrowWithTheDimensions() {
        long small = bytesPerStep(4, 2, 4);
        long large = bytesPerStep(400, 50, 128);
        // One float per feature and class, or per example and class, would be some 80 or 25 KB.
        assertThat(large - small).isLessThan(512);
        assertThat(large).isLessThan(4096);
    }

    private static long bytesPerStep(int numFeatures, int numClasses, int miniBatchSize) {
        LearnerSettings settings =
                new LearnerSettings(
                        numFeatures,
                        numClasses,
                        miniBatchSize,
                        new Sgd(0.01, 0.9),
                        Reduction.EXAMPLES,
                        ScalerType.WELFORD);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        MiniBatch batch = randomBatch(new Random(12), settings, miniBatchSize);
        Evaluation evaluation = new Evaluation(miniBatchSize);
        try (SoftmaxLearner learner = start(settings)) {
            for (int step = 0; step < 300; step++) {
                learner.step(batch, evaluation);
            }
            int steps = 300;
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int step = 0; step < steps; step++) {
                learner.step(batch, evaluation);
            }
            return (threads.getCurrentThreadAllocatedBytes() - before) / steps;
        }
    }

    private static LearnerSettings plain(int numFeatures, int numClasses, int miniBatchSize) {
        return new LearnerSettings(
                numFeatures,
                numClasses,
                miniBatchSize,
                new Sgd(0.1, 0.9),
                Reduction.EXAMPLES,
                ScalerType.NONE);
    }

    private static SoftmaxLearner start(LearnerSettings settings) {
        return new SoftmaxLearner(settings, LearnerState.initial(settings));
    }

    private static LearnerState state(float[] parameters, int numFeatures, int numClasses) {
        return new LearnerState(
                0,
                0,
                parameters,
                new float[(numFeatures + 1) * numClasses],
                0,
                new double[0],
                new double[0]);
    }

    private static LearnerState randomState(Random random, LearnerSettings settings) {
        float[] parameters = new float[settings.numParameters()];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (float) random.nextGaussian();
        }
        return state(parameters, settings.numFeatures(), settings.numClasses());
    }

    /** Examples whose class has something to do with their features; weights from 0.5 to 2. */
    private static MiniBatch randomBatch(Random random, LearnerSettings settings, int size) {
        MiniBatch batch = new MiniBatch(settings.miniBatchSize(), settings.numFeatures());
        float[] features = new float[settings.numFeatures()];
        for (int i = 0; i < size; i++) {
            int label = random.nextInt(settings.numClasses());
            for (int f = 0; f < features.length; f++) {
                double centre = f % settings.numClasses() == label ? 1 : 0;
                features[f] = (float) (centre + random.nextGaussian());
            }
            batch.add(features, 0, label, 0.5f + 1.5f * random.nextFloat());
        }
        return batch;
    }

    private static double input(MiniBatch batch, int row, int feature) {
        return feature == batch.numFeatures()
                ? 1
                : batch.features()[row * batch.numFeatures() + feature];
    }

    private static float[] logits(LearnerSettings settings, float[] parameters, MiniBatch batch) {
        int numClasses = settings.numClasses();
        float[] logits = new float[batch.size() * numClasses];
        for (int i = 0; i < logits.length; i++) {
            double sum = 0;
            for (int f = 0; f <= settings.numFeatures(); f++) {
                sum +=
                        input(batch, i / numClasses, f)
                                * parameters[f * numClasses + i % numClasses];
            }
            logits[i] = (float) sum;
        }
        return logits;
    }

    /** The reduced loss of a mini-batch, in doubles but for the logits' rounding. */
    private static double loss(LearnerSettings settings, float[] parameters, MiniBatch batch) {
        float[] logits = logits(settings, parameters, batch);
        int numClasses = settings.numClasses();
        double loss = 0;
        for (int i = 0; i < batch.size(); i++) {
            double[] row =
                    IntStream.range(i * numClasses, (i + 1) * numClasses)
                            .mapToDouble(j -> logits[j])
                            .toArray();
            loss += batch.weights()[i] * (PlainLoop.logSumExp(row) - row[batch.labels()[i]]);
        }
        return loss * settings.reduction().scale(batch.weights(), batch.size());
    }

    private static float[] stepFromZero(LearnerSettings settings, MiniBatch batch) {
        try (SoftmaxLearner learner = start(settings)) {
            learner.step(batch, new Evaluation(batch.capacity()));
            return learner.state().parameters();
        }
    }

    private static void assertClose(float[] actual, double[][] expected, double tolerance) {
        int numClasses = expected[0].length;
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i])
                    .isCloseTo(expected[i / numClasses][i % numClasses], within(tolerance));
        }
    }

    private static void assertSameBits(LearnerState actual, LearnerState expected) {
        assertThat(actual.modelVersion()).isEqualTo(expected.modelVersion());
        assertThat(actual.parameters()).containsExactly(expected.parameters());
        assertThat(actual.velocity()).containsExactly(expected.velocity());
        assertThat(actual.scalerCount()).isEqualTo(expected.scalerCount());
        assertThat(actual.scalerMean()).containsExactly(expected.scalerMean());
        assertThat(actual.scalerSquaredDeviations())
                .containsExactly(expected.scalerSquaredDeviations());
    }
}
