package io.freshet.ingest;

import io.freshet.model.example.Evaluation;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Positions in Kafka from which the examples of a block were read, stored column by column:
 * partition, offset, hash of the two, event time and event id. Row {@code i} belongs to the block's
 * example {@code i}.
 *
 * <p>Each distinct partition is stored once, and each row holds an index into this list.
 */
public final class Origins {
    private static final int FIRST_CAPACITY = 16;
    private static final SourcePartition[] NO_SOURCES = {};

    private int size;
    private long[] hashes;
    private long[] offsets;
    private long[] timestamps;
    private int[] sourceIndexes;
    private @Nullable String[] ids;
    private SourcePartition[] sources = NO_SOURCES;

    /** Creates an empty set of origins. */
    public Origins() {
        this(0);
    }

    /**
     * @param capacity number of rows for which the arrays initially have space
     */
    Origins(int capacity) {
        hashes = new long[capacity];
        offsets = new long[capacity];
        timestamps = new long[capacity];
        sourceIndexes = new int[capacity];
        ids = new @Nullable String[capacity];
    }

    /** Returns the number of rows. */
    public int size() {
        return size;
    }

    /**
     * Returns the hash of the partition and offset that a row was read from ({@link EventHash}).
     */
    public long hash(int row) {
        return hashes[row];
    }

    /** Returns the offset that a row was read from. */
    public long offset(int row) {
        return offsets[row];
    }

    /** Returns the event time of a row, milliseconds since 1970-01-01T00:00Z. */
    public long timestamp(int row) {
        return timestamps[row];
    }

    /** Returns the partition that a row was read from. */
    public SourcePartition source(int row) {
        return sources[sourceIndexes[row]];
    }

    /** Returns an index that is equal for two rows exactly if they are from the same partition. */
    public int sourceIndex(int row) {
        return sourceIndexes[row];
    }

    /**
     * Returns the event id of a row; "" if it is kept without one, as rows with a label usually
     * are.
     */
    public String id(int row) {
        String id = ids[row];
        return id == null ? "" : id;
    }

    void add(
            long hash,
            String topic,
            int partition,
            long offset,
            long timestamp,
            @Nullable String id) {
        int row = size;
        growTo(row + 1);
        hashes[row] = hash;
        sourceIndexes[row] = sourceIndexOf(topic, partition);
        offsets[row] = offset;
        timestamps[row] = timestamp;
        ids[row] = id;
        size++;
    }

    private int sourceIndexOf(String topic, int partition) {
        // A block's events come from few partitions, most often from the one added last.
        for (int i = sources.length - 1; i >= 0; i--) {
            if (sources[i].partition() == partition && sources[i].topic().equals(topic)) {
                return i;
            }
        }
        sources = Arrays.copyOf(sources, sources.length + 1);
        sources[sources.length - 1] = new SourcePartition(topic, partition);
        return sources.length - 1;
    }

    /**
     * Adds a copy of one row of others.
     *
     * @param others not modified
     */
    public void addFrom(Origins others, int row) {
        SourcePartition source = others.source(row);
        add(
                others.hashes[row],
                source.topic(),
                source.partition(),
                others.offsets[row],
                others.timestamps[row],
                others.ids[row]);
    }

    /**
     * Adds copies of all rows of others.
     *
     * @param others not modified
     */
    public void addAll(Origins others) {
        int first = size;
        int count = others.size;
        growTo(first + count);
        System.arraycopy(others.hashes, 0, hashes, first, count);
        System.arraycopy(others.offsets, 0, offsets, first, count);
        System.arraycopy(others.timestamps, 0, timestamps, first, count);
        System.arraycopy(others.ids, 0, ids, first, count);
        int[] indexes = new int[others.sources.length];
        Arrays.fill(indexes, -1);
        for (int row = 0; row < count; row++) {
            int theirs = others.sourceIndexes[row];
            if (indexes[theirs] < 0) {
                SourcePartition source = others.sources[theirs];
                indexes[theirs] = sourceIndexOf(source.topic(), source.partition());
            }
            sourceIndexes[first + row] = indexes[theirs];
        }
        size += count;
    }

    /** Keeps only the rows of examples that are pending after an evaluation, in their order. */
    public void retainPending(Evaluation evaluation) {
        int kept = 0;
        for (int row = 0; row < size; row++) {
            if (evaluation.outcome(row) == Evaluation.Outcome.PENDING) {
                hashes[kept] = hashes[row];
                offsets[kept] = offsets[row];
                timestamps[kept] = timestamps[row];
                sourceIndexes[kept] = sourceIndexes[row];
                ids[kept] = ids[row];
                kept++;
            }
        }
        Arrays.fill(ids, kept, size, null);
        size = kept;
    }

    /** Removes all rows; keeps the arrays. */
    public void clear() {
        Arrays.fill(ids, 0, size, null);
        size = 0;
        sources = NO_SOURCES;
    }

    /** Returns a copy that shares no array; its arrays are as long as its rows. */
    public Origins copy() {
        Origins copy = new Origins(size);
        copy.addAll(this);
        return copy;
    }

    private void growTo(int rows) {
        if (rows <= hashes.length) {
            return;
        }
        int capacity = Math.max(rows, Math.max(FIRST_CAPACITY, 2 * hashes.length));
        hashes = Arrays.copyOf(hashes, capacity);
        offsets = Arrays.copyOf(offsets, capacity);
        timestamps = Arrays.copyOf(timestamps, capacity);
        sourceIndexes = Arrays.copyOf(sourceIndexes, capacity);
        ids = Arrays.copyOf(ids, capacity);
    }

    // The arrays themselves, for the serializer.

    long[] hashes() {
        return hashes;
    }

    long[] offsets() {
        return offsets;
    }

    long[] timestamps() {
        return timestamps;
    }

    int[] sourceIndexes() {
        return sourceIndexes;
    }

    @Nullable String[] ids() {
        return ids;
    }

    SourcePartition[] sources() {
        return sources;
    }

    /**
     * Sets the number of rows, whose contents are undefined until they are written to the arrays.
     *
     * @param newSources the partitions that the rows' indexes refer to. Kept, not copied.
     */
    void resize(int rows, SourcePartition[] newSources) {
        growTo(rows);
        size = rows;
        sources = newSources;
    }
}
