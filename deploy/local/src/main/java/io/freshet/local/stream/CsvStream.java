package io.freshet.local.stream;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.freshet.local.cli.UserException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Stream of the rows of a CSV file, plain or gzipped, with a header. One column is the label, all
 * others are numeric features in the order of the columns. A row with an empty label is an
 * unlabelled example.
 *
 * <p>The classes are the labels that occur, in numeric order if all are integers, otherwise in
 * alphabetical order. The constructor reads the whole file once, to find the classes and to check
 * all cells.
 */
public final class CsvStream implements LabelledStream {
    private final Path file;
    private final int labelColumn;
    private final int numFeatures;
    private final List<String> classes;
    private final long size;

    /**
     * Reads and checks the file.
     *
     * @throws UserException if the file is invalid; names the file, line, column and value
     */
    public CsvStream(Path file, String label) {
        this.file = file;
        TreeSet<String> labels = new TreeSet<>();
        long rows = 0;
        try (CsvReader<CsvRecord> reader = open()) {
            Iterator<CsvRecord> records = reader.iterator();
            if (!records.hasNext()) {
                throw new UserException(file + " is empty");
            }
            List<String> header = records.next().getFields();
            labelColumn = header.indexOf(label);
            if (labelColumn < 0) {
                throw new UserException(
                        file + " has no column \"" + label + "\"; it has " + shortened(header));
            }
            if (header.size() < 2) {
                throw new UserException(file + " has no feature column besides \"" + label + "\"");
            }
            numFeatures = header.size() - 1;
            while (records.hasNext()) {
                CsvRecord row = records.next();
                check(row, header);
                String found = row.getField(labelColumn).strip();
                if (!found.isEmpty()) {
                    labels.add(found);
                }
                rows++;
            }
        } catch (CsvParseException e) {
            throw new UserException(file + " is not CSV: " + e.getMessage(), e);
        } catch (UncheckedIOException | IOException e) {
            throw unreadable(e);
        }
        if (rows == 0) {
            throw new UserException(file + " has a header but no rows");
        }
        if (labels.size() < 2) {
            throw new UserException(
                    file
                            + ": column \""
                            + label
                            + "\" must have at least two different labels, but has "
                            + labels.size());
        }
        for (String found : labels) {
            if (found.contains(",")) {
                throw new UserException(file + ": the label \"" + found + "\" contains a comma");
            }
        }
        size = rows;
        boolean numbers = labels.stream().allMatch(name -> name.matches("-?[0-9]{1,18}"));
        classes =
                numbers
                        ? labels.stream().sorted(Comparator.comparingLong(Long::parseLong)).toList()
                        : List.copyOf(labels);
    }

    private void check(CsvRecord row, List<String> header) {
        if (row.getFieldCount() != header.size()) {
            throw new UserException(
                    file
                            + ", line "
                            + row.getStartingLineNumber()
                            + ": the row has "
                            + row.getFieldCount()
                            + " cells, but the header has "
                            + header.size());
        }
        for (int column = 0; column < header.size(); column++) {
            if (column != labelColumn && parse(row.getField(column)) == null) {
                throw new UserException(
                        file
                                + ", line "
                                + row.getStartingLineNumber()
                                + ", column \""
                                + header.get(column)
                                + "\": the feature \""
                                + row.getField(column)
                                + "\" is not a number");
            }
        }
    }

    private static @Nullable Float parse(String cell) {
        try {
            return Float.valueOf(cell);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static String shortened(List<String> header) {
        return header.size() <= 12
                ? String.join(", ", header)
                : String.join(", ", header.subList(0, 6))
                        + ", …, "
                        + String.join(", ", header.subList(header.size() - 3, header.size()));
    }

    private UserException unreadable(Exception e) {
        if (e instanceof NoSuchFileException) {
            return new UserException(file + " does not exist", e);
        }
        return new UserException(file + " cannot be read: " + e.getMessage(), e);
    }

    private CsvReader<CsvRecord> open() throws IOException {
        InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        if (file.toString().endsWith(".gz")) {
            bytes = new GZIPInputStream(bytes, 1 << 16);
        }
        Reader text = new InputStreamReader(bytes, StandardCharsets.UTF_8);
        // Rows of a wrong length are reported by check(), which names the file and the line.
        return CsvReader.builder()
                .allowExtraFields(true)
                .allowMissingFields(true)
                .ofCsvRecord(text);
    }

    @Override
    public String description() {
        return String.valueOf(file.getFileName());
    }

    @Override
    public int numFeatures() {
        return numFeatures;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Examples examples() {
        CsvReader<CsvRecord> reader;
        try {
            reader = open();
        } catch (IOException e) {
            throw unreadable(e);
        }
        Iterator<CsvRecord> records = reader.iterator();
        records.next(); // the header
        return new Examples() {
            @Override
            public boolean hasNext() {
                return records.hasNext();
            }

            @Override
            public Example next() {
                return example(records.next());
            }

            @Override
            public void close() {
                try {
                    reader.close();
                } catch (IOException e) {
                    throw unreadable(e);
                }
            }
        };
    }

    private Example example(CsvRecord row) {
        float[] features = new float[numFeatures];
        int at = 0;
        for (int column = 0; column <= numFeatures; column++) {
            if (column != labelColumn) {
                features[at++] = Float.parseFloat(row.getField(column));
            }
        }
        String label = row.getField(labelColumn).strip();
        return new Example(label.isEmpty() ? null : label, features);
    }
}
