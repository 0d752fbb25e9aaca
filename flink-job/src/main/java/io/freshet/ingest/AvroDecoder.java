package io.freshet.ingest;

import io.freshet.registry.RegisteredSchema;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.FlinkRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of Avro records of the user's own schemas: bare, in single-object encoding, or framed by
 * a schema registry. Fields are found by name in the schema that the message was written with, so
 * every schema that has the mapped fields can be read.
 */
final class AvroDecoder extends MappedDecoder {
    private static final int SINGLE_OBJECT_HEADER = 10;
    private static final int SINGLE_OBJECT_MARKER = 0xC301;
    private static final int REGISTRY_HEADER = 5;

    private final AvroEncoding encoding;
    private final Map<Long, AvroFieldReader> byFingerprint = new HashMap<>();
    private final Map<Integer, AvroFieldReader> byId = new HashMap<>();
    private final @Nullable SchemaRegistry registry;
    private @Nullable AvroFieldReader bare;
    private @Nullable BinaryDecoder reused;

    /**
     * @param registry registry of the messages' schemas; null unless the encoding is {@link
     *     AvroEncoding#CONFLUENT}
     */
    AvroDecoder(IngestConfig config, @Nullable SchemaRegistry registry) {
        super(config);
        encoding = config.source().avroEncoding();
        this.registry = registry;
        for (String text : config.source().avroSchemas()) {
            Schema schema = new Schema.Parser().parse(text);
            AvroFieldReader reader = AvroFieldReader.of(schema, example.root());
            byFingerprint.put(SchemaNormalization.parsingFingerprint64(schema), reader);
            bare = reader;
        }
    }

    @Override
    void decode(byte[] value) throws InvalidEventException {
        switch (encoding) {
            case BARE -> read(value, 0, bare);
            case SINGLE_OBJECT -> readSingleObject(value);
            case CONFLUENT -> readFramed(value);
        }
    }

    private void readSingleObject(byte[] value) throws InvalidEventException {
        ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        if (value.length < SINGLE_OBJECT_HEADER
                || ((value[0] & 0xFF) << 8 | (value[1] & 0xFF)) != SINGLE_OBJECT_MARKER) {
            throw foreign(
                    DeadLetterReason.NOT_SINGLE_OBJECT,
                    "the value does not begin with C3 01, as single-object encoding does",
                    value);
        }
        long fingerprint = bytes.getLong(2);
        AvroFieldReader reader = byFingerprint.get(fingerprint);
        if (reader == null) {
            throw new InvalidEventException(
                    DeadLetterReason.UNKNOWN_SCHEMA,
                    "no schema of source.avro-schemas has the fingerprint "
                            + Long.toHexString(fingerprint));
        }
        read(value, SINGLE_OBJECT_HEADER, reader);
    }

    private void readFramed(byte[] value) throws InvalidEventException {
        if (value.length < REGISTRY_HEADER || value[0] != 0) {
            throw foreign(
                    DeadLetterReason.NOT_FRAMED,
                    "the value does not begin with 00 and the id of a schema, as a registry's"
                            + " serializers write it",
                    value);
        }
        int id = ByteBuffer.wrap(value).getInt(1);
        AvroFieldReader reader = byId.get(id);
        if (reader == null && registry != null) {
            RegisteredSchema schema = schema(registry, id);
            if (schema.avro() == null) {
                throw new InvalidEventException(DeadLetterReason.UNKNOWN_SCHEMA, schema.problem());
            }
            reader = AvroFieldReader.of(schema.avro(), example.root());
            byId.put(id, reader);
        }
        read(value, REGISTRY_HEADER, reader);
    }

    private static RegisteredSchema schema(SchemaRegistry registry, int id) {
        try {
            return registry.schema(id);
        } catch (RegistryRefusedException e) {
            throw new SuppressRestartsException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlinkRuntimeException("interrupted while a schema was requested", e);
        }
    }

    private static InvalidEventException foreign(
            DeadLetterReason reason, String problem, byte[] value) {
        String guess = ForeignFormat.guess(value);
        return new InvalidEventException(reason, problem + (guess == null ? "" : "; " + guess));
    }

    private void read(byte[] value, int from, @Nullable AvroFieldReader reader)
            throws InvalidEventException {
        BinaryDecoder decoder =
                DecoderFactory.get().binaryDecoder(value, from, value.length - from, reused);
        reused = decoder;
        try {
            if (reader != null) {
                reader.read(decoder, example);
            }
            if (!decoder.isEnd()) {
                throw new InvalidEventException(
                        DeadLetterReason.TRAILING_BYTES, "bytes follow the record");
            }
        } catch (EOFException e) {
            throw new InvalidEventException(
                    DeadLetterReason.TRUNCATED, "the value ends before the record does");
        } catch (IOException
                | AvroRuntimeException
                | IndexOutOfBoundsException
                | UnsupportedOperationException e) { // the last for counts beyond an int
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "not a record of its schema: " + e.getMessage());
        }
    }
}
