package io.freshet.model.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.BlockRows;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of the fading scaler against weighted sums over all examples. */
class FadingScalerTest {
    private static final int FEATURES = 3;

    private static Scaler start(double halfLife) {
        return new FadingStandardization(halfLife)
                .newWorkspace(FEATURES)
                .start(ScalerState.initial(FEATURES));
    }

    /** Returns features around levels that differ between features and rise in the middle. */
    private static float[] features(int rows) {
        Random random = new Random(1);
        float[] features = new float[rows * FEATURES];
        for (int i = 0; i < features.length; i++) {
            double level = 100.0 * (i % FEATURES) + (i > features.length / 2 ? 50 : 0);
            features[i] = (float) (level + (1 + i % FEATURES) * random.nextGaussian());
        }
        return features;
    }

    /** Returns a block of mini-batches of this size; the last may be smaller. */
    private static BlockRows block(int rows, int miniBatchSize) {
        BlockRows block = new BlockRows(rows);
        for (int from = 0; from < rows; from += miniBatchSize) {
            int size = Math.min(miniBatchSize, rows - from);
            int[] batch = new int[size];
            int first = from;
            Arrays.setAll(batch, i -> first + i);
            block.addMiniBatch(batch, size);
        }
        return block;
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 20, 1000, 1e9})
    void moments_areThoseOfExamplesWithFadingWeights(double halfLife) {
        int rows = 400;
        float[] features = features(rows);
        Scaler scaler = start(halfLife);
        scaler.observe(block(rows, 7), 0, rows, features);

        ScalerState state = scaler.state();
        double[] variance = state.variance();
        assertThat(state.count()).isEqualTo(rows);
        for (int f = 0; f < FEATURES; f++) {
            double sum = 0;
            double mean = 0;
            for (int i = 0; i < rows; i++) {
                double weight = Math.pow(0.5, (rows - 1 - i) / halfLife);
                sum += weight;
                mean += weight * features[i * FEATURES + f];
            }
            mean /= sum;
            double squares = 0;
            for (int i = 0; i < rows; i++) {
                double weight = Math.pow(0.5, (rows - 1 - i) / halfLife);
                squares += weight * Math.pow(features[i * FEATURES + f] - mean, 2);
            }
            assertThat(state.sumOfWeights()).isCloseTo(sum, within(1e-12 * sum));
            assertThat(state.mean()[f]).isCloseTo(mean, within(1e-9 * Math.abs(mean)));
            assertThat(variance[f]).isCloseTo(squares / sum, within(1e-8 * squares / sum));
        }
    }

    @Test
    void block_isScaledLikeItsMiniBatchesOneByOne() {
        int rows = 60;
        float[] features = features(rows);
        for (int size : new int[] {1, 4, 60}) {
            BlockRows block = block(rows, size);
            float[] whole = new float[rows * 5];
            Scaler scaler = start(30);
            scaler.scale(block, 0, rows, features, whole, 5);
            Scaler single = start(30);
            float[] row = new float[FEATURES];
            for (int from = 0; from < rows; from += size) {
                single.observe(block, from, Math.min(from + size, rows), features);
                for (int r = from; r < Math.min(from + size, rows); r++) {
                    single.transform(features, r * FEATURES, row, 0);
                    assertThat(Arrays.copyOfRange(whole, r * 5, r * 5 + FEATURES))
                            .containsExactly(row);
                    for (float value : row) {
                        assertThat((double) Math.abs(value)).isLessThanOrEqualTo(single.bound());
                    }
                }
            }
            assertThat(single.state()).usingRecursiveComparison().isEqualTo(scaler.state());
        }
    }

    @Test
    void rowWithoutALabel_isScaledByTheMomentsBeforeIt_andChangesNothing() {
        float[] features = features(3);
        BlockRows block = new BlockRows(3);
        block.addMiniBatch(new int[] {0, 1}, 2);
        block.addUnlabelled(2);
        float[] out = new float[3 * FEATURES];
        Scaler scaler = start(10);
        scaler.scale(block, 0, 3, features, out, FEATURES);

        assertThat(scaler.state().count()).isEqualTo(2);
        float[] expected = new float[FEATURES];
        scaler.prepare();
        scaler.transform(features, 2 * FEATURES, expected, 0);
        assertThat(Arrays.copyOfRange(out, 2 * FEATURES, 3 * FEATURES)).containsExactly(expected);
    }

    @Test
    void undo_restoresEveryBit_andAConstantFeatureIsZero() {
        float[] features = features(50);
        for (int i = 0; i < 50; i++) {
            features[i * FEATURES] = 1e6f;
        }
        Scaler scaler = start(5);
        scaler.observe(block(40, 1), 0, 40, features);
        ScalerState before = scaler.state();
        float[] out = new float[10 * FEATURES];
        scaler.scale(block(50, 1), 40, 50, features, out, FEATURES);
        for (int i = 0; i < 10; i++) {
            assertThat(out[i * FEATURES]).isZero();
        }
        scaler.undo();

        assertThat(scaler.state()).usingRecursiveComparison().isEqualTo(before);
    }

    @Test
    void featureThatBecomesConstant_isZero_andAnotherValueIsLimited() {
        double halfLife = 10;
        float[] features = features(4000);
        int rows = 3999;
        for (int i = 500; i < rows; i++) {
            features[i * FEATURES] = 1.1f;
            features[i * FEATURES + 1] = 0;
            features[i * FEATURES + 2] = -123456.7f;
        }
        // The last row, without a label, has other values again.
        BlockRows block = new BlockRows(4000);
        for (int i = 0; i < rows; i++) {
            block.addMiniBatch(new int[] {i}, 1);
        }
        block.addUnlabelled(rows);
        float[] out = new float[4000 * FEATURES];
        Scaler scaler = start(halfLife);
        scaler.scale(block, 0, 4000, features, out, FEATURES);

        double limit = Math.sqrt(scaler.state().sumOfWeights());
        for (float value : out) {
            assertThat((double) Math.abs(value)).isLessThanOrEqualTo(limit + 1e-6);
        }
        // After 40 half-lives, the influence of the old level on the scaled values is below 10⁻⁴.
        for (int i = (500 + 400) * FEATURES; i < rows * FEATURES; i++) {
            assertThat((double) out[i]).isCloseTo(0, within(1e-4));
        }
        // After 300 half-lives, the old level has no influence.
        for (int i = (500 + 3000) * FEATURES; i < rows * FEATURES; i++) {
            if (i % FEATURES != 1) {
                assertThat(out[i]).isZero();
            }
        }
        for (int f = 0; f < FEATURES; f++) {
            assertThat((double) Math.abs(out[rows * FEATURES + f])).isCloseTo(limit, within(1e-6));
        }
    }

    @Test
    void rowsOfALongMiniBatch_areWithinTheBound() {
        int rows = 5000;
        float[] features = new float[rows * FEATURES];
        features[0] = 1;
        features[1] = 1e30f;
        float[] out = new float[rows * FEATURES];
        Scaler scaler = start(10);
        scaler.scale(block(rows, rows), 0, rows, features, out, FEATURES);

        assertThat(scaler.bound()).isLessThan(4);
        for (float value : out) {
            assertThat((double) Math.abs(value)).isLessThanOrEqualTo(scaler.bound());
        }
    }

    /** The state contains the sum of weights, so a new rule starts from the same scale. */
    @Test
    void stateOfAnotherRule_isContinued() {
        int rows = 3000;
        float[] features = features(2 * rows);
        BlockRows block = block(2 * rows, 1);
        ScalerRule[] rules = {
            new Standardization(), new FadingStandardization(20), new FadingStandardization(2000)
        };
        for (ScalerRule first : rules) {
            Scaler before = first.newWorkspace(FEATURES).start(ScalerState.initial(FEATURES));
            before.observe(block, 0, rows, features);
            ScalerState state = before.state();
            float[] expected = new float[FEATURES];
            before.transform(features, (rows - 1) * FEATURES, expected, 0);
            for (ScalerRule second : rules) {
                Scaler after = second.newWorkspace(FEATURES).start(state);
                after.prepare();
                float[] row = new float[FEATURES];
                after.transform(features, (rows - 1) * FEATURES, row, 0);
                for (int f = 0; f < FEATURES; f++) {
                    assertThat(row[f]).isCloseTo(expected[f], within(1e-5f));
                }
                after.observe(block, rows, 2 * rows, features);
                assertMomentsAfter(state, second, features, rows, 2 * rows, after.state());
            }
        }
    }

    /** Asserts that moments are those of a state, updated with examples by a rule. */
    private static void assertMomentsAfter(
            ScalerState before,
            ScalerRule rule,
            float[] features,
            int from,
            int to,
            ScalerState actual) {
        double halfLife =
                rule instanceof FadingStandardization fading
                        ? fading.halfLife()
                        : Double.POSITIVE_INFINITY;
        for (int f = 0; f < FEATURES; f++) {
            double oldWeight = before.sumOfWeights() * Math.pow(0.5, (to - from) / halfLife);
            double sum = oldWeight;
            double mean = oldWeight * before.mean()[f];
            for (int i = from; i < to; i++) {
                double weight = Math.pow(0.5, (to - 1 - i) / halfLife);
                sum += weight;
                mean += weight * features[i * FEATURES + f];
            }
            mean /= sum;
            double squares =
                    oldWeight * (before.variance()[f] + Math.pow(before.mean()[f] - mean, 2));
            for (int i = from; i < to; i++) {
                double weight = Math.pow(0.5, (to - 1 - i) / halfLife);
                squares += weight * Math.pow(features[i * FEATURES + f] - mean, 2);
            }
            assertThat(actual.sumOfWeights()).isCloseTo(sum, within(1e-9 * sum));
            assertThat(actual.mean()[f]).isCloseTo(mean, within(1e-5 * (1 + Math.abs(mean))));
            assertThat(actual.variance()[f]).isCloseTo(squares / sum, within(1e-4 * squares / sum));
        }
        assertThat(actual.count()).isEqualTo(before.count() + to - from);
    }

    @Test
    void fadingMean_followsARisingLevel_fasterThanStandardization() {
        int rows = 4000;
        float[] features = features(rows);
        Scaler fading = start(50);
        Scaler steady =
                new Standardization().newWorkspace(FEATURES).start(ScalerState.initial(FEATURES));
        BlockRows block = block(rows, 1);
        fading.observe(block, 0, rows, features);
        steady.observe(block, 0, rows, features);
        for (int f = 0; f < FEATURES; f++) {
            double level = 100.0 * f + 50;
            assertThat(fading.state().mean()[f]).isCloseTo(level, within(2.0));
            assertThat(Math.abs(steady.state().mean()[f] - level)).isGreaterThan(20);
        }
    }

    @Test
    void halfLifeThatIsNotAPositiveNumber_isRefused() {
        for (double halfLife : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new FadingStandardization(halfLife))
                    .hasMessageContaining("halfLife");
        }
    }
}
