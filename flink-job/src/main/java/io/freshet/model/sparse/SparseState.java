package io.freshet.model.sparse;

import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.ZeroGradientSteps;
import org.jspecify.annotations.Nullable;

/**
 * State of a sparse learner's parameters. Immutable by convention: its creator never writes to the
 * arrays again.
 *
 * @param numColumns number of columns that an example can have; the bias is the column after them
 * @param layout layout of the rows
 * @param rule rule of the steps that {@code laggedRates} belong to; null for plain SGD
 * @param laggedRates learning rates of the steps since all rows were last decayed; empty for plain
 *     SGD
 * @param velocitySteps number of steps since the velocity was zero
 * @param norms sums by which the norm of the parameters is kept: for plain SGD the squares of each
 *     of a row's parameters, (numParameters), else the sums of squared parameters, of parameters
 *     times velocities and of squared velocities
 * @param chunks the rows
 * @param goodChunks rows of the last good parameters; null if none have been copied yet
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SparseState(
        int numColumns,
        RowLayout layout,
        @Nullable LinearRule rule,
        double[] laggedRates,
        long velocitySteps,
        double[] norms,
        SparseChunk[] chunks,
        SparseChunk @Nullable [] goodChunks) {
    /** Returns the state before the first example. */
    public static SparseState initial(int numColumns, RowLayout layout, @Nullable LinearRule rule) {
        int norms = rule == null ? layout.numParameters() : 3;
        return new SparseState(
                numColumns,
                layout,
                rule,
                new double[0],
                0,
                new double[norms],
                new SparseChunk[0],
                null);
    }

    /**
     * Returns the state of a model with more columns and outputs, whose parameters are 0.
     *
     * @param newNumColumns number of columns, at least as many as there are
     * @param numRates number of learning rates
     * @param newNumOutputs number of outputs, at least as many as there are
     */
    public SparseState extended(int newNumColumns, int numRates, int newNumOutputs) {
        RowLayout extended =
                new RowLayout(
                        numRates * newNumOutputs,
                        layout.hasVelocity(),
                        layout.isLazy(),
                        layout.isScaled());
        int numOutputs = layout.numParameters() / numRates;
        double[] newNorms = norms;
        if (rule == null) {
            newNorms = new double[extended.numParameters()];
            for (int rate = 0; rate < numRates; rate++) {
                System.arraycopy(
                        norms, rate * numOutputs, newNorms, rate * newNumOutputs, numOutputs);
            }
        }
        return new SparseState(
                newNumColumns,
                extended,
                rule,
                laggedRates,
                velocitySteps,
                newNorms,
                extended(chunks, extended, newNumColumns, numRates),
                goodChunks == null
                        ? null
                        : extended(goodChunks, extended, newNumColumns, numRates));
    }

    private SparseChunk[] extended(
            SparseChunk[] from, RowLayout extended, int newNumColumns, int numRates) {
        SparseChunk[] to = new SparseChunk[from.length];
        for (int chunk = 0; chunk < to.length; chunk++) {
            to[chunk] = extended(from[chunk], extended, newNumColumns, numRates);
        }
        return to;
    }

    private SparseChunk extended(
            SparseChunk chunk, RowLayout extended, int newNumColumns, int numRates) {
        int[] columns = chunk.columns().clone();
        float[] values = new float[columns.length * extended.width()];
        int numOutputs = layout.numParameters() / numRates;
        int newNumOutputs = extended.numParameters() / numRates;
        for (int row = 0; row < chunk.size(); row++) {
            if (columns[row] == numColumns) {
                columns[row] = newNumColumns; // the bias
            }
            int from = row * layout.width();
            int to = row * extended.width();
            int arrays = layout.hasVelocity() ? 2 : 1;
            for (int matrix = 0; matrix < arrays * numRates; matrix++) {
                System.arraycopy(
                        chunk.values(),
                        from + matrix * numOutputs,
                        values,
                        to + matrix * newNumOutputs,
                        numOutputs);
            }
            System.arraycopy(
                    chunk.values(),
                    from + layout.step(),
                    values,
                    to + extended.step(),
                    layout.width() - layout.step());
        }
        return new SparseChunk(chunk.size(), columns, values);
    }

    /** Returns the rows after all steps, also those that change parameters without a gradient. */
    public SparseChunk[] upToDate() {
        if (rule == null || laggedRates.length == 0) {
            return chunks;
        }
        ZeroGradientSteps missed = new ZeroGradientSteps(rule);
        long before = velocitySteps - laggedRates.length;
        for (double rate : laggedRates) {
            missed.add(rate, rule.hasVelocity() && before > 0);
            before++;
        }
        SparseTable table = new SparseTable(layout);
        table.set(chunks, layout);
        table.catchUp(missed);
        return table.freeze();
    }
}
