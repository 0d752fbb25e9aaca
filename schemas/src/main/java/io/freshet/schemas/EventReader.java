package io.freshet.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reader of one type of event, with any released version of its schema, in any format of Freshet's
 * topics: Avro's single-object encoding, JSON as {@link EventJson} writes it, and Avro framed for a
 * schema registry. A topic may hold all of them.
 *
 * <p>The reader needs no registry: beside the id in a frame, which only the registry can look up, a
 * record's header {@value #SCHEMA_HEADER} has the schema's fingerprint.
 *
 * <p>Thread-safe.
 *
 * @param <T> type of the event: its generated class, or {@link GenericRecord}
 */
@NullMarked
public final class EventReader<T extends IndexedRecord> {
    /**
     * Name of the Kafka header of a framed record that names its schema: the first {@value
     * #SCHEMA_BYTES} bytes that the event has in single-object encoding.
     */
    public static final String SCHEMA_HEADER = "freshet.schema";

    /** Number of bytes in front of an event in single-object encoding. */
    public static final int SCHEMA_BYTES = 10;

    /** First byte of a value that is framed for a schema registry. */
    public static final byte FRAMED = 0;

    /** Number of bytes in front of an event that is framed: {@link #FRAMED} and the id. */
    public static final int FRAME_BYTES = 5;

    private static final byte MARKER_0 = (byte) 0xC3;
    private static final byte MARKER_1 = 0x01;

    private final GenericData model;
    private final Schema schema;

    /** Null if the reader takes single-object encoding only. */
    private final @Nullable JsonEventReader json;

    private final Map<Long, DatumReader<T>> readers = new ConcurrentHashMap<>();

    private EventReader(GenericData model, Schema schema, boolean readsAll) {
        this.model = model;
        this.schema = schema;
        json = readsAll ? new JsonEventReader(model, schema) : null;
    }

    /** Returns a reader of the events of a generated class. */
    public static <T extends SpecificRecordBase> EventReader<T> of(Class<T> event) {
        return new EventReader<>(
                SpecificData.getForClass(event), SpecificData.get().getSchema(event), true);
    }

    /** Returns a reader of a generated class that refuses all but single-object encoding. */
    public static <T extends SpecificRecordBase> EventReader<T> ofAvro(Class<T> event) {
        return new EventReader<>(
                SpecificData.getForClass(event), SpecificData.get().getSchema(event), false);
    }

    /**
     * Returns a reader that needs no generated class, so that Avro need not trust one. Times are
     * milliseconds.
     *
     * @param schema current schema of the event
     */
    public static EventReader<GenericRecord> generic(Schema schema) {
        return new EventReader<>(GenericData.get(), schema, true);
    }

    /**
     * Reads an event.
     *
     * @param bytes the whole value of a record, or null if it has none. Not modified.
     * @throws IOException if the bytes are not exactly one event of a released version
     */
    public T read(byte @Nullable [] bytes) throws IOException {
        return read(bytes, null);
    }

    /**
     * Reads an event.
     *
     * @param bytes the whole value of a record, or null if it has none. Not modified.
     * @param schemaHeader value of the record's header {@value #SCHEMA_HEADER}, or null if it has
     *     none. Not modified.
     * @throws IOException if the bytes are not exactly one event of a released version
     */
    public T read(byte @Nullable [] bytes, byte @Nullable [] schemaHeader) throws IOException {
        if (bytes == null) {
            throw new IOException("the record has no value");
        }
        if (json != null && bytes.length > 0 && bytes[0] == '{') {
            return readJson(json, bytes);
        }
        if (json != null && bytes.length >= FRAME_BYTES && bytes[0] == FRAMED) {
            if (schemaHeader == null) {
                throw new IOException(
                        "framed by a schema registry, without the header "
                                + SCHEMA_HEADER
                                + " that names the schema");
            }
            if (!isSingleObject(schemaHeader)) {
                throw new IOException("the header " + SCHEMA_HEADER + " names no schema");
            }
            return readAvro(fingerprint(schemaHeader), bytes, FRAME_BYTES);
        }
        if (!isSingleObject(bytes)) {
            throw new IOException("not in Avro's single-object encoding");
        }
        return readAvro(fingerprint(bytes), bytes, SCHEMA_BYTES);
    }

    @SuppressWarnings("unchecked") // the model creates records of the event's type
    private T readJson(JsonEventReader reader, byte[] bytes) throws IOException {
        try {
            return (T) reader.read(bytes);
        } catch (SecurityException e) {
            throw e; // Avro does not trust the generated classes: unrelated to this record
        } catch (IOException | RuntimeException e) {
            throw new IOException("not a whole " + schema.getName() + " in JSON", e);
        }
    }

    private static boolean isSingleObject(byte[] bytes) {
        return bytes.length >= SCHEMA_BYTES && bytes[0] == MARKER_0 && bytes[1] == MARKER_1;
    }

    private static long fingerprint(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    }

    /**
     * @param from index of the first byte of the event
     */
    private T readAvro(long fingerprint, byte[] bytes, int from) throws IOException {
        DatumReader<T> reader = readers.get(fingerprint);
        if (reader == null) {
            reader = createReader(fingerprint);
        }
        BinaryDecoder body =
                DecoderFactory.get().binaryDecoder(bytes, from, bytes.length - from, null);
        T event;
        try {
            event = reader.read(null, body);
        } catch (IOException | RuntimeException e) {
            throw new IOException("not a whole " + schema.getName(), e);
        }
        if (!body.isEnd()) {
            throw new IOException("bytes follow the " + schema.getName());
        }
        return event;
    }

    private DatumReader<T> createReader(long fingerprint) throws IOException {
        Schema written = EventSchemas.store().findByFingerprint(fingerprint);
        if (written == null || !written.getFullName().equals(schema.getFullName())) {
            throw new IOException(
                    "no released "
                            + schema.getName()
                            + " has the fingerprint "
                            + Long.toHexString(fingerprint));
        }
        DatumReader<T> reader =
                model instanceof SpecificData specific
                        ? new SpecificDatumReader<>(written, schema, specific)
                        : new GenericDatumReader<>(written, schema);
        readers.put(fingerprint, reader);
        return reader;
    }
}
