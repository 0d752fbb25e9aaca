package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StandardScalerTest {
    private static final MathContext DIGITS = new MathContext(60);

    @Test
    void moments_matchTwoPasses_whateverTheMeanAndTheDeviation() {
        double[] means = {0, 1, -1e6, 1e6, 3e-5, 1e20, 0};
        double[] deviations = {1, 1e-3, 1, 50, 1e-9, 1e18, 1e-24};
        int rows = 1_000;
        float[] features = gaussian(new Random(1), rows, means, deviations);
        for (int batchSize : new int[] {1, 7, 32, 200}) {
            StandardScaler scaler =
                    observeInBatches(start(means.length), features, rows, batchSize);
            for (int f = 0; f < means.length; f++) {
                double[] expected = twoPasses(features, rows, means.length, f);
                double deviation = Math.sqrt(expected[1] / rows);
                assertThat(scaler.mean()[f])
                        .as("mean of feature %d at mini-batches of %d", f, batchSize)
                        .isCloseTo(expected[0], within(1e-6 * deviation));
                assertThat(scaler.squaredDeviations()[f] / expected[1])
                        .as("deviations of feature %d at mini-batches of %d", f, batchSize)
                        .isCloseTo(1, within(1e-5));
            }
        }
    }

    @Test
    void moments_goOnMoving_afterABillionExamples() {
        long seen = 1_000_000_000L;
        double mean = 1234.5678;
        double variance = 4;
        int rows = 64_000;
        float[] features = gaussian(new Random(2), rows, new double[] {1300}, new double[] {5});
        StandardScaler scaler =
                observeInBatches(
                        new StandardScaler(
                                seen, new double[] {mean}, new double[] {seen * variance}),
                        features,
                        rows,
                        32);

        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal sumOfSquares = BigDecimal.ZERO;
        for (float value : features) {
            BigDecimal difference = new BigDecimal(value).subtract(new BigDecimal(mean));
            sum = sum.add(difference);
            sumOfSquares = sumOfSquares.add(difference.multiply(difference));
        }
        BigDecimal moved = sum.divide(BigDecimal.valueOf(seen + rows), DIGITS);
        double added = sumOfSquares.subtract(sum.multiply(moved)).doubleValue();
        assertThat(scaler.count()).isEqualTo(seen + rows);
        assertThat((scaler.mean()[0] - mean) / moved.doubleValue()).isCloseTo(1, within(1e-6));
        assertThat((scaler.squaredDeviations()[0] - seen * variance) / added)
                .isCloseTo(1, within(1e-6));
    }

    @Test
    void constantFeature_scalesToExactlyZero() {
        float[] constants = {0f, 0.1f, -3.7e5f, 1e-30f, 3e38f};
        StandardScaler scaler = start(constants.length);
        float[] out = new float[constants.length];
        for (int batchSize : new int[] {1, 2, 33, 100, 32}) {
            scaler.observe(repeat(constants, batchSize), batchSize);
            scaler.transform(constants, 0, out);
            assertThat(out).containsOnly(0f);
            assertThat(scaler.squaredDeviations()).containsOnly(0.0);
        }
    }

    @Test
    void constantFeature_isScaledLikeAnyOther_onceItChanges() {
        float constant = 0.1f;
        float changed = 0.1000001f;
        StandardScaler scaler = start(1);
        for (int i = 0; i < 100; i++) {
            scaler.observe(repeat(new float[] {constant}, 32), 32);
        }
        float[] batch = repeat(new float[] {constant}, 32);
        batch[31] = changed;
        scaler.observe(batch, 32);

        // One of n values differs by d: the variance is d²·(n − 1)/n², its own distance d·(n −
        // 1)/n.
        int count = 101 * 32;
        float[] out = new float[1];
        scaler.transform(batch, 31, out);
        assertThat((double) out[0]).isCloseTo(Math.sqrt(count - 1), within(1e-2));
        scaler.transform(batch, 0, out);
        assertThat((double) out[0]).isCloseTo(-1 / Math.sqrt(count - 1), within(1e-3));
    }

    @Test
    void transform_matchesDoubles_whereTheMeanDwarfsTheDeviation() {
        double[] means = {0, 1e6, -1e3};
        double[] deviations = {1, 1, 1e-2};
        int rows = 512;
        float[] features = gaussian(new Random(3), rows, means, deviations);
        StandardScaler scaler = observeInBatches(start(3), features, rows, 32);
        float[] out = new float[3];
        for (int f = 0; f < 3; f++) {
            double[] moments = twoPasses(features, rows, 3, f);
            for (int i = 0; i < rows; i++) {
                scaler.transform(features, i * 3, out);
                double expected = (features[i * 3 + f] - moments[0]) / Math.sqrt(moments[1] / rows);
                assertThat((double) out[f]).isCloseTo(expected, within(1e-5));
            }
        }
    }

    @Test
    void undo_putsEveryBitBack() {
        double[] means = {1, 100};
        double[] deviations = {1, 3};
        float[] features = gaussian(new Random(4), 96, means, deviations);
        StandardScaler scaler = observeInBatches(start(2), features, 64, 32);
        double[] mean = scaler.mean();
        double[] squaredDeviations = scaler.squaredDeviations();
        float[] before = new float[2];
        scaler.transform(features, 0, before);

        float[] bad = repeat(new float[] {Float.NaN, Float.POSITIVE_INFINITY}, 5);
        scaler.observe(bad, 5);
        scaler.undo();

        float[] after = new float[2];
        scaler.transform(features, 0, after);
        assertThat(scaler.count()).isEqualTo(64);
        assertThat(scaler.mean()).containsExactly(mean);
        assertThat(scaler.squaredDeviations()).containsExactly(squaredDeviations);
        assertThat(after).containsExactly(before);
    }

    private static StandardScaler start(int numFeatures) {
        return new StandardScaler(0, new double[numFeatures], new double[numFeatures]);
    }

    private static StandardScaler observeInBatches(
            StandardScaler scaler, float[] features, int rows, int batchSize) {
        int numFeatures = features.length / rows;
        for (int from = 0; from < rows; from += batchSize) {
            int size = Math.min(batchSize, rows - from);
            float[] batch = new float[size * numFeatures];
            System.arraycopy(features, from * numFeatures, batch, 0, batch.length);
            scaler.observe(batch, size);
        }
        return scaler;
    }

    private static float[] gaussian(Random random, int rows, double[] means, double[] deviations) {
        float[] features = new float[rows * means.length];
        for (int i = 0; i < features.length; i++) {
            int f = i % means.length;
            features[i] = (float) (means[f] + deviations[f] * random.nextGaussian());
        }
        return features;
    }

    private static float[] repeat(float[] row, int rows) {
        float[] features = new float[rows * row.length];
        for (int i = 0; i < features.length; i++) {
            features[i] = row[i % row.length];
        }
        return features;
    }

    /** Mean and Σ (x − mean)² of one feature, exact to double. */
    private static double[] twoPasses(float[] features, int rows, int numFeatures, int feature) {
        BigDecimal sum = BigDecimal.ZERO;
        for (int i = 0; i < rows; i++) {
            sum = sum.add(new BigDecimal(features[i * numFeatures + feature]));
        }
        BigDecimal mean = sum.divide(BigDecimal.valueOf(rows), DIGITS);
        BigDecimal squares = BigDecimal.ZERO;
        for (int i = 0; i < rows; i++) {
            BigDecimal difference =
                    new BigDecimal(features[i * numFeatures + feature]).subtract(mean);
            squares = squares.add(difference.multiply(difference, DIGITS));
        }
        return new double[] {mean.doubleValue(), squares.doubleValue()};
    }
}
