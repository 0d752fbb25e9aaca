package io.freshet.ensemble;

import java.util.Arrays;

/** The smallest distance of each class among the examples of a window. Not thread-safe. */
public final class NearestOfClass {
    /** Number of minima of each class, so that one need not wait for the one before. */
    private static final int LANES = 4;

    /** (LANES, numClasses) bits of the smallest distances, which are ordered as they are. */
    private final int[][] bits;

    private final float[] distances;

    public NearestOfClass(int numClasses) {
        bits = new int[LANES][numClasses];
        distances = new float[numClasses];
    }

    /** Forgets all examples. */
    public void clear() {
        for (int[] lane : bits) {
            Arrays.fill(lane, Float.floatToRawIntBits(Float.POSITIVE_INFINITY));
        }
    }

    /**
     * Notes the distances of some examples.
     *
     * @param all distances, at least 0. Not modified.
     * @param labels classes. Not modified.
     * @param from index of the first example
     * @param to index after the last
     */
    public void note(float[] all, int[] labels, int from, int to) {
        int[] lane0 = bits[0];
        int[] lane1 = bits[1];
        int[] lane2 = bits[2];
        int[] lane3 = bits[3];
        int i = from;
        for (; i + LANES <= to; i += LANES) {
            note(lane0, labels[i], all[i]);
            note(lane1, labels[i + 1], all[i + 1]);
            note(lane2, labels[i + 2], all[i + 2]);
            note(lane3, labels[i + 3], all[i + 3]);
        }
        for (; i < to; i++) {
            note(lane0, labels[i], all[i]);
        }
    }

    /** Without a branch, which would often be predicted wrongly. NaN counts as infinity. */
    private static void note(int[] lane, int label, float distance) {
        int magnitude = Float.floatToRawIntBits(distance) & Integer.MAX_VALUE;
        lane[label] = Math.min(lane[label], magnitude);
    }

    /**
     * Returns the smallest distance of each class, (numClasses); infinity for a class without
     * examples. Not a copy.
     */
    public float[] distances() {
        for (int c = 0; c < distances.length; c++) {
            int min = bits[0][c];
            for (int lane = 1; lane < LANES; lane++) {
                min = Math.min(min, bits[lane][c]);
            }
            distances[c] = Float.intBitsToFloat(min);
        }
        return distances;
    }
}
