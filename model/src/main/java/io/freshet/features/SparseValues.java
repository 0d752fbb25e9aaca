package io.freshet.features;

import java.util.Arrays;

/** Columns and values of one example after another. Not thread-safe. */
public final class SparseValues implements FeatureConsumer {
    private static final int FIRST_CAPACITY = 64;

    private int[] columns = new int[FIRST_CAPACITY];
    private float[] values = new float[FIRST_CAPACITY];
    private int size;

    /** Creates an example without values. */
    public SparseValues() {}

    /** Removes all values. */
    public void clear() {
        size = 0;
    }

    /** Returns the number of values. */
    public int size() {
        return size;
    }

    @Override
    public void add(int column, float value) {
        if (size == columns.length) {
            columns = Arrays.copyOf(columns, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        columns[size] = column;
        values[size] = value;
        size++;
    }

    /** Returns a copy of the columns, in the order in which they were added. */
    public int[] columns() {
        return Arrays.copyOf(columns, size);
    }

    /** Returns a copy of the values, in the order in which they were added. */
    public float[] values() {
        return Arrays.copyOf(values, size);
    }

    void copyTo(FeatureConsumer consumer) {
        for (int i = 0; i < size; i++) {
            consumer.add(columns[i], values[i]);
        }
    }
}
