package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.optim.LinearSteps;
import org.jspecify.annotations.Nullable;

/**
 * The recursion that finds the logits of each row of a block from the parameters before the block
 * and the gradients of the earlier rows, and takes all steps of the block at its end.
 *
 * <p>With the inputs {@code X}, the parameters {@code W₀} before the block, the gradients {@code
 * gₛ} of the rows and the coefficients {@code cₛ} of the optimiser's linear rule, row {@code t} has
 * the logits
 *
 * <pre>{@code
 * X_t W₀ − Σ_(s<t) cₛ (X_t · X_s) gₛ
 * }</pre>
 *
 * <p>The Gram matrix {@code X Xᵀ} holds all inner products, and a forward substitution computes one
 * row after the other. See {@link BlockedSgd}.
 */
final class LogitRecursion {
    private final BlockRows rows;
    private final boolean plain;
    private final int columns;
    private final int capacity;
    private final Matrix inputs;
    private final Matrix logits;
    private final Matrix gradients;
    private final Matrix gram;
    private final @Nullable Matrix velocityLogits;
    private final @Nullable Matrix velocityGradients;
    private final LinearSteps linearSteps;

    // Contents of the matrices as arrays, for loops in Java.
    private final double[] logitValues;
    private final double[] gramValues;
    private final double[] velocityLogitValues;
    private final double[][] gradientRows;
    private final double[] scaledGradient;
    private final double[] rowLogits;

    /** Scratch for the substitution: indices and coefficients of earlier rows with a gradient. */
    private final int[] termRows;

    private final double[] termCoefficients;

    private int begin;

    /**
     * @param workspace workspace for blocks of several mini-batches; must stay open
     * @param rows rows of the block
     */
    LogitRecursion(BlockWorkspace workspace, BlockRows rows) {
        if (workspace.gram == null || workspace.linearSteps == null) {
            throw new IllegalArgumentException("the workspace is for blocks of one mini-batch");
        }
        this.rows = rows;
        this.plain = workspace.settings().optimizer().isPlain();
        this.columns = workspace.columns;
        this.capacity = workspace.capacity;
        this.inputs = workspace.inputs;
        this.logits = workspace.logits;
        this.gradients = workspace.gradients;
        this.gram = workspace.gram;
        this.velocityLogits = workspace.velocityLogits;
        this.velocityGradients = workspace.velocityGradients;
        this.linearSteps = workspace.linearSteps;
        this.logitValues = workspace.logitValues;
        this.gramValues = workspace.gramValues;
        this.velocityLogitValues = workspace.velocityLogitValues;
        this.gradientRows = workspace.gradientRows;
        this.scaledGradient = workspace.scaledGradient;
        this.rowLogits = workspace.rowLogits;
        this.termRows = workspace.termRows;
        this.termCoefficients = workspace.termCoefficients;
    }

    /**
     * Computes the products of a block, whose inputs must have been written.
     *
     * @param firstRow the first row of the block
     * @param end index after its last row
     * @param parameters parameters before the block. Not modified.
     */
    void start(int firstRow, int end, Parameters parameters) {
        begin = firstRow;
        int count = end - begin;
        logits.setToProductWithTransposed(inputs, count, parameters.values(), columns);
        logits.get(logitValues, count);
        if (rows.step(end) > rows.step(begin)) {
            multiplyInputs(count, parameters.velocity());
        }
        if (!plain) {
            linearSteps.begin(parameters.velocity() != null);
        }
    }

    /** Computes the Gram matrix and, with momentum, the inputs times the velocity. */
    private void multiplyInputs(int count, @Nullable Matrix velocity) {
        gram.setToProductWithTransposed(inputs, count, inputs, count);
        gram.get(gramValues, count);
        if (velocity != null && velocityLogits != null) {
            velocityLogits.setToProductWithTransposed(inputs, count, velocity, columns);
            velocityLogits.get(velocityLogitValues, count);
        }
    }

    /** Activates and selects a row in the scorer, with its logits after the steps before it. */
    void select(int row, Scorer scorer) {
        int offset = (row - begin) * columns;
        if (rows.step(row) == rows.step(begin)) {
            scorer.activate(logitValues, offset, 1);
        } else {
            System.arraycopy(logitValues, offset, rowLogits, 0, columns);
            substitute(row);
            scorer.activate(rowLogits, 0, 1);
        }
        scorer.select(0);
    }

    /** Returns the array to which the gradient of a row must be written, (columns). */
    double[] gradient(int row) {
        return gradientRows[row - begin];
    }

    /** Records the step of a mini-batch, whose gradients must have been written. */
    void step(double learningRate) {
        if (!plain) {
            linearSteps.step(learningRate);
        }
    }

    private void substitute(int row) {
        int at = row - begin;
        if (!plain) {
            for (int k = 0; k < columns; k++) {
                rowLogits[k] *= linearSteps.parametersOfParameters();
            }
            if (linearSteps.parametersOfVelocity() != 0) {
                for (int k = 0; k < columns; k++) {
                    rowLogits[k] +=
                            linearSteps.parametersOfVelocity()
                                    * velocityLogitValues[at * columns + k];
                }
            }
        }
        int terms = 0;
        for (int s = begin; s < row && rows.step(s) < rows.step(row); s++) {
            if (rows.isLabelled(s)) {
                double coefficient = gramValues[at * capacity + s - begin];
                if (!plain) {
                    coefficient *=
                            linearSteps.parametersOfGradient(rows.step(s) - rows.step(begin));
                }
                termCoefficients[terms] = coefficient;
                termRows[terms] = s - begin;
                terms++;
            }
        }
        int done = 0;
        for (; done + 4 <= terms; done += 4) {
            addFour(done);
        }
        for (; done < terms; done++) {
            addScaled(termCoefficients[done], gradientRows[termRows[done]], rowLogits, columns);
        }
    }

    /**
     * Adds {@code factor·from} to {@code to}. HotSpot 17 vectorises this loop, and that of {@link
     * #addFour}, because it reads and writes all arrays at the same index.
     */
    private static void addScaled(double factor, double[] from, double[] to, int count) {
        for (int k = 0; k < count; k++) {
            to[k] += factor * from[k];
        }
    }

    /** Adds four terms to a row's logits in one pass over them. */
    private void addFour(int first) {
        double factor0 = termCoefficients[first];
        double factor1 = termCoefficients[first + 1];
        double factor2 = termCoefficients[first + 2];
        double factor3 = termCoefficients[first + 3];
        double[] row0 = gradientRows[termRows[first]];
        double[] row1 = gradientRows[termRows[first + 1]];
        double[] row2 = gradientRows[termRows[first + 2]];
        double[] row3 = gradientRows[termRows[first + 3]];
        double[] to = rowLogits;
        for (int k = 0; k < columns; k++) {
            to[k] +=
                    (factor0 * row0[k] + factor1 * row1[k])
                            + (factor2 * row2[k] + factor3 * row3[k]);
        }
    }

    /**
     * Takes the steps of the block, whose gradients must have been written.
     *
     * @param end index after the last row whose step is taken; the inputs must have been written up
     *     to it
     * @param parameters Modified.
     */
    void takeSteps(int end, Parameters parameters) {
        int count = end - begin;
        if (rows.step(end) == rows.step(begin)) {
            return;
        }
        if (plain) {
            putGradients(gradients, end, Coefficients.NONE);
            parameters.add(gradients, inputs, count);
            return;
        }
        putGradients(gradients, end, Coefficients.PARAMETERS);
        Matrix toVelocity = gradients;
        if (velocityGradients != null) {
            putGradients(velocityGradients, end, Coefficients.VELOCITY);
            toVelocity = velocityGradients;
        }
        parameters.add(
                linearSteps,
                rows.step(end) - rows.step(begin),
                gradients,
                toVelocity,
                inputs,
                count);
    }

    /** The coefficients by which the gradients of each step are multiplied. */
    private enum Coefficients {
        NONE,
        PARAMETERS,
        VELOCITY
    }

    private void putGradients(Matrix to, int end, Coefficients coefficients) {
        for (int row = begin; row < end; row++) {
            double[] gradient = gradientRows[row - begin];
            int step = rows.step(row) - rows.step(begin);
            double factor =
                    !rows.isLabelled(row)
                            ? 0
                            : switch (coefficients) {
                                case NONE -> 1;
                                case PARAMETERS -> linearSteps.parametersOfGradient(step);
                                case VELOCITY -> linearSteps.velocityOfGradient(step);
                            };
            if (factor != 1) {
                for (int k = 0; k < columns; k++) {
                    scaledGradient[k] = factor == 0 ? 0 : factor * gradient[k];
                }
                gradient = scaledGradient;
            }
            to.putRow(row - begin, gradient);
        }
    }

    /**
     * Returns the Euclidean norm of the gradient {@code Xᵀ G} of the last mini-batch before a row,
     * from {@code ‖Xᵀ G‖² = Σᵢⱼ Kᵢⱼ ⟨gᵢ, gⱼ⟩} with the Gram matrix {@code K}; NaN if there is none.
     *
     * @param end index after the last row
     * @param firstOutput the first column that is included
     * @param numOutputs number of columns that are included
     */
    double gradientNorm(int end, int firstOutput, int numOutputs) {
        int last = end - 1;
        while (last >= begin && !rows.isLabelled(last)) {
            last--;
        }
        if (last < begin) {
            return Double.NaN;
        }
        int first = last;
        while (first > begin
                && rows.isLabelled(first - 1)
                && rows.step(first - 1) == rows.step(last)) {
            first--;
        }
        double squared = 0;
        for (int i = first; i <= last; i++) {
            for (int j = first; j <= last; j++) {
                double inner = 0;
                for (int c = firstOutput; c < firstOutput + numOutputs; c++) {
                    inner += gradientRows[i - begin][c] * gradientRows[j - begin][c];
                }
                squared += gramValues[(i - begin) * capacity + j - begin] * inner;
            }
        }
        return Math.sqrt(Math.max(0, squared));
    }
}
