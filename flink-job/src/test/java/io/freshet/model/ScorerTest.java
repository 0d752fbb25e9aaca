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
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.Loss;
import io.freshet.model.mixture.Mixture;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Comparison of the scores of each example with {@link PlainLoop}, which computes them in double
 * precision from the probabilities of the classes.
 */
class ScorerTest {
    private static final List<Double> RATES = List.of(0.01, 0.1, 0.5);

    static Stream<LearnerFixture> fixtures() {
        Mixture mixture = new Mixture(RATES, 0.01, false);
        Mixture baselines = new Mixture(RATES, List.of(0.001, 0.1), true);
        LearnerFixture fixture = LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD);
        LearnerFixture two = LearnerFixture.of(5, 2);
        LearnerFixture many = LearnerFixture.of(5, 300);
        return Stream.of(
                        fixture,
                        fixture.mixture(mixture),
                        fixture.mixture(baselines),
                        fixture.loss(new BinaryCrossEntropyWithLogits(3)),
                        two.loss(new BinaryCrossEntropyWithLogits(1)),
                        two.loss(new BinaryCrossEntropy(1)),
                        many,
                        many.mixture(baselines))
                .flatMap(variant -> Stream.of(1, 8, 70).map(variant::miniBatch));
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void scores_matchThoseOfTheProbabilities(LearnerFixture fixture) {
        int events = fixture.settings().numClasses() > 100 ? 150 : 500;
        for (boolean valued : new boolean[] {false, true}) {
            ExampleStream examples = new ExampleStream(fixture.settings(), 1).partlyLabelled();
            Examples stream = (valued ? examples.valued() : examples).take(events);
            RecordedEvaluation expected = new PlainLoop(fixture.settings()).learn(stream);
            for (Precision precision : Precision.values()) {
                try (SoftmaxLearner learner = fixture.start(precision)) {
                    RecordedEvaluation found =
                            RecordedEvaluation.byCalls(learner, stream, 256, 1, 7);

                    // Scaler and baselines are in single precision in both cases.
                    EvaluationAssertions.assertCloseTo(
                            found, expected, precision == Precision.FLOAT ? 1e-4 : 1e-5);
                    assertFirstIsPredicted(found, stream);
                }
            }
        }
    }

    private static void assertFirstIsPredicted(RecordedEvaluation found, Examples stream) {
        for (int i = 0; i < stream.size(); i++) {
            boolean predicted = found.predictedClasses[i] == stream.labels()[i];
            if (found.outcomes[i] == Outcome.TRAINED && predicted != (found.ranks[i] == 0)) {
                assertThat(found.ranks[i] == 0).as("rank of %d is 0", i).isEqualTo(predicted);
            }
        }
    }

    @Test
    void scoresOfEqualProbabilities_areKnown() {
        Mixture mixture = new Mixture(RATES, 0.01, true);
        LearnerFixture fixture = LearnerFixture.of(1, 4).miniBatch(4);
        for (LearnerFixture variant : List.of(fixture, fixture.mixture(mixture))) {
            Evaluation evaluation = evaluate(variant, 1, new float[0]);

            for (int label = 0; label < 4; label++) {
                assertThat(evaluation.predictedClasses()[label]).isZero();
                assertThat(evaluation.confidences()[label]).isEqualTo(0.25f);
                assertThat(Math.exp(-evaluation.losses()[label])).isCloseTo(0.25, within(1e-7));
                assertThat(evaluation.briers()[label]).isEqualTo(0.75f * 0.75f + 3 * 0.25f * 0.25f);
                // All classes are equally probable: those before the label rank higher.
                assertThat(evaluation.ranks()[label]).isEqualTo(label);
            }
        }
    }

    @Test
    void rank_countsMoreProbableClasses_andEquallyProbableOnesBeforeTheLabel() {
        Evaluation evaluation = evaluate(LearnerFixture.of(1, 4).miniBatch(4), 1, 1, 3, 3, 2);

        assertThat(Arrays.copyOf(evaluation.ranks(), 4)).containsExactly(3, 0, 1, 2);
        assertThat(Arrays.copyOf(evaluation.predictedClasses(), 4)).containsOnly(1);
    }

    @Test
    void rankOfOneOutput_isZeroOrOne() {
        LearnerFixture fixture =
                LearnerFixture.of(1, 2).loss(new BinaryCrossEntropyWithLogits(1)).miniBatch(2);
        for (float logit : new float[] {-2, 0, 2}) {
            Evaluation evaluation = evaluate(fixture, 1, logit);

            double probability = 1 / (1 + Math.exp(-logit));
            int predicted = logit > 0 ? 1 : 0;
            for (int label = 0; label < 2; label++) {
                double probabilityOfLabel = label == 1 ? probability : 1 - probability;
                assertThat(evaluation.predictedClasses()[label]).isEqualTo(predicted);
                assertThat(evaluation.ranks()[label]).isEqualTo(label == predicted ? 0 : 1);
                assertThat((double) evaluation.confidences()[label])
                        .isCloseTo(Math.max(probability, 1 - probability), within(1e-7));
                assertThat(Math.exp(-evaluation.losses()[label]))
                        .isCloseTo(probabilityOfLabel, within(1e-7));
                assertThat((double) evaluation.briers()[label])
                        .isCloseTo(2 * Math.pow(1 - probabilityOfLabel, 2), within(1e-7));
            }
        }
    }

    // Different logits whose probabilities round to the same number.

    static Stream<Arguments> saturated() {
        LearnerFixture fixture = LearnerFixture.of(1, 3).miniBatch(3);
        Loss binary = new BinaryCrossEntropyWithLogits(3);
        return Stream.of(
                // exp(1e-20) is 1, exp(-900) is 0, and 1 / (1 + exp(-40)) is 1.
                Arguments.of(fixture, new float[] {0, 1e-20f, 0}, new int[] {1, 0, 2}),
                Arguments.of(fixture, new float[] {-900, -800, 0}, new int[] {2, 1, 0}),
                Arguments.of(fixture.loss(binary), new float[] {40, 50, 60}, new int[] {2, 1, 0}));
    }

    @ParameterizedTest
    @MethodSource("saturated")
    void rank_distinguishesLogits_whereProbabilitiesDoNot(
            LearnerFixture fixture, float[] logits, int[] ranks) {
        for (LearnerFixture variant : List.of(fixture, fixture.miniBatch(30))) {
            Evaluation evaluation = evaluate(variant, 1, logits);

            assertThat(Arrays.copyOf(evaluation.ranks(), 3)).containsExactly(ranks);
            int first = IntStream.range(0, 3).filter(c -> ranks[c] == 0).findFirst().getAsInt();
            assertThat(Arrays.copyOf(evaluation.predictedClasses(), 3)).containsOnly(first);
        }
    }

    @Test
    void rank_distinguishesLogits_whereProbabilitiesAreEqual() {
        // In double precision exp(-1e-20) is 1.
        float[] logits = new float[300];
        logits[7] = 1e-20f;
        Evaluation evaluation = evaluate(LearnerFixture.of(1, 300).miniBatch(300), 1, logits);

        assertThat(evaluation.ranks()[7]).isZero();
        assertThat(evaluation.ranks()[0]).isEqualTo(1);
        assertThat(evaluation.ranks()[299]).isEqualTo(299);
    }

    /** Returns the evaluation of a mini-batch with one example of each class. */
    private static Evaluation evaluate(LearnerFixture fixture, float feature, float... weights) {
        int numClasses = fixture.settings().numClasses();
        Examples examples = new Examples(1);
        for (int label = 0; label < numClasses; label++) {
            examples.add(new float[] {feature}, 0, label, 1);
        }
        Evaluation evaluation = new Evaluation(numClasses);
        int numParameters = fixture.settings().numParameters();
        try (SoftmaxLearner learner = fixture.startFrom(Arrays.copyOf(weights, numParameters))) {
            learner.learn(examples, true, evaluation);
        }
        return evaluation;
    }
}
