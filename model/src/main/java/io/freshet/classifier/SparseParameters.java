package io.freshet.classifier;

import java.util.Arrays;

/**
 * Parameters for the columns that occurred, with their scales. A value is divided by the scale of
 * its column and clipped; a column without parameters has no effect.
 */
final class SparseParameters extends Parameters {
    private static final int MULTIPLIER = 0x9E3779B9;
    private static final int EMPTY = -1;

    private final int[] columns;
    private final double[] inverseScales;
    private final double limit;
    private final float[] parameters;
    private final int width;

    /**
     * Row of each column by the column's hash, with linear probing; half of the slots are empty.
     */
    private final int[] slots;

    private final int shift;
    private final int biasRow;

    /**
     * @param columns (rows), ascending; the bias is the column numFeatures. Kept.
     * @param scales (rows), or empty if values are used as they are. Not modified.
     * @param parameters (rows, width) row-major. Kept.
     * @param width number of parameters of a column: learning rates × numOutputs
     * @param limit largest magnitude of a scaled value; 0 if none are clipped
     */
    SparseParameters(
            int numFeatures,
            int[] columns,
            float[] scales,
            float[] parameters,
            int width,
            double limit) {
        super(numFeatures);
        this.columns = columns;
        this.parameters = parameters;
        this.width = width;
        this.limit = limit > 0 ? limit : Double.POSITIVE_INFINITY;
        inverseScales = new double[scales.length];
        for (int row = 0; row < scales.length; row++) {
            inverseScales[row] = 1.0 / scales[row];
        }
        int capacity = Integer.highestOneBit(Math.max(2, columns.length)) * 4;
        shift = Integer.numberOfLeadingZeros(capacity) + 1;
        slots = new int[capacity];
        Arrays.fill(slots, EMPTY);
        for (int row = 0; row < columns.length; row++) {
            int slot = slot(columns[row]);
            while (slots[slot] != EMPTY) {
                slot = (slot + 1) & (capacity - 1);
            }
            slots[slot] = row;
        }
        biasRow = row(numFeatures);
    }

    private int slot(int column) {
        return (column * MULTIPLIER) >>> shift;
    }

    /** Returns the row of a column; negative if it has none. */
    private int row(int column) {
        int slot = slot(column);
        while (slots[slot] != EMPTY && columns[slots[slot]] != column) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slots[slot];
    }

    @Override
    int numColumns() {
        return columns.length - (biasRow == EMPTY ? 0 : 1);
    }

    @Override
    void logits(float[] features, int offset, double[] logits) {
        begin(logits);
        for (int column : columns) {
            if (column < numFeatures()) {
                add(column, (double) features[offset + column], logits);
            }
        }
    }

    @Override
    void logits(int[] exampleColumns, float[] values, double[] logits) {
        begin(logits);
        if (isAscending(exampleColumns)) {
            for (int i = 0; i < exampleColumns.length; i++) {
                add(exampleColumns[i], (double) values[i], logits);
            }
            return;
        }
        // The values of a column add up before they are scaled and clipped.
        long[] places = new long[exampleColumns.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = (long) exampleColumns[i] << Integer.SIZE | i;
        }
        Arrays.sort(places);
        int i = 0;
        while (i < places.length) {
            int column = exampleColumns[(int) places[i]];
            double sum = 0;
            for (; i < places.length && exampleColumns[(int) places[i]] == column; i++) {
                sum += values[(int) places[i]];
            }
            add(column, sum, logits);
        }
    }

    private static boolean isAscending(int[] exampleColumns) {
        for (int i = 1; i < exampleColumns.length; i++) {
            if (exampleColumns[i] <= exampleColumns[i - 1]) {
                return false;
            }
        }
        return true;
    }

    private void begin(double[] logits) {
        for (int k = 0; k < width; k++) {
            logits[k] = biasRow == EMPTY ? 0 : parameters[biasRow * width + k];
        }
    }

    private void add(int column, double value, double[] logits) {
        requireColumn(column, numFeatures());
        int row = row(column);
        if (row == EMPTY) {
            return;
        }
        double scaled = inverseScales.length == 0 ? value : value * inverseScales[row];
        double clipped = Math.max(-limit, Math.min(limit, scaled));
        int at = row * width;
        for (int k = 0; k < width; k++) {
            logits[k] += clipped * parameters[at + k];
        }
    }
}
