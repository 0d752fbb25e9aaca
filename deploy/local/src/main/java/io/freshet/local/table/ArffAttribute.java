package io.freshet.local.table;

import io.freshet.features.FieldPath;
import io.freshet.features.Numbers;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Attribute of an ARFF file: a name and a declared type, which all values must have.
 *
 * @param dates format of the values of a date; otherwise null
 */
record ArffAttribute(
        FieldPath path, DeclaredKind kind, Set<String> names, @Nullable DateTimeFormatter dates) {
    private static final String ISO_DATES = "yyyy-MM-dd'T'HH:mm:ss";

    /**
     * Returns an attribute.
     *
     * @param type declared type other than a list of names, such as {@code date yyyy}
     * @throws IllegalArgumentException if the type is unknown or not supported; the message says
     *     why
     */
    static ArffAttribute of(String name, String type) {
        String[] words = type.split("\\s+", 2);
        String rest = words.length < 2 ? "" : words[1];
        return switch (words[0].toLowerCase(Locale.ROOT)) {
            case "numeric", "real", "integer" -> of(name, DeclaredKind.Type.NUMERIC, null);
            case "string" -> of(name, DeclaredKind.Type.TEXT, null);
            case "date" ->
                    of(
                            name,
                            DeclaredKind.Type.TIME,
                            dates(rest.isEmpty() ? ISO_DATES : ArffRows.unquoted(rest)));
            case "relational" ->
                    throw new IllegalArgumentException("relational attributes are not supported");
            default ->
                    throw new IllegalArgumentException(
                            "the type \""
                                    + type
                                    + "\" is not numeric, real, integer, string, date or a list of"
                                    + " names in braces");
        };
    }

    /** Returns an attribute whose values are names. */
    static ArffAttribute nominal(String name, List<String> names) {
        if (names.contains("") || new HashSet<>(names).size() < names.size()) {
            throw new IllegalArgumentException("a name is empty, or declared twice");
        }
        return new ArffAttribute(
                FieldPath.of(name),
                new DeclaredKind(DeclaredKind.Type.NOMINAL, names),
                Set.copyOf(names),
                null);
    }

    private static ArffAttribute of(
            String name, DeclaredKind.Type type, @Nullable DateTimeFormatter dates) {
        return new ArffAttribute(
                FieldPath.of(name), new DeclaredKind(type, List.of()), Set.of(), dates);
    }

    private static DateTimeFormatter dates(String pattern) {
        try {
            return new DateTimeFormatterBuilder()
                    .appendPattern(pattern)
                    .parseDefaulting(ChronoField.MONTH_OF_YEAR, 1)
                    .parseDefaulting(ChronoField.DAY_OF_MONTH, 1)
                    .toFormatter(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the date format \"" + pattern + "\" is invalid: " + e.getMessage(), e);
        }
    }

    /** Returns the value of an attribute that a sparse row does not list; null if it is missing. */
    @Nullable String absent() {
        return switch (kind.type()) {
            case NUMERIC -> "0";
            case NOMINAL -> kind.names().get(0);
            case TIME -> "1970-01-01T00:00Z";
            case TEXT -> null;
        };
    }

    /**
     * Returns a value as the job reads it; null if it is missing.
     *
     * @throws IllegalArgumentException if it does not have the declared type
     */
    @Nullable String read(String cell) {
        if (names.contains(cell)) {
            return cell;
        }
        String value = Cells.value(cell);
        if (value == null) {
            return null;
        }
        return switch (kind.type()) {
            case TEXT -> value;
            case NOMINAL -> throw invalid(value, "is not among its declared names");
            case NUMERIC -> {
                if (Numbers.parse(value) == null) {
                    throw invalid(value, "is not a number");
                }
                yield value;
            }
            case TIME -> time(value);
        };
    }

    private String time(String value) {
        try {
            TemporalAccessor parsed = dates == null ? LocalDate.EPOCH : dates.parse(value);
            LocalDate date = LocalDate.from(parsed);
            LocalTime time = parsed.query(TemporalQueries.localTime());
            ZoneOffset offset = parsed.query(TemporalQueries.offset());
            return date.atTime(time == null ? LocalTime.MIDNIGHT : time)
                    .atOffset(offset == null ? ZoneOffset.UTC : offset)
                    .toString();
        } catch (DateTimeException e) {
            throw invalid(value, "does not have its date format");
        }
    }

    private IllegalArgumentException invalid(String value, String problem) {
        return new IllegalArgumentException(
                "the value \"" + value + "\" of \"" + path.displayName() + "\" " + problem);
    }
}
