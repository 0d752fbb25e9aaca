package io.freshet.model.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.BlockRows;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StandardScalerTest {
    private static final MathContext DIGITS = new MathContext(60);

    @Test
    void moments_matchTwoPasses_forAnyMeanAndDeviation() {
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
                assertThat(scaler.state().mean()[f])
                        .as("mean of feature %d at mini-batches of %d", f, batchSize)
                        .isCloseTo(expected[0], within(1e-6 * deviation));
                assertThat(scaler.state().squaredDeviations()[f] / expected[1])
                        .as("deviations of feature %d at mini-batches of %d", f, batchSize)
                        .isCloseTo(1, within(1e-5));
            }
        }
    }

    @Test
    void moments_keepChanging_afterABillionExamples() {
        long seen = 1_000_000_000L;
        double mean = 1234.5678;
        double variance = 4;
        int rows = 64_000;
        float[] features = gaussian(new Random(2), rows, new double[] {1300}, new double[] {5});
        StandardScaler scaler =
                observeInBatches(
                        new StandardScaler(
                                ScalerState.of(
                                        seen,
                                        (double) seen,
                                        new double[] {mean},
                                        new double[] {seen * variance}),
                                new StandardScaler.Scratch(0, false, 1)),
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
        BigDecimal meanChange = sum.divide(BigDecimal.valueOf(seen + rows), DIGITS);
        double added = sumOfSquares.subtract(sum.multiply(meanChange)).doubleValue();
        assertThat(scaler.state().count()).isEqualTo(seen + rows);
        assertThat((scaler.state().mean()[0] - mean) / meanChange.doubleValue())
                .isCloseTo(1, within(1e-6));
        assertThat((scaler.state().squaredDeviations()[0] - seen * variance) / added)
                .isCloseTo(1, within(1e-6));
    }

    @Test
    void constantFeature_scalesToExactlyZero() {
        float[] constants = {0f, 0.1f, -3.7e5f, 1e-30f, 3e38f};
        StandardScaler scaler = start(constants.length);
        float[] out = new float[constants.length];
        for (int batchSize : new int[] {1, 2, 33, 100, 32}) {
            observe(scaler, repeat(constants, batchSize), batchSize);
            transform(scaler, constants, 0, out);
            assertThat(out).containsOnly(0f);
            assertThat(scaler.state().squaredDeviations()).containsOnly(0.0);
        }
    }

    @Test
    void constantFeature_isScaledLikeAnyOther_onceItChanges() {
        float constant = 0.1f;
        float changed = 0.1000001f;
        StandardScaler scaler = start(1);
        for (int i = 0; i < 100; i++) {
            observe(scaler, repeat(new float[] {constant}, 32), 32);
        }
        float[] batch = repeat(new float[] {constant}, 32);
        batch[31] = changed;
        observe(scaler, batch, 32);

        // One of n values differs by d: the variance is d²·(n − 1)/n², its own distance
        // d·(n − 1)/n.
        int count = 101 * 32;
        float[] out = new float[1];
        transform(scaler, batch, 31, out);
        assertThat((double) out[0]).isCloseTo(Math.sqrt(count - 1), within(1e-2));
        transform(scaler, batch, 0, out);
        assertThat((double) out[0]).isCloseTo(-1 / Math.sqrt(count - 1), within(1e-3));
    }

    @Test
    void transform_matchesDoubles_ifTheMeanIsMuchLargerThanTheDeviation() {
        double[] means = {0, 1e6, -1e3};
        double[] deviations = {1, 1, 1e-2};
        int rows = 512;
        float[] features = gaussian(new Random(3), rows, means, deviations);
        StandardScaler scaler = observeInBatches(start(3), features, rows, 32);
        float[] out = new float[3];
        for (int f = 0; f < 3; f++) {
            double[] moments = twoPasses(features, rows, 3, f);
            for (int i = 0; i < rows; i++) {
                transform(scaler, features, i * 3, out);
                double expected = (features[i * 3 + f] - moments[0]) / Math.sqrt(moments[1] / rows);
                assertThat((double) out[f]).isCloseTo(expected, within(1e-5));
            }
        }
    }

    @Test
    void undo_restoresEveryBit() {
        double[] means = {1, 100};
        double[] deviations = {1, 3};
        float[] features = gaussian(new Random(4), 96, means, deviations);
        StandardScaler scaler = observeInBatches(start(2), features, 64, 32);
        double[] mean = scaler.state().mean();
        double[] squaredDeviations = scaler.state().squaredDeviations();
        float[] before = new float[2];
        transform(scaler, features, 0, before);

        float[] bad = repeat(new float[] {Float.NaN, Float.POSITIVE_INFINITY}, 5);
        observe(scaler, bad, 5);
        scaler.undo();

        float[] after = new float[2];
        transform(scaler, features, 0, after);
        assertThat(scaler.state().count()).isEqualTo(64);
        assertThat(scaler.state().mean()).containsExactly(mean);
        assertThat(scaler.state().squaredDeviations()).containsExactly(squaredDeviations);
        assertThat(after).containsExactly(before);
    }

    @Test
    void unlabelledRow_isScaledByTheMomentsAtItsPlace_andDoesNotChangeThem() {
        double[] means = {1, -40};
        double[] deviations = {1, 3};
        float[] features = gaussian(new Random(5), 600, means, deviations);
        for (int seen : new int[] {2, 30, 300, 598}) {
            StandardScaler scaler = start(2);
            BlockRows block = new BlockRows(600);
            for (int i = 0; i < seen; i++) {
                block.addMiniBatch(new int[] {i}, 1);
            }
            block.addUnlabelled(599);
            float[] out = new float[600 * 3];
            scaler.scale(block, 0, seen + 1, features, out, 3);

            float[] first = Arrays.copyOf(features, seen * 2);
            for (int f = 0; f < 2; f++) {
                double[] moments = twoPasses(first, seen, 2, f);
                double expected =
                        (features[599 * 2 + f] - moments[0]) / Math.sqrt(moments[1] / seen);
                assertThat((double) out[seen * 3 + f])
                        .as("after %d", seen)
                        .isCloseTo(expected, within(1e-5 * Math.max(1, Math.abs(expected))));
                assertThat(out[seen * 3 + 2]).isZero();
            }
            assertThat(scaler.state().count()).isEqualTo(seen);

            double[] mean = scaler.state().mean();
            transform(scaler, features, 2, new float[2]);
            assertThat(scaler.state().mean()).containsExactly(mean);
            assertThat(scaler.state().count()).isEqualTo(seen);
        }
    }

    @Test
    void unlabelledRow_beforeTheFirstExample_scalesToZero() {
        float[] out = new float[2];
        transform(start(2), new float[] {3, -4}, 0, out);
        assertThat(out[0]).isZero();
        assertThat(out[1]).isZero();
    }

    @Test
    void unlabelledRowThatChangesAConstantFeature_scalesToZero() {
        for (int seen : new int[] {1, 100, 1000}) {
            StandardScaler scaler = start(1);
            observe(scaler, repeat(new float[] {7}, seen), seen);
            float[] out = {1};
            transform(scaler, new float[] {8}, 0, out);
            // The deviation is still 0, so there is no scale for the change.
            assertThat(out[0]).as("after %d", seen).isZero();
        }
    }

    @Test
    void miniBatches_areScaledByMomentsThatIncludeThem() {
        double[] means = {5, 1e4};
        double[] deviations = {2, 1};
        int rows = 900;
        float[] features = gaussian(new Random(6), rows, means, deviations);
        for (int miniBatchSize : new int[] {1, 3, 50}) {
            // In one call, and in calls of one mini-batch.
            float[] inOne = new float[rows * 2];
            StandardScaler one = start(2);
            one.scale(block(rows, miniBatchSize), 0, rows, features, inOne, 2);
            StandardScaler many = start(2);
            for (int from = 0; from < rows; from += miniBatchSize) {
                float[] out = new float[miniBatchSize * 2];
                BlockRows block = block(rows, miniBatchSize);
                many.scale(block, from, from + miniBatchSize, features, out, 2);

                int seen = from + miniBatchSize;
                for (int f = 0; f < 2 && from % 150 == 0; f++) {
                    double[] moments = twoPasses(Arrays.copyOf(features, seen * 2), seen, 2, f);
                    double deviation = Math.sqrt(moments[1] / seen);
                    for (int i = 0; i < miniBatchSize && deviation > 0; i++) {
                        double expected = (features[(from + i) * 2 + f] - moments[0]) / deviation;
                        assertThat((double) out[i * 2 + f]).isCloseTo(expected, within(1e-5));
                        assertThat((double) inOne[(from + i) * 2 + f])
                                .isCloseTo(expected, within(1e-5));
                    }
                }
            }
            assertThat(one.state().count()).isEqualTo(many.state().count());
            assertThat(one.state().mean()).containsExactly(many.state().mean(), within(1e-6));
        }
    }

    // Mini-batches that are observed first and then scaled row by row.

    @Test
    void observe_updatesTheMomentsAsScaleDoes() {
        double[] means = {0, 1, 1e6, 1e20, 0};
        double[] deviations = {1, 1e-3, 50, 1e18, 1e-24};
        float[] features = gaussian(new Random(7), 1200, means, deviations);
        BlockRows block = block(1200, 100);
        StandardScaler scaling = start(5);
        StandardScaler observing = start(5);
        float[] scaled = new float[100 * 5];
        float[] out = new float[5];
        for (int from = 0; from < 1200; from += 100) {
            scaling.scale(block, from, from + 100, features, scaled, 5);
            observing.observe(block, from, from + 100, features);

            assertThat(observing.state().count()).isEqualTo(from + 100);
            assertThat(observing.state().mean()).containsExactly(scaling.state().mean());
            assertThat(observing.state().squaredDeviations())
                    .containsExactly(scaling.state().squaredDeviations());
            for (int i = 0; i < 100; i++) {
                observing.transform(features, (from + i) * 5, out, 0);
                for (int f = 0; f < 5; f++) {
                    // Equal up to a few units in the last place of a float, for numbers up to 5.
                    assertThat(out[f]).isCloseTo(scaled[i * 5 + f], within(1e-5f));
                    assertThat((double) Math.abs(out[f])).isLessThanOrEqualTo(observing.bound());
                }
            }
        }
    }

    @Test
    void preparedScaler_scalesByTheCurrentMoments() {
        double[] means = {1, -40};
        double[] deviations = {1, 3};
        float[] features = gaussian(new Random(8), 500, means, deviations);
        for (int seen : new int[] {1, 2, 30, 300, 499}) {
            StandardScaler scaler = start(2);
            observe(scaler, Arrays.copyOf(features, seen * 2), seen);
            float[] expected = new float[2];
            transform(scaler, features, 499 * 2, expected);
            double[] mean = scaler.state().mean();

            float[] out = new float[2];
            scaler.prepare();
            scaler.transform(features, 499 * 2, out, 0);

            assertThat(out).containsExactly(expected, within(1e-5f));
            assertThat(scaler.state().mean()).containsExactly(mean);
            assertThat(scaler.state().count()).isEqualTo(seen);
        }
    }

    @Test
    void preparedScaler_scalesToZero_forConstantFeaturesAndBeforeTheFirstExample() {
        for (int seen : new int[] {0, 1, 1000}) {
            StandardScaler scaler = start(1);
            if (seen > 0) {
                observe(scaler, repeat(new float[] {7}, seen), seen);
            }
            float[] out = {1};
            scaler.prepare();
            scaler.transform(new float[] {8}, 0, out, 0);
            assertThat(out[0]).as("after %d", seen).isZero();
        }
    }

    @Test
    void undo_revertsAnObservedMiniBatch() {
        float[] features = gaussian(new Random(9), 700, new double[] {3}, new double[] {2});
        BlockRows block = block(700, 100);
        StandardScaler scaler = start(1);
        for (int from = 0; from < 600; from += 100) {
            scaler.observe(block, from, from + 100, features);
            double[] mean = scaler.state().mean();
            double[] squares = scaler.state().squaredDeviations();

            float[] bad = repeat(new float[] {Float.NaN}, 100);
            scaler.observe(block(100, 100), 0, 100, bad);
            scaler.undo();

            assertThat(scaler.state().count()).isEqualTo(from + 100);
            assertThat(scaler.state().mean()).containsExactly(mean);
            assertThat(scaler.state().squaredDeviations()).containsExactly(squares);
        }
    }

    private static BlockRows block(int rows, int miniBatchSize) {
        BlockRows block = new BlockRows(rows);
        int[] batch = new int[miniBatchSize];
        for (int from = 0; from < rows; from += miniBatchSize) {
            int size = Math.min(miniBatchSize, rows - from);
            for (int i = 0; i < size; i++) {
                batch[i] = from + i;
            }
            block.addMiniBatch(batch, size);
        }
        return block;
    }

    /** Updates the moments with one mini-batch. */
    private static void observe(StandardScaler scaler, float[] features, int rows) {
        int numFeatures = features.length / rows;
        scaler.scale(block(rows, rows), 0, rows, features, new float[features.length], numFeatures);
    }

    /** Scales a row without a label. */
    private static void transform(
            StandardScaler scaler, float[] features, int offset, float[] out) {
        float[] row = Arrays.copyOfRange(features, offset, offset + out.length);
        BlockRows block = new BlockRows(1);
        block.addUnlabelled(0);
        scaler.scale(block, 0, 1, row, out, out.length);
    }

    private static StandardScaler start(int numFeatures) {
        return new StandardScaler(
                ScalerState.initial(numFeatures),
                new StandardScaler.Scratch(0, false, numFeatures));
    }

    private static StandardScaler observeInBatches(
            StandardScaler scaler, float[] features, int rows, int batchSize) {
        int numFeatures = features.length / rows;
        for (int from = 0; from < rows; from += batchSize) {
            int size = Math.min(batchSize, rows - from);
            float[] batch = new float[size * numFeatures];
            System.arraycopy(features, from * numFeatures, batch, 0, batch.length);
            observe(scaler, batch, size);
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

    /** Returns the mean and Σ (x − mean)² of one feature, correct to double precision. */
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
