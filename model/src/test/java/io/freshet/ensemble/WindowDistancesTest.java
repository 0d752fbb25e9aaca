package io.freshet.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of {@link WindowDistances} and {@link NearestOfClass} against plain loops. */
class WindowDistancesTest {
    private static final int WINDOW = WindowDistances.WINDOW;
    private final Random random = new Random(1);

    private float[] point(int dimensions) {
        float[] point = new float[WindowDistances.padded(dimensions)];
        for (int d = 0; d < dimensions; d++) {
            point[d] = (float) random.nextGaussian();
        }
        return point;
    }

    /** Returns a window of {@code count} examples, and puts {@code repeated} in the first place. */
    private float[][] window(int dimensions, int count, float[] repeated) {
        float[][] window = new float[WindowDistances.padded(dimensions)][WINDOW];
        for (int i = 0; i < count; i++) {
            float[] example = i == 0 ? repeated : point(dimensions);
            for (int d = 0; d < example.length; d++) {
                window[d][i] = example[d];
            }
        }
        return window;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 7, 54, 64})
    void allWays_giveTheSameDistances(int dimensions) {
        float[] first = point(dimensions);
        float[] second = point(dimensions);
        float[][] window = window(dimensions, 900, first);
        float[] alone = new float[WINDOW];
        float[] ofFirst = new float[WINDOW];
        float[] ofSecond = new float[WINDOW];

        WindowDistances.computeTwo(first, second, window, ofFirst, ofSecond);

        WindowDistances.compute(first, window, alone);
        assertThat(ofFirst).isEqualTo(alone);
        assertThat(alone[0]).isEqualTo(0);
        WindowDistances.compute(second, window, alone);
        assertThat(ofSecond).isEqualTo(alone);
        for (int i = 0; i < WINDOW; i++) {
            float[] example = new float[first.length];
            double sum = 0;
            for (int d = 0; d < first.length; d++) {
                example[d] = window[d][i];
                sum += ((double) second[d] - example[d]) * ((double) second[d] - example[d]);
            }
            assertThat(WindowDistances.between(second, example)).isEqualTo(alone[i]);
            assertThat((double) alone[i]).isCloseTo(sum, within(1e-5 * sum));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 7, 40})
    void nearestOfClass_isTheSmallestDistance(int numClasses) {
        float[] distances = new float[WINDOW];
        int[] labels = new int[WINDOW];
        for (int i = 0; i < WINDOW; i++) {
            distances[i] = Math.abs((float) random.nextGaussian());
            labels[i] = random.nextInt(numClasses - 1);
        }
        NearestOfClass nearest = new NearestOfClass(numClasses);
        nearest.clear();
        float[] expected = new float[numClasses];
        Arrays.fill(expected, Float.POSITIVE_INFINITY);
        int from = 3;
        for (int to : new int[] {3, 8, 33, 1000}) {
            nearest.note(distances, labels, from, to);
            for (int i = from; i < to; i++) {
                expected[labels[i]] = Math.min(expected[labels[i]], distances[i]);
            }
            assertThat(nearest.distances()).isEqualTo(expected);
            from = to;
        }
    }

    @Test
    void nearestOfClass_takesDistancesThatAreNotNumbersAsInfinite() {
        NearestOfClass nearest = new NearestOfClass(2);
        nearest.clear();
        float negativeNaN = Float.intBitsToFloat(0xffc00000);
        nearest.note(new float[] {negativeNaN, Float.NaN, 2}, new int[] {0, 1, 1}, 0, 3);

        assertThat(nearest.distances()).containsExactly(Float.POSITIVE_INFINITY, 2);
    }
}
