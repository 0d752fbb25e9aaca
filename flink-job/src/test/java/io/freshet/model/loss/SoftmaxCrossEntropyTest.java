package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SoftmaxCrossEntropyTest {
    @Test
    void lossOfUniformLogits_isLogOfNumClasses() {
        for (int size : new int[] {1, 2, 5}) {
            for (int numClasses : new int[] {2, 7, 100}) {
                SoftmaxCrossEntropy loss =
                        new SoftmaxCrossEntropy(numClasses, MiniBatchReduction.EXAMPLES);
                float[] logits = new float[size * numClasses];
                Arrays.fill(logits, 3.25f);
                float[] weights = new float[size];
                Arrays.fill(weights, 1);
                assertThat(loss.loss(logits, new int[size], weights))
                        .isCloseTo(Math.log(numClasses), within(1e-6));
            }
        }
    }

    @Test
    void loss_isTheReductionOfTheLosses() {
        // Logits (0, ln 3): the probabilities are 1/4 and 3/4.
        float[] logits = {0, (float) Math.log(3), 0, (float) Math.log(3)};
        int[] labels = {0, 1};
        float[] weights = {1, 3};
        double first = Math.log(4);
        double second = Math.log(4.0 / 3);
        assertThat(
                        new SoftmaxCrossEntropy(2, MiniBatchReduction.EXAMPLES)
                                .loss(logits, labels, weights))
                .isCloseTo((first + 3 * second) / 2, within(1e-6));
        assertThat(
                        new SoftmaxCrossEntropy(2, MiniBatchReduction.WEIGHTS)
                                .loss(logits, labels, weights))
                .isCloseTo((first + 3 * second) / 4, within(1e-6));
        assertThat(
                        new SoftmaxCrossEntropy(2, MiniBatchReduction.WEIGHTS)
                                .gradient(logits, labels, weights))
                .containsExactly(
                        new float[] {-0.75f / 4, 0.75f / 4, 3 * 0.25f / 4, -3 * 0.25f / 4},
                        within(1e-6f));
    }

    @ParameterizedTest
    @EnumSource(MiniBatchReduction.class)
    void gradient_matchesCentralDifferences(MiniBatchReduction reduction) {
        Random random = new Random(5);
        int numClasses = 4;
        int[] labels = {3, 0, 1, 1, 2};
        float[] weights = {1, 0.5f, 2, 1, 3};
        float[] logits = new float[labels.length * numClasses];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy(numClasses, reduction);
        float[] gradient = loss.gradient(logits, labels, weights);
        float h = 1e-2f;
        for (int i = 0; i < logits.length; i++) {
            float[] up = logits.clone();
            float[] down = logits.clone();
            up[i] += h;
            down[i] -= h;
            double slope =
                    (loss.loss(up, labels, weights) - loss.loss(down, labels, weights))
                            / ((double) up[i] - down[i]);
            assertThat((double) gradient[i]).isCloseTo(slope, within(1e-4));
        }
    }

    @Test
    void loss_staysFinite_atLogitsOfTenThousand() {
        SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy(3, MiniBatchReduction.EXAMPLES);
        float[] logits = {1e4f, -1e4f, 0, -1e4f, -1e4f, -1e4f};
        assertThat(loss.losses(logits, new int[] {1, 2}))
                .containsExactly(new float[] {2e4f, (float) Math.log(3)}, within(1e-3f));
        assertThat(loss.gradient(logits, new int[] {1, 2}, new float[] {1, 1}))
                .containsExactly(
                        new float[] {0.5f, -0.5f, 0, 1 / 6f, 1 / 6f, -2 / 6f}, within(1e-6f));
    }

    @Test
    void logitsThatDoNotFitTheLabels_areRefused() {
        SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy(3, MiniBatchReduction.EXAMPLES);
        assertThatThrownBy(() -> loss.losses(new float[5], new int[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there must be 3 logits for each of 2 labels, but there are 5");
    }
}
