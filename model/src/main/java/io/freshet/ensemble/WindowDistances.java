package io.freshet.ensemble;

import java.util.Arrays;

/** Squared distances of an example to those of a window of the last examples. */
public final class WindowDistances {
    /** Largest number of examples in the window. */
    public static final int WINDOW = 1024;

    /** Number of the last examples that vote by themselves as well. */
    public static final int RECENT = 32;

    /** Number of dimensions that are added in one pass. */
    private static final int AT_ONCE = 4;

    private WindowDistances() {}

    /**
     * Returns the number of dimensions of points and windows here: a number of dimensions, rounded
     * up to a multiple of {@value #AT_ONCE}. The added ones hold 0.
     */
    public static int padded(int dimensions) {
        return (dimensions + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
    }

    /**
     * Computes the squared distances of a point.
     *
     * @param point (padded dimensions). Not modified.
     * @param window (padded dimensions, WINDOW) projected examples. Not modified.
     * @param distances (WINDOW). Modified.
     */
    public static void compute(float[] point, float[][] window, float[] distances) {
        Arrays.fill(distances, 0);
        for (int d = 0; d < point.length; d += AT_ONCE) {
            addFour(
                    point[d],
                    point[d + 1],
                    point[d + 2],
                    point[d + 3],
                    window[d],
                    window[d + 1],
                    window[d + 2],
                    window[d + 3],
                    distances);
        }
    }

    /**
     * Computes the squared distances of two points, each the same as {@link #compute} does, in two
     * thirds of the time: the window is read once.
     *
     * @param first (padded dimensions). Not modified.
     * @param second (padded dimensions). Not modified.
     * @param window (padded dimensions, WINDOW) projected examples. Not modified.
     * @param ofFirst (WINDOW). Modified.
     * @param ofSecond (WINDOW). Modified.
     */
    public static void computeTwo(
            float[] first, float[] second, float[][] window, float[] ofFirst, float[] ofSecond) {
        Arrays.fill(ofFirst, 0);
        Arrays.fill(ofSecond, 0);
        for (int d = 0; d < first.length; d += AT_ONCE) {
            addFourToTwo(
                    first[d],
                    first[d + 1],
                    first[d + 2],
                    first[d + 3],
                    second[d],
                    second[d + 1],
                    second[d + 2],
                    second[d + 3],
                    window[d],
                    window[d + 1],
                    window[d + 2],
                    window[d + 3],
                    ofFirst,
                    ofSecond);
        }
    }

    /**
     * Returns the squared distance of a point to one example, the same as {@link #compute} does.
     *
     * @param point (padded dimensions). Not modified.
     * @param example (padded dimensions). Not modified.
     */
    public static float between(float[] point, float[] example) {
        float sum = 0;
        for (int d = 0; d < point.length; d++) {
            float difference = point[d] - example[d];
            sum += difference * difference;
        }
        return sum;
    }

    // HotSpot 17 vectorises the loops below because all arrays have the same index and the number
    // of iterations is a constant.

    private static void addFour(
            float value0,
            float value1,
            float value2,
            float value3,
            float[] row0,
            float[] row1,
            float[] row2,
            float[] row3,
            float[] to) {
        for (int i = 0; i < WINDOW; i++) {
            float difference0 = value0 - row0[i];
            float difference1 = value1 - row1[i];
            float difference2 = value2 - row2[i];
            float difference3 = value3 - row3[i];
            float sum = to[i] + difference0 * difference0;
            sum += difference1 * difference1;
            sum += difference2 * difference2;
            to[i] = sum + difference3 * difference3;
        }
    }

    private static void addFourToTwo(
            float value0,
            float value1,
            float value2,
            float value3,
            float other0,
            float other1,
            float other2,
            float other3,
            float[] row0,
            float[] row1,
            float[] row2,
            float[] row3,
            float[] to,
            float[] toOther) {
        for (int i = 0; i < WINDOW; i++) {
            float difference0 = value0 - row0[i];
            float difference1 = value1 - row1[i];
            float difference2 = value2 - row2[i];
            float difference3 = value3 - row3[i];
            float sum = to[i] + difference0 * difference0;
            sum += difference1 * difference1;
            sum += difference2 * difference2;
            to[i] = sum + difference3 * difference3;
            difference0 = other0 - row0[i];
            difference1 = other1 - row1[i];
            difference2 = other2 - row2[i];
            difference3 = other3 - row3[i];
            sum = toOther[i] + difference0 * difference0;
            sum += difference1 * difference1;
            sum += difference2 * difference2;
            toOther[i] = sum + difference3 * difference3;
        }
    }
}
