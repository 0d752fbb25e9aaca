package io.freshet.features;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Fields that are features, in the order of their columns.
 *
 * @param fields fields, none of which is there twice with the same kind; may be empty
 * @param takesOthers whether all other fields of a message are features too, unless they are mapped
 *     to another part of the example: numbers as numeric, texts as categorical
 */
public record FeatureList(List<FeatureField> fields, boolean takesOthers) implements Serializable {
    private static final String MISSING = " is missing";

    /** What a list is, for messages. */
    public static final String TYPE =
            "comma-separated fields, each with a kind if it is not numeric, such as"
                + " age,city:categorical(Oslo|Rome),member:boolean,since:time,pixels[0:784]; or *,"
                + " which may be followed by fields";

    private static final char ALL = '*';

    public FeatureList {
        fields = List.copyOf(fields);
        Set<String> columns = new HashSet<>();
        for (FeatureField field : fields) {
            for (String column : field.columnNames()) {
                if (!columns.add(column)) {
                    throw new IllegalArgumentException("the feature " + column + " is there twice");
                }
            }
        }
    }

    /** Creates a list of all features. */
    public FeatureList(List<FeatureField> fields) {
        this(fields, false);
    }

    /**
     * Parses a list.
     *
     * @throws IllegalArgumentException if the text is not a list of features; the message says why
     */
    public static FeatureList parse(String text) {
        List<FeatureField> fields = new ArrayList<>();
        PathReader reader = new PathReader(text);
        boolean takesOthers = reader.skip(ALL);
        if (takesOthers ? reader.skip(',') : !reader.isAtEnd()) {
            do {
                fields.add(FeatureField.read(reader));
            } while (reader.skip(','));
        }
        reader.expectEnd();
        return new FeatureList(fields, takesOthers);
    }

    /** Returns the number of columns of all fields. */
    public int numColumns() {
        return fields.stream().mapToInt(FeatureField::numColumns).sum();
    }

    /** Returns the names of the columns. */
    public List<String> columnNames() {
        return fields.stream().flatMap(field -> field.columnNames().stream()).toList();
    }

    /**
     * Returns the names of the columns that say whether a feature is missing, one for each field or
     * member of a list, in their order; each with the index of the first column of its feature.
     */
    public Map<String, Integer> indicators() {
        Map<String, Integer> indicators = new LinkedHashMap<>();
        int column = 0;
        for (FeatureField field : fields) {
            int first = column;
            if (field.isList()) {
                for (int i = field.from(); i < field.to(); i++) {
                    String name = field.path().element(i) + MISSING;
                    indicators.putIfAbsent(name, first + i - field.from());
                }
            } else {
                indicators.putIfAbsent(field.path() + MISSING, first);
            }
            column += field.numColumns();
        }
        return indicators;
    }

    /** Returns the list as it is written in settings. */
    @Override
    public String toString() {
        return Stream.concat(
                        takesOthers ? Stream.of(String.valueOf(ALL)) : Stream.empty(),
                        fields.stream().map(FeatureField::toString))
                .collect(Collectors.joining(","));
    }
}
