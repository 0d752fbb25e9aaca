package io.freshet.model.mixture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FadingLossesTest {
    private static double[] losses(Random random) {
        return new double[] {random.nextDouble(), 3 + random.nextGaussian(), 0.5};
    }

    @Test
    void mean_isThatOfAllLosses_withFadingWeights() {
        Random random = new Random(1);
        FadingLosses fading = new FadingLosses(3, 50);
        double[] sums = new double[3];
        double sumOfWeights = 0;
        for (int i = 0; i < 300; i++) {
            double[] losses = losses(random);
            double weight = random.nextInt(4);
            double faded = weight * Math.pow(49.0 / 51, 299 - i);
            sumOfWeights += faded;
            for (int k = 0; k < 3; k++) {
                sums[k] += faded * losses[k];
            }
            fading.add(losses, weight);
        }

        for (int k = 0; k < 3; k++) {
            assertThat(fading.mean(k)).isCloseTo(sums[k] / sumOfWeights, within(1e-12));
        }
    }

    /** The weights are those of examples which are 24.5 back on average, as in a window of 50. */
    @Test
    void examples_areAsOldOnAverageAsThoseOfAWindow() {
        FadingLosses fading = new FadingLosses(1, 50);
        for (int i = 0; i < 5_000; i++) {
            fading.add(new double[] {i}, 1);
        }

        assertThat(fading.mean(0)).isCloseTo(4_999 - 24.5, within(1e-6));
    }

    @Test
    void spanOfOne_isTheLastLoss() {
        FadingLosses fading = new FadingLosses(1, 1);
        fading.add(new double[] {3}, 2);
        fading.add(new double[] {0.25}, 0.5);

        assertThat(fading.mean(0)).isEqualTo(0.25);
    }

    @Test
    void meanOfNoLosses_isNaN_andOneOfWeightZeroAddsNothing() {
        FadingLosses fading = new FadingLosses(1, 10);
        assertThat(fading.mean(0)).isNaN();
        fading.add(new double[] {3}, 0);
        assertThat(fading.mean(0)).isNaN();
        fading.add(new double[] {2}, 1);
        assertThat(fading.mean(0)).isEqualTo(2);
    }

    @Test
    void lossThatIsNotFinite_isLeftOut() {
        FadingLosses fading = new FadingLosses(2, 10);
        fading.add(new double[] {1, 1}, 1);
        fading.add(new double[] {Double.POSITIVE_INFINITY, 2}, 1);
        fading.add(new double[] {Double.NaN, 2}, 1);
        fading.add(new double[] {1e39, 2}, 1);

        assertThat(fading.mean(0)).isCloseTo(1, within(1e-15));
        assertThat(fading.mean(1)).isBetween(1.5, 2.0);
    }

    @Test
    void restart_forgetsTheLossesOfOnePredictor() {
        FadingLosses fading = new FadingLosses(2, 10);
        fading.add(new double[] {1, 1}, 1);
        fading.restart(0);
        fading.add(new double[] {4, 4}, 1);

        assertThat(fading.mean(0)).isEqualTo(4);
        assertThat(fading.mean(1)).isBetween(2.0, 3.0);
        fading.restart();
        assertThat(fading.mean(1)).isNaN();
    }

    @Test
    void state_continuesBitForBit() {
        Random random = new Random(2);
        FadingLosses whole = new FadingLosses(3, 100);
        FadingLosses first = new FadingLosses(3, 100);
        for (int i = 0; i < 40; i++) {
            double[] losses = losses(random);
            whole.add(losses, 1);
            first.add(losses, 1);
        }
        FadingLosses second = new FadingLosses(3, 100);
        second.set(first.state());
        double[] next = losses(random);
        whole.add(next, 0.5);
        second.add(next, 0.5);

        assertThat(second.state()).containsExactly(whole.state());
        second.set(new double[0]);
        assertThat(second.mean(0)).isNaN();
    }
}
