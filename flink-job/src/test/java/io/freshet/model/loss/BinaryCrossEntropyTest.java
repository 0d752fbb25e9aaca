package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BinaryCrossEntropyTest {
    /** PyTorch's bound, 1e-12, is a float in both precisions. */
    private static final double MIN_SLOPE = 1e-12f;

    @Test
    void mean_dividesByTheNumberOfLosses_whateverTheWeights() {
        BinaryCrossEntropy loss = new BinaryCrossEntropy(2, OutputWeights.of(1, 3));
        double[] probabilities = {0.75, 0.5, 0.25, 0.5};
        double[] targets = {1, 0, 1, 0.5};
        double[] exampleWeights = {1, 5};
        double[] losses = {
            Math.log(4.0 / 3), 3 * Math.log(2), 5 * Math.log(4), 5 * 3 * Math.log(2)
        };
        assertThat(new BatchLoss(loss).losses(probabilities, targets, exampleWeights))
                .containsExactly(losses, within(1e-14));
        assertThat(
                        new BatchLoss(loss)
                                .loss(LossReduction.MEAN, probabilities, targets, exampleWeights))
                .isCloseTo((losses[0] + losses[1] + losses[2] + losses[3]) / 4, within(1e-14));
        // w (x − y) / (x (1 − x))
        assertThat(
                        new BatchLoss(loss)
                                .gradient(
                                        LossReduction.SUM, probabilities, targets, exampleWeights))
                .containsExactly(
                        new double[] {-0.25 / 0.1875, 3 * 0.5 / 0.25, -5 * 0.75 / 0.1875, 0},
                        within(1e-14));
    }

    @Test
    void lossAndGradient_areBounded_atProbabilitiesOfZeroAndOne() {
        BinaryCrossEntropy loss = new BinaryCrossEntropy(1);
        double[] probabilities = {0, 1, 0, 1};
        double[] targets = {0, 1, 1, 0};
        assertThat(new BatchLoss(loss).losses(probabilities, targets, null))
                .containsExactly(0, 0, 100, 100);
        assertThat(new BatchLoss(loss).gradient(LossReduction.SUM, probabilities, targets, null))
                .containsExactly(0, 0, -1 / MIN_SLOPE, 1 / MIN_SLOPE);
    }

    @Test
    void logitGradient_isTheResidual_whereTheBoundDoesNotApply() {
        BinaryCrossEntropy loss = new BinaryCrossEntropy(1);
        double[] gradient = new double[1];
        for (double probability : new double[] {0.25, 1e-11}) {
            loss.logitGradient(new double[] {probability}, 0, 1, 2, gradient, 0);
            assertThat(gradient[0]).isCloseTo(2 * (probability - 1), within(1e-15));
        }
        loss.logitGradient(new double[] {1e-13}, 0, 1, 2, gradient, 0);
        assertThat(gradient[0]).isCloseTo(-2 * 1e-13 / MIN_SLOPE, within(1e-12));
        for (int label = 0; label < 2; label++) {
            loss.logitGradient(new double[] {0}, 0, label, 2, gradient, 0);
            assertThat(gradient[0]).isZero();
        }
    }

    @Test
    void valueOutsideZeroToOne_isRefused() {
        BinaryCrossEntropy loss = new BinaryCrossEntropy(2);
        for (double value : new double[] {-0.1, 1.5, Double.NaN}) {
            double[] probabilities = {0.5, value};
            assertThatThrownBy(() -> new BatchLoss(loss).losses(probabilities, new double[2], null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a probability must be 0 to 1, but is " + value);
            assertThatThrownBy(
                            () ->
                                    new BatchLoss(loss)
                                            .gradient(
                                                    LossReduction.SUM,
                                                    probabilities,
                                                    new double[2],
                                                    null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a probability must be 0 to 1, but is " + value);
        }
    }

    @Test
    void options_areRefused_withTheirNameAndValue() {
        assertThatThrownBy(() -> new BinaryCrossEntropy(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("numOutputs must be at least 1, but is 0");
        assertThatThrownBy(() -> new BinaryCrossEntropy(2, OutputWeights.of(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("outputWeights must have 2 values");
    }
}
