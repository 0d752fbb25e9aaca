package io.freshet.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.freshet.ingest.mapping.FieldNode;
import io.freshet.ingest.mapping.MessageLimits;
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
                    .streamReadConstraints(MessageLimits.JSON)
                    .build();

    JsonDecoder(IngestConfig config) {
        super(config);
    }

    @Override
    void decode(byte[] value) throws InvalidEventException {
        try (JsonParser parser = JSON.createParser(value)) {
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
            throw notJson(value, e.getOriginalMessage());
        } catch (IOException e) {
            throw notJson(value, e.getMessage());
        }
    }

    private static InvalidEventException notJson(byte[] value, @Nullable String problem) {
        String guess = ForeignFormat.guess(value);
        return notAnObject(guess == null || guess.endsWith("JSON") ? problem : guess);
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
                if (field.isValue() || field.isList()) {
                    example.wrongType(field, "an object");
                }
                readObject(parser, field);
            }
            case START_ARRAY -> {
                if (field.acceptsList()) {
                    readList(parser, field);
                } else {
                    if (field.isValue()) {
                        example.wrongType(field, "a list");
                    }
                    parser.skipChildren();
                }
            }
            case VALUE_NULL -> {
                // a missing value
            }
            default -> {
                if (field.isValue()) {
                    readScalar(parser, token, field);
                } else {
                    example.wrongContainer(field, describe(token));
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
