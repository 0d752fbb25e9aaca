package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ActivationTest {
    @Test
    void softmax_sharesOutOne_andReturnsTheLogSumExp() {
        double[] logits = {0, Math.log(2), Math.log(5)};
        double[] probabilities = new double[3];
        assertThat(Activation.SOFTMAX.activate(logits, 0, 3, probabilities, 0))
                .isCloseTo(Math.log(8), within(1e-15));
        assertThat(probabilities)
                .containsExactly(new double[] {1 / 8.0, 2 / 8.0, 5 / 8.0}, within(1e-15));
    }

    @Test
    void sigmoid_isOfEachLogitAlone() {
        double[] logits = {0, Math.log(3), -Math.log(3), 1e4, -1e4, -700};
        double[] probabilities = new double[6];
        Activation.SIGMOID.activate(logits, 0, 6, probabilities, 0);
        assertThat(probabilities)
                .containsExactly(
                        new double[] {0.5, 0.75, 0.25, 1, 0, Math.exp(-700)}, within(1e-15));
        assertThat(probabilities[5] / Math.exp(-700)).isCloseTo(1, within(1e-12));
    }

    @Test
    void activate_worksInPlace() {
        for (Activation activation : Activation.values()) {
            double[] logits = {9, 1, -2, 3, 9};
            double[] apart = new double[5];
            activation.activate(logits, 1, 3, apart, 1);
            activation.activate(logits, 1, 3, logits, 1);
            assertThat(logits).containsExactly(9, apart[1], apart[2], apart[3], 9);
        }
    }

    @Test
    void plainLossOfSoftmax_isTheNegativeLogarithmOfTheClass() {
        double[] logits = {0, Math.log(2), Math.log(5)};
        double logSumExp = Math.log(8);
        assertThat(Activation.SOFTMAX.plainLoss(logits, 0, 3, logSumExp, 1))
                .isCloseTo(Math.log(4), within(1e-15));
        assertThat(
                        Activation.SOFTMAX.plainLoss(
                                logits, 0, 3, logSumExp, new float[] {0.5f, 0.5f, 0}, 0))
                .isCloseTo(0.5 * Math.log(8) + 0.5 * Math.log(4), within(1e-15));
    }

    @Test
    void plainLossOfSigmoid_isTheMeanOverTheOutputs() {
        double[] logits = {Math.log(3), 0};
        assertThat(Activation.SIGMOID.plainLoss(logits, 0, 2, 0, 0))
                .isCloseTo((Math.log(4.0 / 3) + Math.log(2)) / 2, within(1e-15));
        assertThat(Activation.SIGMOID.plainLoss(logits, 0, 2, 0, new float[] {0, 0.5f}, 0))
                .isCloseTo((Math.log(4) + Math.log(2)) / 2, within(1e-15));
        assertThat(Activation.SIGMOID.plainLoss(logits, 0, 1, 0, 0))
                .isCloseTo(Math.log(4), within(1e-15));
    }

    @Test
    void plainLoss_isFinite_andNotNegative_atLogitsOfTenThousand() {
        double[] logits = {1e4, -1e4, 1e4};
        double[] probabilities = new double[3];
        for (Activation activation : Activation.values()) {
            double logSumExp = activation.activate(logits, 0, 3, probabilities, 0);
            for (int label = 0; label < 3; label++) {
                assertThat(activation.plainLoss(logits, 0, 3, logSumExp, label))
                        .isFinite()
                        .isNotNegative();
            }
        }
    }
}
