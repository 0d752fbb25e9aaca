package io.freshet.local.inspect;

import io.freshet.ingest.mapping.FieldPath;
import io.freshet.local.table.NumberStyle;
import io.freshet.local.table.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Summary of the rows of a file or of the messages of a topic. Not thread-safe. */
public final class DataProfile {
    private final Map<FieldPath, FieldProfile> fields = new LinkedHashMap<>();
    private final Set<NumberStyle> numberStyles;
    private long rows;

    /** Profiles in the order of the last table's columns, to find them without a lookup. */
    private List<FieldProfile> columns = new ArrayList<>();

    private @Nullable List<FieldPath> columnPaths;

    /**
     * @param numberStyles styles in which numbers may be written
     */
    public DataProfile(Set<NumberStyle> numberStyles) {
        this.numberStyles = Set.copyOf(numberStyles);
    }

    /** Adds a row. */
    @SuppressWarnings("ReferenceEquality") // the rows of a table share one list of paths
    public void add(Row row) {
        rows++;
        if (row.paths() != columnPaths) {
            columns = new ArrayList<>();
            for (FieldPath path : row.paths()) {
                columns.add(fields.computeIfAbsent(path, p -> new FieldProfile(p, numberStyles)));
            }
            columnPaths = row.paths();
        }
        for (int i = 0; i < columns.size(); i++) {
            String value = row.values().get(i);
            if (value != null) {
                columns.get(i).add(value);
            }
        }
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
}
