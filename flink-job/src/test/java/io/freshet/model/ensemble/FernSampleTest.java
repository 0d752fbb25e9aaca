package io.freshet.model.ensemble;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ensemble.FernTests;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Test of {@link FernSample}. */
class FernSampleTest {
    private static final int FEATURES = 10;
    private static final int TELLING = 3;

    /** Returns examples of which one feature tells the class. */
    private static FernSample sample(int numFeatures, int count) {
        Random random = new Random(5);
        FernSample sample = new FernSample(numFeatures, 2);
        for (int i = 0; i < count; i++) {
            float[] x = new float[numFeatures];
            for (int f = 0; f < numFeatures; f++) {
                x[f] = (float) random.nextGaussian() + 100 * f;
            }
            sample.add(x, x[TELLING] > 100 * TELLING ? 1 : 0);
        }
        return sample;
    }

    @Test
    void featuresThatTellTheClass_areTestedMoreOften_whereTheyHaveValues() {
        FernTests tests = sample(FEATURES, FernSample.EXAMPLES).choose();

        assertThat(tests.numFerns()).isEqualTo(64);
        int[] counts = new int[FEATURES];
        for (int test = 0; test < 64 * FernTests.TESTS; test++) {
            int feature = tests.feature(test);
            counts[feature]++;
            // Thresholds of the random tests are within 6 of 0.
            assertThat(tests.threshold(test)).isBetween(100f * feature - 5, 100f * feature + 5);
        }
        // The best of 4 candidates has the feature if one of them has: 1 − 0.9⁴ = 0.34.
        assertThat(counts[TELLING]).isBetween(140, 210);
        counts[TELLING] = 0;
        assertThat(Arrays.stream(counts).filter(count -> count > 0)).hasSize(FEATURES - 1);
    }

    @Test
    void enoughExamples_areNotAddedTo() {
        FernSample sample = sample(FEATURES, FernSample.EXAMPLES);
        float[] rows = sample.rows();
        assertThat(sample.numMissing()).isZero();
        sample.add(new float[FEATURES], 1);

        assertThat(sample.rows()).isEqualTo(rows);
        assertThat(sample.labels()).hasSize(FernSample.EXAMPLES);
    }

    @Test
    void restoredSample_choosesTheSame() {
        FernSample whole = sample(FEATURES, FernSample.EXAMPLES);
        FernSample part = sample(FEATURES, 100);
        FernSample restored = new FernSample(FEATURES, 2);
        restored.set(part.rows(), part.labels());
        assertThat(restored.numMissing()).isEqualTo(FernSample.EXAMPLES - 100);
        for (int i = 100; i < FernSample.EXAMPLES; i++) {
            float[] row = Arrays.copyOfRange(whole.rows(), i * FEATURES, (i + 1) * FEATURES);
            restored.add(row, whole.labels()[i]);
        }

        FernTests expected = whole.choose();
        FernTests actual = restored.choose();
        for (int test = 0; test < 64 * FernTests.TESTS; test++) {
            assertThat(actual.feature(test)).isEqualTo(expected.feature(test));
            assertThat(actual.threshold(test)).isEqualTo(expected.threshold(test));
        }
    }
}
