package io.freshet.local.inspect;

import io.freshet.features.FieldPath;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.table.DeclaredKind;
import io.freshet.local.table.NumberStyle;
import io.freshet.local.table.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Summary of the rows of a file or of the messages of a topic. Not thread-safe. */
public final class DataProfile {
    private final Map<FieldPath, FieldProfile> fields = new LinkedHashMap<>();
    private final Map<FieldSource, FieldProfile> outside = new HashMap<>();
    private final Set<NumberStyle> numberStyles;
    private final NumberStyle commas;
    private long rows;
    private boolean mayHaveDecimalCommas;

    /** Profiles in the order of the last table's columns, to find them without a lookup. */
    private List<FieldProfile> columns = new ArrayList<>();

    private @Nullable List<FieldPath> columnPaths;

    /**
     * @param numberStyles styles in which numbers may be written
     * @param commas style of a column in which commas could be between groups of digits or before
     *     fractions, if no other column says
     */
    public DataProfile(Set<NumberStyle> numberStyles, NumberStyle commas) {
        this.numberStyles = Set.copyOf(numberStyles);
        this.commas = commas;
    }

    /** Adds the kinds that a file declares for its fields. */
    public void declare(Map<FieldPath, DeclaredKind> kinds) {
        kinds.forEach((path, kind) -> known(path).declare(kind));
    }

    private FieldProfile known(FieldPath path) {
        return fields.computeIfAbsent(path, p -> new FieldProfile(p, numberStyles));
    }

    /** Adds a row. Of a field that a row has twice, the first value counts. */
    @SuppressWarnings("ReferenceEquality") // the rows of a table share one list of paths
    public void add(Row row) {
        rows++;
        if (row.paths() != columnPaths) {
            columns = new ArrayList<>();
            for (FieldPath path : row.paths()) {
                columns.add(known(path));
            }
            columnPaths = row.paths();
        }
        for (int i = 0; i < columns.size(); i++) {
            String value = row.values().get(i);
            if (columns.get(i).see(rows) && value != null) {
                columns.get(i).add(value);
            }
        }
    }

    /** Adds a value that a row has outside its fields, such as the key of a message. */
    void addOutside(FieldSource source, @Nullable String value) {
        FieldProfile profile =
                outside.computeIfAbsent(
                        source, s -> new FieldProfile(FieldPath.of(s.toString()), numberStyles));
        if (value != null) {
            profile.add(value);
        }
    }

    /**
     * Ends the rows: decides how numbers are read in columns where a comma or point can be before a
     * fraction or between groups of digits. The columns where it is clear decide.
     */
    public void end() {
        boolean decimalCommas = false;
        boolean decimalPoints = false;
        for (FieldProfile field : fields.values()) {
            if (field.isNumeric() && !field.isAmbiguous()) {
                decimalCommas |= field.style() == NumberStyle.DECIMAL_COMMA;
                decimalPoints |=
                        field.style() != NumberStyle.DECIMAL_COMMA
                                && (field.withPoint() != null || field.withComma() != null);
            }
        }
        for (FieldProfile field : fields.values()) {
            if (field.isAmbiguous()) {
                if (decimalCommas != decimalPoints) {
                    field.assume(decimalCommas ? NumberStyle.DECIMAL_COMMA : NumberStyle.PLAIN);
                } else {
                    field.assume(field.withComma() == null ? NumberStyle.PLAIN : commas);
                }
            }
        }
        mayHaveDecimalCommas =
                decimalCommas || (commas == NumberStyle.DECIMAL_COMMA && !decimalPoints);
    }

    /** Returns whether a comma is before the fraction in some column, or may well be. */
    boolean mayHaveDecimalCommas() {
        return mayHaveDecimalCommas;
    }

    /** Returns the number of rows. */
    public long rows() {
        return rows;
    }

    /** Returns the fields in the order in which they first occur. */
    public List<FieldProfile> fields() {
        return List.copyOf(fields.values());
    }

    /** Returns a field; null if no row has it. */
    public @Nullable FieldProfile field(FieldPath path) {
        return fields.get(path);
    }

    /** Returns the values of a field, or outside the fields; null if there are none. */
    @Nullable FieldProfile values(FieldSource source) {
        return source.path() == null ? outside.get(source) : fields.get(source.path());
    }
}
