package io.freshet.monitor;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/** Counts of examples by label and predicted class; stored sparsely if there are many classes. */
final class Confusion {
    /** Largest number of classes for which the matrix is stored as an array and emitted whole. */
    static final int DENSE_CLASSES = 50;

    /** Memory of a cell in the sparse representation: key, count and map entry. */
    private static final int BYTES_PER_CELL = 80;

    private static final Comparator<ConfusionCell> LARGEST_FIRST =
            (a, b) ->
                    a.count() != b.count()
                            ? Long.compare(b.count(), a.count())
                            : a.label() != b.label()
                                    ? Integer.compare(a.label(), b.label())
                                    : Integer.compare(a.predictedClass(), b.predictedClass());

    private final int numClasses;
    private final long[] dense;
    private final Map<Long, Long> sparse = new HashMap<>();

    /**
     * Returns an upper bound of the memory in bytes: in the sparse representation every example may
     * have its own cell.
     */
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

    /** Adds examples; a negative count removes them. */
    void add(int label, int predictedClass, int count) {
        long cell = (long) label * numClasses + predictedClass;
        if (dense.length > 0) {
            dense[(int) cell] += count;
        } else {
            sparse.merge(cell, (long) count, (a, b) -> a + b == 0 ? null : a + b);
        }
    }

    /**
     * Returns the non-empty cells by descending count, then by label and predicted class.
     *
     * @param maxCells maximum number of cells in a sparse matrix; the others are only counted
     */
    ConfusionMatrix matrix(int maxCells) {
        ConfusionCell[] cells = cells();
        Arrays.sort(cells, LARGEST_FIRST);
        int included = Math.min(cells.length, Math.max(maxCells, dense.length));
        return new ConfusionMatrix(
                Arrays.copyOf(cells, included),
                cells.length - included,
                Arrays.stream(cells, included, cells.length).mapToLong(ConfusionCell::count).sum());
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
