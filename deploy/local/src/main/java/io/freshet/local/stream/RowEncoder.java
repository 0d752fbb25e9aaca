package io.freshet.local.stream;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.features.FieldPath;
import io.freshet.local.inspect.Proposal;
import io.freshet.local.table.Cells;
import io.freshet.local.table.NumberStyle;
import io.freshet.local.table.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Encoder of the rows of a file as JSON objects. Numeric fields become numbers if they are finite,
 * missing values null and all others text. Not thread-safe.
 */
final class RowEncoder {
    private static final JsonFactory JSON = new JsonFactory();
    private static final Pattern JSON_NUMBER =
            Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private final Proposal proposal;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    RowEncoder(Proposal proposal) {
        this.proposal = proposal;
    }

    /** Returns the message of a row. */
    byte[] encode(Row row) throws IOException {
        byte[] json = row.json();
        if (json != null) {
            return json;
        }
        bytes.reset();
        try (JsonGenerator generator = JSON.createGenerator(bytes)) {
            generator.writeStartObject();
            for (int i = 0; i < row.paths().size(); i++) {
                FieldPath path = row.paths().get(i);
                String value = row.values().get(i);
                generator.writeFieldName(path.name());
                if (value == null) {
                    generator.writeNull();
                } else {
                    writeValue(generator, proposal.numberStyles().get(path), value);
                }
            }
            generator.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static void writeValue(
            JsonGenerator generator, @Nullable NumberStyle style, String value) throws IOException {
        String number = style == null ? value : style.normalise(value);
        if (style == null || !Cells.isNumber(number)) {
            generator.writeString(value); // such as inf, which the job sets aside
        } else if (JSON_NUMBER.matcher(number).matches()) {
            generator.writeNumber(number);
        } else {
            generator.writeNumber(new BigDecimal(number));
        }
    }
}
