package io.freshet.model.cuda;

import io.freshet.ensemble.FernTests;

/** Sizes of the arrays of an ensemble on a device that are not those of its state on the CPU. */
final class EnsembleSizes {
    /** Number of fern experts. */
    static final int FERN_EXPERTS = 2;

    /** Number of ferns, which is the same for all numbers of classes that have kernels. */
    static final int FERNS = FernTests.numFerns(LinearModel.OtherExperts.MAX_CLASSES);

    /** Number of active cells of an example. */
    static final int ACTIVE = 2 * FERNS;

    private static final int FLOATS_AT_ONCE = 4;
    private static final int REFRESH = 32;

    private EnsembleSizes() {}

    /** Returns the number of tests of all ferns. */
    static int numTests(int numClasses) {
        return FernTests.numFerns(numClasses) * FernTests.TESTS;
    }

    /** Returns the floats of a cell of one expert: logits, sum of squares, padding. */
    static int floatsOfCell(int numClasses) {
        return (numClasses + FLOATS_AT_ONCE) / FLOATS_AT_ONCE * FLOATS_AT_ONCE;
    }

    /** Returns the floats of the cells of one expert. */
    static int floatsOfExpert(int numClasses) {
        return FernTests.numFerns(numClasses) * FernTests.CELLS * floatsOfCell(numClasses);
    }

    /** Returns the floats of all cells, and a quadruple with the number of restarts. */
    static int floatsOfFerns(int numClasses) {
        return FERN_EXPERTS * floatsOfExpert(numClasses) + FLOATS_AT_ONCE;
    }

    /**
     * Returns the largest number of epochs of a block: of rows that have the same weights of the
     * features.
     */
    static int maxEpochs(int rows) {
        return rows / REFRESH + 3;
    }

    /** Returns the lanes for a number of classes, a power of two from 2 to 32. */
    static int group(int numClasses) {
        return Math.max(2, Integer.highestOneBit(2 * numClasses - 1));
    }
}
