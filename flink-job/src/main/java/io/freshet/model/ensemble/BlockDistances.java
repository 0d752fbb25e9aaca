package io.freshet.model.ensemble;

import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.Precision;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a block as points of the space in which {@link NearestExamples} measures distances,
 * and their distances to the examples of its window.
 *
 * <p>All rows are projected together. Distances are computed for two rows at a time, so that the
 * window is read half as often; the distance of the second to an example that came in between is
 * computed by itself. Each distance is the same, bit for bit, as if it were computed alone.
 *
 * <p>Shared by ensembles of the same shape that run one after the other. Not thread-safe.
 */
public final class BlockDistances implements AutoCloseable {
    private static final int WINDOW = WindowDistances.WINDOW;

    /** Largest number of examples that may have come in between. */
    private static final int MAX_NEW = 4;

    private final int numFeatures;
    private final @Nullable Product product;

    /** (capacity, padded dimensions) points of the rows. */
    private final float[][] points;

    /** (2, WINDOW) distances of {@code firstRow} and the next. */
    private final float[][] distances = new float[2][WINDOW];

    private int count;

    /** The first row with distances; the number of rows if there is none. */
    private int firstRow;

    /** Number of examples that the ensemble had seen when {@code distances} were computed. */
    private long seenBefore;

    private final float[] example;

    /**
     * @param capacity maximum number of rows of a block
     */
    public BlockDistances(int numFeatures, int capacity, Precision precision) {
        this.numFeatures = numFeatures;
        Projection projection = new Projection(numFeatures);
        int dimensions = WindowDistances.padded(projection.dimensions());
        points = new float[capacity][dimensions];
        example = new float[dimensions];
        product = projection.isIdentity() ? null : new Product(projection, capacity, precision);
    }

    /** Projection of all rows by a matrix product. */
    private final class Product {
        private final Matrix signs;
        private final Matrix weighted;
        private final Matrix projected;
        private final float[] row = new float[numFeatures];

        Product(Projection projection, int capacity, Precision precision) {
            int columns = Matrix.columnsFor(numFeatures);
            signs = MatrixFactory.zeros(precision, projection.dimensions(), columns);
            weighted = MatrixFactory.zeros(precision, capacity, columns);
            projected = MatrixFactory.zeros(precision, capacity, projection.dimensions());
            for (int d = 0; d < projection.dimensions(); d++) {
                projection.writeRow(d, row);
                signs.putRow(d, row, 0, numFeatures);
            }
        }

        void project(float[] rows, int width, float[] weights) {
            for (int i = 0; i < count; i++) {
                weight(rows, i * width, weights, row);
                weighted.putRow(i, row, 0, numFeatures);
            }
            projected.setToProductWithTransposed(weighted, count, signs, signs.rows());
            for (int i = 0; i < count; i++) {
                projected.getRow(i, points[i]);
            }
        }

        void close() {
            signs.close();
            weighted.close();
            projected.close();
        }
    }

    private static void weight(float[] rows, int offset, float[] weights, float[] to) {
        for (int f = 0; f < weights.length; f++) {
            to[f] = weights[f] * rows[offset + f];
        }
    }

    /**
     * Projects the rows of a block.
     *
     * @param rows (count, width), of which the first columns are standardised features. Not
     *     modified.
     * @param weights (numFeatures) weights of the features. Not modified.
     */
    void project(float[] rows, int width, int count, float[] weights) {
        this.count = count;
        firstRow = count;
        if (product != null) {
            product.project(rows, width, weights);
            return;
        }
        for (int i = 0; i < count; i++) {
            weight(rows, i * width, weights, points[i]);
        }
    }

    /** Returns the point of a row, (padded dimensions); not a copy. */
    float[] point(int row) {
        return points[row];
    }

    /**
     * Returns the squared distances of a row, (WINDOW); not a copy. Places of the window that are
     * empty have distances too.
     *
     * @param window (padded dimensions, WINDOW) points of the examples, the {@code i}-th at {@code
     *     i % WINDOW}. Not modified.
     * @param seen number of examples so far
     */
    float[] distances(int row, float[][] window, long seen) {
        if (row == firstRow + 1 && seen - seenBefore <= MAX_NEW) {
            for (long i = seenBefore; i < seen; i++) {
                int place = (int) (i % WINDOW);
                for (int d = 0; d < example.length; d++) {
                    example[d] = window[d][place];
                }
                distances[1][place] = WindowDistances.between(points[row], example);
            }
            return distances[1];
        }
        firstRow = row;
        seenBefore = seen;
        if (row + 1 < count) {
            WindowDistances.computeTwo(
                    points[row], points[row + 1], window, distances[0], distances[1]);
        } else {
            WindowDistances.compute(points[row], window, distances[0]);
        }
        return distances[0];
    }

    @Override
    public void close() {
        if (product != null) {
            product.close();
        }
    }
}
