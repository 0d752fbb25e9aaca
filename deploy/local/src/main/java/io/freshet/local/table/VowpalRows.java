package io.freshet.local.table;

import io.freshet.features.FieldPath;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reader of the text format of Vowpal Wabbit: {@code label importance 'tag |namespace name:value
 * name …}. The fields are {@code label}, {@code weight} (the importance), {@code tag}, and for each
 * feature {@code namespace^name}, or {@code name} without a namespace; there, names that could be
 * mistaken, such as {@code label}, are {@code ^name}.
 *
 * <p>A feature without a value has the value 1, the weight of a namespace multiplies its features,
 * and the values of a feature that is there several times add up.
 */
final class VowpalRows implements RowReader {
    private static final FieldPath WEIGHT = FieldPath.of("weight");
    private static final FieldPath TAG = FieldPath.of("tag");
    private static final Set<String> SPECIAL =
            Set.of(LibsvmRows.LABEL.name(), WEIGHT.name(), TAG.name());

    private final BufferedReader text;
    private final Map<String, FieldPath> paths = new HashMap<>();
    private long line;

    VowpalRows(BufferedReader text) {
        this.text = text;
    }

    @Override
    public @Nullable Row next() throws IOException {
        for (String read = text.readLine(); read != null; read = text.readLine()) {
            line++;
            if (!read.isBlank()) {
                return row(read);
            }
        }
        return null;
    }

    private Row row(String read) throws InvalidFileException {
        int bar = read.indexOf('|');
        if (bar < 0) {
            throw new InvalidFileException(line, "\"|\" is missing before the features");
        }
        List<FieldPath> names = new ArrayList<>();
        List<@Nullable String> values = new ArrayList<>();
        String head = read.substring(0, bar);
        String[] words = Cells.strip(head).split("\\s+", -1);
        int last = words.length;
        if (last > 0 && isTag(words[last - 1], head, last)) {
            last--;
            String tag = words[last].startsWith("'") ? words[last].substring(1) : words[last];
            if (!tag.isEmpty()) {
                names.add(TAG);
                values.add(tag);
            }
        }
        if (last > 0 && !words[0].isEmpty()) {
            names.add(LibsvmRows.LABEL);
            values.add(LibsvmRows.label(words[0]));
        }
        if (last > 1) {
            if (!Cells.isNumber(words[1])) {
                throw new InvalidFileException(
                        line, "the importance \"" + words[1] + "\" is not a number");
            }
            names.add(WEIGHT);
            values.add(words[1]);
        }
        Map<FieldPath, Double> features = new LinkedHashMap<>();
        for (String namespace : read.substring(bar + 1).split("\\|", -1)) {
            addNamespace(namespace, features);
        }
        features.forEach(
                (path, value) -> {
                    names.add(path);
                    values.add(Double.toString(value));
                });
        return Row.of(line, names, values);
    }

    /** A tag begins with a quote, or touches the bar, or is the fourth word. */
    private static boolean isTag(String word, String head, int count) {
        boolean touches =
                !head.isEmpty() && !Character.isWhitespace(head.charAt(head.length() - 1));
        return word.startsWith("'") || (touches && count > 1) || count > 3;
    }

    private void addNamespace(String text, Map<FieldPath, Double> features)
            throws InvalidFileException {
        String[] words = text.stripTrailing().split("\\s+", -1);
        String prefix = "";
        double scale = 1;
        int first = 0;
        if (!text.isEmpty() && !Character.isWhitespace(text.charAt(0))) {
            int colon = words[0].indexOf(':');
            prefix = (colon < 0 ? words[0] : words[0].substring(0, colon)) + "^";
            scale = colon < 0 ? 1 : number(words[0], words[0].substring(colon + 1));
            first = 1;
        }
        for (int i = first; i < words.length; i++) {
            if (words[i].isEmpty()) {
                continue;
            }
            int colon = words[i].lastIndexOf(':');
            String word = colon < 0 ? words[i] : words[i].substring(0, colon);
            boolean mistaken = SPECIAL.contains(word) || word.indexOf('^') >= 0;
            String name = (prefix.isEmpty() && mistaken ? "^" : prefix) + word;
            double value = colon < 0 ? 1 : number(words[i], words[i].substring(colon + 1));
            features.merge(paths.computeIfAbsent(name, FieldPath::of), scale * value, Double::sum);
        }
    }

    private double number(String word, String text) throws InvalidFileException {
        if (!Cells.isNumber(text)) {
            throw new InvalidFileException(line, "the value of \"" + word + "\" is not a number");
        }
        return Double.parseDouble(text);
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
