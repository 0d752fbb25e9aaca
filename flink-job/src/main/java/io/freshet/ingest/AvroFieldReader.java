package io.freshet.ingest;

import io.freshet.features.FieldNode;
import io.freshet.features.MessageLimits;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.util.Utf8;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reader of values of one Avro schema that reports the mapped fields and skips all others. A writer
 * schema is compiled into a tree of readers once. Not thread-safe.
 */
abstract class AvroFieldReader {
    private static final Logger LOG = LoggerFactory.getLogger(AvroFieldReader.class);

    /** Number of a map's keys whose readers are kept. */
    private static final int MAX_READERS = 16_384;

    /** Character that stands for bytes that are not UTF-8. */
    private static final char REPLACEMENT = '\uFFFD';

    private static final double MICROS_PER_MILLI = 1e3;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final long MILLIS_PER_DAY = 86_400_000;

    /** Reads one value, and reports it to the example. */
    abstract void read(BinaryDecoder decoder, MappedExample example) throws IOException;

    /**
     * Returns a reader.
     *
     * @param schema schema with which the values were written
     * @param field the mapped field that the values belong to
     */
    static AvroFieldReader of(Schema schema, FieldNode field) {
        return switch (schema.getType()) {
            case RECORD ->
                    field.isOther()
                            ? new LazyReader(schema, field)
                            : field.acceptsObject()
                                    ? new RecordReader(schema, field)
                                    : other(schema, field);
            case ARRAY ->
                    field.acceptsList() ? new ListReader(schema, field) : other(schema, field);
            case MAP -> field.acceptsObject() ? new MapReader(schema, field) : other(schema, field);
            case UNION -> new UnionReader(schema, field);
            case BYTES, FIXED -> ofBytes(schema, field);
            default ->
                    field.acceptsValue() ? new ScalarReader(schema, field) : other(schema, field);
        };
    }

    private static AvroFieldReader ofBytes(Schema schema, FieldNode field) {
        if (field.isOther() && !(schema.getLogicalType() instanceof LogicalTypes.Decimal)) {
            if (field.tryReport()) {
                LOG.warn("The field {} is no feature: it has bytes", field.path());
            }
            return new SkippingReader(schema);
        }
        return field.acceptsValue() ? new ScalarReader(schema, field) : other(schema, field);
    }

    /**
     * Skips a value. Avro's own method recurses as deeply as the value says.
     *
     * @throws IOException if the value is nested more deeply than {@link MessageLimits#NESTING}
     */
    private static void skip(Schema schema, BinaryDecoder decoder, int depth) throws IOException {
        if (depth > MessageLimits.NESTING) {
            throw tooDeep();
        }
        switch (schema.getType()) {
            case RECORD -> {
                for (Schema.Field field : schema.getFields()) {
                    skip(field.schema(), decoder, depth + 1);
                }
            }
            case ARRAY -> {
                for (long n = decoder.skipArray(); n != 0; n = decoder.skipArray()) {
                    checkedSum(0, n);
                    for (long i = 0; i < n; i++) {
                        skip(schema.getElementType(), decoder, depth + 1);
                    }
                }
            }
            case MAP -> {
                for (long n = decoder.skipMap(); n != 0; n = decoder.skipMap()) {
                    checkedSum(0, n);
                    for (long i = 0; i < n; i++) {
                        decoder.skipString();
                        skip(schema.getValueType(), decoder, depth + 1);
                    }
                }
            }
            case UNION -> skip(readBranch(decoder, schema), decoder, depth + 1);
            case FIXED -> decoder.skipFixed(schema.getFixedSize());
            case STRING -> decoder.skipString();
            case BYTES -> decoder.skipBytes();
            case INT, ENUM -> decoder.readInt();
            case LONG -> decoder.readLong();
            case FLOAT -> decoder.readFloat();
            case DOUBLE -> decoder.readDouble();
            case BOOLEAN -> decoder.readBoolean();
            case NULL -> decoder.readNull();
        }
    }

    private static IOException tooDeep() {
        return new IOException("nested more than " + MessageLimits.NESTING + " levels deep");
    }

    /** Returns text; null if it is not UTF-8, in which Avro replaces what it cannot decode. */
    private static @Nullable String text(Utf8 encoded) {
        String text = encoded.toString();
        if (text.indexOf(REPLACEMENT) >= 0) {
            byte[] decoded = text.getBytes(StandardCharsets.UTF_8);
            int length = encoded.getByteLength();
            if (!Arrays.equals(decoded, 0, decoded.length, encoded.getBytes(), 0, length)) {
                return null;
            }
        }
        return text;
    }

    private static Schema readBranch(BinaryDecoder decoder, Schema union) throws IOException {
        return union.getTypes().get(readBranch(decoder, union.getTypes().size()));
    }

    private static int readBranch(BinaryDecoder decoder, int numBranches) throws IOException {
        int branch = decoder.readIndex();
        if (branch < 0 || branch >= numBranches) {
            throw new IOException("a union has no branch " + branch);
        }
        return branch;
    }

    /** Returns a reader of values that have another shape than the mapping says. */
    private static AvroFieldReader other(Schema schema, FieldNode field) {
        return new OtherReader(schema, field);
    }

    private static String describe(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> "a record";
            case MAP -> "a map";
            case ARRAY -> "a list";
            case STRING, ENUM -> "text";
            case BOOLEAN -> "true or false";
            case BYTES, FIXED -> "bytes";
            case NULL, UNION -> "null";
            default -> "a number";
        };
    }

    /** Skips values, and reports that they have the wrong type unless they are null. */
    private static final class OtherReader extends AvroFieldReader {
        private final Schema schema;
        private final FieldNode field;

        OtherReader(Schema schema, FieldNode field) {
            this.schema = schema;
            this.field = field;
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            skip(schema, decoder, 0);
            if (schema.getType() == Schema.Type.NULL) {
                return;
            }
            example.wrongShape(field, describe(schema));
        }
    }

    /** Skips values of fields that are not mapped. */
    private static final class SkippingReader extends AvroFieldReader {
        private final Schema schema;

        SkippingReader(Schema schema) {
            this.schema = schema;
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            skip(schema, decoder, 0);
        }
    }

    /** Reads records. */
    private static final class RecordReader extends AvroFieldReader {
        private final AvroFieldReader[] readers;
        private final @Nullable FieldNode[] fields;

        RecordReader(Schema schema, FieldNode record) {
            List<Schema.Field> declared = schema.getFields();
            readers = new AvroFieldReader[declared.size()];
            fields = new FieldNode[declared.size()];
            for (int i = 0; i < readers.length; i++) {
                Schema type = declared.get(i).schema();
                FieldNode field = record.find(declared.get(i).name());
                if (field == null && record.hasTooManyOthers()) {
                    throw new AvroRuntimeException("too many fields");
                }
                fields[i] = field;
                readers[i] = field == null ? new SkippingReader(type) : of(type, field);
            }
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            for (int i = 0; i < readers.length; i++) {
                FieldNode field = fields[i];
                if (field != null) {
                    example.see(field);
                }
                readers[i].read(decoder, example);
            }
        }
    }

    /** Reads records that may contain themselves: their reader is made when there is one. */
    private static final class LazyReader extends AvroFieldReader {
        private final Schema schema;
        private final FieldNode field;
        private @Nullable AvroFieldReader reader;

        LazyReader(Schema schema, FieldNode field) {
            this.schema = schema;
            this.field = field;
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            AvroFieldReader known = reader;
            if (known == null) {
                if (field.depth() > MessageLimits.NESTING) {
                    throw tooDeep();
                }
                known = new RecordReader(schema, field);
                reader = known;
            }
            known.read(decoder, example);
        }
    }

    /** Reads the values of a union's branches. */
    private static final class UnionReader extends AvroFieldReader {
        private final AvroFieldReader[] branches;

        UnionReader(Schema schema, FieldNode field) {
            branches =
                    schema.getTypes().stream()
                            .map(branch -> of(branch, field))
                            .toArray(AvroFieldReader[]::new);
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            branches[readBranch(decoder, branches.length)].read(decoder, example);
        }
    }

    /** Reads maps with names as keys, like objects. */
    private static final class MapReader extends AvroFieldReader {
        private final Schema valueType;
        private final FieldNode map;
        private final AvroFieldReader skipping;
        private final Map<String, AvroFieldReader> readers = new HashMap<>();
        private Utf8 key = new Utf8();

        MapReader(Schema schema, FieldNode map) {
            valueType = schema.getValueType();
            this.map = map;
            skipping = new SkippingReader(valueType);
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            long members = 0;
            for (long block = decoder.readMapStart(); block != 0; block = decoder.mapNext()) {
                members = checkedSum(members, block);
                for (long i = 0; i < block; i++) {
                    key = decoder.readString(key);
                    FieldNode field = map.find(key.toString());
                    if (field == null) {
                        skipping.read(decoder, example);
                    } else {
                        example.see(field);
                        if (readers.size() > MAX_READERS) {
                            readers.clear();
                        }
                        readers.computeIfAbsent(key.toString(), name -> of(valueType, field))
                                .read(decoder, example);
                    }
                }
            }
        }
    }

    private static long checkedSum(long members, long block) throws IOException {
        long sum = members + block;
        if (block < 0 || sum > MessageLimits.MEMBERS) {
            throw new IOException(
                    "a list or map has more than " + MessageLimits.MEMBERS + " members");
        }
        return sum;
    }

    /** Reads arrays of which members are mapped, by their indices or as a list of values. */
    private static final class ListReader extends AvroFieldReader {
        private final Schema type;
        private final FieldNode list;
        private final Map<Integer, AvroFieldReader> readers = new HashMap<>();
        private Utf8 encoded = new Utf8();

        ListReader(Schema schema, FieldNode list) {
            type = schema.getElementType();
            this.list = list;
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            int index = 0;
            for (long block = decoder.readArrayStart(); block != 0; block = decoder.arrayNext()) {
                checkedSum(index, block);
                for (long i = 0; i < block; i++) {
                    readMember(index++, decoder, example);
                }
            }
            example.listEnd(list, index);
        }

        private void readMember(int index, BinaryDecoder decoder, MappedExample example)
                throws IOException {
            FieldNode element = list.element(index);
            if (element != null) {
                example.see(element);
                readers.computeIfAbsent(index, i -> of(type, element)).read(decoder, example);
            } else if (list.isList() || list.isLabel()) {
                readValue(type, index, decoder, example);
            } else {
                skip(type, decoder, 0);
            }
        }

        private void readValue(
                Schema schema, int index, BinaryDecoder decoder, MappedExample example)
                throws IOException {
            switch (schema.getType()) {
                case INT -> example.listNumber(list, index, decoder.readInt());
                case LONG -> example.listNumber(list, index, (double) decoder.readLong());
                case FLOAT -> example.listNumber(list, index, decoder.readFloat());
                case DOUBLE -> example.listNumber(list, index, decoder.readDouble());
                case BOOLEAN -> example.listNumber(list, index, decoder.readBoolean() ? 1 : 0);
                case STRING -> {
                    encoded = decoder.readString(encoded);
                    String text = text(encoded);
                    if (text == null) {
                        example.invalidListText(list, index);
                    } else {
                        example.listText(list, index, text);
                    }
                }
                case NULL -> example.listNumber(list, index, Double.NaN);
                case UNION -> {
                    readValue(readBranch(decoder, schema), index, decoder, example);
                }
                default -> {
                    skip(schema, decoder, 0);
                    example.wrongElement(list, index, describe(schema));
                }
            }
        }
    }

    /** Reads values that are neither lists nor objects. */
    private static final class ScalarReader extends AvroFieldReader {
        private final Schema schema;
        private final FieldNode field;
        private final @Nullable LogicalType logical;
        private Utf8 encoded = new Utf8();

        ScalarReader(Schema schema, FieldNode field) {
            this.schema = schema;
            this.field = field;
            logical = schema.getLogicalType();
        }

        @Override
        void read(BinaryDecoder decoder, MappedExample example) throws IOException {
            switch (schema.getType()) {
                case NULL -> decoder.readNull();
                case INT -> whole(decoder.readInt(), example);
                case LONG -> whole(decoder.readLong(), example);
                case FLOAT -> {
                    float value = decoder.readFloat();
                    example.number(field, value, field.needsText() ? Float.toString(value) : "");
                }
                case DOUBLE -> {
                    double value = decoder.readDouble();
                    example.number(field, value, field.needsText() ? Double.toString(value) : "");
                }
                case BOOLEAN -> example.bool(field, decoder.readBoolean());
                case STRING -> {
                    encoded = decoder.readString(encoded);
                    String text = text(encoded);
                    if (text == null) {
                        example.invalidText(field);
                    } else {
                        example.text(field, text);
                    }
                }
                case ENUM -> symbol(decoder.readEnum(), example);
                case BYTES -> bytes(decoder.readBytes(null), example);
                case FIXED -> {
                    byte[] fixed = new byte[schema.getFixedSize()];
                    decoder.readFixed(fixed);
                    bytes(ByteBuffer.wrap(fixed), example);
                }
                default -> throw new IllegalStateException(schema.toString());
            }
        }

        private void whole(long value, MappedExample example) {
            String name = logical == null ? "" : logical.getName();
            switch (name) {
                case "timestamp-millis", "local-timestamp-millis" ->
                        example.time(field, value, value);
                case "timestamp-micros", "local-timestamp-micros" ->
                        example.time(field, Math.round(value / MICROS_PER_MILLI), value);
                case "timestamp-nanos", "local-timestamp-nanos" ->
                        example.time(field, Math.round(value / NANOS_PER_MILLI), value);
                case "date" -> example.time(field, value * MILLIS_PER_DAY, value);
                default ->
                        example.number(
                                field,
                                (double) value,
                                field.needsText() ? Long.toString(value) : "");
            }
        }

        private void symbol(int index, MappedExample example) throws IOException {
            List<String> symbols = schema.getEnumSymbols();
            if (index < 0 || index >= symbols.size()) {
                throw new IOException("an enum has no symbol " + index);
            }
            example.text(field, symbols.get(index));
        }

        private void bytes(ByteBuffer value, MappedExample example) {
            if (logical instanceof LogicalTypes.Decimal decimal && value.hasRemaining()) {
                byte[] unscaled = new byte[value.remaining()];
                value.get(unscaled);
                BigDecimal number = new BigDecimal(new BigInteger(unscaled), decimal.getScale());
                example.number(field, number.doubleValue(), number.toPlainString());
            } else {
                example.wrongShape(field, describe(schema));
            }
        }
    }
}
