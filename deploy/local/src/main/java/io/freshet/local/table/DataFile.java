package io.freshet.local.table;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** File of examples whose format, encoding and separator are known, given or detected. */
public final class DataFile {
    private static final int DETECTED_LINES = 20;

    /** Name of the file that messages show. */
    private final String title;

    private final String name;
    private final FileFormat format;
    private final TextFile text;
    private final char separator;
    private final boolean hasHeader;
    private final List<String> assumptions = new ArrayList<>();

    private DataFile(
            String title,
            String name,
            FileFormat format,
            TextFile text,
            char separator,
            boolean hasHeader) {
        this.title = title;
        this.name = name;
        this.format = format;
        this.text = text;
        this.separator = separator;
        this.hasHeader = hasHeader;
    }

    /** Returns a file that messages call by its path. */
    public static DataFile of(
            Path file, @Nullable FileFormat format, @Nullable Charset encoding, boolean hasHeader)
            throws IOException {
        return of(file, null, format, encoding, hasHeader);
    }

    /**
     * Returns a file.
     *
     * @param title name of the file that messages show, or null for its path
     * @param format format, or null for the one that the name says; if it says none, the file has
     *     JSON lines if it begins with a brace, else separated values
     * @param encoding encoding of the text, or null to detect it
     * @param hasHeader whether the first line of a CSV file has the names of its columns
     */
    public static DataFile of(
            Path file,
            @Nullable String title,
            @Nullable FileFormat format,
            @Nullable Charset encoding,
            boolean hasHeader)
            throws IOException {
        TextFile text = TextFile.of(file, encoding);
        List<String> assumptions = new ArrayList<>();
        text.assumption().ifPresent(assumptions::add);
        FileFormat known = format == null ? FileFormat.of(file.toString()) : format;
        char separator = ',';
        if (known == null || known == FileFormat.CSV) {
            List<String> lines = firstLines(text);
            if (known == null && beginsWithBrace(lines)) {
                known = FileFormat.JSON;
                assumptions.add("the file has JSON lines (--file-format sets another format)");
            } else {
                known = FileFormat.CSV;
                separator = lines.isEmpty() ? ',' : Separator.detect(lines);
            }
            if (separator != ',') {
                assumptions.add("the separator of the cells is " + describe(separator));
            }
        }
        DataFile found =
                new DataFile(
                        title == null ? file.toString() : title,
                        title == null ? String.valueOf(file.getFileName()) : title,
                        known,
                        text,
                        separator,
                        hasHeader);
        found.assumptions.addAll(assumptions);
        return found;
    }

    /** Returns the first lines; none of a file that was cut off before. */
    private static List<String> firstLines(TextFile text) throws IOException {
        try (BufferedReader reader = text.open()) {
            return reader.lines().limit(DETECTED_LINES).toList();
        } catch (EOFException e) {
            return List.of(); // reading the rows reports that
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof EOFException) {
                return List.of();
            }
            throw e.getCause();
        }
    }

    private static boolean beginsWithBrace(List<String> lines) {
        return lines.stream()
                .filter(line -> !line.isBlank())
                .findFirst()
                .filter(line -> line.strip().startsWith("{"))
                .isPresent();
    }

    private static String describe(char separator) {
        return switch (separator) {
            case ';' -> "a semicolon";
            case '\t' -> "a tab";
            default -> "\"" + separator + "\"";
        };
    }

    /** Opens the file at its first row. */
    public RowReader open() throws IOException {
        BufferedReader reader = text.open();
        return switch (format) {
            case CSV -> CsvRows.open(reader, separator, hasHeader);
            case JSON -> new JsonRows(reader);
            case ARFF -> ArffRows.open(reader);
            case LIBSVM -> new LibsvmRows(reader);
            case VW -> new VowpalRows(reader);
        };
    }

    /** Returns the file's path, or its title if it has one. */
    public String title() {
        return title;
    }

    /** Returns the file's name, without its directory, or its title if it has one. */
    public String name() {
        return name;
    }

    /** Returns the format. */
    public FileFormat format() {
        return format;
    }

    /** Returns the styles in which numbers of the file may be written. */
    public Set<NumberStyle> numberStyles() {
        return format == FileFormat.CSV ? Set.of(NumberStyle.values()) : Set.of(NumberStyle.PLAIN);
    }

    /**
     * Returns the style of a column whose commas could be between groups of digits or before
     * fractions: where commas are written in numbers, cells are mostly separated by semicolons.
     */
    public NumberStyle commas() {
        return separator == ';' ? NumberStyle.DECIMAL_COMMA : NumberStyle.THOUSANDS;
    }

    /** Returns what was assumed about the file, a sentence each without its full stop. */
    public List<String> assumptions() {
        return List.copyOf(assumptions);
    }
}
