package io.freshet.model;

import io.freshet.model.scale.ScalerRule;
import io.freshet.model.sparse.RowLayout;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.model.sparse.SparseTable;

/**
 * Scaling of the columns of a sparse model. Values are scaled and not centred, as a centred zero
 * would not be zero: a value is divided by the geometric mean of the magnitudes of its column's
 * values other than 0, and clipped at the scaler's number of deviations.
 *
 * <p>A single wrong reading, however large, moves a geometric mean little. A column of ones, such
 * as a word's, stays as it is. The mean logarithm and the sum of weights of a column are in its
 * row.
 */
final class SparseScaling {
    /** Floats of a column's scale. */
    private static final int WIDTH = 2;

    private final double kept;
    private final double limit;
    private final RowLayout layout;

    SparseScaling(ScalerRule rule, RowLayout layout) {
        this.kept = 1 - rule.lossPerExample();
        this.limit = rule.clip() == 0 ? Double.POSITIVE_INFINITY : rule.clip();
        this.layout = layout;
    }

    /** Lets the scale of each column observe a mini-batch. */
    void observe(SparseBatch batch) {
        batch.backUp(layout.scale(), WIDTH);
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            int place = batch.place(entry);
            double magnitude = Math.abs(batch.input(entry));
            if (place != SparseBatch.BIAS && magnitude > 0) {
                float[] values = batch.values(place);
                int at = batch.offset(place) + layout.scale();
                double logarithm = magnitude == 1 ? 0 : Math.log(magnitude);
                double weight = values[at + 1] * kept + 1;
                values[at] += (float) ((logarithm - values[at]) / weight);
                values[at + 1] = (float) weight;
            }
        }
    }

    /** Undoes the last {@link #observe}. */
    void undoObserve(SparseBatch batch) {
        batch.restore(layout.scale(), WIDTH);
    }

    /** Divides each input by the scale of its column. */
    void scale(SparseBatch batch) {
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            int place = batch.place(entry);
            if (place != SparseBatch.BIAS) {
                float[] values = batch.values(place);
                int at = batch.offset(place) + layout.scale();
                double input = batch.input(entry);
                if (values[at] != 0) {
                    input *= Math.exp(-values[at]);
                }
                batch.input(entry, Math.max(-limit, Math.min(limit, input)));
            }
        }
    }

    /** Resets the scales of all columns. */
    void reset(SparseTable table) {
        table.fill(layout.scale(), WIDTH);
    }

    /** Takes over the scales of rows; a column without a row gets one of zeros. */
    void keep(SparseChunk[] from, SparseTable table) {
        for (SparseChunk chunk : from) {
            for (int row = 0; row < chunk.size(); row++) {
                int to = table.row(table.findOrAdd(chunk.columns()[row]));
                System.arraycopy(
                        chunk.values(),
                        row * layout.width() + layout.scale(),
                        table.writable(to),
                        table.offset(to) + layout.scale(),
                        WIDTH);
            }
        }
    }
}
