package io.freshet.ensemble;

/**
 * Random ferns: groups of {@value #TESTS} tests, each of which compares one standardised feature
 * with a threshold. The results of a fern's tests name two of its cells: one of {@value
 * #SHALLOW_CELLS} by the first two tests, and one of 256 by all of them.
 *
 * <p>A model begins with random tests: features are drawn uniformly, thresholds from a sum of
 * twelve uniform numbers, which is close to the standard normal distribution. Its learner then
 * chooses others by the first examples. Immutable.
 *
 * <p>Source: Özuysal, Calonder, Lepetit and Fua, <i>Fast keypoint recognition using random
 * ferns</i>, IEEE Transactions on Pattern Analysis and Machine Intelligence 32 (2010).
 */
public final class FernTests {
    /** Number of tests of a fern. */
    public static final int TESTS = 8;

    /** Number of the first tests of a fern, which name its shallow cells. */
    public static final int SHALLOW_TESTS = 2;

    /** Number of cells of a fern that its first two tests name. */
    public static final int SHALLOW_CELLS = 1 << SHALLOW_TESTS;

    /** Number of cells of a fern. */
    public static final int CELLS = SHALLOW_CELLS + (1 << TESTS);

    private static final int MAX_FERNS = 64;
    private static final int MIN_FERNS = 16;
    private static final int MAX_FERNS_TIMES_CLASSES = 4096;

    /** Number of outputs of the generator for each test: the feature, and twelve numbers. */
    private static final int OUTPUTS = 16;

    private static final int SUMMANDS = 12;

    private final int numFerns;
    private final int[] features;
    private final float[] thresholds;

    /** Creates the random tests. */
    public FernTests(int numFeatures, int numClasses) {
        numFerns = numFerns(numClasses);
        features = new int[numFerns * TESTS];
        thresholds = new float[numFerns * TESTS];
        for (int i = 0; i < features.length; i++) {
            long first = (long) OUTPUTS * i;
            features[i] = (int) Long.remainderUnsigned(SplitMix64.output(first), numFeatures);
            double sum = 0;
            for (int k = 1; k <= SUMMANDS; k++) {
                sum += SplitMix64.uniform(first + k);
            }
            thresholds[i] = (float) (sum - SUMMANDS / 2.0);
        }
    }

    /**
     * Creates tests that were chosen.
     *
     * @param features (tests) feature of each test, those of a fern together. Kept.
     * @param thresholds (tests) threshold of each test. Kept.
     */
    public FernTests(int[] features, float[] thresholds) {
        numFerns = features.length / TESTS;
        this.features = features;
        this.thresholds = thresholds;
    }

    /** Returns tests that were chosen; the random ones if none were, and the arrays are empty. */
    public static FernTests of(
            int numFeatures, int numClasses, int[] features, float[] thresholds) {
        return features.length == 0
                ? new FernTests(numFeatures, numClasses)
                : new FernTests(features, thresholds);
    }

    /** Returns the number of ferns for a number of classes: fewer where classes are many. */
    public static int numFerns(int numClasses) {
        return Math.min(MAX_FERNS, Math.max(MIN_FERNS, MAX_FERNS_TIMES_CLASSES / numClasses));
    }

    /** Returns the number of ferns. */
    public int numFerns() {
        return numFerns;
    }

    /**
     * Returns the feature of a test.
     *
     * @param test index; the tests of a fern follow each other
     */
    public int feature(int test) {
        return features[test];
    }

    /** Returns the threshold of a test, which the feature passes if it is larger. */
    public float threshold(int test) {
        return thresholds[test];
    }

    /** Returns the number of cells that are active for an example: two of each fern. */
    public int numActive() {
        return 2 * numFerns;
    }

    /** Returns the number of active cells for a number of classes. */
    public static int numActive(int numClasses) {
        return 2 * numFerns(numClasses);
    }

    /** Returns the number of cells of all ferns. */
    public int numCells() {
        return numFerns * CELLS;
    }

    /**
     * Finds the active cells of an example.
     *
     * @param x standardised features from {@code offset} on. Not modified.
     * @param cells (numActive) indices of cells. Modified.
     */
    public void activate(float[] x, int offset, int[] cells) {
        for (int fern = 0; fern < numFerns; fern++) {
            int bits = 0;
            for (int i = fern * TESTS; i < (fern + 1) * TESTS; i++) {
                // The sign bit of θ − x, which is set if and only if x > θ.
                float difference = thresholds[i] - x[offset + features[i]];
                bits = bits << 1 | Float.floatToRawIntBits(difference) >>> 31;
            }
            int first = fern * CELLS;
            cells[fern] = first + (bits >>> (TESTS - SHALLOW_TESTS));
            cells[numFerns + fern] = first + SHALLOW_CELLS + bits;
        }
    }
}
