package io.freshet.model.sparse;

/**
 * Rows of a {@link SparseTable} that are not written to any more, so that tables and states can
 * share them.
 *
 * @param size number of rows
 * @param columns column of each row, (at least size)
 * @param values floats of the rows in a {@link RowLayout}, (at least size, width)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SparseChunk(int size, int[] columns, float[] values) {}
