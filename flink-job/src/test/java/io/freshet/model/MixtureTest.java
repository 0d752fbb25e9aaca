package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.PlainLoop;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Likelihoods;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MixtureTest {
    private static final List<Double> SHARES = Mixture.DEFAULT_SWITCHING_RATES;
    private static final List<Double> RATES = List.of(0.003, 0.03, 0.3);

    // Results, compared with the reference implementation of fixed share.

    static Stream<Arguments> options() {
        return Stream.of(
                        List.of(0.0), List.of(0.001), List.of(0.2), Mixture.DEFAULT_SWITCHING_RATES)
                .flatMap(
                        switchingRates ->
                                Stream.of(1, 3, 8, 32)
                                        .map(size -> Arguments.of(switchingRates, size)));
    }

    @ParameterizedTest
    @MethodSource("options")
    void lossesPredictionsAndWeights_matchThePlainLoop(
            List<Double> switchingRates, int miniBatchSize) {
        LearnerFixture fixture =
                LearnerFixture.of(5, 3)
                        .miniBatch(miniBatchSize)
                        .mixture(new Mixture(RATES, switchingRates, false));
        for (boolean valued : new boolean[] {false, true}) {
            ExampleStream stream = new ExampleStream(fixture.settings(), 1);
            Examples examples =
                    (valued ? stream.valued() : stream).weighted().partlyLabelled().take(10_000);
            // Tolerances of parameters as in BlockedSgdTest; the logarithms sum losses of up to 10.
            assertPlainLoop(fixture, examples, 1e-9, 1e-3);
        }
    }

    static Stream<Arguments> trainedLosses() {
        return Stream.of(OutputWeights.of(1, 10), OutputWeights.BALANCED)
                .map(
                        weights ->
                                new CrossEntropy(
                                        2, weights, CrossEntropy.DEFAULT_IGNORE_INDEX, 0.1))
                .flatMap(loss -> Stream.of(1, 8).map(size -> Arguments.of(loss, size)));
    }

    /** The mixture follows the experts that are best by the weighted, smoothed loss. */
    @ParameterizedTest
    @MethodSource("trainedLosses")
    void weights_followTheLossThatIsTrained(CrossEntropy loss, int miniBatchSize) {
        Random random = new Random(12);
        Examples examples = new Examples(5);
        float[] features = new float[5];
        for (int i = 0; i < 800; i++) {
            int label = random.nextInt(10) == 0 ? 1 : 0;
            for (int f = 0; f < 5; f++) {
                features[f] = (float) (0.5 * label + random.nextGaussian());
            }
            examples.add(features, 0, label, 1 + i % 2);
        }
        int numRates = RATES.size();
        double[][] losses = new double[numRates + Baselines.COUNT][];
        double[] classWeights = new double[examples.size()];
        for (int k = 0; k < numRates; k++) {
            losses[k] = new double[examples.size()];
            Evaluation evaluation = new Evaluation(2);
            Mixture alone = new Mixture(List.of(RATES.get(k)), SHARES, false);
            try (SoftmaxLearner learner = trained(loss, miniBatchSize, alone)) {
                learner.learn(examples, true, evaluation);
                Arrays.setAll(losses[k], evaluation::trainingLoss);
                Arrays.setAll(classWeights, evaluation::classWeight);
            }
        }
        for (int k = 0; k < Baselines.COUNT; k++) {
            losses[numRates + k] = baselineLosses(k, loss, examples, miniBatchSize);
        }
        Mixture mixture = new Mixture(RATES, SHARES, true);
        MixtureWeights expected = new MixtureWeights(mixture, MixtureWeights.initialState(mixture));
        for (int i = 0; i < examples.size(); i++) {
            double[] logs = new double[losses.length];
            for (int k = 0; k < logs.length; k++) {
                logs[k] = -losses[k][i];
            }
            expected.update(
                    Likelihoods.ofLogarithms(logs), classWeights[i] * examples.weights()[i]);
        }

        try (SoftmaxLearner learner = trained(loss, miniBatchSize, mixture)) {
            learner.learn(examples, true, new Evaluation(2));
            for (int k = 0; k < losses.length; k++) {
                assertThat(learner.weight(k)).isCloseTo(expected.weight(k), within(1e-6));
            }
        }
    }

    private static double[] baselineLosses(
            int baseline, CrossEntropy loss, Examples examples, int miniBatchSize) {
        Baselines baselines =
                new Baselines(2, new float[Baselines.numCounts(2)], Baselines.NO_LABEL);
        double[] losses = new double[examples.size()];
        double[] logs = new double[2];
        double[] targets = new double[2];
        for (int i = 0; i < losses.length; i++) {
            baselines.predict(baseline, logs);
            Arrays.setAll(logs, c -> Math.log(logs[c]));
            loss.writeTargets(examples.labels()[i], targets);
            losses[i] = loss.trainingLoss(logs, 0, 0, targets);
            if (i % miniBatchSize == miniBatchSize - 1) {
                for (int j = i + 1 - miniBatchSize; j <= i; j++) {
                    baselines.observe(examples.labels()[j]);
                }
            }
        }
        return losses;
    }

    private static SoftmaxLearner trained(CrossEntropy loss, int miniBatchSize, Mixture mixture) {
        return LearnerFixture.of(5, 2)
                .loss(loss)
                .miniBatch(miniBatchSize)
                .mixture(mixture)
                .start(Precision.DOUBLE);
    }

    @Test
    void stateWithMoreClassesOrCounts_keepsTheLossesOfTheExperts() {
        Mixture mixture = new Mixture(RATES, 0.01, true);
        LearnerFixture two = LearnerFixture.of(3, 2).mixture(mixture);
        LearnerFixture three = LearnerFixture.of(3, 3).mixture(mixture);
        double[] losses = new Random(1).doubles(10).toArray();
        for (boolean sparse : new boolean[] {false, true}) {
            LearnerSettings settings = (sparse ? two.sparse() : two).settings();
            LearnerState state = LearnerState.initial(settings).withLosses(losses);

            assertThat(state.extended(3, 2, (sparse ? three.sparse() : three).settings()).losses())
                    .isEqualTo(losses);
            assertThat(state.withClassCounts(two.balanced().settings()).losses()).isEqualTo(losses);
        }
    }

    @Test
    void manyClasses_matchThePlainLoop() {
        // With this many classes a mini-batch is activated row by row.
        LearnerFixture fixture =
                LearnerFixture.of(5, 300).miniBatch(70).mixture(new Mixture(RATES, 0.001, true));
        Examples examples =
                new ExampleStream(fixture.settings(), 10).weighted().partlyLabelled().take(1000);
        assertPlainLoop(fixture, examples, 1e-4, 1e-3);
    }

    @ParameterizedTest
    @MethodSource("options")
    void baselines_matchThePlainLoop(List<Double> switchingRates, int miniBatchSize) {
        LearnerFixture fixture =
                LearnerFixture.of(5, 3)
                        .miniBatch(miniBatchSize)
                        .mixture(new Mixture(RATES, switchingRates, true))
                        .reduction(MiniBatchReduction.WEIGHTS)
                        .scaler(ScalerChoice.WELFORD);
        Examples examples =
                inRuns(
                        new ExampleStream(fixture.settings(), 2).weighted().partlyLabelled(),
                        10_000);
        // Counts are floats: up to 1000 fadings, each with a random relative error of 2⁻²⁴.
        assertPlainLoop(fixture, examples, 1e-4, 1e-3);
    }

    /** Returns examples whose labels come in runs, so that the last label predicts the next. */
    private static Examples inRuns(ExampleStream stream, int count) {
        Examples drawn = stream.take(count);
        Random random = new Random(3);
        int last = 0;
        for (int i = 0; i < count; i++) {
            if (drawn.labels()[i] != Examples.UNLABELLED) {
                if (random.nextInt(5) > 0) {
                    drawn.labels()[i] = last;
                }
                last = drawn.labels()[i];
            }
        }
        return drawn;
    }

    private static void assertPlainLoop(
            LearnerFixture fixture, Examples stream, double inDouble, double inFloat) {
        PlainLoop plain = new PlainLoop(fixture.settings());
        RecordedEvaluation expected = plain.learn(stream);
        assertClose(fixture, Precision.DOUBLE, stream, plain, expected, inDouble);
        assertClose(fixture, Precision.FLOAT, stream, plain, expected, inFloat);
    }

    private static void assertClose(
            LearnerFixture fixture,
            Precision precision,
            Examples stream,
            PlainLoop plain,
            RecordedEvaluation expected,
            double tolerance) {
        try (SoftmaxLearner learner = fixture.start(precision)) {
            EvaluationAssertions.assertCloseTo(
                    RecordedEvaluation.byCalls(learner, stream, 256, 1, 7), expected, tolerance);

            StateAssertions.assertClose(
                    StateAssertions.parameters(learner), plain.parameters, tolerance);
            double rate = 0;
            double sum = 0;
            for (int k = 0; k < plain.weights.length; k++) {
                assertThat(learner.weight(k)).isCloseTo(plain.weights[k], within(tolerance));
                double loss = plain.meanLoss(k);
                assertThat(learner.loss(k))
                        .as("loss of expert %d", k)
                        .isCloseTo(loss, within(tolerance * Math.max(1, loss)));
                if (k < RATES.size()) {
                    rate += plain.weights[k] * RATES.get(k);
                    sum += plain.weights[k];
                }
            }
            // Where the baselines have nearly all of the weight, the plain loop loses the weights
            // of the learning rates by rounding.
            if (sum > tolerance) {
                assertThat(learner.learningRate())
                        .isCloseTo(rate / sum, within(2 * tolerance / sum));
            }
            assertThat(learner.learningRate()).isBetween(0.0029, 0.301);
        }
    }

    @Test
    void mixtureOfOneRate_equalsThatRate() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).sgd(0.1, 0);
        Examples stream = new ExampleStream(fixture.settings(), 4).partlyLabelled().take(5000);
        for (double switchingRate : new double[] {0, 0.01}) {
            try (SoftmaxLearner fixed = fixture.start();
                    SoftmaxLearner mixed =
                            fixture.mixture(new Mixture(List.of(0.1), switchingRate, false))
                                    .start()) {
                RecordedEvaluation expected = RecordedEvaluation.byCalls(fixed, stream, 256);
                RecordedEvaluation found = RecordedEvaluation.byCalls(mixed, stream, 256);

                assertThat(found.predictedClasses).isEqualTo(expected.predictedClasses);
                assertThat(found.losses).containsExactly(expected.losses, within(1e-6));
                assertThat(mixed.state().parameters()).containsExactly(fixed.state().parameters());
                assertThat(mixed.weight(0)).isEqualTo(1);
                assertThat(mixed.learningRate()).isEqualTo(0.1);
            }
        }
    }

    @Test
    void eachRate_isTrainedAsIfAlone() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD);
        Examples stream = new ExampleStream(fixture.settings(), 5).take(5000);
        try (SoftmaxLearner mixed = fixture.mixture(new Mixture(RATES, 0.01, true)).start()) {
            RecordedEvaluation.byCalls(mixed, stream, 256);
            float[] parameters = mixed.state().parameters();
            for (int r = 0; r < RATES.size(); r++) {
                try (SoftmaxLearner alone = fixture.sgd(RATES.get(r), 0).start()) {
                    RecordedEvaluation.byCalls(alone, stream, 256);
                    assertThat(Arrays.copyOfRange(parameters, r * 18, r * 18 + 18))
                            .containsExactly(alone.state().parameters(), within(1e-4f));
                }
            }
        }
    }

    // Guarantees.

    @ParameterizedTest
    @EnumSource(Concept.class)
    void totalLossWithoutSwitching_isAtMostThatOfTheBestRate_plusTheLogOfTheirNumber(
            Concept concept) {
        LearnerFixture fixture = LearnerFixture.of(8, 3);
        Examples stream = concept.stream(6, 12_000);
        double best = bestFixed(fixture, stream);
        Mixture mixture = new Mixture(Mixture.DEFAULT_RATES, 0, false);
        try (SoftmaxLearner learner = fixture.mixture(mixture).start(Precision.DOUBLE)) {
            double total = RecordedEvaluation.byCalls(learner, stream, 256).totalLoss();
            // Losses of up to about 8 are rounded to float: errors of at most 2⁻²².
            assertThat(total).isLessThanOrEqualTo(best + Math.log(7) + 12_000 * 0x1p-22);
        }
    }

    /** Rates of 0.001 and more follow the noise of so many features. */
    @Test
    void manyFeaturesWithoutASignal_areNoWorseThanGuessing() {
        int numFeatures = 2_000;
        Random random = new Random(3);
        Examples stream = new Examples(numFeatures);
        float[] features = new float[numFeatures];
        for (int i = 0; i < 2_000; i++) {
            for (int f = 0; f < numFeatures; f++) {
                features[f] = (float) random.nextGaussian();
            }
            stream.add(features, 0, random.nextInt(3), 1);
        }
        double guess = 2_000 * Math.log(3);
        LearnerFixture fixture = LearnerFixture.of(numFeatures, 3);
        Mixture mixture =
                new Mixture(
                        Mixture.defaultRates(numFeatures), Mixture.DEFAULT_SWITCHING_RATES, false);
        try (SoftmaxLearner learner = fixture.mixture(mixture).start();
                SoftmaxLearner seven =
                        fixture.mixture(new Mixture(Mixture.DEFAULT_RATES, 0.001, false)).start()) {
            double total = RecordedEvaluation.byCalls(learner, stream, 256).totalLoss();
            // ln 9 nats to find the expert, the switching rates, and chance.
            assertThat(total).isLessThan(guess + 10);
            // The expert with rate 0 has most weight, but no gradient.
            assertThat(learner.weight(0)).isGreaterThan(0.5);
            assertThat(learner.gradientNorm()).isBetween(0.01, 1e6);
            assertThat(RecordedEvaluation.byCalls(seven, stream, 256).totalLoss())
                    .isGreaterThan(guess + 100);
        }
    }

    @ParameterizedTest
    @EnumSource(Concept.class)
    void meanLossUnderDrift_isBelowTheBestFixedRateInHindsight(Concept concept) {
        LearnerFixture fixture = LearnerFixture.of(8, 3);
        Examples stream = concept.stream(7, 12_000);
        double best = bestFixed(fixture, stream);
        Mixture mixture = new Mixture(Mixture.DEFAULT_RATES, 0.001, false);
        try (SoftmaxLearner learner = fixture.mixture(mixture).start()) {
            double total = RecordedEvaluation.byCalls(learner, stream, 256).totalLoss();
            if (concept == Concept.STATIONARY) {
                // A mixture cannot be better than the best rate here. It loses at most ln 7 nats to
                // find it, and about α nats per example.
                assertThat(total).isLessThan(best + Math.log(7) + 0.0011 * 12_000);
            } else {
                assertThat(total).isLessThan(best);
            }
        }
    }

    private static double bestFixed(LearnerFixture fixture, Examples stream) {
        double best = Double.POSITIVE_INFINITY;
        for (double rate : Mixture.DEFAULT_RATES) {
            try (SoftmaxLearner learner = fixture.sgd(rate, 0).start(Precision.DOUBLE)) {
                best = Math.min(best, RecordedEvaluation.byCalls(learner, stream, 256).totalLoss());
            }
        }
        return best;
    }

    /** Kind of change over time of the concept W; labels are drawn from the softmax of x·W. */
    private enum Concept {
        STATIONARY,

        /** A new W in each third. */
        ABRUPT,

        /** A gradual change to another W in the middle third. */
        GRADUAL,

        /** Two W that alternate every eighth. */
        RECURRING;

        private double position(int i, int count) {
            return switch (this) {
                case STATIONARY -> 0;
                case ABRUPT -> i < count / 3 ? 0 : i < 2 * count / 3 ? 1 : 2;
                case GRADUAL -> Math.max(0, Math.min(1, 3.0 * i / count - 1));
                case RECURRING -> 8 * i / count % 2;
            };
        }

        Examples stream(long seed, int count) {
            Random random = new Random(seed);
            double[][][] concepts = new double[3][8][3];
            for (double[][] concept : concepts) {
                for (double[] row : concept) {
                    Arrays.setAll(row, c -> 2 * random.nextGaussian());
                }
            }
            Examples examples = new Examples(8);
            float[] features = new float[8];
            for (int i = 0; i < count; i++) {
                double position = position(i, count);
                int from = (int) Math.min(1, Math.floor(position));
                double progress = position - from;
                double[] logits = new double[3];
                for (int f = 0; f < 8; f++) {
                    features[f] = (float) random.nextGaussian();
                    for (int c = 0; c < 3; c++) {
                        double slope =
                                (1 - progress) * concepts[from][f][c]
                                        + progress * concepts[from + 1][f][c];
                        logits[c] += features[f] * slope;
                    }
                }
                double remaining = random.nextDouble();
                double logSumExp = PlainLoop.logSumExp(logits);
                int label = 0;
                while (label < 2 && (remaining -= Math.exp(logits[label] - logSumExp)) > 0) {
                    label++;
                }
                examples.add(features, 0, label, 1);
            }
            return examples;
        }
    }

    // Weights without a learner.

    @Test
    void loss_isTheNegativeLogOfTheWeightedLikelihood() {
        MixtureWeights weights = weights(0.1, 0.5, 0.3, 0.2);
        Likelihoods likelihoods =
                Likelihoods.ofLogarithms(Math.log(0.9), Math.log(0.1), Double.NEGATIVE_INFINITY);
        assertThat(weights.loss(likelihoods))
                .isCloseTo(-Math.log(0.5 * 0.9 + 0.3 * 0.1), within(1e-15));
    }

    @Test
    void update_isBayesRuleThenFixedShare() {
        Likelihoods likelihoods =
                Likelihoods.ofLogarithms(Math.log(0.9), Math.log(0.1), Double.NEGATIVE_INFINITY);
        double sum = 0.5 * 0.9 + 0.3 * 0.1;

        MixtureWeights bayes = weights(0, 0.5, 0.3, 0.2);
        bayes.update(likelihoods, 1);
        assertWeights(bayes, 0.45 / sum, 0.03 / sum, 0);

        MixtureWeights shared = weights(0.3, 0.5, 0.3, 0.2);
        shared.update(likelihoods, 1);
        assertWeights(shared, 0.7 * 0.45 / sum + 0.1, 0.7 * 0.03 / sum + 0.1, 0.1);
    }

    @Test
    void exampleWeight_isAPowerOfTheLikelihood() {
        Likelihoods likelihoods = Likelihoods.ofLogarithms(Math.log(0.9), Math.log(0.1));
        MixtureWeights once = weights(0, 0.4, 0.6);
        once.update(likelihoods, 2);
        double sum = 0.4 * 0.81 + 0.6 * 0.01;
        assertWeights(once, 0.4 * 0.81 / sum, 0.6 * 0.01 / sum);

        MixtureWeights none = weights(0, 0.4, 0.6);
        none.update(likelihoods, 0);
        assertWeights(none, 0.4, 0.6);
    }

    @Test
    void excludedExpert_hasNoWeight_whateverTheExampleWeight() {
        for (double exampleWeight : new double[] {0, 0.5, 2}) {
            MixtureWeights weights = weights(0, 0.4, 0.6);
            weights.update(Likelihoods.ofLogarithms(-1, Double.NEGATIVE_INFINITY), exampleWeight);
            assertWeights(weights, 1, 0);
        }
    }

    @Test
    void likelihoodsAndTheirLogarithms_giveTheSameWeights() {
        double[] values = {0x1p-1, 0x1p-400, 0x1p-3};
        for (double exampleWeight : new double[] {0, 0.5, 1, 3}) {
            for (int excluded : new int[] {-1, 0, 1, 2}) {
                Likelihoods plain = new Likelihoods(3);
                Likelihoods logarithms = new Likelihoods(3);
                for (int k = 0; k < 3; k++) {
                    assertThat(plain.set(k, values[k])).isTrue();
                    logarithms.setLogarithm(k, Math.log(values[k]));
                }
                if (excluded >= 0) {
                    plain.exclude(excluded);
                    logarithms.exclude(excluded);
                }
                MixtureWeights byPlain = weights(0.01, 0.2, 0.5, 0.3);
                MixtureWeights byLogarithms = weights(0.01, 0.2, 0.5, 0.3);

                assertThat(byPlain.loss(plain))
                        .isCloseTo(byLogarithms.loss(logarithms), within(1e-12));
                byPlain.update(plain, exampleWeight);
                byLogarithms.update(logarithms, exampleWeight);
                assertThat(byPlain.state()).containsExactly(byLogarithms.state(), within(1e-12));
            }
        }
    }

    @Test
    void likelihoodThatIsSmallOrNaN_isRefused() {
        Likelihoods likelihoods = new Likelihoods(1);
        assertThat(likelihoods.set(0, 1e-141)).isFalse();
        assertThat(likelihoods.set(0, 0)).isFalse();
        assertThat(likelihoods.set(0, Double.NaN)).isFalse();
        assertThat(likelihoods.set(0, 1e-139)).isTrue();
    }

    @Test
    void badExpertRecovers_withoutSwitching_noLaterThanByBayesRule() {
        MixtureWeights weights = weights(0, 0.5, 0.5);
        for (int i = 0; i < 100; i++) {
            weights.update(Likelihoods.ofLogarithms(-1, -3), 1);
        }
        assertThat(weights.weight(1)).isCloseTo(Math.exp(-200), within(1e-100));
        for (int i = 0; i < 100; i++) {
            weights.update(Likelihoods.ofLogarithms(-3, -1), 1);
        }
        assertWeights(weights, 0.5, 0.5);

        // exp(−2000) underflows: the weight stops at a value from which it can recover.
        for (int i = 0; i < 1000; i++) {
            weights.update(Likelihoods.ofLogarithms(-1, -3), 1);
        }
        assertThat(weights.weight(1)).isBetween(1e-301, 1e-299);
        for (int i = 0; i < 1000; i++) {
            weights.update(Likelihoods.ofLogarithms(-3, -1), 1);
        }
        assertThat(weights.weight(1)).isGreaterThan(0.5);
    }

    @Test
    void weights_sumToOne_overAMillionUpdates() {
        Mixture mixture = new Mixture(Mixture.DEFAULT_RATES, 0.001, false);
        MixtureWeights weights = new MixtureWeights(mixture, MixtureWeights.initialState(mixture));
        Random random = new Random(8);
        Likelihoods likelihoods = new Likelihoods(7);
        for (int i = 0; i < 1_000_000; i++) {
            for (int k = 0; k < 7; k++) {
                likelihoods.setLogarithm(k, -10 * random.nextDouble());
            }
            weights.update(likelihoods, 1);
        }
        double sum = 0;
        for (int k = 0; k < 7; k++) {
            assertThat(weights.weight(k)).isGreaterThanOrEqualTo(0.001 / 7 * (1 - 1e-12));
            sum += weights.weight(k);
        }
        assertThat(sum).isCloseTo(1, within(1e-14));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.01})
    void largestExampleWeight_keepsTheWeightOfTheBestExpert(double switchingRate) {
        Mixture mixture = new Mixture(List.of(0.1, 0.2), switchingRate, false);
        // 0.765625 times its reciprocal is less than 1, and the 1e30th power of that is 0.
        for (double winner = 0.765625; winner < 1; winner += 0.001) {
            MixtureWeights weights =
                    new MixtureWeights(mixture, MixtureWeights.initialState(mixture));
            Likelihoods likelihoods = new Likelihoods(2);
            likelihoods.set(0, winner);
            likelihoods.set(1, 0.5);
            weights.update(likelihoods, 1e30);
            assertWeights(weights, 1 - switchingRate / 2, switchingRate / 2);
        }
    }

    @Test
    void severalSwitchingRates_areMixedByTheirLikelihoodOfTheLabel() {
        Mixture mixture = new Mixture(List.of(0.1, 0.2), List.of(0.0, 0.4), false);
        MixtureWeights weights =
                new MixtureWeights(mixture, new double[] {0.9, 0.1, 0.3, 0.7, 0.6, 0.4});
        assertWeights(weights, 0.6 * 0.9 + 0.4 * 0.3, 0.6 * 0.1 + 0.4 * 0.7);
        Likelihoods likelihoods = Likelihoods.ofLogarithms(Math.log(0.5), Math.log(0.2));
        double first = 0.9 * 0.5 + 0.1 * 0.2;
        double second = 0.3 * 0.5 + 0.7 * 0.2;
        assertThat(weights.loss(likelihoods))
                .isCloseTo(-Math.log(0.6 * first + 0.4 * second), within(1e-15));

        weights.update(likelihoods, 1);

        double evidence = 0.6 * first + 0.4 * second;
        double firstWeight = 0.999 * 0.6 * first / evidence + 0.001 / 2;
        double secondWeight = 0.999 * 0.4 * second / evidence + 0.001 / 2;
        double[] expected = {
            0.9 * 0.5 / first,
            0.1 * 0.2 / first,
            0.6 * 0.3 * 0.5 / second + 0.2,
            0.6 * 0.7 * 0.2 / second + 0.2,
            firstWeight,
            secondWeight
        };
        assertThat(weights.state()).containsExactly(expected, within(1e-15));
    }

    @Test
    void restoredWeights_areEqualBitForBit() {
        for (List<Double> switchingRates :
                List.of(List.of(0.0), List.of(0.001), Mixture.DEFAULT_SWITCHING_RATES)) {
            Mixture mixture = new Mixture(RATES, switchingRates, false);
            MixtureWeights weights =
                    new MixtureWeights(mixture, MixtureWeights.initialState(mixture));
            Random random = new Random(9);
            for (int i = 0; i < 1000; i++) {
                weights.update(
                        Likelihoods.ofLogarithms(random.doubles(3, -3, 0).toArray()),
                        random.nextDouble());
                MixtureWeights restored = new MixtureWeights(mixture, weights.state());
                for (int k = 0; k < 3; k++) {
                    assertThat(restored.weight(k)).isEqualTo(weights.weight(k));
                }
                assertThat(restored.state()).containsExactly(weights.state());
            }
        }
    }

    private static MixtureWeights weights(double switchingRate, double... weights) {
        List<Double> rates =
                IntStream.rangeClosed(1, weights.length).mapToObj(k -> 0.1 * k).toList();
        double[] state = Arrays.copyOf(weights, weights.length + 1);
        state[weights.length] = 1;
        return new MixtureWeights(new Mixture(rates, switchingRate, false), state);
    }

    private static void assertWeights(MixtureWeights weights, double... expected) {
        for (int k = 0; k < expected.length; k++) {
            assertThat(weights.weight(k)).isCloseTo(expected[k], within(1e-15));
        }
    }
}
