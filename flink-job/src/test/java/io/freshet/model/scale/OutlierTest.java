package io.freshet.model.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.BlockRows;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of both scalers with outliers, on one feature. */
class OutlierTest {
    private static final double CLIP = 10;

    static Stream<ScalerRule> rules() {
        return Stream.of(
                new Standardization(CLIP, false), new FadingStandardization(10_000, CLIP, false));
    }

    private static Scaler start(ScalerRule rule) {
        return rule.newWorkspace(1).start(ScalerState.initial(1));
    }

    /** Returns values of a normal distribution. */
    private static float[] normal(int count, double mean, double deviation) {
        Random random = new Random(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return values;
    }

    /** Observes and scales values in blocks of mini-batches of one example. */
    private static float[] scale(Scaler scaler, float[] values, int blockSize) {
        float[] out = new float[values.length];
        for (int from = 0; from < values.length; from += blockSize) {
            int size = Math.min(blockSize, values.length - from);
            BlockRows block = new BlockRows(size);
            for (int i = 0; i < size; i++) {
                block.addMiniBatch(new int[] {from + i}, 1);
            }
            float[] scaled = new float[size];
            scaler.scale(block, 0, size, values, scaled, 1);
            System.arraycopy(scaled, 0, out, from, size);
        }
        return out;
    }

    private static double deviation(Scaler scaler) {
        return Math.sqrt(scaler.state().variance()[0]);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void valuesWithoutOutliers_haveThePlainMoments(ScalerRule rule) {
        ScalerRule plain =
                rule instanceof FadingStandardization fading
                        ? new FadingStandardization(fading.halfLife())
                        : new Standardization();
        float[] values = normal(5_000, 40, 3);
        Scaler clipping = start(rule);
        Scaler without = start(plain);
        float[] scaled = scale(clipping, values, 24);
        float[] expected = scale(without, values, 24);

        assertThat(clipping.clippedValues()).containsExactly(0);
        assertThat(without.clippedValues()).isEmpty();
        assertThat(clipping.state().mean()).containsExactly(without.state().mean(), within(1e-5));
        assertThat(clipping.state().variance())
                .containsExactly(without.state().variance(), within(1e-4));
        assertThat(scaled).containsExactly(expected, within(1e-4f));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void oneOutlier_isCountedAndLeavesTheScale_whereverItIs(ScalerRule rule) {
        for (int place : new int[] {0, 1, 2, 3, 10, 200, 255, 256, 257, 2_000}) {
            for (float size : new float[] {1e9f, -3e38f}) {
                float[] values = normal(3_000, 40, 3);
                values[place] = size;
                Scaler scaler = start(rule);
                float[] scaled = scale(scaler, values, 24);

                String description = size + " at " + place;
                assertThat(scaler.clippedValues()).as(description).containsExactly(1);
                assertThat(scaler.state().mean()[0]).as(description).isCloseTo(40, within(0.3));
                assertThat(deviation(scaler)).as(description).isCloseTo(3, within(0.2));
                double largest = Math.min(CLIP, Math.sqrt(place + 1));
                assertThat(Math.abs(scaled[place]))
                        .as(description)
                        .isLessThanOrEqualTo((float) largest);
                // Only the next value may still be scaled by an outlier that came first or second.
                assertThat(scaled[2_999])
                        .as(description)
                        .isCloseTo((values[2_999] - 40) / 3, within(0.3f));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void outlierAmongFewValues_isCountedAtOnce(ScalerRule rule) {
        float[] values = normal(20, 40, 3);
        values[0] = 1e9f;
        Scaler scaler = start(rule);
        scale(scaler, values, 20);
        assertThat(scaler.clippedValues()).containsExactly(1);
        assertThat(deviation(scaler)).isLessThan(20);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void burstOfOutliers_isClipped(ScalerRule rule) {
        float[] values = normal(5_000, 40, 3);
        for (int i = 0; i < 20; i++) {
            values[2_000 + i] = 1e9f;
        }
        Scaler scaler = start(rule);
        scale(scaler, values, 24);
        assertThat(scaler.clippedValues()).containsExactly(20);
        assertThat(deviation(scaler)).isLessThan(5);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void newLevel_isFollowedAfter32Values(ScalerRule rule) {
        float[] values = normal(4_000, 0, 1);
        for (int i = 2_000; i < 4_000; i++) {
            values[i] += 1e6f;
        }
        Scaler scaler = start(rule);
        float[] scaled = scale(scaler, values, 24);
        assertThat(scaler.clippedValues()).containsExactly(32);
        assertThat(scaler.state().mean()[0]).isBetween(4.5e5, 5.5e5);
        // Without clipping, the deviation of two levels is half of their distance.
        assertThat(deviation(scaler)).isBetween(4.5e5, 5.5e5);
        assertThat(scaled[3_999]).isCloseTo(1, within(0.2f));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void rareValuesOfAConstantFeature_areNeitherClippedNorCounted(ScalerRule rule) {
        float[] values = new float[20_000];
        Random random = new Random(2);
        for (int i = 700; i < values.length; i += 1_000) {
            values[i] = 1 + 7 * random.nextFloat();
        }
        ScalerRule plain =
                rule instanceof FadingStandardization fading
                        ? new FadingStandardization(fading.halfLife())
                        : new Standardization();
        Scaler scaler = start(rule);
        Scaler without = start(plain);
        float[] scaled = scale(scaler, values, 24);
        float[] expected = scale(without, values, 24);
        assertThat(scaler.clippedValues()).containsExactly(0);
        assertThat(scaled[19_700]).isGreaterThan(15);
        for (int i = 0; i < scaled.length; i++) {
            assertThat(scaled[i])
                    .isCloseTo(expected[i], within(1e-4f * Math.max(1, Math.abs(expected[i]))));
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void constantFeatureThatChanges_isScaledLikeAnyOther(ScalerRule rule) {
        float[] values = new float[3_000];
        System.arraycopy(normal(1_000, 40, 3), 0, values, 2_000, 1_000);
        Scaler scaler = start(rule);
        float[] scaled = scale(scaler, values, 24);
        assertThat(scaler.clippedValues()).containsExactly(0);
        assertThat(scaled[1_999]).isZero();
        assertThat(scaled[2_000]).isGreaterThan(40);
        assertThat(scaler.state().mean()[0]).isCloseTo(40 / 3.0, within(2.0));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void results_doNotDependOnTheBlocks(ScalerRule rule) {
        float[] values = normal(6_000, 40, 3);
        Random random = new Random(3);
        for (int i = 0; i < 100; i++) {
            float factor = (float) Math.pow(10, 6 * random.nextDouble());
            values[random.nextInt(values.length)] *= factor;
        }
        Scaler expectedScaler = start(rule);
        float[] expected = scale(expectedScaler, values, 1);
        for (int blockSize : new int[] {7, 24, 200, 6_000}) {
            Scaler scaler = start(rule);
            float[] scaled = scale(scaler, values, blockSize);
            assertThat(scaled).containsExactly(expected, within(1e-4f));
            assertThat(scaler.clippedValues())
                    .containsExactly(expectedScaler.clippedValues())
                    .doesNotContain(0);
            assertThat(scaler.state().outliers().runs())
                    .containsExactly(expectedScaler.state().outliers().runs());
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void rowWithoutALabel_isClippedByTheLimit_thatTheRuleReturns(ScalerRule rule) {
        float[] values = normal(1_000, 40, 3);
        Scaler scaler = start(rule);
        scale(scaler, values, 24);
        float[] limits = rule.limits(scaler.state());
        assertThat(limits).containsExactly((float) CLIP);

        float[] out = new float[2];
        BlockRows block = new BlockRows(2);
        block.addUnlabelled(0);
        block.addUnlabelled(1);
        scaler.scale(block, 0, 2, new float[] {1e9f, -1e9f}, out, 1);
        assertThat(out).containsExactly((float) CLIP, (float) -CLIP);
        scaler.prepare();
        scaler.transform(new float[] {1e9f, -1e9f}, 1, out, 0);
        assertThat(out[0]).isEqualTo((float) -CLIP);
        assertThat(scaler.clippedValues()).containsExactly(0);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void undo_restoresWhatIsKnownAboutOutliers(ScalerRule rule) {
        for (int seen : new int[] {0, 3, 200, 255, 1_000}) {
            Scaler scaler = start(rule);
            scale(scaler, normal(seen, 40, 3), 24);
            ScalerState before = scaler.state();
            float[] bad = {1e9f, -1e9f, 1e9f};
            scale(scaler, bad, 3);
            scaler.undo();
            assertThat(scaler.state()).usingRecursiveComparison().isEqualTo(before);
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void restoredScaler_continuesBitForBit(ScalerRule rule) {
        float[] values = normal(600, 40, 3);
        values[3] = 1e9f;
        values[300] = -1e9f;
        for (int seen : new int[] {0, 1, 4, 100, 255, 256, 301}) {
            Scaler scaler = start(rule);
            scale(scaler, Arrays.copyOf(values, seen), 24);
            Scaler restored = rule.newWorkspace(1).start(scaler.state());
            float[] rest = Arrays.copyOfRange(values, seen, values.length);
            assertThat(scale(restored, rest, 24)).containsExactly(scale(scaler, rest, 24));
            assertThat(restored.state()).usingRecursiveComparison().isEqualTo(scaler.state());
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void stateWithoutOutliers_isContinued(ScalerRule rule) {
        Scaler scaler =
                rule.newWorkspace(1)
                        .start(
                                ScalerState.of(
                                        1_000, 1_000, new double[] {40}, new double[] {9_000}));
        scale(scaler, new float[] {1e9f, 41}, 2);
        assertThat(scaler.clippedValues()).containsExactly(1);
        assertThat(deviation(scaler)).isLessThan(4);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void reset_keepsTheNumberOfClippedValues(ScalerRule rule) {
        float[] values = normal(500, 40, 3);
        values[400] = 1e9f;
        Scaler scaler = start(rule);
        scale(scaler, values, 24);
        scaler.set(ScalerState.initial(1));
        assertThat(scaler.clippedValues()).containsExactly(1);
        scale(scaler, values, 24);
        assertThat(scaler.clippedValues()).containsExactly(2);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0.5, Double.NaN, Double.POSITIVE_INFINITY})
    void clip_mustBeZeroOrAtLeastOne(double clip) {
        for (Runnable creation :
                List.<Runnable>of(
                        () -> new Standardization(clip, false),
                        () -> new FadingStandardization(10, clip, false))) {
            assertThatThrownBy(creation::run)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("clip must be 0, or finite and at least 1");
        }
    }

    @Test
    void limitsWithoutClipping_areThoseOfTheRule() {
        ScalerState state = ScalerState.of(100, 49, new double[1], new double[] {1});
        assertThat(new Standardization().limits(state)).isEmpty();
        assertThat(new FadingStandardization(100).limits(state)).containsExactly(7f);
    }
}
