package io.freshet.model.check;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writer of JSON. */
final class Json {
    private static final String INDENT = "  ";

    private Json() {}

    /**
     * Returns a value as text.
     *
     * @param value a map with keys that are strings, a list, a string, a number, a boolean or null.
     *     A number that is not finite is null.
     */
    static String of(@Nullable Object value) {
        StringBuilder text = new StringBuilder();
        write(value, "\n", text);
        return text.append('\n').toString();
    }

    private static void write(@Nullable Object value, String line, StringBuilder text) {
        if (value instanceof Map<?, ?> map) {
            String separator = "";
            text.append('{');
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                text.append(separator).append(line).append(INDENT);
                write(String.valueOf(entry.getKey()), line, text);
                text.append(": ");
                write(entry.getValue(), line + INDENT, text);
                separator = ",";
            }
            text.append(map.isEmpty() ? "" : line).append('}');
        } else if (value instanceof List<?> list) {
            String separator = "";
            text.append('[');
            for (Object item : list) {
                text.append(separator).append(line).append(INDENT);
                write(item, line + INDENT, text);
                separator = ",";
            }
            text.append(list.isEmpty() ? "" : line).append(']');
        } else if (value instanceof String string) {
            quote(string, text);
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            text.append("null");
        } else {
            text.append(value);
        }
    }

    private static void quote(String string, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
