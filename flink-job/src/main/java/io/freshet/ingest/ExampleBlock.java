package io.freshet.ingest;

import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.TypeInfo;
import org.jspecify.annotations.Nullable;

/**
 * The examples of one model that travel together, packed column by column, with the audit of the
 * events that became no example.
 *
 * <p>A block is filled, handed on and, by whoever filled it, cleared and filled again. Its arrays
 * may be longer than its rows. Execution only: how a stream was cut into blocks means nothing.
 */
@TypeInfo(ExampleBlockTypeInfo.Factory.class)
public final class ExampleBlock {
    /** The label of a row that has none. */
    public static final int UNLABELLED = -1;

    /** {@link #waitingSince()} of a block that was just opened, or came over the network. */
    static final long NOT_WAITING = Long.MIN_VALUE;

    private static final int FIRST_CAPACITY = 8;

    /** A partition that rows came from. */
    public record Source(String topic, int partition) {}

    private String modelId;
    private final int numFeatures;
    private final int numTargets;
    private int size;
    private float[] features;
    private float[] targets;
    private int[] labels;
    private float[] weights;
    private long[] hashes;
    private long[] offsets;
    private long[] timestamps;
    private int[] sourceOfRow;
    private @Nullable String[] ids;
    private Source[] sources = new Source[0];
    private final Audit audit = Audit.empty();
    private long waitingSince = NOT_WAITING;

    /** An empty block of one model's examples, whose labels are of one class. */
    public ExampleBlock(String modelId, int numFeatures) {
        this(modelId, numFeatures, 0);
    }

    /**
     * An empty block of one model's examples.
     *
     * @param numTargets values that a label has beside its class index: one per class, or 0
     */
    public ExampleBlock(String modelId, int numFeatures, int numTargets) {
        this(modelId, numFeatures, numTargets, FIRST_CAPACITY);
    }

    ExampleBlock(String modelId, int numFeatures, int numTargets, int capacity) {
        this.modelId = modelId;
        this.numFeatures = numFeatures;
        this.numTargets = numTargets;
        features = new float[capacity * numFeatures];
        targets = new float[capacity * numTargets];
        labels = new int[capacity];
        weights = new float[capacity];
        hashes = new long[capacity];
        offsets = new long[capacity];
        timestamps = new long[capacity];
        sourceOfRow = new int[capacity];
        ids = new @Nullable String[capacity];
    }

    /** The model that the examples belong to. */
    public String modelId() {
        return modelId;
    }

    /** Features of an example. */
    public int numFeatures() {
        return numFeatures;
    }

    /** Number of rows. */
    public int size() {
        return size;
    }

    /** Whether there is neither a row nor an event that became none. */
    public boolean isEmpty() {
        return size == 0 && audit.total() == 0;
    }

    /** Features, (size, numFeatures) row-major, as they were sent. */
    public float[] features() {
        return features;
    }

    /** Values that a row's label has beside its class index: one per class, or 0. */
    public int numTargets() {
        return numTargets;
    }

    /**
     * Targets, (size, numTargets) row-major: what each row's label says of each class, 0 to 1.
     * Those of a row without a label are 0.
     */
    public float[] targets() {
        return targets;
    }

    /**
     * Class index of a row, or {@link #UNLABELLED}; of a row with targets the class of the largest,
     * the lowest of equals.
     */
    public int label(int row) {
        return labels[row];
    }

    /** Example weight of a row, finite and above 0. */
    public float weight(int row) {
        return weights[row];
    }

    /** Hash of the place that a row was read from. */
    public long hash(int row) {
        return hashes[row];
    }

    /** Offset that a row was read from. */
    public long offset(int row) {
        return offsets[row];
    }

    /** Event time of a row, milliseconds since 1970-01-01T00:00Z. */
    public long timestamp(int row) {
        return timestamps[row];
    }

    /** Partition that a row was read from. */
    public Source source(int row) {
        return sources[sourceOfRow[row]];
    }

    /** Event id of a row without a label; labelled rows travel without. */
    public String id(int row) {
        String id = ids[row];
        return id == null ? "" : id;
    }

    /** What became of the events that are no rows. */
    public Audit audit() {
        return audit;
    }

    /** Makes room for one more row, so that it can be written where it belongs. */
    void reserveRow() {
        if (size < labels.length) {
            return;
        }
        int capacity = Math.max(FIRST_CAPACITY, 2 * size);
        features = Arrays.copyOf(features, capacity * numFeatures);
        targets = Arrays.copyOf(targets, capacity * numTargets);
        labels = Arrays.copyOf(labels, capacity);
        weights = Arrays.copyOf(weights, capacity);
        hashes = Arrays.copyOf(hashes, capacity);
        offsets = Arrays.copyOf(offsets, capacity);
        timestamps = Arrays.copyOf(timestamps, capacity);
        sourceOfRow = Arrays.copyOf(sourceOfRow, capacity);
        ids = Arrays.copyOf(ids, capacity);
    }

    /**
     * Adds the row whose features stand at {@code size × numFeatures} already, and its targets at
     * {@code size × numTargets}.
     */
    void addReservedRow(
            int label,
            float weight,
            long hash,
            String topic,
            int partition,
            long offset,
            long timestamp,
            @Nullable String id) {
        labels[size] = label;
        weights[size] = weight;
        hashes[size] = hash;
        sourceOfRow[size] = sourceIndex(topic, partition);
        offsets[size] = offset;
        timestamps[size] = timestamp;
        ids[size] = id;
        size++;
    }

    /**
     * Adds a labelled row; its targets are those of its class alone.
     *
     * @param from array that holds the row's features from {@code at} on. Not modified.
     */
    public void addLabelled(
            float[] from,
            int at,
            int label,
            float weight,
            long hash,
            Source source,
            long offset,
            long timestamp) {
        reserveRow();
        System.arraycopy(from, at, features, size * numFeatures, numFeatures);
        writeOneHot(label, targets, size * numTargets, numTargets);
        addReservedRow(
                label, weight, hash, source.topic(), source.partition(), offset, timestamp, null);
    }

    /**
     * Adds a labelled row with its targets.
     *
     * @param from array that holds the row's features from {@code at} on. Not modified.
     * @param targetsFrom array that holds the row's targets from {@code targetsAt} on. Not
     *     modified.
     */
    public void addLabelled(
            float[] from,
            int at,
            float[] targetsFrom,
            int targetsAt,
            int label,
            float weight,
            long hash,
            Source source,
            long offset,
            long timestamp) {
        reserveRow();
        System.arraycopy(from, at, features, size * numFeatures, numFeatures);
        System.arraycopy(targetsFrom, targetsAt, targets, size * numTargets, numTargets);
        addReservedRow(
                label, weight, hash, source.topic(), source.partition(), offset, timestamp, null);
    }

    /**
     * Writes the targets of one class: 1 for it, 0 for the others; all 0 for {@link #UNLABELLED}.
     *
     * @param targets takes them from {@code from} on. Modified.
     */
    static void writeOneHot(int label, float[] targets, int from, int numTargets) {
        if (numTargets > 0) {
            Arrays.fill(targets, from, from + numTargets, 0);
            if (label != UNLABELLED) {
                targets[from + label] = 1;
            }
        }
    }

    private int sourceIndex(String topic, int partition) {
        // Few partitions a block: the newest is the likeliest.
        for (int i = sources.length - 1; i >= 0; i--) {
            if (sources[i].partition == partition && sources[i].topic.equals(topic)) {
                return i;
            }
        }
        sources = Arrays.copyOf(sources, sources.length + 1);
        sources[sources.length - 1] = new Source(topic, partition);
        return sources.length - 1;
    }

    /** Forgets all rows and counts; keeps the arrays. */
    public void clear() {
        Arrays.fill(ids, 0, size, null);
        size = 0;
        sources = new Source[0];
        audit.clear();
        waitingSince = NOT_WAITING;
    }

    /** When the first message was packed, in processing time, milliseconds. */
    long waitingSince() {
        return waitingSince;
    }

    void waitSince(long now) {
        waitingSince = now;
    }

    /** Gives a cleared block to another model. */
    void rename(String newModelId) {
        modelId = newModelId;
    }

    // What the serializer reads and writes, beside the accessors above.

    int[] labels() {
        return labels;
    }

    float[] weights() {
        return weights;
    }

    long[] hashes() {
        return hashes;
    }

    long[] offsets() {
        return offsets;
    }

    long[] timestamps() {
        return timestamps;
    }

    int[] sourceOfRow() {
        return sourceOfRow;
    }

    @Nullable String[] ids() {
        return ids;
    }

    Source[] sources() {
        return sources;
    }

    void restored(int size, Source[] sources) {
        this.size = size;
        this.sources = sources;
    }
}
