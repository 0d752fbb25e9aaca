package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CrossEntropyTest {
    /** Logits (0, ln 3) and (ln 3, 0): the probabilities are 1/4 and 3/4, 3/4 and 1/4. */
    private static final double[] LOGITS = {0, Math.log(3), Math.log(3), 0};

    @Test
    void lossOfUniformLogits_isLogOfNumClasses() {
        for (int size : new int[] {1, 2, 5}) {
            for (int numClasses : new int[] {2, 7, 100}) {
                double[] logits = new double[size * numClasses];
                Arrays.fill(logits, 3.25);
                assertThat(
                                new BatchLoss(new CrossEntropy(numClasses))
                                        .loss(LossReduction.MEAN, logits, new int[size], null))
                        .isCloseTo(Math.log(numClasses), within(1e-14));
            }
        }
    }

    @Test
    void mean_dividesByTheWeightsOfTheClasses_andOfTheExamples() {
        CrossEntropy loss = new CrossEntropy(2, OutputWeights.of(3, 5), -100, 0);
        int[] labels = {0, 1};
        double[] exampleWeights = {1, 2};
        // Both labels have probability 1/4.
        double sum = (3 * 1 + 5 * 2) * Math.log(4);
        assertThat(new BatchLoss(loss).losses(LOGITS, labels, exampleWeights))
                .containsExactly(new double[] {3 * Math.log(4), 10 * Math.log(4)}, within(1e-14));
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, LOGITS, labels, exampleWeights))
                .isCloseTo(sum, within(1e-14));
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, LOGITS, labels, exampleWeights))
                .isCloseTo(sum / 13, within(1e-14));
        assertThat(new BatchLoss(loss).gradient(LossReduction.MEAN, LOGITS, labels, exampleWeights))
                .containsExactly(
                        new double[] {
                            -0.75 * 3 / 13, 0.75 * 3 / 13, 0.75 * 10 / 13, -0.75 * 10 / 13
                        },
                        within(1e-15));
        assertThat(loss.divisor(0)).isEqualTo(3);
        assertThat(loss.divisor(1)).isEqualTo(5);
    }

    @Test
    void mean_dividesByTheNumberOfExamples_whereTargetsAreProbabilities() {
        CrossEntropy loss = new CrossEntropy(2, OutputWeights.of(3, 5), -100, 0);
        double[] targets = {0.5, 0.5, 1, 0};
        double[] exampleWeights = {1, 2};
        double first = 1.5 * Math.log(4) + 2.5 * Math.log(4.0 / 3);
        double second = 3 * Math.log(4.0 / 3);
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, LOGITS, targets, exampleWeights))
                .isCloseTo((first + 2 * second) / 2, within(1e-14));
        assertThat(loss.divisor(new float[] {0.5f, 0.5f}, 0)).isEqualTo(1);
    }

    @Test
    void smoothing_isSpreadOverTheClasses_weightedByClassWeights() {
        CrossEntropy loss = new CrossEntropy(2, OutputWeights.of(3, 5), -100, 0.2);
        // t = w ((1 − 0.2) y + 0.2 / 2), for the labels 0 and 1; their sum is 3.2 and 4.8.
        double first = 2.7 * Math.log(4) + 0.5 * Math.log(4.0 / 3);
        double second = 0.3 * Math.log(4.0 / 3) + 4.5 * Math.log(4);
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, LOGITS, new int[] {0, 1}, null))
                .isCloseTo((first + second) / (3 + 5), within(1e-14));
        assertThat(new BatchLoss(loss).gradient(LossReduction.SUM, LOGITS, new int[] {0, 1}, null))
                .containsExactly(
                        new double[] {
                            3.2 / 4 - 2.7, 3.2 * 3 / 4 - 0.5, 4.8 * 3 / 4 - 0.3, 4.8 / 4 - 4.5
                        },
                        within(1e-14));
    }

    @Test
    void ignoredExamples_haveNoLoss_notEvenFromSmoothing() {
        for (int ignored : new int[] {-100, 1}) {
            CrossEntropy loss = new CrossEntropy(3, OutputWeights.of(1, 2, 3), ignored, 0.3);
            double[] logits = {1, 2, 3, 3, 1, 0, 0, 0, 1};
            int[] labels = {0, ignored, 2};
            double[] kept = {1, 2, 3, 0, 0, 1};
            int[] keptLabels = {0, 2};
            assertThat(new BatchLoss(loss).losses(logits, labels, null)[1]).isZero();
            assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, logits, labels, null))
                    .isCloseTo(
                            new BatchLoss(loss).loss(LossReduction.MEAN, kept, keptLabels, null),
                            within(1e-15));
            double[] gradient =
                    new BatchLoss(loss).gradient(LossReduction.MEAN, logits, labels, null);
            assertThat(Arrays.copyOfRange(gradient, 3, 6)).containsOnly(0);
            assertThat(loss.ignores(ignored)).isTrue();
            assertThat(loss.divisor(ignored)).isZero();
            double[] written = {9, 9, 9};
            loss.logitGradient(new double[] {0.2, 0.3, 0.5}, 0, ignored, 1, written, 0);
            assertThat(written).containsOnly(0);
        }
    }

    @Test
    void meanOfIgnoredExamples_isNaN_andItsGradientZero() {
        CrossEntropy loss = new CrossEntropy(2);
        int[] labels = {-100, -100};
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, LOGITS, labels, null)).isNaN();
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, LOGITS, labels, null)).isZero();
        assertThat(new BatchLoss(loss).gradient(LossReduction.MEAN, LOGITS, labels, null))
                .containsOnly(0);
    }

    @Test
    void lossAndGradient_stayFinite_atLogitsOfTenThousand() {
        CrossEntropy loss = new CrossEntropy(3);
        double[] logits = {1e4, -1e4, 0, -1e4, -1e4, -1e4};
        int[] labels = {1, 2};
        assertThat(new BatchLoss(loss).losses(logits, labels, null))
                .containsExactly(new double[] {2e4, Math.log(3)}, within(1e-11));
        assertThat(new BatchLoss(loss).gradient(LossReduction.SUM, logits, labels, null))
                .containsExactly(
                        new double[] {1, -1, 0, 1.0 / 3, 1.0 / 3, -2.0 / 3}, within(1e-15));
    }

    @Test
    void impossibleOtherClass_hasNoEffect() {
        CrossEntropy loss = new CrossEntropy(3);
        double[] logits = {0, Double.NEGATIVE_INFINITY, 0};
        int[] labels = {0};
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, logits, labels, null))
                .isCloseTo(Math.log(2), within(1e-15));
        assertThat(new BatchLoss(loss).gradient(LossReduction.MEAN, logits, labels, null))
                .containsExactly(-0.5, 0, 0.5);
    }

    @Test
    void options_areRefused_withTheirNameAndValue() {
        assertThatThrownBy(() -> new CrossEntropy(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("numClasses must be at least 1, but is 0");
        assertThatThrownBy(() -> new CrossEntropy(3, OutputWeights.of(1, 2), -100, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "classWeights must have 3 values, one for each output, but has 2: [1.0,"
                                + " 2.0]");
        for (double smoothing : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> new CrossEntropy(3, OutputWeights.NONE, -100, smoothing))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("labelSmoothing must be 0 to 1, but is " + smoothing);
        }
    }
}
