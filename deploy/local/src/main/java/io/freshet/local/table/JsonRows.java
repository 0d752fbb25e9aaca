package io.freshet.local.table;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.freshet.features.FieldPath;
import io.freshet.ingest.mapping.JsonLimits;
import io.freshet.local.cli.JsonProblems;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reader of JSON lines: one object per line, whose nested fields have paths. As in the cells of a
 * table, spaces around a text are removed, and the words for a missing value become null.
 */
public final class JsonRows implements RowReader {
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .streamReadConstraints(JsonLimits.CONSTRAINTS)
                    .build();

    private final BufferedReader text;
    private long line;

    JsonRows(BufferedReader text) {
        this.text = text;
    }

    @Override
    public @Nullable Row next() throws IOException {
        for (String read = text.readLine(); read != null; read = text.readLine()) {
            line++;
            if (!read.isBlank()) {
                try {
                    return row(line, normalised(read.getBytes(StandardCharsets.UTF_8)));
                } catch (JsonProcessingException e) {
                    throw new InvalidFileException(
                            line, "not a JSON object: " + JsonProblems.describe(e));
                }
            }
        }
        return null;
    }

    /**
     * Returns the row of an object.
     *
     * @param line number for the row
     * @param json bytes of the object; kept, not copied
     * @throws JsonProcessingException if the bytes are not one JSON object
     */
    public static Row row(long line, byte[] json) throws IOException {
        List<FieldPath> paths = new ArrayList<>();
        List<@Nullable String> values = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new JsonParseException(parser, "the line has no object");
            }
            addMembers(parser, null, paths, values);
            if (parser.nextToken() != null) {
                throw new JsonParseException(parser, "another value follows the object");
            }
        }
        return new Row(line, paths, values, json);
    }

    private static void addMembers(
            JsonParser parser,
            @Nullable FieldPath object,
            List<FieldPath> paths,
            List<@Nullable String> values)
            throws IOException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            FieldPath path = object == null ? FieldPath.of(name) : object.member(name);
            addValue(parser, parser.nextToken(), path, paths, values);
        }
    }

    private static void addValue(
            JsonParser parser,
            JsonToken token,
            FieldPath path,
            List<FieldPath> paths,
            List<@Nullable String> values)
            throws IOException {
        switch (token) {
            case START_OBJECT -> addMembers(parser, path, paths, values);
            case START_ARRAY -> {
                int index = 0;
                for (JsonToken element = parser.nextToken();
                        element != JsonToken.END_ARRAY;
                        element = parser.nextToken()) {
                    addValue(parser, element, path.element(index++), paths, values);
                }
            }
            default -> {
                paths.add(path);
                String found = token == JsonToken.VALUE_NULL ? null : Cells.strip(parser.getText());
                boolean missing = found == null || found.isEmpty() || found.equalsIgnoreCase("nan");
                values.add(missing ? null : found);
            }
        }
    }

    /** Returns an object whose texts are those of cells; the same bytes if they are already. */
    private static byte[] normalised(byte[] json) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(json.length);
        boolean changed = false;
        try (JsonParser parser = JSON.createParser(json);
                JsonGenerator generator = JSON.createGenerator(bytes)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_STRING) {
                    String value = Cells.value(parser.getText());
                    changed |= !parser.getText().equals(value);
                    generator.writeString(value);
                } else if (token.isNumeric()) {
                    generator.writeNumber(parser.getText());
                } else {
                    generator.copyCurrentEvent(parser);
                }
            }
        }
        return changed ? bytes.toByteArray() : json;
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
