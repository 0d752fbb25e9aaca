package io.freshet.ingest;

import io.freshet.model.example.Examples;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of messages of one format into examples.
 *
 * <p>An event is read in two steps, since its model determines the block: {@link #readHeader} reads
 * at least the model id, {@link #readRest} the rest into the arrays of a block. Bytes that violate
 * the format cause an {@link InvalidEventException} immediately. An event that is well-formed but
 * that the job cannot use is read to its end and has a {@link #violation()}, so that it is counted
 * for its model. Not thread-safe.
 */
interface EventDecoder {
    /** Reads an event up to its model id at least. */
    void readHeader(RawMessage message) throws InvalidEventException;

    /**
     * Reads the rest of the event.
     *
     * @param examples receives behind its last row, which is {@linkplain Examples#reserve()
     *     reserved}, the features and, unless labels are single classes, the targets. A missing
     *     dense feature is NaN; a missing sparse one is left out.
     */
    void readRest(Examples examples) throws InvalidEventException;

    /** Returns why the job cannot use the event; null if it can. */
    @Nullable InvalidEventException violation();

    /** Adds the values of the event that became floats which differ from them by 1 or more. */
    void countRounded(RoundedValues counts);

    /** Returns the id of the event's model. */
    String modelId();

    /** Returns the event time, milliseconds since 1970-01-01T00:00Z. */
    long timestamp();

    /** Returns whether the label is {@code label.ignore-index}. */
    boolean hasIgnoreIndex();

    /**
     * Returns the class index, or {@link Examples#UNLABELLED}; an index without a meaning if there
     * is a {@link #className()}.
     */
    int label();

    /** Returns the class name where classes are open; null otherwise and without a label. */
    @Nullable String className();

    /** Returns the example weight. */
    float weight();

    /** Returns the event's id. */
    String id() throws InvalidEventException;
}
