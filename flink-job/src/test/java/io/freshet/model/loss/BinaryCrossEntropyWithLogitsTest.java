package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BinaryCrossEntropyWithLogitsTest {
    /** Probabilities 3/4, 1/2 and 1/4, 1/2. */
    private static final double[] LOGITS = {Math.log(3), 0, -Math.log(3), 0};

    private static final double[] TARGETS = {1, 0, 1, 0.5};

    @Test
    void mean_dividesByTheNumberOfLosses_whateverTheWeights() {
        BinaryCrossEntropyWithLogits loss =
                new BinaryCrossEntropyWithLogits(2, OutputWeights.of(1, 3), OutputWeights.of(2, 4));
        double[] exampleWeights = {1, 5};
        double ln2 = Math.log(2);
        double[] losses = {
            2 * Math.log(4.0 / 3), 3 * ln2, 5 * 2 * Math.log(4), 5 * 3 * (4 * 0.5 + 0.5) * ln2
        };
        double sum = losses[0] + losses[1] + losses[2] + losses[3];
        assertThat(new BatchLoss(loss).losses(LOGITS, TARGETS, exampleWeights))
                .containsExactly(losses, within(1e-14));
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, LOGITS, TARGETS, exampleWeights))
                .isCloseTo(sum, within(1e-13));
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, LOGITS, TARGETS, exampleWeights))
                .isCloseTo(sum / 4, within(1e-14));
        // w ((q y + 1 − y) p − q y)
        assertThat(new BatchLoss(loss).gradient(LossReduction.SUM, LOGITS, TARGETS, exampleWeights))
                .containsExactly(
                        new double[] {
                            2 * 0.75 - 2, 3 * 0.5, 5 * (2 * 0.25 - 2), 5 * 3 * (2.5 * 0.5 - 2)
                        },
                        within(1e-14));
    }

    @Test
    void logitGradient_isThatOfTheMeanOverTheOutputs() {
        BinaryCrossEntropyWithLogits loss = new BinaryCrossEntropyWithLogits(2);
        double[] gradient = new double[2];
        loss.logitGradient(new double[] {0.75, 0.5}, 0, new float[] {1, 0}, 0, 6, gradient, 0);
        assertThat(gradient).containsExactly(6 * -0.25 / 2, 6 * 0.5 / 2);
    }

    @Test
    void class_isOneHot_orTheValueOfASingleOutput() {
        double[] gradient = new double[2];
        new BinaryCrossEntropyWithLogits(2)
                .logitGradient(new double[] {0.75, 0.5}, 0, 1, 1, gradient, 0);
        assertThat(gradient).containsExactly(0.375, -0.25);

        BinaryCrossEntropyWithLogits single = new BinaryCrossEntropyWithLogits(1);
        assertThat(single.numClasses()).isEqualTo(2);
        single.logitGradient(new double[] {0.75}, 0, 1, 1, gradient, 0);
        assertThat(gradient[0]).isEqualTo(-0.25);
        single.logitGradient(new double[] {0.75}, 0, 0, 1, gradient, 0);
        assertThat(gradient[0]).isEqualTo(0.75);
        assertThat(
                        new BatchLoss(single)
                                .losses(new double[] {Math.log(3), 0}, new int[] {0, 1}, null))
                .containsExactly(new double[] {Math.log(4), Math.log(2)}, within(1e-15));
        assertThatThrownBy(() -> single.logitGradient(new double[1], 0, 2, 1, gradient, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a label must be 0 to 1, but is 2");
    }

    @Test
    void lossAndGradient_stayFinite_atLogitsOfTenThousand() {
        BinaryCrossEntropyWithLogits loss =
                new BinaryCrossEntropyWithLogits(2, OutputWeights.NONE, OutputWeights.of(3, 3));
        double[] logits = {1e4, -1e4, 1e4, -1e4};
        double[] targets = {1, 0, 0, 1};
        assertThat(new BatchLoss(loss).losses(logits, targets, null))
                .containsExactly(0, 0, 1e4, 3e4);
        assertThat(new BatchLoss(loss).gradient(LossReduction.SUM, logits, targets, null))
                .containsExactly(0, 0, 1, -3);
    }

    @Test
    void lossOfAConfidentLogit_isPrecise() {
        // ln(1 + exp(−40)) is exp(−40) up to its square, although 1 + exp(−40) rounds to 1.
        assertThat(
                        new BatchLoss(new BinaryCrossEntropyWithLogits(1))
                                .loss(LossReduction.MEAN, new double[] {40}, new int[] {1}, null))
                .isCloseTo(Math.exp(-40), within(1e-30));
    }

    @Test
    void options_areRefused_withTheirNameAndValue() {
        OutputWeights none = OutputWeights.NONE;
        assertThatThrownBy(() -> new BinaryCrossEntropyWithLogits(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("numOutputs must be at least 1, but is 0");
        assertThatThrownBy(() -> new BinaryCrossEntropyWithLogits(1, OutputWeights.of(1, 2), none))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("outputWeights must have 1 values");
        assertThatThrownBy(() -> new BinaryCrossEntropyWithLogits(1, none, OutputWeights.of(1, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("positiveWeights must have 1 values");
    }
}
