package io.freshet.local.table;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.freshet.features.FieldPath;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reader of a table of separated values, with quotes as in RFC 4180. Spaces around cells and names
 * are removed. A last column without a name in which all cells are empty, from separators at the
 * ends of lines, is left out. Other columns without a name are called {@code column N}.
 */
final class CsvRows implements RowReader {
    private final CsvReader<CsvRecord> reader;
    private final Iterator<CsvRecord> records;
    private final List<FieldPath> paths;
    private @Nullable CsvRecord first;

    private CsvRows(
            CsvReader<CsvRecord> reader,
            Iterator<CsvRecord> records,
            List<FieldPath> paths,
            @Nullable CsvRecord first) {
        this.reader = reader;
        this.records = records;
        this.paths = paths;
        this.first = first;
    }

    /**
     * Opens a table.
     *
     * @param hasHeader whether the first line has the names of the columns; otherwise they are
     *     called 1, 2, 3, …
     * @throws InvalidFileException if the header is missing, has a name twice, or numbers only
     */
    static CsvRows open(BufferedReader text, char separator, boolean hasHeader) throws IOException {
        CsvReader<CsvRecord> reader =
                CsvReader.builder()
                        .fieldSeparator(separator)
                        // Lengths of rows are checked below, where the message names the line.
                        .allowExtraFields(true)
                        .allowMissingFields(true)
                        .skipEmptyLines(true)
                        .ofCsvRecord(text);
        Iterator<CsvRecord> records = reader.iterator();
        CsvRecord head = read(records);
        if (head == null) {
            reader.close();
            throw new InvalidFileException("the file is empty");
        }
        List<FieldPath> paths = new ArrayList<>();
        if (!hasHeader) {
            for (int i = 1; i <= head.getFieldCount(); i++) {
                paths.add(FieldPath.of(Integer.toString(i)));
            }
            return new CsvRows(reader, records, paths, head);
        }
        if (head.getFields().stream().map(Cells::strip).allMatch(Cells::isNumber)) {
            reader.close();
            throw new InvalidFileException(
                    "the header has numbers only; is there none? --no-header reads the first line"
                            + " as a row, with columns 1, 2, 3, …");
        }
        Set<String> names = new HashSet<>();
        for (String cell : head.getFields()) {
            String name = Cells.strip(cell);
            String unique = name.isEmpty() ? "column " + (paths.size() + 1) : name;
            if (!names.add(unique)) {
                reader.close();
                throw new InvalidFileException(
                        head.getStartingLineNumber(),
                        "the column \"" + unique + "\" is there twice");
            }
            paths.add(FieldPath.of(unique));
        }
        return new CsvRows(reader, records, paths, null);
    }

    private static @Nullable CsvRecord read(Iterator<CsvRecord> records) throws IOException {
        try {
            return records.hasNext() ? records.next() : null;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (CsvParseException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new InvalidFileException(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public @Nullable Row next() throws IOException {
        CsvRecord row = first;
        first = null;
        if (row == null) {
            row = read(records);
        }
        if (row == null) {
            return null;
        }
        int cells = row.getFieldCount();
        boolean trailing = cells == paths.size() + 1 && row.getField(cells - 1).isBlank();
        if (cells != paths.size() && !trailing) {
            throw new InvalidFileException(
                    row.getStartingLineNumber(),
                    "the row has " + cells + " cells, but the header has " + paths.size());
        }
        List<@Nullable String> values = new ArrayList<>(paths.size());
        for (int i = 0; i < paths.size(); i++) {
            values.add(Cells.value(row.getField(i)));
        }
        return Row.of(row.getStartingLineNumber(), paths, values);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
