package io.freshet.model.ensemble;

import io.freshet.ensemble.FernTests;
import java.io.Serializable;
import java.util.Arrays;

/**
 * State of the ferns of an {@link Ensemble}. All arrays are empty where features are sparse.
 *
 * <p>Immutable by convention: its creator hands the arrays over and never writes to them again.
 *
 * @param table for each cell the logits and the sum of squared gradients of the first expert, then
 *     of the second, without padding
 * @param testFeatures (tests) features of the tests; empty until they are chosen, for the random
 *     ones
 * @param testThresholds (tests) thresholds of the tests; empty until they are chosen
 * @param sample (examples, numFeatures) row-major, the examples so far by which tests are to be
 *     chosen; empty once they are
 * @param sampleLabels (examples) classes of these examples
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FernState(
        float[] table,
        int[] testFeatures,
        float[] testThresholds,
        float[] sample,
        int[] sampleLabels)
        implements Serializable {
    /** The state of no ferns. */
    static final FernState NONE =
            new FernState(new float[0], new int[0], new float[0], new float[0], new int[0]);

    /**
     * Returns the state with classes added at the end, which have logits 0. Where there are fewer
     * ferns for more classes, the last ones are left out.
     *
     * @param numClasses number of classes of this state
     * @param initial initial state for {@code newClasses} classes. Not modified.
     */
    FernState extended(int numClasses, FernState initial, int newClasses) {
        int tests = Math.min(testFeatures.length, FernTests.numFerns(newClasses) * FernTests.TESTS);
        return new FernState(
                Ferns.extended(table, numClasses, initial.table, newClasses),
                Arrays.copyOf(testFeatures, tests),
                Arrays.copyOf(testThresholds, tests),
                sample,
                sampleLabels);
    }
}
