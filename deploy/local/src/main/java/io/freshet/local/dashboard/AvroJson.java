package io.freshet.local.dashboard;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * JSON writer for Avro events: an object with the fields of the schema. Times are in milliseconds,
 * numbers that are not finite are null, and digests are hexadecimal.
 */
final class AvroJson {
    private AvroJson() {}

    /** Writes an event as a JSON object. */
    static void write(JsonGenerator json, SpecificRecordBase event) throws IOException {
        json.writeStartObject();
        for (Schema.Field field : event.getSchema().getFields()) {
            json.writeFieldName(field.name());
            Object value = event.get(field.pos());
            if (field.name().equals("digest") && value instanceof Long digest) {
                json.writeString(String.format("%016x", digest));
            } else {
                value(json, value);
            }
        }
        json.writeEndObject();
    }

    private static void value(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof SpecificRecordBase event) {
            write(json, event);
        } else if (value instanceof Double number) {
            number(json, number);
        } else if (value instanceof Float number) {
            number(json, number);
        } else if (value instanceof Integer number) {
            json.writeNumber(number);
        } else if (value instanceof Long number) {
            json.writeNumber(number);
        } else if (value instanceof Boolean truth) {
            json.writeBoolean(truth);
        } else if (value instanceof Instant time) {
            json.writeNumber(time.toEpochMilli());
        } else if (value instanceof CharSequence text) {
            json.writeString(text.toString());
        } else if (value instanceof Collection<?> items) {
            json.writeStartArray();
            for (Object item : items) {
                value(json, item);
            }
            json.writeEndArray();
        } else if (value instanceof Map<?, ?> entries) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : entries.entrySet()) {
                json.writeFieldName(entry.getKey().toString());
                value(json, entry.getValue());
            }
            json.writeEndObject();
        } else {
            throw new IllegalArgumentException("cannot write as JSON: " + value.getClass());
        }
    }

    /** Writes a number, or null if it is not finite. */
    static void number(JsonGenerator json, double number) throws IOException {
        if (Double.isFinite(number)) {
            json.writeNumber(number);
        } else {
            json.writeNull();
        }
    }

    /** Writes a number with the precision of a float, or null if it is not finite. */
    static void number(JsonGenerator json, float number) throws IOException {
        if (Float.isFinite(number)) {
            json.writeNumber(number);
        } else {
            json.writeNull();
        }
    }
}
