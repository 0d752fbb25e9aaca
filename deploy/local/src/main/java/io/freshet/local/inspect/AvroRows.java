package io.freshet.local.inspect;

import io.freshet.features.FieldPath;
import io.freshet.features.MessageLimits;
import io.freshet.local.table.Row;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.LogicalType;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.jspecify.annotations.Nullable;

/**
 * Conversion of Avro records to rows: nested fields have paths, and logical types count, so that a
 * timestamp is a time in ISO 8601 whatever its unit. Bytes that are no decimal have no value.
 */
final class AvroRows {
    private final List<FieldPath> paths = new ArrayList<>();
    private final List<@Nullable String> values = new ArrayList<>();

    private AvroRows() {}

    /**
     * Returns the row of a record.
     *
     * @param line number for the row
     * @throws IOException if the record is nested too deeply
     */
    static Row row(long line, GenericRecord message) throws IOException {
        AvroRows row = new AvroRows();
        for (Schema.Field field : message.getSchema().getFields()) {
            row.add(FieldPath.of(field.name()), field.schema(), message.get(field.pos()), 1);
        }
        return new Row(line, row.paths, row.values, null);
    }

    private void add(FieldPath path, Schema schema, @Nullable Object value, int depth)
            throws IOException {
        if (depth > MessageLimits.NESTING) {
            throw new IOException("nested more than " + MessageLimits.NESTING + " levels deep");
        }
        if (schema.getType() == Schema.Type.UNION) {
            int branch = GenericData.get().resolveUnion(schema, value);
            add(path, schema.getTypes().get(branch), value, depth);
        } else if (value instanceof GenericRecord nested) {
            for (Schema.Field field : nested.getSchema().getFields()) {
                add(path.member(field.name()), field.schema(), nested.get(field.pos()), depth + 1);
            }
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                add(path.element(i), schema.getElementType(), list.get(i), depth + 1);
            }
        } else if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                FieldPath member = path.member(String.valueOf(entry.getKey()));
                add(member, schema.getValueType(), entry.getValue(), depth + 1);
            }
        } else {
            paths.add(path);
            values.add(value == null ? null : text(schema, value));
        }
    }

    private static @Nullable String text(Schema schema, Object value) {
        if (value instanceof ByteBuffer || value instanceof GenericFixed) {
            return null;
        }
        if (value instanceof BigDecimal decimal) {
            return decimal.toPlainString();
        }
        if (value instanceof Long || value instanceof Integer) {
            return whole(schema, ((Number) value).longValue());
        }
        String text = value.toString().strip();
        return text.isEmpty() || text.equalsIgnoreCase("nan") ? null : text;
    }

    private static String whole(Schema schema, long value) {
        LogicalType logical = schema.getLogicalType();
        return switch (logical == null ? "" : logical.getName()) {
            case "timestamp-millis", "local-timestamp-millis" -> time(ChronoUnit.MILLIS, value);
            case "timestamp-micros", "local-timestamp-micros" -> time(ChronoUnit.MICROS, value);
            case "timestamp-nanos", "local-timestamp-nanos" -> time(ChronoUnit.NANOS, value);
            case "date" -> LocalDate.ofEpochDay(value).toString();
            default -> Long.toString(value);
        };
    }

    private static String time(ChronoUnit unit, long value) {
        return Instant.EPOCH.plus(value, unit).toString();
    }
}
