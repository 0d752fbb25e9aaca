package io.freshet.features;

import io.freshet.text.QuotedList;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Field of a message that is a feature, with its kind.
 *
 * @param path path of the field
 * @param from index of the first member that is used, if the field is a list; otherwise 0
 * @param to index after the last member that is used, if the field is a list of numbers; {@link
 *     #WHOLE} for a field that is one value
 * @param kind kind of the value, or of each member of the list
 * @param categories names of a categorical field in the order of their columns; empty if its names
 *     are hashed, and for other kinds
 * @param origin number that is subtracted from the values of a numeric field, such as a time since
 *     which the others are counted
 */
public record FeatureField(
        FieldPath path, int from, int to, FeatureKind kind, List<String> categories, double origin)
        implements Serializable {
    /** {@link #to()} of a field that is one value, not a list. */
    public static final int WHOLE = -1;

    /** Number of columns of {@link FeatureKind#TIME}. */
    private static final int TIME_COLUMNS = 4;

    private static final String ORIGIN = "origin=";

    public FeatureField {
        categories = List.copyOf(categories);
        if (to != WHOLE && kind != FeatureKind.NUMERIC && kind != FeatureKind.BOOLEAN) {
            throw new IllegalArgumentException(
                    path + " is a list, whose members can be numeric or boolean only");
        }
        if (to > MessageLimits.MEMBERS) {
            throw new IllegalArgumentException(
                    path + " is a list of more than " + MessageLimits.MEMBERS);
        }
        if (categories.size() > MessageLimits.CATEGORIES) {
            throw new IllegalArgumentException(
                    path + " has more than " + MessageLimits.CATEGORIES + " categories");
        }
        if (new HashSet<>(categories).size() < categories.size()) {
            throw new IllegalArgumentException(path + " has a category twice");
        }
    }

    /** Returns a field that is one number. */
    public static FeatureField numeric(FieldPath path, double origin) {
        return new FeatureField(path, 0, WHOLE, FeatureKind.NUMERIC, List.of(), origin);
    }

    /** Returns a categorical field. */
    public static FeatureField categorical(FieldPath path, List<String> categories) {
        return new FeatureField(path, 0, WHOLE, FeatureKind.CATEGORICAL, categories, 0);
    }

    /** Returns a field of a kind without parameters. */
    public static FeatureField of(FieldPath path, FeatureKind kind) {
        return new FeatureField(path, 0, WHOLE, kind, List.of(), 0);
    }

    /** Returns whether the field is a list of values. */
    public boolean isList() {
        return to != WHOLE;
    }

    /**
     * Returns whether the names of the field's features are only known from its values, so that
     * they have to be hashed.
     */
    public boolean isOpen() {
        return kind == FeatureKind.TEXT
                || (kind == FeatureKind.CATEGORICAL && categories.isEmpty());
    }

    /**
     * Returns the number of columns; an {@linkplain #isOpen() open} field has one, which says
     * whether it has a value.
     */
    public int numColumns() {
        return switch (kind) {
            case NUMERIC, BOOLEAN -> isList() ? to - from : 1;
            case CATEGORICAL -> isOpen() ? 1 : categories.size();
            case TIME -> TIME_COLUMNS;
            case TEXT -> 1;
        };
    }

    /** Returns the names of the columns. */
    public List<String> columnNames() {
        List<String> names = new ArrayList<>();
        switch (kind) {
            case NUMERIC, BOOLEAN -> {
                if (isList()) {
                    for (int i = from; i < to; i++) {
                        names.add(path.element(i).toString());
                    }
                } else {
                    names.add(path.toString());
                }
            }
            case CATEGORICAL -> {
                if (isOpen()) {
                    names.add(path.toString());
                }
                categories.forEach(name -> names.add(path + "=" + name));
            }
            case TEXT -> names.add(path.toString());
            case TIME ->
                    names.addAll(
                            List.of(
                                    path + " (hour, sine)",
                                    path + " (hour, cosine)",
                                    path + " (weekday, sine)",
                                    path + " (weekday, cosine)"));
        }
        return names;
    }

    /** Reads a field up to the comma after it, or to the end. */
    static FeatureField read(PathReader reader) {
        FieldPath path = reader.readPath();
        int[] range = reader.readRange();
        FeatureKind kind = FeatureKind.NUMERIC;
        List<String> categories = List.of();
        double origin = 0;
        if (reader.skip(':')) {
            kind = kind(path, reader.readUntil(",("));
            if (reader.skip('(')) {
                if (kind == FeatureKind.CATEGORICAL) {
                    categories = readCategories(reader);
                } else if (kind == FeatureKind.NUMERIC) {
                    origin = readOrigin(path, reader);
                } else {
                    throw reader.invalid(path + ": " + kind.setting() + " has no parameters");
                }
                reader.expect(')');
            }
        }
        return new FeatureField(
                path,
                range == null ? 0 : range[0],
                range == null ? WHOLE : range[1],
                kind,
                categories,
                origin);
    }

    private static FeatureKind kind(FieldPath path, String name) {
        return Arrays.stream(FeatureKind.values())
                .filter(kind -> kind.setting().equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        path
                                                + ": \""
                                                + name
                                                + "\" is not a kind; kinds are "
                                                + kinds()));
    }

    private static String kinds() {
        String[] names =
                Arrays.stream(FeatureKind.values())
                        .map(FeatureKind::setting)
                        .toArray(String[]::new);
        int last = names.length - 1;
        return String.join(", ", Arrays.copyOf(names, last)) + " and " + names[last];
    }

    private static List<String> readCategories(PathReader reader) {
        List<String> categories = new ArrayList<>();
        do {
            reader.skipSpaces();
            String category = reader.peek() == '"' ? reader.readQuoted() : reader.readUntil("|)");
            if (category.isEmpty()) {
                throw reader.invalid("a category is expected");
            }
            categories.add(category);
        } while (reader.skip('|'));
        return categories;
    }

    private static double readOrigin(FieldPath path, PathReader reader) {
        String text = reader.readUntil(")");
        Double origin =
                text.startsWith(ORIGIN) ? Numbers.parse(text.substring(ORIGIN.length())) : null;
        if (origin == null || !Double.isFinite(origin)) {
            throw new IllegalArgumentException(
                    path
                            + ": numeric has the parameter origin, as in "
                            + path
                            + ":numeric(origin=1700000000)");
        }
        return origin;
    }

    /** Returns the field as it is written in settings. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(path.toString());
        if (isList()) {
            text.append('[').append(from).append(':').append(to).append(']');
        }
        if (kind == FeatureKind.CATEGORICAL && !isOpen()) {
            text.append(
                    categories.stream()
                            .map(FeatureField::categoryText)
                            .collect(Collectors.joining("|", ":categorical(", ")")));
        } else if (kind != FeatureKind.NUMERIC) {
            text.append(':').append(kind.setting());
        } else if (origin != 0) {
            text.append(":numeric(")
                    .append(ORIGIN)
                    .append(BigDecimal.valueOf(origin).stripTrailingZeros().toPlainString())
                    .append(')');
        }
        return text.toString();
    }

    private static String categoryText(String category) {
        boolean plain =
                category.equals(category.strip())
                        && category.chars().noneMatch(c -> "|)(,\"".indexOf(c) >= 0);
        return plain ? category : QuotedList.quote(category);
    }
}
