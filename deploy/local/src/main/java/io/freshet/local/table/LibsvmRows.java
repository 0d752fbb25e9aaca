package io.freshet.local.table;

import io.freshet.features.FieldPath;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reader of the text format of libsvm and svmlight: a label, then {@code index:value} pairs. The
 * label's field is {@code label}, the features' fields are their indices. A query id ({@code
 * qid:N}) is left out, and so is text after {@code #}.
 */
final class LibsvmRows implements RowReader {
    static final FieldPath LABEL = FieldPath.of("label");

    private final BufferedReader text;
    private final Map<String, FieldPath> paths = new HashMap<>();
    private long line;

    LibsvmRows(BufferedReader text) {
        this.text = text;
    }

    @Override
    public @Nullable Row next() throws IOException {
        for (String read = text.readLine(); read != null; read = text.readLine()) {
            line++;
            int comment = read.indexOf('#');
            String content = Cells.strip(comment < 0 ? read : read.substring(0, comment));
            if (!content.isEmpty()) {
                return row(content.split("\\s+", -1));
            }
        }
        return null;
    }

    /** Returns a label; {@code +1} is the class 1. */
    static @Nullable String label(String word) {
        return Cells.value(word.matches("\\+[0-9]+") ? word.substring(1) : word);
    }

    private Row row(String[] words) throws InvalidFileException {
        List<FieldPath> names = new ArrayList<>(words.length);
        List<@Nullable String> values = new ArrayList<>(words.length);
        Set<FieldPath> seen = new HashSet<>();
        int first = 0;
        if (words[0].indexOf(':') < 0) {
            names.add(LABEL);
            values.add(label(words[0]));
            first = 1;
        }
        for (int i = first; i < words.length; i++) {
            int colon = words[i].indexOf(':');
            String index = colon < 0 ? "" : words[i].substring(0, colon);
            String value = colon < 0 ? "" : words[i].substring(colon + 1);
            if (index.equals("qid")) {
                continue;
            }
            if (!index.matches("[0-9]{1,9}") || !Cells.isNumber(value)) {
                throw new InvalidFileException(
                        line, "\"" + words[i] + "\" is not an index and a number, as in 3:0.5");
            }
            FieldPath path = path(index);
            if (!seen.add(path)) {
                throw new InvalidFileException(
                        line, "the index " + path.name() + " is there twice");
            }
            names.add(path);
            values.add(value);
        }
        return Row.of(line, names, values);
    }

    /** Returns the path of an index; 01 is the index 1. */
    private FieldPath path(String index) {
        return paths.computeIfAbsent(
                index, text -> FieldPath.of(Integer.toString(Integer.parseInt(text))));
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
