package io.freshet.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.UTF8StreamJsonParser;
import io.freshet.features.FieldNode;
import io.freshet.features.FieldPath;
import io.freshet.ingest.mapping.JsonLimits;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of messages that are one JSON object each (RFC 8259). NaN and Infinity without quotes, as
 * Python writes them, are read as numbers. Fields that are not mapped are skipped.
 */
final class JsonDecoder extends MappedDecoder {
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .enable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
                    .streamReadConstraints(JsonLimits.CONSTRAINTS)
                    .build();

    private final Utf8Check utf8 = new Utf8Check();

    JsonDecoder(IngestConfig config) {
        super(config);
    }

    @Override
    void decode(byte[] value) throws InvalidEventException {
        try (JsonParser parser = JSON.createParser(value)) {
            if (parser instanceof UTF8StreamJsonParser) {
                requireUtf8(value);
            }
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw notAnObject("it is " + describe(first));
            }
            readObject(parser, example.root());
            if (parser.nextToken() != null) {
                throw new InvalidEventException(
                        DeadLetterReason.TRAILING_BYTES,
                        "another value follows the object, at byte "
                                + parser.currentTokenLocation().getByteOffset());
            }
        } catch (JsonProcessingException e) {
            String problem = e.getOriginalMessage();
            boolean atEnd = problem.startsWith("Unexpected end-of-input");
            throw notJson(value, atEnd ? "the object ends at byte " + value.length : problem);
        } catch (IOException e) {
            throw notJson(value, e.getMessage());
        }
    }

    /** Checks the encoding, since the parser decodes some bytes that are not UTF-8. */
    private void requireUtf8(byte[] value) throws InvalidEventException {
        int invalid = utf8.firstInvalid(value);
        if (invalid < value.length && ForeignFormat.guess(value) == null) {
            FieldPath path = path(value, invalid);
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED,
                    (path == null ? "the value" : path)
                            + " is not UTF-8, from byte "
                            + invalid
                            + " on");
        }
    }

    /** Returns the path of the field whose value contains a byte; null if there is none. */
    private static @Nullable FieldPath path(byte[] value, int at) {
        FieldPath found = null;
        try (JsonParser parser = JSON.createParser(value)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                found = path(parser.getParsingContext());
                boolean isValue = token != JsonToken.FIELD_NAME;
                if (isValue) {
                    parser.finishToken();
                }
                if (parser.currentLocation().getByteOffset() > at) {
                    return isValue ? found : null;
                }
                found = isValue ? null : found;
            }
        } catch (IOException e) {
            return found; // the parser stops at the same byte
        }
        return null;
    }

    private static @Nullable FieldPath path(JsonStreamContext context) {
        JsonStreamContext parent = context.getParent();
        FieldPath container = parent == null ? null : path(parent);
        if (context.inObject() && context.getCurrentName() != null) {
            String name = context.getCurrentName();
            return container == null ? FieldPath.of(name) : container.member(name);
        }
        return container == null || !context.inArray() || !context.hasCurrentIndex()
                ? container
                : container.element(context.getCurrentIndex());
    }

    private static InvalidEventException notJson(byte[] value, @Nullable String problem) {
        String guess = ForeignFormat.guess(value);
        return notAnObject(guess == null || guess.contains("JSON") ? problem : guess);
    }

    private static InvalidEventException notAnObject(@Nullable String problem) {
        return new InvalidEventException(
                DeadLetterReason.INVALID_JSON, "the value is not a JSON object: " + problem);
    }

    private void readObject(JsonParser parser, FieldNode object) throws IOException {
        int position = 0;
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            FieldNode field = object.member(name, position);
            JsonToken token = parser.nextToken();
            if (field == null) {
                parser.skipChildren();
            } else {
                position++;
                example.see(field);
                readValue(parser, token, field);
            }
        }
    }

    private void readValue(JsonParser parser, JsonToken token, FieldNode field) throws IOException {
        switch (token) {
            case START_OBJECT -> {
                if (field.acceptsObject()) {
                    readObject(parser, field);
                } else {
                    example.wrongShape(field, "an object");
                    parser.skipChildren();
                }
            }
            case START_ARRAY -> {
                if (field.acceptsList()) {
                    readList(parser, field);
                } else {
                    example.wrongShape(field, "a list");
                    parser.skipChildren();
                }
            }
            case VALUE_NULL -> {
                // a missing value
            }
            default -> {
                if (field.acceptsValue()) {
                    readScalar(parser, token, field);
                } else {
                    example.wrongShape(field, describe(token));
                }
            }
        }
    }

    private void readScalar(JsonParser parser, JsonToken token, FieldNode field)
            throws IOException {
        switch (token) {
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
                    example.number(
                            field,
                            parser.getDoubleValue(),
                            field.needsText() ? parser.getText() : "");
            case VALUE_STRING -> example.text(field, parser.getText());
            case VALUE_TRUE -> example.bool(field, true);
            case VALUE_FALSE -> example.bool(field, false);
            default -> throw new IllegalStateException("unexpected token " + token);
        }
    }

    private void readList(JsonParser parser, FieldNode list) throws IOException {
        int index = 0;
        for (JsonToken token = parser.nextToken();
                token != JsonToken.END_ARRAY;
                token = parser.nextToken()) {
            FieldNode element = list.element(index);
            if (element != null) {
                example.see(element);
                readValue(parser, token, element);
            } else if (list.isList() || list.isLabel()) {
                readElement(parser, token, list, index);
            } else {
                parser.skipChildren();
            }
            index++;
        }
        example.listEnd(list, index);
    }

    private void readElement(JsonParser parser, JsonToken token, FieldNode list, int index)
            throws IOException {
        switch (token) {
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
                    example.listNumber(list, index, parser.getDoubleValue());
            case VALUE_STRING -> example.listText(list, index, parser.getText());
            case VALUE_TRUE -> example.listText(list, index, "1");
            case VALUE_FALSE -> example.listText(list, index, "0");
            case VALUE_NULL -> example.listNumber(list, index, Double.NaN);
            default -> {
                example.wrongElement(list, index, describe(token));
                parser.skipChildren();
            }
        }
    }

    private static String describe(@Nullable JsonToken token) {
        if (token == null) {
            return "empty";
        }
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "text";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "true or false";
            case VALUE_NULL -> "null";
            default -> "no value";
        };
    }
}
