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
 * Reader of one type of event, written in Avro's single-object encoding or as JSON by {@link
 * EventJson}, with any released version of its schema. A topic may hold both.
 *
 * <p>Thread-safe.
 *
 * @param <T> type of the event: its generated class, or {@link GenericRecord}
 */
@NullMarked
public final class EventReader<T extends IndexedRecord> {
    private static final int HEADER_BYTES = 10;
    private static final byte MARKER_0 = (byte) 0xC3;
    private static final byte MARKER_1 = 0x01;

    private final GenericData model;
    private final Schema schema;
    private final @Nullable JsonEventReader json;
    private final Map<Long, DatumReader<T>> readers = new ConcurrentHashMap<>();

    private EventReader(GenericData model, Schema schema, boolean readsJson) {
        this.model = model;
        this.schema = schema;
        json = readsJson ? new JsonEventReader(model, schema) : null;
    }

    /** Returns a reader of the events of a generated class. */
    public static <T extends SpecificRecordBase> EventReader<T> of(Class<T> event) {
        return new EventReader<>(
                SpecificData.getForClass(event), SpecificData.get().getSchema(event), true);
    }

    /** Returns a reader of the events of a generated class that refuses JSON. */
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
        if (bytes == null) {
            throw new IOException("the record has no value");
        }
        return json != null && bytes.length > 0 && bytes[0] == '{'
                ? readJson(json, bytes)
                : readAvro(bytes);
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

    private T readAvro(byte[] bytes) throws IOException {
        if (bytes.length < HEADER_BYTES || bytes[0] != MARKER_0 || bytes[1] != MARKER_1) {
            throw new IOException("not in Avro's single-object encoding");
        }
        long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
        DatumReader<T> reader = readers.get(fingerprint);
        if (reader == null) {
            reader = createReader(fingerprint);
        }
        BinaryDecoder body =
                DecoderFactory.get()
                        .binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null);
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
