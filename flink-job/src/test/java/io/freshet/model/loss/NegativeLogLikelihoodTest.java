package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class NegativeLogLikelihoodTest {
    @Test
    void mean_dividesByTheWeightsOfTheClasses_andOfTheExamples() {
        NegativeLogLikelihood loss = new NegativeLogLikelihood(3, OutputWeights.of(1, 2, 4), -100);
        double[] logProbabilities = {-1, -2, -3, -5, -6, -7, -8, -9, -10};
        int[] labels = {2, -100, 0};
        double[] exampleWeights = {0.5, 1, 3};
        assertThat(new BatchLoss(loss).losses(logProbabilities, labels, exampleWeights))
                .containsExactly(0.5 * 4 * 3, 0, 3 * 1 * 8);
        assertThat(
                        new BatchLoss(loss)
                                .loss(LossReduction.MEAN, logProbabilities, labels, exampleWeights))
                .isCloseTo((6 + 24) / (0.5 * 4 + 3 * 1), within(1e-14));
        assertThat(
                        new BatchLoss(loss)
                                .gradient(
                                        LossReduction.MEAN,
                                        logProbabilities,
                                        labels,
                                        exampleWeights))
                .containsExactly(
                        new double[] {0, 0, -0.5 * 4 / 5, 0, 0, 0, -3.0 / 5, 0, 0}, within(1e-15));
    }

    @Test
    void logitGradient_equalsThatOfCrossEntropy() {
        OutputWeights weights = OutputWeights.of(1, 2, 4);
        double[] probabilities = {0.2, 0.3, 0.5};
        double[] expected = new double[3];
        double[] actual = new double[3];
        for (int label : new int[] {0, 1, 2, -100}) {
            new CrossEntropy(3, weights, -100, 0)
                    .logitGradient(probabilities, 0, label, 1.5, expected, 0);
            new NegativeLogLikelihood(3, weights, -100)
                    .logitGradient(probabilities, 0, label, 1.5, actual, 0);
            assertThat(actual).containsExactly(expected, within(1e-15));
        }
    }

    @Test
    void impossibleOtherClass_hasNoEffect() {
        NegativeLogLikelihood loss = new NegativeLogLikelihood(2);
        double[] logProbabilities = {Double.NEGATIVE_INFINITY, 0, 0, Double.NEGATIVE_INFINITY};
        assertThat(new BatchLoss(loss).losses(logProbabilities, new int[] {1, 1}, null))
                .containsExactly(0, Double.POSITIVE_INFINITY);
        assertThat(
                        new BatchLoss(loss)
                                .gradient(
                                        LossReduction.MEAN,
                                        logProbabilities,
                                        new int[] {1, 1},
                                        null))
                .containsExactly(0, -0.5, 0, -0.5);
    }

    @Test
    void meanOfIgnoredExamples_isNaN_andItsGradientZero() {
        NegativeLogLikelihood loss = new NegativeLogLikelihood(2);
        double[] logProbabilities = {-1, -2, -3, -4};
        int[] labels = {-100, -100};
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, logProbabilities, labels, null))
                .isNaN();
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, logProbabilities, labels, null))
                .isZero();
        assertThat(new BatchLoss(loss).gradient(LossReduction.MEAN, logProbabilities, labels, null))
                .containsOnly(0);
    }

    @Test
    void options_areRefused_withTheirNameAndValue() {
        assertThatThrownBy(() -> new NegativeLogLikelihood(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("numClasses must be at least 1, but is 0");
        assertThatThrownBy(() -> new NegativeLogLikelihood(2, OutputWeights.of(1), -100))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "classWeights must have 2 values, one for each output, but has 1: [1.0]");
    }
}
