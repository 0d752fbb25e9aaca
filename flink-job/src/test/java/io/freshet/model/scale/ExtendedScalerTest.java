package io.freshet.model.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.BlockRows;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test of both scalers with a feature that is added, by scalers of each feature alone. */
class ExtendedScalerTest {
    private static final int ROWS = 1_500;
    private static final int BLOCK = 20;

    static Stream<ScalerRule> rules() {
        return Stream.of(
                new Standardization(),
                new Standardization(10, false),
                new Standardization(10, true),
                new FadingStandardization(200),
                new FadingStandardization(200, 10, false));
    }

    private static Scaler start(ScalerRule rule, ScalerState state) {
        return rule.newWorkspace(state.mean().length).start(state);
    }

    /** Returns values with an outlier; a NaN and a 0 occur nowhere. */
    private static float[] values(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (5 + seed + random.nextGaussian()) * (i % 401 == 400 ? 1000 : 1);
        }
        return values;
    }

    private static float[] scale(Scaler scaler, float[] rows, int numFeatures) {
        float[] out = new float[rows.length];
        for (int from = 0; from < rows.length / numFeatures; from += BLOCK) {
            BlockRows block = new BlockRows(BLOCK);
            for (int i = 0; i < BLOCK; i++) {
                block.addMiniBatch(new int[] {from + i}, 1);
            }
            float[] scaled = new float[BLOCK * numFeatures];
            scaler.scale(block, 0, BLOCK, rows, scaled, numFeatures);
            System.arraycopy(scaled, 0, out, from * numFeatures, scaled.length);
        }
        return out;
    }

    @ParameterizedTest
    @MethodSource("rules")
    void addedFeature_isScaledAsIfItWereNew_andTheOthersAsBefore(ScalerRule rule) {
        float[] old = values(1, 2 * ROWS);
        float[] added = values(2, ROWS);
        Scaler before = start(rule, ScalerState.initial(1));
        Scaler expectedNew = start(rule, ScalerState.initial(1));
        scale(before, Arrays.copyOf(old, ROWS), 1);
        Scaler extended = start(rule, before.state().extended(2));
        float[] rest = Arrays.copyOfRange(old, ROWS, 2 * ROWS);
        float[] rows = new float[2 * ROWS];
        for (int i = 0; i < ROWS; i++) {
            rows[2 * i] = rest[i];
            rows[2 * i + 1] = added[i];
        }

        float[] scaled = scale(extended, rows, 2);

        float[] expectedOldValues = scale(before, rest, 1);
        float[] expectedNewValues = scale(expectedNew, added, 1);
        for (int i = 0; i < ROWS; i++) {
            assertThat(scaled[2 * i])
                    .as("row %d", i)
                    .isCloseTo(expectedOldValues[i], within(2e-5f));
            assertThat(scaled[2 * i + 1])
                    .as("new feature in row %d", i)
                    .isCloseTo(expectedNewValues[i], within(2e-5f));
        }
        ScalerState state = extended.state();
        assertThat(state.count()).isEqualTo(2 * ROWS);
        assertThat(state.mean()[0]).isCloseTo(before.state().mean()[0], within(1e-6));
        assertThat(state.mean()[1]).isCloseTo(expectedNew.state().mean()[0], within(1e-6));
        assertThat(state.variance()[1]).isCloseTo(expectedNew.state().variance()[0], within(1e-6));
        assertThat(extended.clippedValues())
                .containsExactly(
                        LongStream.concat(
                                        LongStream.of(before.clippedValues()),
                                        LongStream.of(expectedNew.clippedValues()))
                                .toArray());
    }
}
