package io.freshet.model.sparse;

import java.util.Arrays;

/**
 * Parameters of a sparse model at one time, in ascending order of the columns.
 *
 * @param columns columns that have parameters; the bias, if there is one yet, is the last, with the
 *     number of columns that an example can have
 * @param parameters parameters of each column, (columns, learning rates × outputs) row-major
 * @param scales scale of each column, by which its values are divided; empty without a scaler
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SparseParameters(int[] columns, float[] parameters, float[] scales) {
    /** Returns the parameters of a state. */
    public static SparseParameters of(SparseState state) {
        SparseChunk[] chunks = state.upToDate();
        long[] rows = rowsByColumn(chunks);
        RowLayout layout = state.layout();
        int width = layout.numParameters();
        int[] columns = new int[rows.length];
        float[] parameters = new float[Math.multiplyExact(rows.length, width)];
        float[] scales = new float[layout.isScaled() ? rows.length : 0];
        for (int i = 0; i < rows.length; i++) {
            int row = (int) rows[i];
            float[] values = chunks[row / SparseTable.CHUNK_ROWS].values();
            int at = row % SparseTable.CHUNK_ROWS * layout.width();
            columns[i] = (int) (rows[i] >> Integer.SIZE);
            System.arraycopy(values, at, parameters, i * width, width);
            if (layout.isScaled()) {
                scales[i] = (float) Math.exp(values[at + layout.scale()]);
            }
        }
        return new SparseParameters(columns, parameters, scales);
    }

    /** Returns the columns, each in the upper half of a number that has its row in the lower. */
    private static long[] rowsByColumn(SparseChunk[] chunks) {
        long[] rows = new long[Arrays.stream(chunks).mapToInt(SparseChunk::size).sum()];
        int row = 0;
        for (SparseChunk chunk : chunks) {
            for (int i = 0; i < chunk.size(); i++) {
                rows[row] = ((long) chunk.columns()[i] << Integer.SIZE) | row;
                row++;
            }
        }
        Arrays.sort(rows);
        return rows;
    }
}
