package io.freshet.ensemble;

import java.util.Arrays;

/** Squared distances of an example to those of a window of the last examples. */
public final class WindowDistances {
    /** Largest number of examples in the window. */
    public static final int WINDOW = 1024;

    /** Number of the last examples that vote by themselves as well. */
    public static final int RECENT = 32;

    private WindowDistances() {}

    /**
     * Computes the squared distances.
     *
     * @param point (dimensions) the projected example. Not modified.
     * @param points (dimensions, at least count) examples of the window. Not modified.
     * @param distances (at least count). Modified.
     */
    public static void compute(float[] point, float[][] points, float[] distances, int count) {
        Arrays.fill(distances, 0, count, 0);
        int d = 0;
        for (; d + 4 <= point.length; d += 4) {
            addFour(
                    point[d],
                    points[d],
                    point[d + 1],
                    points[d + 1],
                    point[d + 2],
                    points[d + 2],
                    point[d + 3],
                    points[d + 3],
                    distances,
                    count);
        }
        for (; d < point.length; d++) {
            add(point[d], points[d], distances, count);
        }
    }

    private static void add(float value, float[] row, float[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] += (value - row[i]) * (value - row[i]);
        }
    }

    /**
     * Adds the squared differences in four dimensions in one pass, which HotSpot 17 vectorises
     * because all arrays have the same index.
     */
    private static void addFour(
            float value0,
            float[] row0,
            float value1,
            float[] row1,
            float value2,
            float[] row2,
            float value3,
            float[] row3,
            float[] to,
            int count) {
        for (int i = 0; i < count; i++) {
            to[i] +=
                    (value0 - row0[i]) * (value0 - row0[i])
                            + (value1 - row1[i]) * (value1 - row1[i])
                            + ((value2 - row2[i]) * (value2 - row2[i])
                                    + (value3 - row3[i]) * (value3 - row3[i]));
        }
    }
}
