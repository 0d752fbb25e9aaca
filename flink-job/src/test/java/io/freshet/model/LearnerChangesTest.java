package io.freshet.model;

import static io.freshet.model.StateAssertions.assertSameBits;
import static io.freshet.model.StateAssertions.assertSameExceptCounters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Sgd;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests of the changes that can be made to a learner between two steps, including the state that
 * must stay the same.
 */
class LearnerChangesTest {
    private static final String[] SCALER = {"scaler"};

    /** Settings with every kind of state, for mini-batches in blocks and on the direct path. */
    static Stream<LearnerFixture> fixtures() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD);
        Sgd nesterov = new Sgd(LearningRateSchedule.constant(0.02), 0.9, 0, true, 0.001);
        Mixture mixture = new Mixture(List.of(0.01, 0.1, 0.5), 0.01, true);
        return Stream.of(fixture.sgd(nesterov), fixture.mixture(mixture))
                .flatMap(variant -> Stream.of(1, 3, 40).map(variant::miniBatch));
    }

    /** Trains for a number of steps, in calls of 50 rows or one mini-batch. */
    private static void learn(SoftmaxLearner learner, long seed, int steps) {
        LearnerSettings settings = learner.settings();
        Examples stream =
                new ExampleStream(settings, seed).weighted().take(steps * settings.miniBatchSize());
        RecordedEvaluation.byCalls(learner, stream, Math.max(50, settings.miniBatchSize()));
    }

    /** Asserts that only these fields have changed, and that the version has increased by 1. */
    private static void assertChanged(LearnerState actual, LearnerState before, String... changed) {
        assertThat(actual)
                .usingRecursiveComparison()
                .withComparatorForType(Double::compare, Double.class)
                .withComparatorForType(Float::compare, Float.class)
                .ignoringFields("counters")
                .ignoringFields(changed)
                .isEqualTo(before);
        assertThat(actual.counters()).isEqualTo(before.counters().changed());
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void resetScaler_clearsTheMoments(LearnerFixture fixture) {
        try (SoftmaxLearner learner = fixture.start()) {
            learn(learner, 1, 30);
            LearnerState before = learner.state();

            learner.resetScaler();

            LearnerState after = learner.state();
            assertChanged(after, before, SCALER);
            assertThat(after.scaler().count()).isZero();
            assertThat(after.scaler().mean()).containsOnly(0);
            assertThat(after.scaler().squaredDeviations()).containsOnly(0);
            // Before the first example the scaler scales every feature to 0.
            float[] predictions = new float[6];
            learner.predict(new float[] {0, 0, 0, 0, 0, 1e6f, -1, 2, 3, 4}, 2, predictions);
            for (int c = 0; c < 3; c++) {
                assertThat(predictions[c + 3]).isEqualTo(predictions[c]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void resetParameters_returnsToTheStart_andDiscardsTheGoodCopy(LearnerFixture fixture) {
        try (SoftmaxLearner learner = fixture.start()) {
            learn(learner, 2, 1010);
            LearnerState before = learner.state();
            assertThat(before.goodParameters()).isNotEmpty();

            learner.resetParameters();

            LearnerState after = learner.state();
            LearnerState start = LearnerState.initial(fixture.settings());
            assertThat(after)
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .ignoringFields("counters", "restarts", "baselineCounts", "lastLabel")
                    .ignoringFields(SCALER)
                    .isEqualTo(start);
            assertThat(after)
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .comparingOnlyFields("restarts", "baselineCounts", "lastLabel")
                    .isEqualTo(before);
            assertThat(after)
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .comparingOnlyFields(SCALER)
                    .isEqualTo(before);
            assertThat(after.counters()).isEqualTo(before.counters().changed().copied());
            assertThat(learner.parameterNorm()).isZero();

            learn(learner, 3, 5);
            learner.rollBack();
            assertThat(learner.state().parameters()).containsOnly(0);
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void rollBack_returnsToTheLastCopy_andFromThereToTheStart(LearnerFixture fixture) {
        try (SoftmaxLearner learner = fixture.start()) {
            learn(learner, 4, 1000);
            LearnerState copied = learner.state();
            learn(learner, 5, 10);
            LearnerState before = learner.state();
            assertThat(before.parameters()).isNotEqualTo(copied.parameters());

            learner.rollBack();

            LearnerState after = learner.state();
            assertThat(after)
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .ignoringFields("counters", "parameters", "optimizer", "weights")
                    .isEqualTo(before);
            assertThat(after.parameters()).containsExactly(copied.parameters());
            assertThat(after.weights()).containsExactly(copied.weights());
            assertThat(after.optimizer().array(Sgd.VELOCITY)).isEmpty();
            assertThat(after.counters())
                    .isEqualTo(new LearnerCounters(1011, 1010, 0, 0, 1, 0, 0, 1, 0));

            learner.rollBack();
            LearnerState start = LearnerState.initial(fixture.settings());
            assertThat(learner.state().parameters()).containsExactly(start.parameters());
            assertThat(learner.state().weights()).containsExactly(start.weights());
            assertThat(learner.state().goodParameters()).isEmpty();
            assertThat(learner.counters())
                    .isEqualTo(new LearnerCounters(1012, 1010, 0, 0, 2, 0, 0, 1, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void resetOptimizer_clearsTheVelocity(LearnerFixture fixture) {
        try (SoftmaxLearner learner = fixture.start()) {
            learn(learner, 6, 30);
            LearnerState before = learner.state();
            assertThat(before.optimizer().array(Sgd.VELOCITY).length > 0)
                    .isEqualTo(fixture.settings().mixture() == null);

            learner.resetOptimizer();

            assertChanged(learner.state(), before, "optimizer");
            assertThat(learner.state().optimizer().array(Sgd.VELOCITY)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void copyFrom_copiesTheModel_andKeepsCountersAndGoodCopy(LearnerFixture fixture) {
        try (SoftmaxLearner learner = fixture.start();
                SoftmaxLearner other = fixture.start()) {
            learn(learner, 7, 1010);
            learn(other, 8, 30);
            LearnerState before = learner.state();
            LearnerState others = other.state();

            learner.copyFrom(other.state());

            LearnerState after = learner.state();
            assertSameBits(other.state(), others);
            assertThat(after)
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .ignoringFields("counters", "restarts", "goodParameters", "goodWeights")
                    .isEqualTo(others);
            assertThat(after)
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .comparingOnlyFields("restarts", "goodParameters", "goodWeights")
                    .isEqualTo(before);
            assertThat(after.counters()).isEqualTo(before.counters().changed());

            // From here on both are trained identically.
            learn(learner, 9, 30);
            learn(other, 9, 30);
            assertThat(learner.state().parameters()).containsExactly(other.state().parameters());
            assertThat(learner.state().weights()).containsExactly(other.state().weights());
            learner.rollBack();
            assertThat(learner.state().parameters()).containsExactly(before.goodParameters());
        }
    }

    @Test
    void copyFrom_copiesNoVelocity_whereTheOtherHasNone_andNothing_whereShapesDiffer() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).sgd(0.1, 0.9);
        try (SoftmaxLearner learner = fixture.start();
                SoftmaxLearner fresh = fixture.start();
                SoftmaxLearner wider = LearnerFixture.of(6, 3).start()) {
            learn(learner, 10, 30);
            LearnerState before = learner.state();
            assertThatThrownBy(() -> learner.copyFrom(wider.state()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("parameters must have 18 values");
            assertSameBits(learner.state(), before);

            learner.copyFrom(fresh.state());
            assertSameExceptCounters(learner.state(), fresh.state());
        }
    }

    // Boosts.

    @ParameterizedTest
    @CsvSource({"1, 7", "1, 40", "3, 7", "100, 2"})
    void boost_multipliesTheLearningRateOfItsSteps(int miniBatchSize, int steps) {
        LearningRateSchedule decaying =
                new LearningRateSchedule(LearningRateSchedule.Kind.EXPONENTIAL, 0.1, 0.99, 1);
        LearnerFixture fixture =
                LearnerFixture.of(5, 3)
                        .miniBatch(miniBatchSize)
                        .sgd(new Sgd(decaying, 0, 0, false, 0));
        try (SoftmaxLearner learner = fixture.start()) {
            learn(learner, 11, 5);
            LearnerState before = learner.state();
            learner.boost(9, 1000);
            learner.boost(4, steps);
            assertSameExceptCounters(learner.state(), before);
            // The model itself has not changed.
            assertThat(learner.modelVersion()).isEqualTo(5);

            for (int step = 0; step < steps; step++) {
                assertThat(learner.learningRate()).isEqualTo(4 * decaying.at(5 + step));
                learn(learner, 12 + step, 1);
            }
            assertThat(learner.learningRate()).isEqualTo(decaying.at(5 + steps));

            learner.boost(2, 1);
            learner.boost(3, 0);
            assertThat(learner.learningRate()).isEqualTo(decaying.at(5 + steps));
        }
    }

    @Test
    void skippedSteps_doNotCountTowardsABoost() {
        LearnerFixture fixture = LearnerFixture.of(1, 2).sgd(0.5, 0);
        Examples bad = new Examples(1);
        bad.add(new float[] {Float.NaN}, 0, 0, 1);
        Examples good = new Examples(1);
        good.add(new float[] {1}, 0, 0, 1);
        try (SoftmaxLearner learner = fixture.start()) {
            learner.boost(4, 1);
            RecordedEvaluation.byCalls(learner, bad, 1);
            RecordedEvaluation.byCalls(learner, good, 1);

            // The gradient is ∓1/2, and the rate 4 · 0.5.
            assertThat(learner.state().parameters()).containsExactly(1, -1, 1, -1);
            assertThat(learner.learningRate()).isEqualTo(0.5);
        }
    }

    @Test
    void boostThatHasEnded_hasNoEffect() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).sgd(0.1, 0);
        Examples weightless = new ExampleStream(fixture.settings(), 13).take(1);
        weightless.weights()[0] = 0;
        try (SoftmaxLearner boosted = fixture.start();
                SoftmaxLearner plain = fixture.start()) {
            boosted.boost(1e20, 1);
            for (SoftmaxLearner variant : List.of(boosted, plain)) {
                RecordedEvaluation.byCalls(variant, weightless, 1);
                learn(variant, 14, 30);
            }
            // If the bound still included the ended boost, every step would be a checked step.
            TestEngine.assumeOnCpu();
            assertThat(boosted.parameters().bound()).isEqualTo(plain.parameters().bound());
            assertSameBits(boosted.state(), plain.state());
        }
    }

    @Test
    void boost_refusesMixtures_andInvalidFactors() {
        LearnerFixture fixture = LearnerFixture.of(5, 3);
        Mixture mixture = new Mixture(List.of(0.1), 0.01, false);
        try (SoftmaxLearner mixed = fixture.mixture(mixture).start();
                SoftmaxLearner learner = fixture.start()) {
            assertThatThrownBy(() -> mixed.boost(2, 10))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a mixture has no learning rate to boost");
            for (double factor : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
                assertThatThrownBy(() -> learner.boost(factor, 10))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("they are " + factor + " and 10");
            }
            assertThatThrownBy(() -> learner.boost(2, -1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(mixed.counters()).isEqualTo(LearnerCounters.NONE);
            assertThat(learner.counters()).isEqualTo(LearnerCounters.NONE);
        }
    }

    // Restored state.

    @ParameterizedTest
    @MethodSource("fixtures")
    void restoredLearner_continuesBitForBit_afterEachChange(LearnerFixture fixture) {
        boolean mixed = fixture.settings().mixture() != null;
        try (SoftmaxLearner other = fixture.start()) {
            learn(other, 15, 20);
            List<Consumer<LearnerControl>> changes =
                    List.of(
                            LearnerControl::resetScaler,
                            LearnerControl::resetOptimizer,
                            mixed ? learner -> {} : learner -> learner.boost(3, 15),
                            learner -> learner.copyFrom(other.state()),
                            LearnerControl::rollBack,
                            LearnerControl::resetParameters);
            try (SoftmaxLearner learner = fixture.start()) {
                learn(learner, 16, 1000);
                SoftmaxLearner restored = TestEngine.start(fixture.settings(), learner.state());
                for (int round = 0; round < 12; round++) {
                    Consumer<LearnerControl> change = changes.get(round % changes.size());
                    change.accept(learner);
                    change.accept(restored);
                    // Restored immediately, and in the middle of a boost.
                    for (int k = 0; k < 3; k++) {
                        LearnerState state = restored.state();
                        assertSameBits(state, learner.state());
                        restored.close();
                        restored = TestEngine.start(fixture.settings(), state);
                        assertThat(restored.learningRate()).isEqualTo(learner.learningRate());
                        learn(learner, 17 + round, 10);
                        learn(restored, 17 + round, 10);
                    }
                }
                assertSameBits(restored.state(), learner.state());
                restored.close();
            }
        }
    }
}
