package io.freshet.model.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.BlockRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test of both scalers with missing values, by a scaler of each feature that never sees them. */
class MissingValueTest {
    private static final int FEATURES = 4;
    private static final int ROWS = 2_000;

    static Stream<ScalerRule> rules() {
        return Stream.of(
                new Standardization(0, true),
                new Standardization(10, true),
                new FadingStandardization(1e9, 0, true),
                new FadingStandardization(1e9, 10, true));
    }

    private static Scaler start(ScalerRule rule, int numFeatures) {
        return rule.newWorkspace(numFeatures).start(ScalerState.initial(numFeatures));
    }

    /** Returns rows in which feature 0 is complete, and others lack more and more values. */
    private static float[] rows() {
        Random random = new Random(1);
        float[] rows = new float[ROWS * FEATURES];
        for (int i = 0; i < rows.length; i++) {
            int f = i % FEATURES;
            boolean missing = random.nextInt(10) < 3 * f || (f == 3 && i / FEATURES < 700);
            rows[i] = missing ? Float.NaN : (float) (100 * f + (1 + f) * random.nextGaussian());
        }
        return rows;
    }

    private static BlockRows block(int from, int to, int miniBatchSize) {
        BlockRows block = new BlockRows(to - from);
        for (int i = from; i < to; i += miniBatchSize) {
            int first = i;
            int[] batch = new int[Math.min(miniBatchSize, to - i)];
            Arrays.setAll(batch, k -> first + k);
            block.addMiniBatch(batch, batch.length);
        }
        return block;
    }

    private static float[] scale(Scaler scaler, float[] rows, int blockSize, int miniBatchSize) {
        float[] out = new float[rows.length];
        int count = rows.length / FEATURES;
        for (int from = 0; from < count; from += blockSize) {
            int to = Math.min(count, from + blockSize);
            float[] scaled = new float[(to - from) * FEATURES];
            BlockRows block = block(from, to, miniBatchSize);
            scaler.scale(block, 0, to - from, rows, scaled, FEATURES);
            System.arraycopy(scaled, 0, out, from * FEATURES, scaled.length);
        }
        return out;
    }

    @ParameterizedTest
    @MethodSource("rules")
    void missingValues_areScaledToZero_andOthersAsIfTheFeatureHadOnlyThem(ScalerRule rule) {
        float[] rows = rows();
        Scaler scaler = start(rule, FEATURES);
        float[] scaled = scale(scaler, rows, 24, 1);

        ScalerState state = scaler.state();
        assertThat(state.count()).isEqualTo(ROWS);
        for (int f = 0; f < FEATURES; f++) {
            List<Float> present = new ArrayList<>();
            List<Float> found = new ArrayList<>();
            for (int i = f; i < rows.length; i += FEATURES) {
                if (Float.isNaN(rows[i])) {
                    assertThat(scaled[i]).isZero();
                } else {
                    present.add(rows[i]);
                    found.add(scaled[i]);
                }
            }
            Scaler single = start(rule, 1);
            float[] column = new float[present.size()];
            float[] expected = new float[present.size()];
            for (int i = 0; i < column.length; i++) {
                column[i] = present.get(i);
            }
            single.scale(block(0, column.length, 1), 0, column.length, column, expected, 1);
            for (int i = 0; i < column.length; i++) {
                assertThat(found.get(i)).isCloseTo(expected[i], within(1e-4f));
            }
            assertThat(state.mean()[f]).isCloseTo(single.state().mean()[0], within(1e-4));
            assertThat(state.variance()[f]).isCloseTo(single.state().variance()[0], within(1e-3));
            assertThat(state.weight(f)).isCloseTo(column.length, within(1e-2));
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void results_doNotDependOnTheBlocks(ScalerRule rule) {
        float[] rows = rows();
        for (int miniBatchSize : new int[] {1, 8}) {
            Scaler one = start(rule, FEATURES);
            float[] expected = scale(one, rows, miniBatchSize, miniBatchSize);
            for (int blockSize : new int[] {24, 200, ROWS}) {
                Scaler scaler = start(rule, FEATURES);
                assertThat(scale(scaler, rows, blockSize, miniBatchSize))
                        .containsExactly(expected, within(1e-4f));
                assertThat(scaler.state().weights())
                        .containsExactly(one.state().weights(), within(1e-9));
            }
            Scaler observing = start(rule, FEATURES);
            float[] out = new float[FEATURES];
            for (int i = 0; i < ROWS; i += miniBatchSize) {
                observing.observe(
                        block(i, i + miniBatchSize, miniBatchSize), 0, miniBatchSize, rows);
                for (int r = i; r < i + miniBatchSize; r++) {
                    observing.transform(rows, r * FEATURES, out, 0);
                    for (int f = 0; f < FEATURES; f++) {
                        assertThat(out[f]).isCloseTo(expected[r * FEATURES + f], within(1e-4f));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void rowWithoutALabel_hasItsMissingValuesScaledToZero(ScalerRule rule) {
        for (int seen : new int[] {0, 100, 1_000}) {
            Scaler scaler = start(rule, FEATURES);
            float[] rows = new float[seen * FEATURES];
            Random random = new Random(2);
            for (int i = 0; i < rows.length; i++) {
                rows[i] = (float) random.nextGaussian();
            }
            scale(scaler, rows, 24, 1);
            BlockRows block = new BlockRows(1);
            block.addUnlabelled(0);
            float[] query = {0.5f, Float.NaN, 0.5f, Float.NaN};
            float[] out = new float[FEATURES];
            scaler.scale(block, 0, 1, query, out, FEATURES);
            assertThat(out[1]).isZero();
            assertThat(out[3]).isZero();
            float[] transformed = new float[FEATURES];
            scaler.prepare();
            scaler.transform(query, 0, transformed, 0);
            assertThat(transformed).containsExactly(out, within(1e-5f));
            assertThat(scaler.state().weights()).isNull();
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void undoAndRestore_keepTheWeightsOfTheFeatures(ScalerRule rule) {
        float[] rows = rows();
        Scaler scaler = start(rule, FEATURES);
        BlockRows first = block(0, 24, 1);
        float[] out = new float[24 * FEATURES];
        scaler.scale(first, 0, 24, rows, out, FEATURES);
        scaler.undo();
        assertThat(scaler.state())
                .usingRecursiveComparison()
                .isEqualTo(start(rule, FEATURES).state());

        scale(scaler, Arrays.copyOf(rows, 1_000 * FEATURES), 24, 1);
        ScalerState saved = scaler.state();
        assertThat(saved.weights()).isNotNull();
        Scaler restored = rule.newWorkspace(FEATURES).start(saved);
        float[] rest = Arrays.copyOfRange(rows, 1_000 * FEATURES, rows.length);
        assertThat(scale(restored, rest, 24, 1)).containsExactly(scale(scaler, rest, 24, 1));
        assertThat(restored.state()).usingRecursiveComparison().isEqualTo(scaler.state());
        restored.undo();
        restored.set(saved);
        assertThat(restored.state().weights()).containsExactly(saved.weights());
    }
}
