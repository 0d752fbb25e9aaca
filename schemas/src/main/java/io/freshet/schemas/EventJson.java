package io.freshet.schemas;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.NullMarked;

/**
 * Writer of events as JSON, in which a field has the name that the schema gives it.
 *
 * <p>Every field is present, in the schema's order. A union is the bare value of its branch. A
 * {@code float} or {@code double} is a number that is read back to the same bits, and null if it is
 * not finite. A {@code long} is a number, and decimal text if its magnitude exceeds 2<sup>53</sup>,
 * so that a reader with numbers of type {@code double} is told; a digest, whose 64 bits are all in
 * use, is always text of 16 hexadecimal digits. A time is the number of milliseconds that the
 * schema says, bytes are text in Base64, and a map is an object.
 *
 * <p>{@link EventReader} reads the events. Thread-safe.
 */
@NullMarked
public final class EventJson {
    /** Largest magnitude up to which a {@code double} represents every whole number. */
    static final long MAX_EXACT = 1L << 53;

    /** Property of a field of type {@code long} that is a digest. */
    private static final String FORM = "json";

    private static final String HEXADECIMAL = "hexadecimal";

    /**
     * Keeps its buffers itself: those in thread-locals would keep the class loader of a Flink job
     * alive in threads that outlive the job.
     */
    static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
                    .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
                    .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(
                            // A text is never longer than its record, which is in memory.
                            StreamReadConstraints.builder()
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .maxNameLength(Integer.MAX_VALUE)
                                    .build())
                    .build();

    private static final Map<Schema, ValueWriter> WRITERS = new ConcurrentHashMap<>();

    private EventJson() {}

    /** Returns an event as a JSON object in UTF-8, on one line. */
    public static byte[] encode(SpecificRecordBase event) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            write(json, event);
        } catch (IOException e) {
            throw new UncheckedIOException("an event cannot be written as JSON", e);
        }
        return bytes.toByteArray();
    }

    /** Writes an event, or a record that is part of one, as an object within a larger document. */
    public static void write(JsonGenerator json, SpecificRecordBase event) throws IOException {
        WRITERS.computeIfAbsent(event.getSchema(), EventJson::writer).write(json, event);
    }

    /** Returns whether a field is a digest, which is written as hexadecimal text. */
    static boolean isHexadecimal(Schema.Field field) {
        return HEXADECIMAL.equals(field.getProp(FORM));
    }

    private interface ValueWriter {
        void write(JsonGenerator json, Object value) throws IOException;
    }

    private static ValueWriter writer(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> recordWriter(schema);
            case UNION -> unionWriter(schema);
            case ARRAY -> arrayWriter(writer(schema.getElementType()));
            case MAP -> mapWriter(writer(schema.getValueType()));
            case NULL -> (json, value) -> json.writeNull();
            case INT -> (json, value) -> json.writeNumber((Integer) value);
            case LONG -> isTime(schema) ? EventJson::writeTime : EventJson::writeLong;
            case FLOAT -> EventJson::writeFloat;
            case DOUBLE -> EventJson::writeDouble;
            case STRING -> (json, value) -> json.writeString(wellFormed((String) value));
            case BYTES -> EventJson::writeBytes;
            case BOOLEAN, ENUM, FIXED -> throw unsupported(schema);
        };
    }

    static boolean isTime(Schema schema) {
        return schema.getLogicalType() instanceof LogicalTypes.TimestampMillis;
    }

    static IllegalArgumentException unsupported(Schema schema) {
        return new IllegalArgumentException("no event has a field of the type " + schema);
    }

    private static ValueWriter recordWriter(Schema schema) {
        List<Schema.Field> fields = schema.getFields();
        SerializableString[] names = new SerializableString[fields.size()];
        ValueWriter[] writers = new ValueWriter[fields.size()];
        for (int i = 0; i < names.length; i++) {
            Schema.Field field = fields.get(i);
            names[i] = new SerializedString(field.name());
            writers[i] =
                    isHexadecimal(field) ? EventJson::writeHexadecimal : writer(field.schema());
        }
        return (json, value) -> {
            IndexedRecord record = (IndexedRecord) value;
            json.writeStartObject();
            for (int i = 0; i < names.length; i++) {
                json.writeFieldName(names[i]);
                writers[i].write(json, record.get(i));
            }
            json.writeEndObject();
        };
    }

    private static ValueWriter unionWriter(Schema union) {
        List<Schema> branches = union.getTypes();
        List<ValueWriter> writers = branches.stream().map(EventJson::writer).toList();
        if (branches.size() == 2 && branches.get(0).getType() == Schema.Type.NULL) {
            ValueWriter present = writers.get(1);
            return (json, value) -> {
                if (value == null) {
                    json.writeNull();
                } else {
                    present.write(json, value);
                }
            };
        }
        return (json, value) ->
                writers.get(SpecificData.get().resolveUnion(union, value)).write(json, value);
    }

    private static ValueWriter arrayWriter(ValueWriter items) {
        return (json, value) -> {
            json.writeStartArray();
            for (Object item : (Collection<?>) value) {
                items.write(json, item);
            }
            json.writeEndArray();
        };
    }

    private static ValueWriter mapWriter(ValueWriter values) {
        return (json, value) -> {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                json.writeFieldName(wellFormed((String) entry.getKey()));
                values.write(json, entry.getValue());
            }
            json.writeEndObject();
        };
    }

    private static void writeLong(JsonGenerator json, Object value) throws IOException {
        long number = (Long) value;
        if (number >= -MAX_EXACT && number <= MAX_EXACT) {
            json.writeNumber(number);
        } else {
            json.writeString(Long.toString(number));
        }
    }

    private static void writeTime(JsonGenerator json, Object value) throws IOException {
        writeLong(json, ((Instant) value).toEpochMilli());
    }

    private static void writeHexadecimal(JsonGenerator json, Object value) throws IOException {
        json.writeString(HexFormat.of().toHexDigits((Long) value));
    }

    private static void writeFloat(JsonGenerator json, Object value) throws IOException {
        float number = (Float) value;
        if (Float.isFinite(number)) {
            json.writeNumber(number);
        } else {
            json.writeNull();
        }
    }

    private static void writeDouble(JsonGenerator json, Object value) throws IOException {
        double number = (Double) value;
        if (Double.isFinite(number)) {
            json.writeNumber(number);
        } else {
            json.writeNull();
        }
    }

    private static void writeBytes(JsonGenerator json, Object value) throws IOException {
        ByteBuffer buffer = ((ByteBuffer) value).duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        json.writeBinary(bytes);
    }

    /**
     * Returns a text in which halves of surrogate pairs that stand alone, such as those of a text
     * that was cut, are question marks, as Java and Avro encode them.
     */
    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            }
        }
        return text;
    }
}
