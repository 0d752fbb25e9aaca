package io.freshet.model.loss;

import static java.lang.Double.NEGATIVE_INFINITY;
import static java.lang.Double.NaN;
import static java.lang.Double.POSITIVE_INFINITY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.maths.Exponential;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActivationTest {
    @Test
    void softmax_givesProbabilitiesAndTheirNormaliser() {
        double[] logits = {0, Math.log(2), Math.log(5)};
        Activated softmax = Activated.by(Activation.SOFTMAX, logits, 0, 1, 3);
        assertThat(softmax.probabilities())
                .containsExactly(new double[] {1 / 8.0, 2 / 8.0, 5 / 8.0}, within(1e-15));
        assertThat(softmax.normalisers[0]).isCloseTo(8, within(1e-14));
        assertThat(softmax.logSumExp(0)).isCloseTo(Math.log(8), within(1e-15));
    }

    @Test
    void sigmoid_dependsOnEachLogitAlone() {
        double[] logits = {0, Math.log(3), -Math.log(3), 1e4, -1e4, -700};
        double[] probabilities = Activated.by(Activation.SIGMOID, logits, 0, 1, 6).probabilities();
        assertThat(probabilities)
                .containsExactly(
                        new double[] {0.5, 0.75, 0.25, 1, 0, Math.exp(-700)}, within(1e-15));
        assertThat(probabilities[5] / Math.exp(-700)).isCloseTo(1, within(1e-12));
    }

    @Test
    void activationOfManyExamples_equalsThatOfEach_bitForBit() {
        int numOutputs = 7;
        int count = 100;
        double[] logits = new Random(1).doubles(1 + count * numOutputs, -700, 10).toArray();
        for (Activation activation : Activation.values()) {
            Activated all = Activated.by(activation, logits, 1, count, numOutputs);
            for (int i = 0; i < count; i++) {
                int at = 1 + i * numOutputs;
                Activated alone = Activated.by(activation, logits, at, 1, numOutputs);
                assertThat(
                                Arrays.copyOfRange(
                                        all.exponentials, i * numOutputs, (i + 1) * numOutputs))
                        .containsExactly(alone.exponentials);
                assertThat(alone.normalisers).containsExactly(all.normalisers[i]);
                assertThat(alone.shifts).containsExactly(all.shifts[i]);
                double[] probabilities = new double[numOutputs];
                activation.activate(logits, at, numOutputs, probabilities);
                assertThat(probabilities).containsExactly(alone.probabilities());
            }
        }
    }

    @Test
    void softmaxOfALogitThatIsNotFinite_isNaN_forItsExampleAlone() {
        double[] logits = {0, NaN, 0, 0, POSITIVE_INFINITY, 1, 3, 3};
        Activated softmax = Activated.by(Activation.SOFTMAX, logits, 0, 4, 2);
        assertThat(softmax.normalisers).containsExactly(NaN, 2, NaN, 2 * Exponential.exp(3));
        assertThat(softmax.probabilities()).containsExactly(NaN, NaN, 0.5, 0.5, NaN, NaN, 0.5, 0.5);
    }

    @Test
    void softmaxAtTheLimitsOfTheSafeRange_dependsOnDifferencesOnly() {
        int numOutputs = 1000;
        double[] logits = new double[3 * numOutputs];
        Arrays.fill(logits, 0, numOutputs, -680);
        Arrays.fill(logits, numOutputs, 2 * numOutputs, 680);
        Arrays.fill(logits, 2 * numOutputs, 3 * numOutputs, -680);
        logits[2 * numOutputs] = 680;
        Activated softmax = Activated.by(Activation.SOFTMAX, logits, 0, 3, numOutputs);
        double[] probabilities = softmax.probabilities();
        for (int i = 0; i < 2 * numOutputs; i++) {
            assertThat(probabilities[i]).isCloseTo(1e-3, within(1e-15));
        }
        assertThat(probabilities[2 * numOutputs]).isCloseTo(1, within(1e-15));
        assertThat(probabilities[3 * numOutputs - 1]).isZero();
        double[] expected = {-680 + Math.log(1000), 680 + Math.log(1000), 680};
        for (int i = 0; i < 3; i++) {
            assertThat(softmax.shifts[i]).isZero();
            assertThat(softmax.logSumExp(i)).isCloseTo(expected[i], within(1e-12));
        }
    }

    @Test
    void softmaxOfMinusInfinityOnly_isNaN() {
        double[] logits = {NEGATIVE_INFINITY, NEGATIVE_INFINITY};
        assertThat(Activated.by(Activation.SOFTMAX, logits, 0, 1, 2).probabilities())
                .containsExactly(NaN, NaN);
    }

    @Test
    void softmaxOfLargeLogits_dependsOnDifferencesOnly() {
        double[] logits = {1e4, 1e4 - Math.log(3), -1e4, -1e4 - Math.log(3), 670, 679};
        Activated softmax = Activated.by(Activation.SOFTMAX, logits, 0, 3, 2);
        double smaller = 1 / (1 + Math.exp(9));
        assertThat(softmax.probabilities())
                .containsExactly(
                        new double[] {0.75, 0.25, 0.75, 0.25, smaller, 1 - smaller}, within(1e-12));
        assertThat(softmax.shifts).containsExactly(1e4, -1e4, 0);
        assertThat(softmax.logSumExp(0)).isEqualTo(1e4 + Math.log(4.0 / 3));
        assertThat(softmax.logSumExp(1)).isCloseTo(-1e4 + Math.log(4.0 / 3), within(1e-11));
        assertThat(softmax.logSumExp(2)).isCloseTo(679 + Math.log1p(Math.exp(-9)), within(1e-12));
    }

    @Test
    void reportedLossOfSoftmax_isTheNegativeLogProbabilityOfTheClass() {
        double[] logits = {0, Math.log(2), Math.log(5)};
        double logSumExp = Math.log(8);
        assertThat(Activation.SOFTMAX.reportedLoss(logits, 0, 3, logSumExp, 1))
                .isCloseTo(Math.log(4), within(1e-15));
        assertThat(
                        Activation.SOFTMAX.reportedLoss(
                                logits, 0, 3, logSumExp, new float[] {0.5f, 0.5f, 0}, 0))
                .isCloseTo(0.5 * Math.log(8) + 0.5 * Math.log(4), within(1e-15));
    }

    @Test
    void reportedLossOfSigmoid_isTheMeanOverTheOutputs() {
        double[] logits = {Math.log(3), 0};
        assertThat(Activation.SIGMOID.reportedLoss(logits, 0, 2, 0, 0))
                .isCloseTo((Math.log(4.0 / 3) + Math.log(2)) / 2, within(1e-15));
        assertThat(Activation.SIGMOID.reportedLoss(logits, 0, 2, 0, new float[] {0, 0.5f}, 0))
                .isCloseTo((Math.log(4) + Math.log(2)) / 2, within(1e-15));
        assertThat(Activation.SIGMOID.reportedLoss(logits, 0, 1, 0, 0))
                .isCloseTo(Math.log(4), within(1e-15));
    }

    @Test
    void reportedLoss_isFinite_andNotNegative_whateverTheLogits() {
        for (Activation activation : Activation.values()) {
            for (double size = 1e-9; size < 1e5; size *= 1.01) {
                double[] logits = {size, -size, size / 3};
                double logSumExp = Activated.by(activation, logits, 0, 1, 3).logSumExp(0);
                for (int label = 0; label < 3; label++) {
                    assertThat(activation.reportedLoss(logits, 0, 3, logSumExp, label))
                            .isFinite()
                            .isNotNegative();
                    float[] oneHot = new float[3];
                    oneHot[label] = 1;
                    assertThat(activation.reportedLoss(logits, 0, 3, logSumExp, oneHot, 0))
                            .isFinite()
                            .isNotNegative();
                }
            }
        }
    }

    /** Output of an activation for some examples. */
    private static final class Activated {
        final int numOutputs;
        final double[] exponentials;
        final double[] normalisers;
        final double[] shifts;

        private Activated(int count, int numOutputs) {
            this.numOutputs = numOutputs;
            this.exponentials = new double[count * numOutputs];
            this.normalisers = new double[count];
            this.shifts = new double[count];
        }

        static Activated by(
                Activation activation, double[] logits, int offset, int count, int numOutputs) {
            Activated all = new Activated(count, numOutputs);
            activation.activate(
                    logits,
                    offset,
                    count,
                    numOutputs,
                    all.exponentials,
                    all.normalisers,
                    all.shifts);
            return all;
        }

        double[] probabilities() {
            double[] probabilities = exponentials.clone();
            for (int i = 0; i < probabilities.length; i++) {
                probabilities[i] *= 1 / normalisers[i / numOutputs];
            }
            return probabilities;
        }

        double logSumExp(int example) {
            return shifts[example] + Math.log(normalisers[example]);
        }
    }
}
