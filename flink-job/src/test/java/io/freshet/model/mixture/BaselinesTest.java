package io.freshet.model.mixture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BaselinesTest {
    /** Tolerance: counts are floats, and each fading has a relative error of up to 2⁻²⁴. */
    private static final double TOLERANCE = 1e-6;

    private final Baselines baselines = new Baselines(2, new float[6], Baselines.NO_LABEL);

    @Test
    void firstPrediction_isUniform() {
        assertPredicts(Baselines.LABEL_TRANSITIONS, 0.5, 0.5);
        assertPredicts(Baselines.FREQUENCIES, 0.5, 0.5);
        assertThat(baselines.lastLabel()).isEqualTo(Baselines.NO_LABEL);
    }

    @Test
    void predictions_followFadingCounts() {
        for (int label : new int[] {0, 1, 0, 0}) {
            baselines.observe(label);
        }
        // The label after 0 was first 1 and then 0; the count of 1 has faded by 0.99 since, and the
        // prior adds 0.1 to each count.
        assertPredicts(Baselines.LABEL_TRANSITIONS, 1.1 / 2.19, 1.09 / 2.19);
        // Class 1 occurred two labels ago; class 0 occurred three labels ago, one label ago
        // and now.
        double ones = Math.pow(0.999, 2);
        double zeros = Math.pow(0.999, 3) + 0.999 + 1;
        double total = ones + zeros + 0.2;
        assertPredicts(Baselines.FREQUENCIES, (zeros + 0.1) / total, (ones + 0.1) / total);

        baselines.observe(1);
        // The label after 1 was 0, once.
        assertPredicts(Baselines.LABEL_TRANSITIONS, 1.1 / 1.2, 0.1 / 1.2);
        assertThat(baselines.lastLabel()).isEqualTo(1);
    }

    @Test
    void repeatedLabel_isNearlyCertain() {
        for (int i = 0; i < 100_000; i++) {
            baselines.observe(1);
        }
        // Counts that are multiplied by k and incremented converge to 1 / (1 − k).
        double certain = 100 + 0.1;
        double[] out = new double[2];
        baselines.predict(Baselines.LABEL_TRANSITIONS, out);
        assertThat(out[1]).isCloseTo(certain / (certain + 0.1), within(TOLERANCE));
        baselines.predict(Baselines.FREQUENCIES, out);
        assertThat(out[1]).isCloseTo(1000.1 / 1000.2, within(TOLERANCE));
    }

    @Test
    void restoredBaselines_continueBitForBit() {
        baselines.observe(0);
        baselines.observe(1);
        Baselines restored = new Baselines(2, baselines.counts(), baselines.lastLabel());
        baselines.observe(1);
        restored.observe(1);

        assertThat(restored.counts()).containsExactly(baselines.counts());
        assertThat(Arrays.equals(restored.counts(), new float[6])).isFalse();
    }

    private void assertPredicts(int baseline, double... expected) {
        double[] out = new double[2];
        baselines.predict(baseline, out);
        assertThat(out).containsExactly(expected, within(TOLERANCE));
    }
}
