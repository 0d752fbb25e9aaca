package io.freshet.model.sparse;

import io.freshet.model.optim.ZeroGradientSteps;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Rows of floats by column, for the columns that occurred.
 *
 * <p>Rows lie in chunks in the order in which their columns first occurred. {@link #freeze} returns
 * the chunks without copying them; a chunk is copied when it is next written to. So a copy of the
 * whole table costs only what is changed afterwards.
 *
 * <p>The index from columns to rows is a hash table with open addressing and linear probing. Each
 * of its entries also has a mark and a place, by which the columns of one mini-batch are numbered.
 * Not thread-safe.
 */
public final class SparseTable {
    /** Number of rows of a full chunk. */
    static final int CHUNK_ROWS = 1 << 8;

    private static final int CHUNK_SHIFT = 8;
    private static final int FIRST_CAPACITY = 16;

    // An entry of the index: column, row, mark, place.
    private static final int ENTRY = 4;
    private static final int ROW = 1;
    private static final int MARK = 2;
    private static final int PLACE = 3;
    private static final int FREE = -1;
    private static final int FIRST_ENTRIES = 64;

    /** Multiplier of Fibonacci hashing, 2³² divided by the golden ratio. */
    private static final int MULTIPLIER = 0x9E3779B9;

    private final RowLayout layout;
    private final int width;
    private float[][] values = new float[1][];
    private int[][] columns = new int[1][];
    private @Nullable SparseChunk[] frozen = new SparseChunk[1];
    private int numRows;
    private int[] index = new int[0];
    private int shift;
    private int mark;

    /** Creates an empty table. */
    public SparseTable(RowLayout layout) {
        this.layout = layout;
        this.width = layout.width();
        clear();
    }

    /** Returns the size in bytes of a table with some columns, at most. */
    public static long bytes(RowLayout layout, long numColumns) {
        long rows = Math.max(1, (numColumns + CHUNK_ROWS - 1) / CHUNK_ROWS) * CHUNK_ROWS;
        long entries = Math.max(FIRST_ENTRIES, 2 * Long.highestOneBit(2 * numColumns - 1));
        return rows * (layout.width() + 1L) * Float.BYTES + entries * ENTRY * Integer.BYTES;
    }

    /** Returns the layout of the rows. */
    public RowLayout layout() {
        return layout;
    }

    /** Returns the number of rows. */
    public int numRows() {
        return numRows;
    }

    /** Removes all rows. */
    public void clear() {
        values = new float[1][];
        columns = new int[1][];
        frozen = new SparseChunk[1];
        numRows = 0;
        newIndex(FIRST_ENTRIES);
    }

    private void newIndex(int entries) {
        index = new int[entries * ENTRY];
        for (int i = 0; i < index.length; i += ENTRY) {
            index[i] = FREE;
        }
        shift = Integer.SIZE - Integer.numberOfTrailingZeros(entries);
        mark = 0;
    }

    /** Begins to number columns anew: no entry is marked. */
    public void clearMarks() {
        if (mark == Integer.MAX_VALUE) {
            for (int i = 0; i < index.length; i += ENTRY) {
                index[i + MARK] = 0;
            }
            mark = 0;
        }
        mark++;
    }

    /** Returns the entry of a column, to be used before the next is added; -1 if there is none. */
    public int find(int column) {
        int at = slot(column);
        return index[at] == FREE ? -1 : at;
    }

    /** Returns the entry of a column, to be used before the next is added; adds a row of zeros. */
    public int findOrAdd(int column) {
        int at = slot(column);
        if (index[at] != FREE) {
            return at;
        }
        if (4 * (numRows + 1) > 3 * (index.length / ENTRY)) {
            rehash(2 * (index.length / ENTRY));
            at = slot(column);
        }
        index[at] = column;
        index[at + ROW] = addRow(column);
        index[at + MARK] = 0;
        return at;
    }

    private int slot(int column) {
        int last = index.length / ENTRY - 1;
        int slot = (column * MULTIPLIER) >>> shift;
        while (index[slot * ENTRY] != FREE && index[slot * ENTRY] != column) {
            slot = (slot + 1) & last;
        }
        return slot * ENTRY;
    }

    private void rehash(int entries) {
        int[] old = index;
        int kept = mark;
        newIndex(entries);
        mark = kept;
        for (int i = 0; i < old.length; i += ENTRY) {
            if (old[i] != FREE) {
                System.arraycopy(old, i, index, slot(old[i]), ENTRY);
            }
        }
    }

    private int addRow(int column) {
        int row = numRows;
        int chunk = row >> CHUNK_SHIFT;
        int inChunk = row & (CHUNK_ROWS - 1);
        if (chunk == values.length) {
            values = Arrays.copyOf(values, 2 * chunk);
            columns = Arrays.copyOf(columns, 2 * chunk);
            frozen = Arrays.copyOf(frozen, 2 * chunk);
        }
        if (inChunk == 0) {
            values[chunk] = new float[FIRST_CAPACITY * width];
            columns[chunk] = new int[FIRST_CAPACITY];
            frozen[chunk] = null;
        } else {
            thaw(chunk);
        }
        if (inChunk == columns[chunk].length) {
            values[chunk] = Arrays.copyOf(values[chunk], 4 * inChunk * width);
            columns[chunk] = Arrays.copyOf(columns[chunk], 4 * inChunk);
        }
        columns[chunk][inChunk] = column;
        numRows++;
        return row;
    }

    /** Returns the row of an entry. */
    public int row(int entry) {
        return index[entry + ROW];
    }

    /** Returns whether an entry was marked since {@link #clearMarks}. */
    public boolean isMarked(int entry) {
        return index[entry + MARK] == mark;
    }

    /** Returns the place of a marked entry. */
    public int place(int entry) {
        return index[entry + PLACE];
    }

    /** Marks an entry. */
    public void mark(int entry, int place) {
        index[entry + MARK] = mark;
        index[entry + PLACE] = place;
    }

    /** Returns the column of a row. */
    public int column(int row) {
        return columns[row >> CHUNK_SHIFT][row & (CHUNK_ROWS - 1)];
    }

    /** Returns the array that has a row at {@link #offset}, to be read before a row is added. */
    public float[] readable(int row) {
        return values[row >> CHUNK_SHIFT];
    }

    /** Returns the array that has a row at {@link #offset}, to be used before a row is added. */
    public float[] writable(int row) {
        int chunk = row >> CHUNK_SHIFT;
        thaw(chunk);
        return values[chunk];
    }

    /** Sets some floats of all rows to 0. */
    public void fill(int from, int count) {
        for (int row = 0; row < numRows; row++) {
            int at = offset(row) + from;
            Arrays.fill(writable(row), at, at + count, 0);
        }
    }

    /** Returns the index of a row's first float in its array. */
    public int offset(int row) {
        return (row & (CHUNK_ROWS - 1)) * width;
    }

    /** Applies to all rows the steps that they have missed, and clears these. */
    public void catchUp(ZeroGradientSteps missed) {
        double[] matrix = new double[4];
        for (int row = 0; row < numRows; row++) {
            float[] floats = writable(row);
            int at = offset(row);
            catchUp(floats, at, missed, matrix);
            floats[at + layout.step()] = 0;
        }
        missed.clear();
    }

    /**
     * Applies to a row the steps that it has missed.
     *
     * @param floats array that has the row at {@code at}. Modified.
     * @param matrix scratch, (4). Modified.
     */
    public void catchUp(float[] floats, int at, ZeroGradientSteps missed, double[] matrix) {
        int from = (int) floats[at + layout.step()];
        if (from == missed.count()) {
            return;
        }
        missed.product(from, matrix);
        for (int c = at; c < at + layout.numParameters(); c++) {
            double parameter = floats[c];
            if (layout.hasVelocity()) {
                double velocity = floats[c + layout.velocity()];
                floats[c] = (float) (matrix[0] * parameter + matrix[1] * velocity);
                floats[c + layout.velocity()] =
                        (float) (matrix[2] * parameter + matrix[3] * velocity);
            } else {
                floats[c] = (float) (matrix[0] * parameter);
            }
        }
        floats[at + layout.step()] = missed.count();
    }

    private void thaw(int chunk) {
        if (frozen[chunk] != null) {
            values[chunk] = values[chunk].clone();
            columns[chunk] = columns[chunk].clone();
            frozen[chunk] = null;
        }
    }

    /** Returns all rows, in chunks that this table does not write to again. */
    public SparseChunk[] freeze() {
        SparseChunk[] chunks = new SparseChunk[(numRows + CHUNK_ROWS - 1) >> CHUNK_SHIFT];
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            SparseChunk known = frozen[chunk];
            if (known == null) {
                int size = Math.min(CHUNK_ROWS, numRows - (chunk << CHUNK_SHIFT));
                known = new SparseChunk(size, columns[chunk], values[chunk]);
                frozen[chunk] = known;
            }
            chunks[chunk] = known;
        }
        return chunks;
    }

    /**
     * Replaces all rows.
     *
     * @param chunks all but the last of them full. Shared, not modified.
     * @param from their layout, with as many parameters. What this table's layout lacks is left
     *     out, and what it has in addition is 0.
     */
    public void set(SparseChunk[] chunks, RowLayout from) {
        int capacity = Math.max(1, chunks.length);
        values = new float[capacity][];
        columns = new int[capacity][];
        frozen = new SparseChunk[capacity];
        int rows = 0;
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            SparseChunk shared =
                    from.equals(layout) ? chunks[chunk] : converted(chunks[chunk], from);
            values[chunk] = shared.values();
            columns[chunk] = shared.columns();
            frozen[chunk] = shared;
            rows += shared.size();
        }
        int entries = FIRST_ENTRIES;
        while (4L * (rows + 1) > 3L * entries) {
            entries *= 2;
        }
        newIndex(entries);
        for (int row = 0; row < rows; row++) {
            int column = columns[row >> CHUNK_SHIFT][row & (CHUNK_ROWS - 1)];
            int at = slot(column);
            index[at] = column;
            index[at + ROW] = row;
        }
        numRows = rows;
    }

    private SparseChunk converted(SparseChunk chunk, RowLayout from) {
        int capacity = chunk.columns().length;
        float[] converted = new float[capacity * width];
        for (int row = 0; row < chunk.size(); row++) {
            int source = row * from.width();
            int target = row * width;
            System.arraycopy(chunk.values(), source, converted, target, layout.numParameters());
            if (layout.hasVelocity() && from.hasVelocity()) {
                System.arraycopy(
                        chunk.values(),
                        source + from.velocity(),
                        converted,
                        target + layout.velocity(),
                        layout.numParameters());
            }
            if (layout.isScaled() && from.isScaled()) {
                System.arraycopy(
                        chunk.values(),
                        source + from.scale(),
                        converted,
                        target + layout.scale(),
                        2);
            }
        }
        return new SparseChunk(chunk.size(), chunk.columns(), converted);
    }
}
