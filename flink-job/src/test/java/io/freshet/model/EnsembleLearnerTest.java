package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.PlainEnsemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.FernState;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of {@link SoftmaxLearner} with an ensemble, against {@link PlainEnsemble}. */
class EnsembleLearnerTest {
    /** Stream whose classes are rings, which no plane parts, with a change in the middle. */
    private static final class Stream {
        private final List<float[]> features = new ArrayList<>();
        private final int[] labels;
        private final double[] weights;

        Stream(int length, int numFeatures, int numClasses, boolean weighted) {
            Random random = new Random(length + 31L * numFeatures);
            labels = new int[length];
            weights = new double[length];
            for (int i = 0; i < length; i++) {
                float[] x = new float[numFeatures];
                double squared = 0;
                for (int f = 0; f < numFeatures; f++) {
                    x[f] = (float) (random.nextGaussian() * (1 + f % 5) + f);
                    squared += f < 2 ? Math.pow((x[f] - f) / (1 + f % 5), 2) : 0;
                }
                features.add(x);
                int ring = (int) (squared * numClasses / 4);
                labels[i] = (ring + (i < length / 2 ? 0 : 1)) % numClasses;
                weights[i] = weighted ? 0.25 * (1 + random.nextInt(8)) : 1;
            }
        }
    }

    private static LearnerSettings settings(
            int numFeatures, int numClasses, int miniBatchSize, boolean labelExperts) {
        return new LearnerSettings(
                numFeatures,
                numClasses,
                miniBatchSize,
                new CrossEntropy(numClasses),
                new Sgd(0.1, 0),
                new Mixture(EnsembleRule.LINEAR_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                MiniBatchReduction.EXAMPLES,
                new Standardization(),
                10,
                false,
                new EnsembleRule(false, labelExperts));
    }

    private static SoftmaxLearner learner(LearnerSettings settings) {
        return TestEngine.start(settings, LearnerState.initial(settings));
    }

    private static Examples examples(Stream stream, int from, int to) {
        Examples examples = new Examples(stream.features.get(0).length);
        for (int i = from; i < to; i++) {
            examples.add(stream.features.get(i), 0, stream.labels[i], (float) stream.weights[i]);
        }
        return examples;
    }

    @ParameterizedTest
    @CsvSource({
        "6, 3, 1, false, false",
        "6, 3, 1, true, true",
        "4, 2, 5, false, true",
        "70, 4, 1, false, false",
        "5, 90, 1, true, false",
        "9, 3, 300, false, false",
        "9, 3, 600, true, true",
    })
    void answers_areThoseOfThePlainLoop(
            int numFeatures,
            int numClasses,
            int miniBatchSize,
            boolean labelExperts,
            boolean weighted) {
        int length = 1_500 / miniBatchSize * miniBatchSize;
        Stream stream = new Stream(length, numFeatures, numClasses, weighted);
        PlainEnsemble plain = new PlainEnsemble(numFeatures, numClasses, labelExperts);
        List<PlainEnsemble.Said> expected = new ArrayList<>();
        for (int i = 0; i < length; i += miniBatchSize) {
            int end = i + miniBatchSize;
            expected.addAll(
                    plain.learn(
                            stream.features.subList(i, end),
                            Arrays.copyOfRange(stream.labels, i, end),
                            Arrays.copyOfRange(stream.weights, i, end)));
        }
        double worst = 0;
        double sum = 0;
        double plainSum = 0;
        LearnerSettings settings = settings(numFeatures, numClasses, miniBatchSize, labelExperts);
        try (SoftmaxLearner learner = learner(settings)) {
            Evaluation evaluation = new Evaluation(numClasses, true);
            Random random = new Random(3);
            for (int i = 0; i < length; ) {
                int end = Math.min(length, i + miniBatchSize * (1 + random.nextInt(80)));
                learner.learn(examples(stream, i, end), true, evaluation);
                for (int row = 0; row < end - i; row++) {
                    assertThat(evaluation.outcome(row)).isEqualTo(Outcome.TRAINED);
                    float[] actual = evaluation.probabilities(row);
                    double[] answer = expected.get(i + row).answer;
                    for (int c = 0; c < numClasses; c++) {
                        worst = Math.max(worst, Math.abs(actual[c] - answer[c]));
                    }
                    sum += evaluation.losses()[row];
                    plainSum -= Math.log(answer[stream.labels[i + row]]);
                }
                i = end;
            }
            assertWeights(learner, plain, settings.numExperts());
            assertLosses(learner, stream, expected);
        }
        // Floats against doubles: the largest difference of a probability, and of the mean loss.
        assertThat(worst).isLessThan(2e-3);
        assertThat(sum / length).isCloseTo(plainSum / length, within(2e-5));
    }

    private static void assertWeights(SoftmaxLearner learner, PlainEnsemble plain, int experts) {
        for (int e = 0; e < experts; e++) {
            assertThat(learner.stackWeight(e)).isCloseTo(plain.stackWeight(e), within(2e-3));
            assertThat(learner.correctionWeight(e))
                    .isCloseTo(plain.correctionWeight(e), within(2e-3));
        }
        for (int k = 0; k < 3; k++) {
            assertThat(learner.combinationWeight(k))
                    .isCloseTo(plain.combinationWeight(k), within(2e-3));
        }
    }

    /** Compares each mean loss with the sum over all examples, whose weights fade by their age. */
    private static void assertLosses(
            SoftmaxLearner learner, Stream stream, List<PlainEnsemble.Said> predictions) {
        int experts = predictions.get(0).experts.length;
        double[] sums = new double[experts + 3];
        double sumOfWeights = 0;
        for (int i = 0; i < predictions.size(); i++) {
            double weight = stream.weights[i] * Math.pow(999.0 / 1001, predictions.size() - 1 - i);
            sumOfWeights += weight;
            PlainEnsemble.Said said = predictions.get(i);
            for (int k = 0; k < sums.length; k++) {
                double[] prediction = k < experts ? said.experts[k] : said.answers[k - experts];
                sums[k] -= weight * Math.log(prediction[stream.labels[i]]);
            }
        }
        for (int k = 0; k < sums.length; k++) {
            double loss = k < experts ? learner.loss(k) : learner.combinationLoss(k - experts);
            assertThat(loss).isCloseTo(sums[k] / sumOfWeights, within(5e-4));
        }
    }

    @Test
    void answers_areBetterThanThoseOfLinearModels() {
        Stream stream = new Stream(4_000, 6, 3, false);
        LearnerSettings ensemble = settings(6, 3, 1, false);
        LearnerSettings linear =
                new LearnerSettings(
                        6,
                        3,
                        1,
                        ensemble.loss(),
                        ensemble.optimizer(),
                        new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                        ensemble.reduction(),
                        ensemble.scaler(),
                        10);

        assertThat(meanLoss(ensemble, stream)).isLessThan(0.85 * meanLoss(linear, stream));
    }

    private static double meanLoss(LearnerSettings settings, Stream stream) {
        try (SoftmaxLearner learner = learner(settings)) {
            return meanLoss(learner, stream);
        }
    }

    private static double meanLoss(SoftmaxLearner learner, Stream stream) {
        Evaluation evaluation = new Evaluation(learner.settings().numClasses());
        int length = stream.labels.length;
        learner.learn(examples(stream, 0, length), true, evaluation);
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += evaluation.losses()[i];
        }
        return sum / length;
    }

    /** An expert that sees a label before it predicts it would beat the entropy. */
    @ParameterizedTest
    @CsvSource({"6, 3, false", "70, 3, true"})
    void randomLabels_scoreTheirEntropyAtBest(int numFeatures, int numClasses, boolean labels) {
        Stream stream = new Stream(6_000, numFeatures, numClasses, false);
        Random random = new Random(8);
        double[] counts = new double[numClasses];
        for (int i = 0; i < stream.labels.length; i++) {
            stream.labels[i] = Math.min(numClasses - 1, random.nextInt(numClasses + 1));
            counts[stream.labels[i]]++;
        }
        double entropy = 0;
        for (double count : counts) {
            double fraction = count / stream.labels.length;
            entropy -= fraction * Math.log(fraction);
        }

        LearnerSettings settings = settings(numFeatures, numClasses, 1, labels).withLossSpan(6_000);
        try (SoftmaxLearner learner = learner(settings)) {
            assertThat(meanLoss(learner, stream)).isBetween(entropy - 0.002, entropy + 0.03);
            for (int e = 0; e < settings.numExperts(); e++) {
                assertThat(learner.loss(e)).as("expert %s", e).isGreaterThan(entropy - 0.01);
            }
        }
    }

    @Test
    void state_continuesBitForBit() {
        Stream stream = new Stream(700, 70, 4, true);
        LearnerSettings settings = settings(70, 4, 1, true);
        try (SoftmaxLearner whole = learner(settings);
                SoftmaxLearner first = learner(settings)) {
            Evaluation expected = new Evaluation(4, true);
            Evaluation actual = new Evaluation(4, true);
            for (int i = 0; i < 400; i += 100) {
                whole.learn(examples(stream, i, i + 100), true, expected);
                first.learn(examples(stream, i, i + 100), true, actual);
            }
            try (SoftmaxLearner second = TestEngine.start(settings, first.state())) {
                for (int i = 400; i < 700; i += 100) {
                    whole.learn(examples(stream, i, i + 100), true, expected);
                    second.learn(examples(stream, i, i + 100), true, actual);
                    for (int row = 0; row < 100; row++) {
                        assertThat(actual.probabilities(row))
                                .containsExactly(expected.probabilities(row));
                    }
                }
                assertThat(whole.state().losses()).hasSize(28);
                StateAssertions.assertSameBits(second.state(), whole.state());
            }
        }
    }

    @Test
    void unlabelledExamples_changeNothing() {
        Stream stream = new Stream(600, 6, 3, false);
        LearnerSettings settings = settings(6, 3, 1, true);
        try (SoftmaxLearner plain = learner(settings);
                SoftmaxLearner mixed = learner(settings)) {
            Evaluation expected = new Evaluation(3, true);
            Evaluation actual = new Evaluation(3, true);
            plain.learn(examples(stream, 0, 600), true, expected);
            Examples examples = new Examples(6);
            for (int i = 0; i < 600; i++) {
                examples.add(stream.features.get((7 * i) % 600), 0, Examples.UNLABELLED, 1);
                examples.add(stream.features.get(i), 0, stream.labels[i], 1);
            }
            mixed.learn(examples, true, actual);
            for (int i = 0; i < 600; i++) {
                assertThat(actual.outcome(2 * i)).isEqualTo(Outcome.PREDICTED);
                assertThat(actual.losses()[2 * i + 1])
                        .isCloseTo(expected.losses()[i], within(2e-3f));
            }
        }
    }

    @Test
    void hugeWeight_movesTheModelAsFarAsAnExampleCan() {
        Stream stream = new Stream(2_000, 6, 3, false);
        double before = meanLoss(settings(6, 3, 1, false), stream);
        stream.weights[1_000] = 1e6;

        assertThat(meanLoss(settings(6, 3, 1, false), stream))
                .isCloseTo(before, within(0.1 * before));
    }

    @Test
    void resetBeforeTestsAreChosen_beginsTheirExamplesAnew() {
        Stream stream = new Stream(900, 6, 3, false);
        LearnerSettings settings = settings(6, 3, 1, false);
        try (SoftmaxLearner reset = learner(settings);
                SoftmaxLearner fresh = learner(settings)) {
            Evaluation evaluation = new Evaluation(3, true);
            reset.learn(examples(stream, 0, 300), true, evaluation);
            assertThat(ferns(reset).sampleLabels()).hasSize(300);
            assertThat(ferns(reset).testFeatures()).isEmpty();
            reset.rollBack();
            assertThat(ferns(reset).sampleLabels()).isEmpty();
            reset.resetScaler();
            reset.learn(examples(stream, 300, 900), true, evaluation);
            fresh.learn(examples(stream, 300, 900), true, evaluation);

            assertThat(ferns(reset)).usingRecursiveComparison().isEqualTo(ferns(fresh));
            assertThat(ferns(reset).sample()).isEmpty();
            assertThat(ferns(reset).testFeatures()).hasSize(512);
        }
    }

    private static FernState ferns(SoftmaxLearner learner) {
        return Objects.requireNonNull(learner.state().ensemble()).ferns();
    }

    /** With 90 classes there are 45 ferns instead of 64. */
    @ParameterizedTest
    @CsvSource({"300, 4", "300, 90", "800, 4", "800, 90"})
    void classesAddedAtTheEnd_keepTestsAndTheirExamples(int before, int newClasses) {
        Stream stream = new Stream(1_600, 6, 3, false);
        LearnerSettings few = settings(6, 3, 1, true);
        LearnerSettings many = settings(6, newClasses, 1, true);
        try (SoftmaxLearner learner = learner(few)) {
            learner.learn(examples(stream, 0, before), true, new Evaluation(3));
            FernState saved = ferns(learner);
            try (SoftmaxLearner extended =
                    TestEngine.start(many, learner.state().extended(6, 3, many))) {
                FernState ferns = ferns(extended);
                int tests = before < 512 ? 0 : newClasses == 90 ? 45 * 8 : 512;
                assertThat(ferns.testFeatures())
                        .hasSize(tests)
                        .isEqualTo(Arrays.copyOf(saved.testFeatures(), tests));
                assertThat(ferns.testThresholds())
                        .isEqualTo(Arrays.copyOf(saved.testThresholds(), tests));
                assertThat(ferns.sample()).isEqualTo(saved.sample());
                assertThat(ferns.sampleLabels()).hasSize(before < 512 ? before : 0);
                extended.learn(examples(stream, before, 1_600), true, new Evaluation(newClasses));
                assertThat(ferns(extended).testFeatures()).hasSize(newClasses == 90 ? 360 : 512);
            }
        }
    }

    private static LearnerSettings withLoss(Loss loss, int miniBatchSize) {
        LearnerSettings settings = settings(6, 3, miniBatchSize, true);
        return new LearnerSettings(
                6,
                3,
                miniBatchSize,
                loss,
                settings.optimizer(),
                settings.mixture(),
                settings.reduction(),
                settings.scaler(),
                10,
                false,
                settings.ensemble());
    }

    /** Learns from a stream, and returns the probabilities of its examples. */
    private static List<float[]> answers(SoftmaxLearner learner, Stream stream) {
        int length = stream.labels.length;
        Evaluation evaluation = new Evaluation(3, true);
        learner.learn(examples(stream, 0, length), true, evaluation);
        List<float[]> answers = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            answers.add(evaluation.probabilities(i).clone());
        }
        return answers;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void classWeights_actAsWeightsOfTheExamples(int miniBatchSize) {
        Stream stream = new Stream(1_200, 6, 3, true);
        double[] ofClasses = {0.5, 1, 3};
        Loss weighted =
                new CrossEntropy(
                        3, OutputWeights.of(ofClasses), CrossEntropy.DEFAULT_IGNORE_INDEX, 0);
        try (SoftmaxLearner byClass = learner(withLoss(weighted, miniBatchSize));
                SoftmaxLearner byExample = learner(withLoss(new CrossEntropy(3), miniBatchSize))) {
            List<float[]> found = answers(byClass, stream);
            for (int i = 0; i < stream.labels.length; i++) {
                stream.weights[i] *= ofClasses[stream.labels[i]];
            }
            List<float[]> expected = answers(byExample, stream);
            for (int i = 0; i < expected.size(); i++) {
                assertThat(found.get(i)).containsExactly(expected.get(i), within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void ignoredExamples_areAsThoseOfWeightZero(int miniBatchSize) {
        Stream stream = new Stream(1_200, 6, 3, false);
        Loss ignoring = new CrossEntropy(3, OutputWeights.NONE, 2, 0);
        try (SoftmaxLearner byLabel = learner(withLoss(ignoring, miniBatchSize));
                SoftmaxLearner byWeight = learner(withLoss(new CrossEntropy(3), miniBatchSize))) {
            List<float[]> found = answers(byLabel, stream);
            for (int i = 0; i < stream.labels.length; i++) {
                stream.weights[i] = stream.labels[i] == 2 ? 0 : 1;
            }
            List<float[]> expected = answers(byWeight, stream);
            assertThat(byLabel.state().ensemble())
                    .usingRecursiveComparison()
                    .isEqualTo(byWeight.state().ensemble());
            for (int i = 0; i < expected.size(); i++) {
                assertThat(found.get(i)).containsExactly(expected.get(i));
            }
        }
    }

    @Test
    void wrongReadings_leaveAllAnswersFinite() {
        Stream stream = new Stream(1_500, 6, 3, false);
        for (int i = 7; i < 1_500; i += 50) {
            stream.features.get(i)[i % 6] = i % 100 == 7 ? 3e38f : -3e38f;
        }
        LearnerSettings settings = settings(6, 3, 1, true);
        try (SoftmaxLearner learner = learner(settings)) {
            Evaluation evaluation = new Evaluation(3, true);
            learner.learn(examples(stream, 0, 1_500), true, evaluation);
            for (int i = 0; i < 1_500; i++) {
                float[] answer = evaluation.probabilities(i);
                assertThat(answer[0] + answer[1] + answer[2]).isCloseTo(1, within(1e-5f));
                assertThat(evaluation.outcome(i)).isEqualTo(Outcome.TRAINED);
            }
            for (int e = 0; e < settings.numExperts(); e++) {
                assertThat(learner.loss(e)).isFinite();
                assertThat(learner.stackWeight(e)).isFinite();
            }
        }
    }

    @Test
    void rollBack_returnsToTheLastGoodState() {
        Stream stream = new Stream(1_200, 6, 3, false);
        LearnerSettings settings = settings(6, 3, 1, true);
        try (SoftmaxLearner learner = learner(settings);
                SoftmaxLearner good = learner(settings)) {
            Evaluation evaluation = new Evaluation(3, true);
            learner.learn(examples(stream, 0, 1_200), true, evaluation);
            learner.rollBack();
            good.learn(examples(stream, 0, 1_000), true, evaluation);

            assertThat(learner.state().ensemble())
                    .usingRecursiveComparison()
                    .isEqualTo(good.state().ensemble());
            assertThat(learner.loss(4)).isPositive();
            learner.resetParameters();
            assertThat(learner.state().ensemble())
                    .usingRecursiveComparison()
                    .isEqualTo(LearnerState.initial(settings).ensemble());
            assertThat(learner.loss(4)).isNaN();
        }
    }

    @Test
    void classesAddedAtTheEnd_leaveTheAnswersForTheOthersInProportion() {
        Stream stream = new Stream(800, 6, 3, false);
        LearnerSettings three = settings(6, 3, 1, true);
        LearnerSettings four = settings(6, 4, 1, true);
        try (SoftmaxLearner before = learner(three)) {
            Evaluation evaluation = new Evaluation(3, true);
            before.learn(examples(stream, 0, 800), true, evaluation);
            LearnerState extended = before.state().extended(6, 3, four);
            assertThat(extended.losses()).hasSize(28).isEqualTo(before.state().losses());
            try (SoftmaxLearner after = TestEngine.start(four, extended)) {
                // It knows the stream already; a new model would have more.
                assertThat(meanLoss(after, stream)).isLessThan(meanLoss(three, stream));
            }
        }
    }
}
