package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.PlainEnsemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Test of {@link SoftmaxLearner} with an ensemble of sparse features, which is made of linear and
 * label experts, against {@link PlainEnsemble}.
 */
class SparseEnsembleTest {
    private static final int FEATURES = 60;
    private static final int CLASSES = 3;
    private static final int VALUES = 6;
    private static final int LENGTH = 1_500;

    private final List<float[]> features = new ArrayList<>();
    private final int[] labels = new int[LENGTH];
    private final double[] weights = new double[LENGTH];

    /** Makes examples of few values each, whose classes also depend on the class before. */
    SparseEnsembleTest() {
        Random random = new Random(11);
        for (int i = 0; i < LENGTH; i++) {
            float[] x = new float[FEATURES];
            double[] scores = new double[CLASSES];
            for (int k = 0; k < VALUES; k++) {
                int column = random.nextInt(FEATURES);
                x[column] = (float) random.nextGaussian();
                scores[(column + (i < LENGTH / 2 ? 0 : 1)) % CLASSES] += x[column];
            }
            scores[i == 0 ? 0 : labels[i - 1]]++;
            for (int c = 1; c < CLASSES; c++) {
                labels[i] = scores[c] > scores[labels[i]] ? c : labels[i];
            }
            features.add(x);
            weights[i] = 0.25 * (1 + random.nextInt(8));
        }
    }

    private static LearnerSettings settings(
            int classes, int miniBatchSize, @Nullable ScalerRule scaler, boolean labelExperts) {
        return new LearnerSettings(
                FEATURES,
                classes,
                miniBatchSize,
                new CrossEntropy(classes),
                new Sgd(0.1, 0),
                new Mixture(EnsembleRule.LINEAR_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                MiniBatchReduction.EXAMPLES,
                scaler,
                10,
                true,
                new EnsembleRule(true, labelExperts));
    }

    private static SoftmaxLearner learner(LearnerSettings settings) {
        return new SoftmaxLearner(settings, LearnerState.initial(settings));
    }

    private Examples examples(int from, int to) {
        Examples examples = new Examples(FEATURES, 0, 0, true);
        for (int i = from; i < to; i++) {
            examples.reserve();
            for (int f = 0; f < FEATURES; f++) {
                if (features.get(i)[f] != 0) {
                    examples.requireSparse().add(f, features.get(i)[f]);
                }
            }
            examples.addReserved(labels[i], (float) weights[i]);
        }
        return examples;
    }

    @ParameterizedTest
    @CsvSource({"1, false", "1, true", "5, true"})
    void answers_areThoseOfThePlainLoop(int miniBatchSize, boolean labelExperts) {
        PlainEnsemble plain = new PlainEnsemble(FEATURES, CLASSES, true, labelExperts);
        List<PlainEnsemble.Said> expected = new ArrayList<>();
        for (int i = 0; i < LENGTH; i += miniBatchSize) {
            int end = i + miniBatchSize;
            expected.addAll(
                    plain.learn(
                            features.subList(i, end),
                            Arrays.copyOfRange(labels, i, end),
                            Arrays.copyOfRange(weights, i, end)));
        }
        double sum = 0;
        double plainSum = 0;
        LearnerSettings settings = settings(CLASSES, miniBatchSize, null, labelExperts);
        try (SoftmaxLearner learner = learner(settings)) {
            Evaluation evaluation = new Evaluation(CLASSES, true);
            Random random = new Random(3);
            for (int i = 0; i < LENGTH; ) {
                int end = Math.min(LENGTH, i + miniBatchSize * (1 + random.nextInt(80)));
                learner.learn(examples(i, end), true, evaluation);
                for (int row = 0; row < end - i; row++) {
                    assertThat(evaluation.outcome(row)).isEqualTo(Outcome.TRAINED);
                    double[] answer = expected.get(i + row).answer;
                    for (int c = 0; c < CLASSES; c++) {
                        assertThat((double) evaluation.probabilities(row)[c])
                                .isCloseTo(answer[c], within(1e-4));
                    }
                    sum += evaluation.losses()[row];
                    plainSum -= Math.log(answer[labels[i + row]]);
                }
                i = end;
            }
            for (int e = 0; e < settings.numExperts(); e++) {
                assertThat(learner.stackWeight(e)).isCloseTo(plain.stackWeight(e), within(1e-4));
                assertThat(learner.correctionWeight(e))
                        .isCloseTo(plain.correctionWeight(e), within(1e-4));
            }
        }
        assertThat(sum / LENGTH).isCloseTo(plainSum / LENGTH, within(1e-5));
    }

    @Test
    void labelExperts_learnWhatFeaturesDoNotTell() {
        assertThat(meanLoss(settings(CLASSES, 1, new Standardization(), true)))
                .isLessThan(0.97 * meanLoss(settings(CLASSES, 1, new Standardization(), false)));
    }

    private double meanLoss(LearnerSettings settings) {
        try (SoftmaxLearner learner = learner(settings)) {
            Evaluation evaluation = new Evaluation(settings.numClasses());
            learner.learn(examples(0, LENGTH), true, evaluation);
            double sum = 0;
            for (int i = 0; i < LENGTH; i++) {
                sum += evaluation.losses()[i];
            }
            return sum / LENGTH;
        }
    }

    @Test
    void randomLabels_scoreTheirEntropyAtBest() {
        Random random = new Random(8);
        double[] counts = new double[CLASSES];
        for (int i = 0; i < LENGTH; i++) {
            labels[i] = random.nextInt(CLASSES);
            counts[labels[i]]++;
        }
        double entropy = 0;
        for (double count : counts) {
            entropy -= count / LENGTH * Math.log(count / LENGTH);
        }

        assertThat(meanLoss(settings(CLASSES, 1, new Standardization(), true)))
                .isBetween(entropy - 0.002, entropy + 0.05);
    }

    @Test
    void state_continuesBitForBit() {
        LearnerSettings settings = settings(CLASSES, 1, new Standardization(), true);
        try (SoftmaxLearner whole = learner(settings);
                SoftmaxLearner first = learner(settings)) {
            Evaluation expected = new Evaluation(CLASSES, true);
            Evaluation actual = new Evaluation(CLASSES, true);
            whole.learn(examples(0, 1_100), true, expected);
            first.learn(examples(0, 1_100), true, actual);
            try (SoftmaxLearner second = new SoftmaxLearner(settings, first.state())) {
                whole.learn(examples(1_100, LENGTH), true, expected);
                second.learn(examples(1_100, LENGTH), true, actual);
                for (int row = 0; row < LENGTH - 1_100; row++) {
                    assertThat(actual.probabilities(row))
                            .containsExactly(expected.probabilities(row));
                }
                whole.rollBack();
                second.rollBack();
                assertThat(second.state().ensemble())
                        .usingRecursiveComparison()
                        .isEqualTo(whole.state().ensemble());
            }
        }
    }

    @Test
    void rollBack_returnsToTheLastGoodState() {
        LearnerSettings settings = settings(CLASSES, 1, new Standardization(), true);
        try (SoftmaxLearner learner = learner(settings);
                SoftmaxLearner good = learner(settings)) {
            Evaluation evaluation = new Evaluation(CLASSES);
            learner.learn(examples(0, 1_200), true, evaluation);
            learner.rollBack();
            good.learn(examples(0, 1_000), true, evaluation);

            assertThat(learner.state().ensemble())
                    .usingRecursiveComparison()
                    .isEqualTo(good.state().ensemble());
            learner.resetParameters();
            assertThat(learner.state().ensemble())
                    .usingRecursiveComparison()
                    .isEqualTo(LearnerState.initial(settings).ensemble());
        }
    }

    @Test
    void unlabelledExamples_changeNothing() {
        LearnerSettings settings = settings(CLASSES, 1, new Standardization(), true);
        try (SoftmaxLearner plain = learner(settings);
                SoftmaxLearner mixed = learner(settings)) {
            Evaluation evaluation = new Evaluation(CLASSES, true);
            plain.learn(examples(0, 600), true, evaluation);
            for (int i = 0; i < 600; i += 100) {
                mixed.learn(examples(i, i + 100), true, evaluation);
                Examples unlabelled = examples(0, 20);
                Arrays.fill(unlabelled.labels(), 0, 20, Examples.UNLABELLED);
                mixed.learn(unlabelled, true, evaluation);
                assertThat(evaluation.outcome(3)).isEqualTo(Outcome.PREDICTED);
            }
            StateAssertions.assertSameBits(mixed.state(), plain.state());
        }
    }

    @Test
    void classAndFeatureAddedAtTheEnd_keepTheStacks() {
        LearnerSettings three = settings(CLASSES, 1, new Standardization(), true);
        LearnerSettings four = settings(CLASSES + 1, 1, new Standardization(), true);
        try (SoftmaxLearner before = learner(three)) {
            Evaluation evaluation = new Evaluation(CLASSES, true);
            before.learn(examples(0, LENGTH), true, evaluation);
            LearnerState extended = before.state().extended(FEATURES, CLASSES, four);
            try (SoftmaxLearner after = new SoftmaxLearner(four, extended)) {
                for (int e = 0; e < four.numExperts(); e++) {
                    assertThat(after.stackWeight(e)).isEqualTo(before.stackWeight(e));
                }
                assertThat(after.state().ensemble().numClasses()).isEqualTo(CLASSES + 1);
            }
        }
    }
}
