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

    private final Path path;
    private final FileFormat format;
    private final TextFile text;
    private final char separator;
    private final boolean hasHeader;
    private final List<String> assumptions = new ArrayList<>();

    private DataFile(
            Path path, FileFormat format, TextFile text, char separator, boolean hasHeader) {
        this.path = path;
        this.format = format;
        this.text = text;
        this.separator = separator;
        this.hasHeader = hasHeader;
    }

    /**
     * Returns a file.
     *
     * @param format format, or null for the one that the name says
     * @param encoding encoding of the text, or null to detect it
     * @param hasHeader whether the first line of a CSV file has the names of its columns
     */
    public static DataFile of(
            Path file, @Nullable FileFormat format, @Nullable Charset encoding, boolean hasHeader)
            throws IOException {
        FileFormat known = format == null ? FileFormat.of(file.toString()) : format;
        TextFile text = TextFile.of(file, encoding);
        char separator = ',';
        List<String> assumptions = new ArrayList<>();
        text.assumption().ifPresent(assumptions::add);
        if (known == FileFormat.CSV) {
            separator = detectSeparator(text);
            if (separator != ',') {
                assumptions.add("the separator of the cells is " + describe(separator));
            }
        }
        DataFile found = new DataFile(file, known, text, separator, hasHeader);
        found.assumptions.addAll(assumptions);
        return found;
    }

    private static char detectSeparator(TextFile text) throws IOException {
        List<String> lines;
        try (BufferedReader reader = text.open()) {
            lines = reader.lines().limit(DETECTED_LINES).toList();
        } catch (EOFException e) {
            return ','; // a file that was cut off: reading its rows reports that
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof EOFException) {
                return ',';
            }
            throw e.getCause();
        }
        return lines.isEmpty() ? ',' : Separator.detect(lines);
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

    /** Returns the path of the file. */
    public Path path() {
        return path;
    }

    /** Returns the file's name, without its directory. */
    public String name() {
        return String.valueOf(path.getFileName());
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
