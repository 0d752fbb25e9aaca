package io.freshet.model.example;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Features of examples in compressed sparse rows: for each example the columns that are not 0, with
 * their values. A column may occur more than once in a row; its values then add up.
 *
 * <p>The last row is open: {@link #add} appends to it until {@link #endRow}. The arrays that the
 * accessors return are the rows' own, not copies; a later call that adds values may replace them.
 */
public final class SparseRows {
    private static final int FIRST_CAPACITY = 64;

    /** Index of the first value of each row and of the open row, (at least size + 1). */
    private int[] starts;

    private int[] columns;
    private float[] values;
    private int size;
    private int length;

    /** Creates an empty set of rows with a capacity, in rows. */
    SparseRows(int capacity) {
        starts = new int[capacity + 1];
        columns = new int[FIRST_CAPACITY];
        values = new float[FIRST_CAPACITY];
    }

    /** Returns the number of rows, without the open one. */
    public int size() {
        return size;
    }

    /** Returns the number of values of all rows, without the open one. */
    public int numValues() {
        return starts[size];
    }

    /** Returns the index of the first value of a row. */
    public int start(int row) {
        return starts[row];
    }

    /** Returns the index after the last value of a row. */
    public int end(int row) {
        return starts[row + 1];
    }

    /** Returns the columns of the values, (at least numValues), counted from 0. */
    public int[] columns() {
        return columns;
    }

    /** Returns the values, (at least numValues). */
    public float[] values() {
        return values;
    }

    /** Returns the number of values in the open row. */
    public int openLength() {
        return length - starts[size];
    }

    /** Removes the values of the open row. */
    public void clearOpen() {
        length = starts[size];
    }

    /** Appends a value to the open row. */
    public void add(int column, float value) {
        if (length == columns.length) {
            columns = Arrays.copyOf(columns, Math.multiplyExact(2, length));
            values = Arrays.copyOf(values, columns.length);
        }
        columns[length] = column;
        values[length] = value;
        length++;
    }

    /** Ends the open row, and opens the next one. */
    void endRow() {
        if (size + 1 == starts.length) {
            starts = Arrays.copyOf(starts, Math.multiplyExact(2, starts.length));
        }
        size++;
        starts[size] = length;
    }

    void clear() {
        size = 0;
        length = 0;
    }

    /**
     * Appends a copy of a row of another set.
     *
     * @param others not modified
     */
    void addFrom(SparseRows others, int row) {
        addRows(others, row, row + 1);
    }

    /**
     * Appends copies of all rows of another set.
     *
     * @param others not modified
     */
    void addAll(SparseRows others) {
        addRows(others, 0, others.size);
    }

    private void addRows(SparseRows others, int from, int to) {
        clearOpen();
        int count = others.starts[to] - others.starts[from];
        if (length + count > columns.length) {
            int capacity = Math.max(length + count, Math.multiplyExact(2, columns.length));
            columns = Arrays.copyOf(columns, capacity);
            values = Arrays.copyOf(values, capacity);
        }
        System.arraycopy(others.columns, others.starts[from], columns, length, count);
        System.arraycopy(others.values, others.starts[from], values, length, count);
        for (int row = from; row < to; row++) {
            length += others.starts[row + 1] - others.starts[row];
            endRow();
        }
    }

    /** Keeps the rows that a filter accepts, in their order. */
    void retain(IntPredicate kept) {
        int rows = size;
        int from = 0;
        clear();
        for (int row = 0; row < rows; row++) {
            int to = starts[row + 1];
            if (kept.test(row)) {
                System.arraycopy(columns, from, columns, length, to - from);
                System.arraycopy(values, from, values, length, to - from);
                length += to - from;
                endRow();
            }
            from = to;
        }
    }
}
