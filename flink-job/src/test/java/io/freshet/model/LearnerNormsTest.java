package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.PlainLoop;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.Sgd;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Comparison of the norms of gradient and parameters with {@link PlainLoop}, which sums squares.
 */
class LearnerNormsTest {
    /** Mini-batches of 1 and 3 go in blocks, those of 100 on the direct path in two chunks. */
    static Stream<LearnerFixture> fixtures() {
        LearningRateSchedule falling = new LearningRateSchedule(Kind.EXPONENTIAL, 0.1, 0.99, 1);
        Mixture mixture = new Mixture(List.of(0.003, 0.03, 0.3), 0.1, false);
        LearnerFixture fixture = LearnerFixture.of(5, 3);
        return Stream.of(
                        fixture,
                        fixture.sgd(new Sgd(falling, 0, 0, false, 0)),
                        fixture.sgd(0.02, 0.9).scaler(ScalerChoice.WELFORD),
                        fixture.sgd(new Sgd(falling, 0.7, 0, true, 0.1)),
                        fixture.loss(new BinaryCrossEntropyWithLogits(3))
                                .reduction(MiniBatchReduction.WEIGHTS),
                        fixture.mixture(mixture).scaler(ScalerChoice.WELFORD))
                .flatMap(variant -> Stream.of(1, 3, 100).map(variant::miniBatch));
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void norms_matchThePlainLoop(LearnerFixture fixture) {
        for (Precision precision : Precision.values()) {
            ExampleStream stream = new ExampleStream(fixture.settings(), 1).weighted();
            PlainLoop plain = new PlainLoop(fixture.settings());
            try (SoftmaxLearner learner = fixture.start(precision)) {
                // Calls that end in the middle of a block, and after unlabelled examples.
                for (int call = 0; call < 20; call++) {
                    Examples examples = stream.partlyLabelled().take(1 + 37 * call % 300);
                    plain.learn(examples);
                    RecordedEvaluation.byCalls(learner, examples, examples.size());

                    int dominantRate = dominantRate(learner);
                    double tolerance =
                            precision == Precision.FLOAT
                                    ? BlockedSgdTest.FLOAT
                                    : BlockedSgdTest.SCALED;
                    assertThat(learner.gradientNorm())
                            .isCloseTo(plain.gradientNorms[dominantRate], within(tolerance));
                    assertThat(learner.parameterNorm())
                            .isCloseTo(
                                    PlainLoop.norm(plain.parameters[dominantRate]),
                                    within(tolerance));
                }
            }
        }
    }

    private static int dominantRate(SoftmaxLearner learner) {
        int dominantRate = 0;
        for (int rate = 1; rate < learner.settings().numRates(); rate++) {
            if (learner.weight(rate) > learner.weight(dominantRate)) {
                dominantRate = rate;
            }
        }
        return dominantRate;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 100})
    void gradientNorm_isOfTheMean_biasIncluded(int miniBatchSize) {
        // All probabilities are 1/2: the gradients are ±x/2 for the feature and ±1/2 for the bias,
        // of two outputs. Their means are ±(3 + 5)/4 and ±1/2.
        LearnerFixture fixture = LearnerFixture.of(1, 2).miniBatch(miniBatchSize);
        Examples examples = new Examples(1);
        examples.add(new float[] {3}, 0, 1, 1);
        examples.add(new float[] {5}, 0, 1, 1);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.learn(examples, true, new Evaluation(2));

            assertThat(learner.gradientNorm()).isCloseTo(Math.sqrt(2 * (4 + 0.25)), within(1e-6));
            assertThat(learner.parameterNorm())
                    .isCloseTo(0.1 * Math.sqrt(2 * (4 + 0.25)), within(1e-7));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void gradientNorm_isOfTheLastStepTaken_andNaNBefore(int miniBatchSize) {
        LearnerFixture fixture = LearnerFixture.of(5, 3).miniBatch(miniBatchSize);
        ExampleStream stream = new ExampleStream(fixture.settings(), 2);
        Examples invalid = stream.take(1);
        invalid.features()[0] = Float.NaN;
        try (SoftmaxLearner learner = fixture.start()) {
            learner.predict(new float[5], 1, new float[3]);
            assertThat(RecordedEvaluation.byCalls(learner, invalid, 1).outcomes)
                    .containsExactly(Outcome.SKIPPED_LOSS);
            assertThat(learner.gradientNorm()).isNaN();
            assertThat(learner.parameterNorm()).isZero();

            RecordedEvaluation.byCalls(learner, stream.take(10), 10);
            double norm = learner.gradientNorm();
            assertThat(norm).isPositive();
            learner.predict(new float[5], 1, new float[3]);
            RecordedEvaluation.byCalls(learner, invalid, 1);
            assertThat(learner.gradientNorm()).isEqualTo(norm);

            try (SoftmaxLearner restored = TestEngine.start(fixture.settings(), learner.state())) {
                assertThat(restored.gradientNorm()).isNaN();
                assertThat(restored.parameterNorm()).isEqualTo(learner.parameterNorm());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void gradientNorm_isNaN_whereTheLearningRateIsZero(int miniBatchSize) {
        LearningRateSchedule ending = new LearningRateSchedule(Kind.STEP, 0.1, 0, 1);
        LearnerFixture fixture =
                LearnerFixture.of(5, 3)
                        .miniBatch(miniBatchSize)
                        .sgd(new Sgd(ending, 0, 0, false, 0));
        ExampleStream stream = new ExampleStream(fixture.settings(), 3);
        try (SoftmaxLearner learner = fixture.start()) {
            RecordedEvaluation.byCalls(learner, stream.take(miniBatchSize), miniBatchSize);
            assertThat(learner.gradientNorm()).isPositive();
            double norm = learner.parameterNorm();

            RecordedEvaluation.byCalls(learner, stream.take(miniBatchSize), miniBatchSize);
            assertThat(learner.gradientNorm()).isNaN();
            assertThat(learner.parameterNorm()).isEqualTo(norm);
        }
    }
}
