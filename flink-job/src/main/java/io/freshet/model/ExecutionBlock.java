package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Examples;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one execution block, with the balanced class weight of each row, and the gradient
 * scale and a gradient bound of each mini-batch.
 */
final class ExecutionBlock {
    private final LearnerSettings settings;
    private final int maxSteps;
    private final BlockRows rows;
    private final double[] scales;

    /** (rows) balanced weights of the rows' classes; empty if classes are not balanced. */
    private final double[] classWeights;

    private final double[] gradientBounds;

    /**
     * @param capacity maximum number of rows; a mini-batch that is larger is a block by itself
     * @param maxSteps maximum number of mini-batches
     */
    ExecutionBlock(LearnerSettings settings, int capacity, int maxSteps) {
        this.settings = settings;
        this.maxSteps = maxSteps;
        int maxRows = Math.max(capacity, settings.miniBatchSize());
        this.rows = new BlockRows(maxRows);
        this.classWeights = new double[settings.loss().balancesClasses() ? maxRows : 0];
        this.scales = new double[maxSteps];
        this.gradientBounds = new double[maxSteps];
    }

    /** Returns the rows; not a copy. */
    BlockRows rows() {
        return rows;
    }

    /** Removes all rows. */
    void clear() {
        rows.clear();
    }

    /** Returns whether {@code count} more rows fit, as one more mini-batch. */
    boolean hasRoomFor(int count) {
        return rows.hasRoomFor(count) && rows.numSteps() < maxSteps;
    }

    /**
     * Adds a mini-batch, unless the reduction's divisor is 0 and so its gradient is undefined.
     *
     * @param batch indices of its examples, of which the first {@code count} are used. Not
     *     modified.
     * @param frequencies frequencies that count its labels and weight them; null if classes are not
     *     balanced
     * @return whether it was added
     */
    boolean addMiniBatch(
            Examples examples, int[] batch, int count, @Nullable ClassFrequencies frequencies) {
        double sumOfWeights = 0;
        double divisor = 0;
        for (int i = 0; i < count; i++) {
            double weight = examples.weights()[batch[i]];
            if (frequencies != null) {
                int label = examples.labels()[batch[i]];
                double classWeight =
                        settings.loss().ignores(label)
                                ? 1
                                : frequencies.countAndWeigh(label, weight);
                classWeights[rows.size() + i] = classWeight;
                weight *= classWeight;
            }
            sumOfWeights += Math.abs(weight);
            divisor += weight * settings.divisor(examples, batch[i]);
        }
        double scale = settings.reduction().scale(count, divisor);
        if (!(scale <= Double.MAX_VALUE)) {
            return false;
        }
        scales[rows.numSteps()] = scale;
        gradientBounds[rows.numSteps()] = sumOfWeights * scale * settings.loss().gradientBound();
        rows.addMiniBatch(batch, count);
        return true;
    }

    /** Returns the balanced weight of a row's class; 1 if classes are not balanced. */
    double classWeight(int row) {
        return classWeights.length == 0 ? 1 : classWeights[row];
    }

    /**
     * Returns the factor of a row's gradient besides its example weight: the reduction's, times the
     * balanced weight of its class.
     */
    double scale(int row) {
        return scales[rows.step(row)] * classWeight(row);
    }

    /** Returns an upper bound of {@code Σ |g|} over the scaled gradients of a row's mini-batch. */
    double gradientBound(int row) {
        return gradientBounds[rows.step(row)];
    }

    /**
     * Returns an upper bound of {@code Σ |g|} over the scaled gradients from a row to the end of
     * the block.
     */
    double gradientBoundFrom(int begin) {
        double sum = 0;
        for (int t = rows.step(begin); t < rows.numSteps(); t++) {
            sum += gradientBounds[t];
        }
        return sum;
    }
}
