package io.freshet.ingest;

import io.freshet.model.example.Examples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInfo;
import org.jspecify.annotations.Nullable;

/**
 * Batch of one model's examples on their way from ingest to the learner: the {@link Examples}, the
 * {@link Origins} of each, their {@link RoundedValues}, the {@link Audit} of the events that did
 * not become examples, and the {@link PartitionTallies} of all events.
 *
 * <p>Where classes are open, the labels of a block that ingest emits are indices into its {@link
 * #classNames()}, as only the learner knows the classes of its model.
 *
 * <p>Ingest clears and refills a block after emitting it, so a receiver must neither modify the
 * block nor keep a reference to it. Blocks only determine how examples are transported: results do
 * not depend on how the stream is divided into blocks, except for rounding.
 */
@TypeInfo(ExampleBlockTypeInfo.Factory.class)
public final class ExampleBlock {
    /** {@link #waitingSince()} of a block that was just opened or has been deserialised. */
    static final long NOT_WAITING = Long.MIN_VALUE;

    private static final int FIRST_CAPACITY = 8;

    private String modelId;
    private final Examples examples;
    private final Origins origins;
    private final Audit audit = new Audit();
    private final PartitionTallies read = new PartitionTallies();
    private final RoundedValues rounded = new RoundedValues();
    private final List<String> classNames = new ArrayList<>();
    private final Map<String, Integer> classIndexes = new HashMap<>();
    private long waitingSince = NOT_WAITING;

    /**
     * Creates an empty block.
     *
     * @param numFeatures number of features of each example, at least 1
     * @param numTargets number of target values of each label: one per class, or 0 if labels are
     *     single classes
     * @param isSparse whether features are kept as sparse rows
     */
    public ExampleBlock(String modelId, int numFeatures, int numTargets, boolean isSparse) {
        this(
                modelId,
                new Examples(numFeatures, numTargets, FIRST_CAPACITY, isSparse),
                new Origins(FIRST_CAPACITY));
    }

    /**
     * Creates a block of examples with an empty audit.
     *
     * @param examples kept, not copied
     * @param origins of each example, in the same order. Kept, not copied.
     */
    public ExampleBlock(String modelId, Examples examples, Origins origins) {
        if (examples.size() != origins.size()) {
            throw new IllegalArgumentException(
                    "a block needs one origin per example, but has "
                            + origins.size()
                            + " for "
                            + examples.size());
        }
        this.modelId = modelId;
        this.examples = examples;
        this.origins = origins;
    }

    /** Creates an empty block for uses in which Flink requires some instance. */
    static ExampleBlock placeholder() {
        return new ExampleBlock("", new Examples(1), new Origins());
    }

    /** Returns the id of the model that the examples belong to. */
    public String modelId() {
        return modelId;
    }

    /** Returns the number of examples. */
    public int size() {
        return examples.size();
    }

    /** Returns the examples, with their features as they were sent, not scaled; not a copy. */
    public Examples examples() {
        return examples;
    }

    /** Returns the origins of the examples, in the same order; not a copy. */
    public Origins origins() {
        return origins;
    }

    /** Returns counts and digests of the events that did not become examples; not a copy. */
    public Audit audit() {
        return audit;
    }

    /** Returns the tallies of all events that the block was made of; not a copy. */
    public PartitionTallies read() {
        return read;
    }

    /** Returns the values of the examples that a float does not hold; not a copy. */
    public RoundedValues rounded() {
        return rounded;
    }

    /**
     * Adds the example whose features and targets the caller has written behind the last row, after
     * {@link Examples#reserve()}.
     */
    void addReserved(
            int label,
            float weight,
            long hash,
            String topic,
            int partition,
            long offset,
            long timestamp,
            @Nullable String id) {
        examples.addReserved(label, weight);
        origins.add(hash, topic, partition, offset, timestamp, id);
    }

    /**
     * Returns the class names that the labels are indices of, in the order in which they first
     * occur, where classes are open; empty if the labels are indices of the model's classes. Not a
     * copy.
     */
    public List<String> classNames() {
        return classNames;
    }

    /** Returns the index of a class name in this block; adds it if it is new. */
    int classIndex(String name) {
        Integer index = classIndexes.putIfAbsent(name, classNames.size());
        if (index != null) {
            return index;
        }
        classNames.add(name);
        return classNames.size() - 1;
    }

    /** Removes all examples and counts; keeps the arrays. */
    void clear() {
        examples.clear();
        origins.clear();
        audit.clear();
        read.clear();
        rounded.clear();
        classNames.clear();
        classIndexes.clear();
        waitingSince = NOT_WAITING;
    }

    /** Returns the processing time at which the first event was packed, in milliseconds. */
    long waitingSince() {
        return waitingSince;
    }

    void waitSince(long now) {
        waitingSince = now;
    }

    /** Reuses a cleared block for another model. */
    void rename(String newModelId) {
        modelId = newModelId;
    }
}
