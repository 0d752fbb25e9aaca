package io.freshet.ingest;

import java.util.Arrays;

/**
 * Number and digest of the events of one model that were read from each partition, whatever their
 * outcome, with the first and last offset.
 *
 * <p>Mutable and not thread-safe. Events of one partition must be added in the order of their
 * offsets.
 */
public final class PartitionTallies {
    private static final SourcePartition[] NO_SOURCES = {};
    private static final int FIRST_CAPACITY = 4;

    private int size;
    private SourcePartition[] sources = NO_SOURCES;
    private long[] firstOffsets = {};
    private long[] lastOffsets = {};
    private long[] counts = {};
    private long[] digests = {};

    /** Creates tallies of no events. */
    public PartitionTallies() {}

    /**
     * Creates tallies with the values of others.
     *
     * @param tallies one per partition; not modified
     */
    public PartitionTallies(PartitionTally[] tallies) {
        for (PartitionTally tally : tallies) {
            add(tally);
        }
    }

    /** Returns the number of partitions. */
    public int size() {
        return size;
    }

    /** Adds an event. */
    void add(String topic, int partition, long offset, long hash) {
        int i = indexOf(topic, partition);
        if (i < 0) {
            i = append(new SourcePartition(topic, partition), offset);
        }
        lastOffsets[i] = offset;
        counts[i]++;
        digests[i] += hash;
    }

    /** Adds later events of one partition. */
    void add(PartitionTally tally) {
        int i = indexOf(tally.topic(), tally.partition());
        if (i < 0) {
            SourcePartition source = new SourcePartition(tally.topic(), tally.partition());
            i = append(source, tally.firstOffset());
        }
        lastOffsets[i] = tally.lastOffset();
        counts[i] += tally.count();
        digests[i] += tally.digest();
    }

    /**
     * Adds later events.
     *
     * @param others not modified
     */
    public void addAll(PartitionTallies others) {
        for (int i = 0; i < others.size; i++) {
            add(others.tally(i));
        }
    }

    /** Returns the tally of the partition with an index below {@link #size()}. */
    PartitionTally tally(int i) {
        return new PartitionTally(
                sources[i].topic(),
                sources[i].partition(),
                firstOffsets[i],
                lastOffsets[i],
                counts[i],
                digests[i]);
    }

    /** Returns one tally per partition, in a new array. */
    public PartitionTally[] toArray() {
        PartitionTally[] tallies = new PartitionTally[size];
        for (int i = 0; i < size; i++) {
            tallies[i] = tally(i);
        }
        return tallies;
    }

    /** Removes all tallies; keeps the arrays. */
    void clear() {
        Arrays.fill(sources, 0, size, null);
        size = 0;
    }

    /** Returns the index of a partition, or -1. */
    private int indexOf(String topic, int partition) {
        // Consecutive events are most often from the partition that was added last.
        for (int i = size - 1; i >= 0; i--) {
            if (sources[i].partition() == partition && sources[i].topic().equals(topic)) {
                return i;
            }
        }
        return -1;
    }

    private int append(SourcePartition source, long firstOffset) {
        if (size == sources.length) {
            int capacity = Math.max(FIRST_CAPACITY, 2 * size);
            sources = Arrays.copyOf(sources, capacity);
            firstOffsets = Arrays.copyOf(firstOffsets, capacity);
            lastOffsets = Arrays.copyOf(lastOffsets, capacity);
            counts = Arrays.copyOf(counts, capacity);
            digests = Arrays.copyOf(digests, capacity);
        }
        int i = size++;
        sources[i] = source;
        firstOffsets[i] = firstOffset;
        counts[i] = 0;
        digests[i] = 0;
        return i;
    }
}
