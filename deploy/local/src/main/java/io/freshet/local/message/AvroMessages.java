package io.freshet.local.message;

import io.freshet.ingest.AvroEncoding;
import io.freshet.ingest.SourceConfig;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobTopics;
import io.freshet.registry.RegisteredSchema;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalType;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.SchemaStore;
import org.jspecify.annotations.Nullable;

/**
 * Reader of messages that are Avro records of the user's own schemas. Decimals are read as such,
 * and as null if they have no bytes. Not thread-safe.
 */
public final class AvroMessages implements AutoCloseable {
    private static final int SINGLE_OBJECT_HEADER = 10;
    private static final int REGISTRY_HEADER = 5;

    private static final GenericData AVRO = new GenericData();

    static {
        AVRO.addLogicalTypeConversion(new LenientDecimals());
    }

    /** Conversion of decimals that accepts those without bytes, which the job may skip. */
    private static final class LenientDecimals extends Conversions.DecimalConversion {
        @Override
        public @Nullable BigDecimal fromBytes(ByteBuffer value, Schema schema, LogicalType type) {
            return value.hasRemaining() ? super.fromBytes(value, schema, type) : null;
        }
    }

    private final SourceConfig source;
    private final @Nullable SchemaRegistry registry;
    private final SchemaStore.Cache schemas = new SchemaStore.Cache();
    private @Nullable Schema bare;

    /**
     * @param topics configuration with the format of the messages
     */
    public AvroMessages(JobTopics topics) {
        source = topics.source();
        registry = topics.openRegistry();
        for (String text : source.avroSchemas()) {
            bare = new Schema.Parser().parse(text);
            schemas.addSchema(bare);
        }
    }

    /**
     * Returns the record of a message.
     *
     * @throws IOException if the message is none
     */
    public GenericRecord read(byte[] value) throws IOException {
        Schema schema = bare;
        int header = 0;
        if (source.avroEncoding() == AvroEncoding.SINGLE_OBJECT) {
            header = SINGLE_OBJECT_HEADER;
            schema =
                    schemas.findByFingerprint(Long.reverseBytes(ByteBuffer.wrap(value).getLong(2)));
        } else if (source.avroEncoding() == AvroEncoding.CONFLUENT && registry != null) {
            header = REGISTRY_HEADER;
            schema = schema(registry, ByteBuffer.wrap(value).getInt(1));
        }
        if (schema == null) {
            throw new IOException("no schema");
        }
        BinaryDecoder decoder =
                DecoderFactory.get().binaryDecoder(value, header, value.length - header, null);
        return new GenericDatumReader<GenericRecord>(schema, schema, AVRO).read(null, decoder);
    }

    private static Schema schema(SchemaRegistry registry, int id) throws IOException {
        try {
            RegisteredSchema schema = registry.schema(id);
            if (schema.avro() == null) {
                throw new IOException(schema.problem());
            }
            return schema.avro();
        } catch (RegistryRefusedException e) {
            throw new UserException(String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("interrupted while a schema was requested", e);
        }
    }

    @Override
    public void close() {
        if (registry != null) {
            registry.close();
        }
    }
}
