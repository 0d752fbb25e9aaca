package io.freshet.local.table;

import io.freshet.ingest.mapping.FieldPath;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reader of Weka's attribute-relation file format: names from the header, rows dense or sparse. In
 * a sparse row, an attribute that is not listed has its first nominal value, or 0.
 *
 * <p>Source: Weka's documentation of ARFF. Our own, since the readers on Maven Central are under
 * the GPL.
 */
final class ArffRows implements RowReader {
    private final BufferedReader text;
    private final List<FieldPath> paths = new ArrayList<>();
    private final List<String> defaults = new ArrayList<>();
    private long line;

    private ArffRows(BufferedReader text) {
        this.text = text;
    }

    /**
     * Opens a file; reads its header.
     *
     * @throws InvalidFileException if the header is invalid
     */
    static ArffRows open(BufferedReader text) throws IOException {
        ArffRows rows = new ArffRows(text);
        rows.readHeader();
        return rows;
    }

    private void readHeader() throws IOException {
        for (String read = content(); read != null; read = content()) {
            String lower = read.toLowerCase(Locale.ROOT);
            if (lower.startsWith("@data")) {
                if (paths.isEmpty()) {
                    throw new InvalidFileException(line, "@data comes before any @attribute");
                }
                return;
            }
            if (lower.startsWith("@attribute")) {
                addAttribute(Cells.strip(read.substring("@attribute".length())));
            } else if (!lower.startsWith("@relation")) {
                throw new InvalidFileException(
                        line, "@relation, @attribute or @data is expected, not \"" + read + "\"");
            }
        }
        throw new InvalidFileException("the file has no @data");
    }

    private void addAttribute(String declaration) throws InvalidFileException {
        int end = endOfName(declaration);
        String name = unquoted(declaration.substring(0, end));
        String type = Cells.strip(declaration.substring(end));
        FieldPath path = FieldPath.of(name);
        if (name.isEmpty() || type.isEmpty()) {
            throw new InvalidFileException(line, "an attribute has a name and a type");
        }
        if (paths.contains(path)) {
            throw new InvalidFileException(line, "the attribute \"" + name + "\" is there twice");
        }
        paths.add(path);
        boolean nominal = type.startsWith("{") && type.endsWith("}");
        defaults.add(nominal ? split(type.substring(1, type.length() - 1)).get(0) : "0");
    }

    private static int endOfName(String declaration) {
        char first = declaration.isEmpty() ? ' ' : declaration.charAt(0);
        if (first == '\'' || first == '"') {
            int close = declaration.indexOf(first, 1);
            return close < 0 ? declaration.length() : close + 1;
        }
        int at = 0;
        while (at < declaration.length() && !Character.isWhitespace(declaration.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Reads the next line that is neither empty nor a comment; null at the end. */
    private @Nullable String content() throws IOException {
        for (String read = text.readLine(); read != null; read = text.readLine()) {
            line++;
            String stripped = Cells.strip(read);
            if (!stripped.isEmpty() && !stripped.startsWith("%")) {
                return stripped;
            }
        }
        return null;
    }

    @Override
    public @Nullable Row next() throws IOException {
        String read = content();
        if (read == null) {
            return null;
        }
        if (read.startsWith("{") && read.endsWith("}")) {
            return sparse(Cells.strip(read.substring(1, read.length() - 1)));
        }
        List<String> cells = split(read);
        if (cells.size() != paths.size()) {
            throw new InvalidFileException(
                    line,
                    "the row has "
                            + cells.size()
                            + " values, but there are "
                            + paths.size()
                            + " attributes");
        }
        List<@Nullable String> values = new ArrayList<>(cells.size());
        for (String cell : cells) {
            values.add(Cells.value(cell));
        }
        return new Row(line, paths, values, null);
    }

    private Row sparse(String content) throws InvalidFileException {
        List<@Nullable String> values = new ArrayList<>(defaults);
        for (String pair : content.isEmpty() ? Collections.<String>emptyList() : split(content)) {
            String[] parts = pair.split("\\s+", 2);
            int index = parts[0].matches("[0-9]{1,9}") ? Integer.parseInt(parts[0]) : -1;
            if (parts.length < 2 || index < 0 || index >= values.size()) {
                throw new InvalidFileException(
                        line, "\"" + pair + "\" is not the index of an attribute and a value");
            }
            values.set(index, Cells.value(unquoted(parts[1])));
        }
        return new Row(line, paths, values, null);
    }

    /** Splits at commas outside single and double quotes. */
    private List<String> split(String content) throws InvalidFileException {
        List<String> cells = new ArrayList<>();
        int start = 0;
        char quote = 0;
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            if (quote != 0) {
                if (c == '\\') {
                    i++;
                } else if (c == quote) {
                    quote = 0;
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == ',') {
                cells.add(unquoted(content.substring(start, i)));
                start = i + 1;
            }
        }
        if (quote != 0) {
            throw new InvalidFileException(line, "a quote is not closed");
        }
        cells.add(unquoted(content.substring(start)));
        return cells;
    }

    private static String unquoted(String cell) {
        String text = Cells.strip(cell);
        if (text.length() >= 2
                && "'\"".indexOf(text.charAt(0)) >= 0
                && text.charAt(text.length() - 1) == text.charAt(0)) {
            return text.substring(1, text.length() - 1).replaceAll("\\\\(.)", "$1");
        }
        return text;
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
