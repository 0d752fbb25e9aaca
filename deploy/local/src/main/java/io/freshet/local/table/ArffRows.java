package io.freshet.local.table;

import io.freshet.features.FieldPath;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reader of Weka's attribute-relation file format: names and types from the header, rows dense or
 * sparse. A value that does not have the declared type is refused. In a sparse row, an attribute
 * that is not listed has its first nominal value, or 0; a text is then missing.
 *
 * <p>Source: Weka's documentation of ARFF. Our own, since the readers on Maven Central are under
 * the GPL.
 */
final class ArffRows implements RowReader {
    private static final String WEIGHTS = ", are not supported; a column of weights is (--weight)";

    private final BufferedReader text;
    private final List<ArffAttribute> attributes = new ArrayList<>();
    private final List<FieldPath> paths = new ArrayList<>();
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
        if (name.isEmpty() || type.isEmpty()) {
            throw new InvalidFileException(line, "an attribute has a name and a type");
        }
        ArffAttribute attribute;
        try {
            attribute =
                    type.startsWith("{") && type.endsWith("}")
                            ? ArffAttribute.nominal(
                                    name, split(type.substring(1, type.length() - 1)))
                            : ArffAttribute.of(name, type);
        } catch (IllegalArgumentException e) {
            throw new InvalidFileException(line, "attribute \"" + name + "\": " + e.getMessage());
        }
        if (paths.contains(attribute.path())) {
            throw new InvalidFileException(line, "the attribute \"" + name + "\" is there twice");
        }
        attributes.add(attribute);
        paths.add(attribute.path());
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
        if (cells.size() > paths.size() && cells.get(paths.size()).startsWith("{")) {
            throw new InvalidFileException(
                    line, "weights of rows, such as " + cells.get(paths.size()) + WEIGHTS);
        }
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
        for (int i = 0; i < cells.size(); i++) {
            values.add(read(i, cells.get(i)));
        }
        return Row.of(line, paths, values);
    }

    private @Nullable String read(int index, String cell) throws InvalidFileException {
        try {
            return attributes.get(index).read(cell);
        } catch (IllegalArgumentException e) {
            throw new InvalidFileException(line, String.valueOf(e.getMessage()));
        }
    }

    private Row sparse(String content) throws InvalidFileException {
        List<@Nullable String> values = new ArrayList<>();
        attributes.forEach(attribute -> values.add(attribute.absent()));
        Set<Integer> seen = new HashSet<>();
        List<String> pairs = content.isEmpty() ? List.of() : split(content);
        for (String pair : pairs) {
            if (pair.startsWith("{")) {
                throw new InvalidFileException(
                        line, "weights of rows, such as " + pair + "}" + WEIGHTS);
            }
        }
        for (String pair : pairs) {
            String[] parts = pair.split("\\s+", 2);
            int index = parts[0].matches("[0-9]{1,9}") ? Integer.parseInt(parts[0]) : -1;
            if (parts.length < 2 || index < 0 || index >= values.size()) {
                throw new InvalidFileException(
                        line, "\"" + pair + "\" is not the index of an attribute and a value");
            }
            if (!seen.add(index)) {
                throw new InvalidFileException(line, "the index " + index + " is there twice");
            }
            values.set(index, read(index, unquoted(parts[1])));
        }
        return Row.of(line, paths, values);
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

    static String unquoted(String cell) {
        String text = Cells.strip(cell);
        if (text.length() >= 2
                && "'\"".indexOf(text.charAt(0)) >= 0
                && text.charAt(text.length() - 1) == text.charAt(0)) {
            return text.substring(1, text.length() - 1).replaceAll("\\\\(.)", "$1");
        }
        return text;
    }

    @Override
    public Map<FieldPath, DeclaredKind> declared() {
        Map<FieldPath, DeclaredKind> declared = new LinkedHashMap<>();
        attributes.forEach(attribute -> declared.put(attribute.path(), attribute.kind()));
        return declared;
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
