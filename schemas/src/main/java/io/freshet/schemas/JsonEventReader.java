package io.freshet.schemas;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reader of events that {@link EventJson} has written, with this or another version of the schema:
 * a field that is absent has the schema's default, and one that the schema does not know is
 * skipped. Null is NaN where the schema has a number that cannot be null.
 *
 * <p>Thread-safe.
 */
@NullMarked
final class JsonEventReader {
    private final GenericData model;
    private final boolean hasInstants;
    private final RecordReader reader;

    /**
     * @param model creates the records; times are of type {@link Instant} in those of {@link
     *     SpecificData}, and otherwise milliseconds
     */
    JsonEventReader(GenericData model, Schema schema) {
        this.model = model;
        hasInstants = model instanceof SpecificData;
        reader = recordReader(schema);
    }

    /**
     * Reads an event.
     *
     * @param bytes a JSON object and nothing else. Not modified.
     * @throws IOException if it is not such an event; the message names the field
     */
    IndexedRecord read(byte[] bytes) throws IOException {
        try (JsonParser json = EventJson.FACTORY.createParser(bytes)) {
            json.nextToken();
            IndexedRecord event = reader.read(new Document(bytes, json));
            if (json.nextToken() != null) {
                throw new IOException("text follows the event");
            }
            return event;
        }
    }

    /** A document that is being read; its parser stands at the first token of a value. */
    private static final class Document {
        private final byte[] bytes;
        private final JsonParser json;

        Document(byte[] bytes, JsonParser json) {
            this.bytes = bytes;
            this.json = json;
        }

        JsonParser json() {
            return json;
        }

        @Nullable JsonToken token() {
            return json.currentToken();
        }

        IOException unexpected(String expected) {
            return new IOException(
                    path()
                            + " is "
                            + (token() == null ? "cut off" : token())
                            + ", not "
                            + expected);
        }

        String path() {
            return json.getParsingContext().pathAsPointer().toString();
        }

        /** Returns the names of the fields of the object at whose start the parser stands. */
        Set<String> fieldNames() throws IOException {
            int start = (int) json.currentTokenLocation().getByteOffset();
            Set<String> names = new HashSet<>();
            try (JsonParser ahead =
                    EventJson.FACTORY.createParser(bytes, start, bytes.length - start)) {
                ahead.nextToken();
                while (ahead.nextToken() == JsonToken.FIELD_NAME) {
                    names.add(ahead.currentName());
                    ahead.nextToken();
                    ahead.skipChildren();
                }
            }
            return names;
        }
    }

    /** Reader of a value; it leaves the parser at the value's last token. */
    private interface ValueReader {
        @Nullable Object read(Document document) throws IOException;
    }

    private interface RecordReader extends ValueReader {
        @Override
        IndexedRecord read(Document document) throws IOException;
    }

    private ValueReader reader(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> recordReader(schema);
            case UNION -> unionReader(schema);
            case ARRAY -> arrayReader(schema);
            case MAP -> mapReader(schema);
            case NULL -> JsonEventReader::readNull;
            case INT -> JsonEventReader::readInt;
            case LONG ->
                    hasInstants && EventJson.isTime(schema)
                            ? document -> Instant.ofEpochMilli(readLong(document))
                            : JsonEventReader::readLong;
            case FLOAT -> JsonEventReader::readFloat;
            case DOUBLE -> JsonEventReader::readDouble;
            case STRING -> JsonEventReader::readText;
            case BYTES -> JsonEventReader::readBytes;
            case BOOLEAN, ENUM, FIXED -> throw EventJson.unsupported(schema);
        };
    }

    private RecordReader recordReader(Schema schema) {
        List<Schema.Field> fields = schema.getFields();
        Map<String, Integer> positions = new HashMap<>();
        List<ValueReader> readers = new ArrayList<>();
        for (Schema.Field field : fields) {
            positions.put(field.name(), field.pos());
            readers.add(
                    EventJson.isHexadecimal(field)
                            ? JsonEventReader::readHexadecimal
                            : reader(field.schema()));
        }
        return document -> {
            JsonParser json = document.json();
            if (document.token() != JsonToken.START_OBJECT) {
                throw document.unexpected("an object");
            }
            IndexedRecord record = (IndexedRecord) model.newRecord(null, schema);
            boolean[] present = new boolean[readers.size()];
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                Integer position = positions.get(json.currentName());
                json.nextToken();
                if (position == null) { // of a later version
                    json.skipChildren();
                } else if (present[position]) {
                    throw new IOException(document.path() + " is there twice");
                } else {
                    record.put(position, readers.get(position).read(document));
                    present[position] = true;
                }
            }
            for (int i = 0; i < present.length; i++) {
                if (!present[i]) {
                    record.put(i, defaultValue(fields.get(i), document));
                }
            }
            return record;
        };
    }

    private @Nullable Object defaultValue(Schema.Field field, Document document)
            throws IOException {
        if (!field.hasDefaultValue()) {
            throw new IOException(document.path() + "/" + field.name() + " is absent");
        }
        return model.deepCopy(field.schema(), model.getDefaultValue(field));
    }

    private ValueReader unionReader(Schema union) {
        List<Schema> branches = union.getTypes();
        List<ValueReader> readers = branches.stream().map(this::reader).toList();
        if (branches.size() == 2 && branches.get(0).getType() == Schema.Type.NULL) {
            ValueReader present = readers.get(1);
            return document ->
                    document.token() == JsonToken.VALUE_NULL ? null : present.read(document);
        }
        return document -> {
            Set<String> fields =
                    document.token() == JsonToken.START_OBJECT ? document.fieldNames() : Set.of();
            int branch = -1;
            for (int i = 0; i < readers.size(); i++) {
                if (accepts(branches.get(i), document.token(), fields)
                        && (branch < 0 || isLarger(branches.get(i), branches.get(branch)))) {
                    branch = i;
                }
            }
            if (branch < 0) {
                throw document.unexpected(
                        "one of " + branches.stream().map(Schema::getName).toList());
            }
            return readers.get(branch).read(document);
        };
    }

    /** Returns whether a record has more fields than another, some of which it may contain. */
    private static boolean isLarger(Schema a, Schema b) {
        return a.getType() == Schema.Type.RECORD
                && b.getType() == Schema.Type.RECORD
                && a.getFields().size() > b.getFields().size();
    }

    /**
     * Returns whether a JSON value may be of a branch.
     *
     * @param fields names of the value's fields, if it is an object
     */
    private static boolean accepts(Schema branch, @Nullable JsonToken token, Set<String> fields) {
        return switch (branch.getType()) {
            case NULL -> token == JsonToken.VALUE_NULL;
            case RECORD ->
                    token == JsonToken.START_OBJECT
                            && branch.getFields().stream()
                                    .allMatch(
                                            field ->
                                                    field.hasDefaultValue()
                                                            || fields.contains(field.name()));
            case ARRAY -> token == JsonToken.START_ARRAY;
            case STRING -> token == JsonToken.VALUE_STRING;
            case INT -> token == JsonToken.VALUE_NUMBER_INT;
            case MAP, LONG, FLOAT, DOUBLE, BYTES, UNION, BOOLEAN, ENUM, FIXED ->
                    throw EventJson.unsupported(branch);
        };
    }

    private ValueReader arrayReader(Schema schema) {
        ValueReader items = reader(schema.getElementType());
        return document -> {
            if (document.token() != JsonToken.START_ARRAY) {
                throw document.unexpected("an array");
            }
            List<@Nullable Object> values = new ArrayList<>();
            while (document.json().nextToken() != JsonToken.END_ARRAY) {
                values.add(items.read(document));
            }
            return values;
        };
    }

    private ValueReader mapReader(Schema schema) {
        ValueReader values = reader(schema.getValueType());
        return document -> {
            JsonParser json = document.json();
            if (document.token() != JsonToken.START_OBJECT) {
                throw document.unexpected("an object");
            }
            Map<String, @Nullable Object> entries = new LinkedHashMap<>();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                json.nextToken();
                if (entries.containsKey(key)) {
                    throw new IOException(document.path() + " is there twice");
                }
                entries.put(key, values.read(document));
            }
            return entries;
        };
    }

    private static @Nullable Object readNull(Document document) throws IOException {
        if (document.token() != JsonToken.VALUE_NULL) {
            throw document.unexpected("null");
        }
        return null;
    }

    private static Integer readInt(Document document) throws IOException {
        if (document.token() != JsonToken.VALUE_NUMBER_INT) {
            throw document.unexpected("a whole number");
        }
        return document.json().getIntValue();
    }

    private static Long readLong(Document document) throws IOException {
        JsonToken token = document.token();
        if (token == JsonToken.VALUE_STRING) { // of a magnitude above 2^53
            return Long.parseLong(document.json().getText());
        }
        if (token != JsonToken.VALUE_NUMBER_INT) {
            throw document.unexpected("a whole number");
        }
        return document.json().getLongValue();
    }

    private static float readFloat(Document document) throws IOException {
        return isNan(document) ? Float.NaN : document.json().getFloatValue();
    }

    private static double readDouble(Document document) throws IOException {
        return isNan(document) ? Double.NaN : document.json().getDoubleValue();
    }

    private static boolean isNan(Document document) throws IOException {
        JsonToken token = document.token();
        if (token == JsonToken.VALUE_NULL) {
            return true;
        }
        if (token == null || !token.isNumeric()) {
            throw document.unexpected("a number");
        }
        return false;
    }

    private static Long readHexadecimal(Document document) throws IOException {
        return HexFormat.fromHexDigitsToLong(readText(document));
    }

    private static String readText(Document document) throws IOException {
        if (document.token() != JsonToken.VALUE_STRING) {
            throw document.unexpected("a text");
        }
        return document.json().getText();
    }

    private static ByteBuffer readBytes(Document document) throws IOException {
        if (document.token() != JsonToken.VALUE_STRING) {
            throw document.unexpected("a text in Base64");
        }
        return ByteBuffer.wrap(document.json().getBinaryValue());
    }
}
