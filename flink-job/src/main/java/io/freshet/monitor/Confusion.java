package io.freshet.monitor;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * A confusion matrix: examples by label and predicted class. Sparse where there are many classes.
 */
final class Confusion {
    /** Up to so many classes the matrix is kept, and told, whole. */
    static final int DENSE_CLASSES = 50;

    /** A cell of a sparse one: key, count and entry. */
    private static final int BYTES_PER_CELL = 80;

    private static final Comparator<ConfusionCell> FULLEST_FIRST =
            (a, b) ->
                    a.count() != b.count()
                            ? Long.compare(b.count(), a.count())
                            : a.label() != b.label()
                                    ? Integer.compare(a.label(), b.label())
                                    : Integer.compare(a.predictedClass(), b.predictedClass());

    private final int numClasses;
    private final long[] dense;
    private final Map<Long, Long> sparse = new HashMap<>();

    /** Bytes that one takes, at most: where it is sparse, every example has a cell of its own. */
    static long bytes(MonitorConfig config) {
        int numClasses = config.numClasses();
        return numClasses <= DENSE_CLASSES
                ? (long) Long.BYTES * numClasses * numClasses
                : (long) BYTES_PER_CELL * config.windowSize();
    }

    Confusion(int numClasses) {
        this.numClasses = numClasses;
        dense = new long[numClasses <= DENSE_CLASSES ? numClasses * numClasses : 0];
    }

    /** Adds an example, or with −1 takes one away again. */
    void add(int label, int predictedClass, int times) {
        long cell = (long) label * numClasses + predictedClass;
        if (dense.length > 0) {
            dense[(int) cell] += times;
        } else {
            sparse.merge(cell, (long) times, (a, b) -> a + b == 0 ? null : a + b);
        }
    }

    /**
     * The cells with examples, the fullest first, then by label and predicted class.
     *
     * @param limit cells to tell; the others are counted
     */
    ConfusionMatrix tell(int limit) {
        ConfusionCell[] cells = cells();
        Arrays.sort(cells, FULLEST_FIRST);
        int told = Math.min(cells.length, Math.max(limit, dense.length));
        return new ConfusionMatrix(
                Arrays.copyOf(cells, told),
                cells.length - told,
                Arrays.stream(cells, told, cells.length).mapToLong(ConfusionCell::count).sum());
    }

    private ConfusionCell[] cells() {
        ConfusionCell[] cells;
        int found = 0;
        if (dense.length > 0) {
            cells = new ConfusionCell[dense.length];
            for (int cell = 0; cell < dense.length; cell++) {
                if (dense[cell] > 0) {
                    cells[found++] = cell(cell, dense[cell]);
                }
            }
        } else {
            cells = new ConfusionCell[sparse.size()];
            for (Map.Entry<Long, Long> cell : sparse.entrySet()) {
                cells[found++] = cell(cell.getKey(), cell.getValue());
            }
        }
        return Arrays.copyOf(cells, found);
    }

    private ConfusionCell cell(long cell, long count) {
        return new ConfusionCell((int) (cell / numClasses), (int) (cell % numClasses), count);
    }
}
