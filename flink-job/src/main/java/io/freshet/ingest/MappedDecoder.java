package io.freshet.ingest;

import io.freshet.model.example.Examples;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of a format whose fields are mapped: a message is decoded as a whole, since its model id
 * may be anywhere in it.
 */
abstract class MappedDecoder implements EventDecoder {
    /** The example of the current message, to which {@link #decode} reports its values. */
    final MappedExample example;

    MappedDecoder(IngestConfig config) {
        example = new MappedExample(config);
    }

    /**
     * Decodes a message.
     *
     * @param value value of the message, not empty
     */
    abstract void decode(byte[] value) throws InvalidEventException;

    @Override
    public final void readHeader(RawMessage message) throws InvalidEventException {
        byte[] value = message.requireValue();
        example.begin(message);
        decode(value);
        example.end();
    }

    @Override
    public final void readRest(Examples examples) {
        example.copyTo(examples);
    }

    @Override
    public final @Nullable InvalidEventException violation() {
        return example.violation();
    }

    @Override
    public final void countRounded(RoundedValues counts) {
        example.countRounded(counts);
    }

    @Override
    public final String modelId() {
        return example.modelId();
    }

    @Override
    public final long timestamp() {
        return example.timestamp();
    }

    @Override
    public final boolean hasIgnoreIndex() {
        return example.label().hasIgnoreIndex();
    }

    @Override
    public final int label() {
        return example.label().label();
    }

    @Override
    public final @Nullable String className() {
        return example.label().className();
    }

    @Override
    public final float weight() {
        return example.weight();
    }

    @Override
    public final String id() {
        return example.id();
    }
}
