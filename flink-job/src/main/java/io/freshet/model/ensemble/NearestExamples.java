package io.freshet.model.ensemble;

import io.freshet.ensemble.NearestOfClass;
import io.freshet.ensemble.NearestVote;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import java.util.Arrays;

/**
 * Two experts that predict by the distance to the nearest example of each class, among the last
 * {@value WindowDistances#RECENT} examples and the last {@value WindowDistances#WINDOW}.
 *
 * <p>Features are weighted by what a linear expert makes of them. With the distance {@code ρ_f} of
 * the weights of feature {@code f} from their mean over the classes, the weight is {@code (0.2 +
 * ρ_f / max ρ)³}; it is 1 before the linear expert has learnt. The weights are computed anew every
 * {@value #REFRESH} examples, by the model's own count. More than 64 weighted features are
 * projected to 64 dimensions.
 *
 * <p>Not thread-safe.
 */
final class NearestExamples {
    /** Number of experts. */
    static final int EXPERTS = 2;

    static final int WINDOW = WindowDistances.WINDOW;
    static final int REFRESH = 32;

    private static final double WEIGHT_FLOOR = 0.2;

    private final int numFeatures;
    private final int numClasses;
    private final int dimensions;

    /** (padded dimensions, WINDOW) projected examples, by their place in the ring. */
    private final float[][] points;

    /** (WINDOW) classes of the examples, by their place in the ring. */
    private final int[] labels = new int[WINDOW];

    /** (numFeatures) weights of the features. */
    private final float[] weights;

    private long seen;
    private long nextRefresh = REFRESH;

    // Scratch for one example.
    private final NearestOfClass nearest;

    NearestExamples(int numFeatures, int numClasses) {
        this.numFeatures = numFeatures;
        this.numClasses = numClasses;
        this.dimensions = Projection.dimensions(numFeatures);
        this.points = new float[WindowDistances.padded(dimensions)][WINDOW];
        this.weights = new float[numFeatures];
        this.nearest = new NearestOfClass(numClasses);
        Arrays.fill(weights, 1);
    }

    /** Returns the bytes of the window and the weights. */
    static long bytes(int numFeatures) {
        long values = (long) WINDOW * (Projection.dimensions(numFeatures) + 1) + numFeatures;
        return values * Float.BYTES;
    }

    /** Returns whether the weights of the features are to be computed before the next example. */
    boolean isRefreshDue() {
        return seen >= nextRefresh;
    }

    /** Returns the number of further examples before the weights are to be computed. */
    long examplesToRefresh() {
        return nextRefresh - seen;
    }

    /**
     * Computes the weights of the features from a linear model.
     *
     * @param parameters (numClasses, at least numFeatures) weights of the features, by class. Not
     *     modified.
     */
    void refresh(float[][] parameters) {
        nextRefresh = seen - seen % REFRESH + REFRESH;
        float[] mean = new float[numFeatures];
        for (float[] row : parameters) {
            addScaled(row, 1f / numClasses, mean);
        }
        float[] squares = new float[numFeatures];
        for (float[] row : parameters) {
            addSquaredDifferences(row, mean, squares);
        }
        float max = 0;
        for (float square : squares) {
            max = Math.max(max, square);
        }
        double maxSpread = Math.sqrt(max);
        for (int f = 0; f < numFeatures; f++) {
            double relative = WEIGHT_FLOOR + Math.sqrt(squares[f]) / maxSpread;
            weights[f] = max > 0 ? (float) (relative * relative * relative) : 1;
        }
    }

    private static void addScaled(float[] row, float factor, float[] to) {
        for (int f = 0; f < to.length; f++) {
            to[f] += factor * row[f];
        }
    }

    private static void addSquaredDifferences(float[] row, float[] mean, float[] to) {
        for (int f = 0; f < to.length; f++) {
            float difference = row[f] - mean[f];
            to[f] += difference * difference;
        }
    }

    /**
     * Projects the rows of a block, which are then predicted one after the other.
     *
     * @param rows (count, width), of which the first columns are standardised features. Not
     *     modified.
     */
    void project(BlockDistances block, float[] rows, int width, int count) {
        block.project(rows, width, count, weights);
    }

    /**
     * Predicts a row of a block.
     *
     * @param point (dimensions) receives the projected row, for {@link #learn}
     * @param probabilities (experts, numClasses) from {@code at} on. Modified.
     * @param logs logarithms of the probabilities, in the same places. Modified.
     */
    void predict(
            BlockDistances block,
            int row,
            float[] point,
            double[] probabilities,
            double[] logs,
            int at) {
        System.arraycopy(block.point(row), 0, point, 0, dimensions);
        float[] distances = block.distances(row, points, seen);
        int count = (int) Math.min(seen, WINDOW);
        nearest.clear();
        int recent = Math.min(count, WindowDistances.RECENT);
        int oldest = (int) ((seen - recent) % WINDOW);
        nearest.note(distances, labels, oldest, Math.min(oldest + recent, WINDOW));
        nearest.note(distances, labels, 0, Math.max(oldest + recent - WINDOW, 0));
        NearestVote.vote(nearest.distances(), numFeatures, probabilities, logs, at);
        nearest.note(distances, labels, 0, count);
        NearestVote.vote(nearest.distances(), numFeatures, probabilities, logs, at + numClasses);
    }

    /**
     * Adds an example to the window.
     *
     * @param point (dimensions) the projected example. Not modified.
     */
    void learn(float[] point, int label) {
        int place = (int) (seen % WINDOW);
        for (int d = 0; d < dimensions; d++) {
            points[d][place] = point[d];
        }
        labels[place] = label;
        seen++;
    }

    /** Returns the projected examples, (dimensions, WINDOW), by their place in the ring. */
    float[] points() {
        float[] all = new float[dimensions * WINDOW];
        for (int d = 0; d < dimensions; d++) {
            System.arraycopy(points[d], 0, all, d * WINDOW, WINDOW);
        }
        return all;
    }

    /** Returns the classes of the examples by their place in the ring; not a copy. */
    int[] labels() {
        return labels;
    }

    /** Returns the weights of the features; not a copy. */
    float[] weights() {
        return weights;
    }

    long seen() {
        return seen;
    }

    long nextRefresh() {
        return nextRefresh;
    }

    /** Replaces everything by a state, which is not modified. */
    void set(EnsembleState state) {
        for (int d = 0; d < dimensions; d++) {
            System.arraycopy(state.points(), d * WINDOW, points[d], 0, WINDOW);
        }
        System.arraycopy(state.labels(), 0, labels, 0, labels.length);
        System.arraycopy(state.featureWeights(), 0, weights, 0, weights.length);
        seen = state.seen();
        nextRefresh = state.nextRefresh();
    }
}
