package io.freshet.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reader of one type of event, written with any released version of its schema.
 *
 * <p>Thread-safe.
 *
 * @param <T> the event's generated class
 */
@NullMarked
public final class EventReader<T extends SpecificRecordBase> {
    private static final int HEADER_BYTES = 10;
    private static final byte MARKER_0 = (byte) 0xC3;
    private static final byte MARKER_1 = 0x01;

    private final Schema schema;
    private final SpecificData data;
    private final Map<Long, SpecificDatumReader<T>> readers = new ConcurrentHashMap<>();

    private EventReader(Schema schema, SpecificData data) {
        this.schema = schema;
        this.data = data;
    }

    /** Returns a reader of the events of a generated class. */
    public static <T extends SpecificRecordBase> EventReader<T> of(Class<T> event) {
        return new EventReader<>(
                SpecificData.get().getSchema(event), SpecificData.getForClass(event));
    }

    /**
     * Reads an event in single-object encoding.
     *
     * @param bytes the whole value of a record, or null if it has none. Not modified.
     * @throws IOException if the bytes are not exactly one event of a released version
     */
    public T read(byte @Nullable [] bytes) throws IOException {
        if (bytes == null) {
            throw new IOException("the record has no value");
        }
        if (bytes.length < HEADER_BYTES || bytes[0] != MARKER_0 || bytes[1] != MARKER_1) {
            throw new IOException("not in Avro's single-object encoding");
        }
        long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
        SpecificDatumReader<T> reader = readers.get(fingerprint);
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

    private SpecificDatumReader<T> createReader(long fingerprint) throws IOException {
        Schema written = EventSchemas.store().findByFingerprint(fingerprint);
        if (written == null || !written.getFullName().equals(schema.getFullName())) {
            throw new IOException(
                    "no released "
                            + schema.getName()
                            + " has the fingerprint "
                            + Long.toHexString(fingerprint));
        }
        SpecificDatumReader<T> reader = new SpecificDatumReader<>(written, schema, data);
        readers.put(fingerprint, reader);
        return reader;
    }
}
