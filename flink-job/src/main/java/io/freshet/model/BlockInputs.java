package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.scale.Scaler;
import org.jspecify.annotations.Nullable;

/**
 * The input matrix {@code X} of a block: a row per example, with its scaled features and the
 * constant 1 of the bias.
 */
final class BlockInputs {
    private final BlockRows rows;
    private final @Nullable Scaler scaler;
    private final Matrix matrix;
    private final int numFeatures;
    private final int width;

    /** Scaled rows of a block, (capacity, width), which are copied to the matrix together. */
    private final float[] scaledRows;

    private final float[] scaledRow;

    /** Whether {@link #write} keeps the rows in {@code scaledRows} too. */
    private final boolean keepsRows;

    /**
     * @param scaler null where features are used as they are
     */
    BlockInputs(BlockWorkspace workspace, BlockRows rows, @Nullable Scaler scaler) {
        this.rows = rows;
        this.scaler = scaler;
        this.matrix = workspace.inputs;
        this.numFeatures = workspace.settings().numFeatures();
        this.width = workspace.width;
        this.scaledRows = workspace.scaledRows;
        this.scaledRow = workspace.scaledRow;
        this.keepsRows = workspace.settings().ensemble() != null;
    }

    /** Returns {@code X}, (at least rows, width); not a copy. */
    Matrix matrix() {
        return matrix;
    }

    /** Writes rows. The scaler observes each mini-batch before it scales it. */
    void observeAndWrite(int begin, int end, Examples examples) {
        if (scaler == null) {
            write(begin, end, examples);
        } else {
            scaler.scale(rows, begin, end, examples.features(), scaledRows, width);
            matrix.put(scaledRows, end - begin);
        }
    }

    /** Undoes the last {@link #observeAndWrite} or {@link #observe} in the scaler's statistics. */
    void undoObserve() {
        if (scaler != null) {
            scaler.undo();
        }
    }

    /** Lets the scaler observe rows, so that {@link #write} scales by the statistics after them. */
    void observe(int begin, int end, Examples examples) {
        if (scaler != null) {
            scaler.observe(rows, begin, end, examples.features());
        }
    }

    /** Prepares the scaler for {@link #write}, which then scales by its current statistics. */
    void prepareScaler() {
        if (scaler != null) {
            scaler.prepare();
        }
    }

    /** Writes rows, scaled by the scaler's current statistics. */
    void write(int begin, int end, Examples examples) {
        for (int row = begin; row < end; row++) {
            int offset = rows.example(row) * numFeatures;
            if (keepsRows) {
                float[] to = scaledRows;
                int first = (row - begin) * width;
                if (scaler == null) {
                    System.arraycopy(examples.features(), offset, to, first, numFeatures);
                } else {
                    scaler.transform(examples.features(), offset, to, first);
                }
                matrix.putRow(row - begin, to, first, numFeatures);
            } else if (scaler == null) {
                matrix.putRow(row - begin, examples.features(), offset, numFeatures);
            } else {
                scaler.transform(examples.features(), offset, scaledRow, 0);
                matrix.putRow(row - begin, scaledRow, 0, numFeatures);
            }
        }
    }

    /**
     * Passes the rows that were written last to a scorer, if its experts need them.
     *
     * @param count their number
     */
    void passTo(Scorer scorer, int count) {
        scorer.inputs(scaledRows, width, count);
    }

    /** Returns an upper bound of {@code Σ |x|} over the first rows, after {@link #observe}. */
    double bound(int count) {
        return scaler == null
                ? matrix.sumOfMagnitudes(0, count)
                : count * (numFeatures * scaler.bound() + 1);
    }
}
