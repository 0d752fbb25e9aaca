package io.freshet.sql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.VarCharType;

/** Output column of a model in {@code CREATE MODEL}, recognised by its name and type. */
enum OutputColumn {
    /** Name of the most probable class. */
    LABEL("label", "STRING"),

    /** Index of the most probable class, counted from 0. */
    CLASS("class", "INT"),

    /** Probability of the most probable class. */
    CONFIDENCE("confidence", "FLOAT"),

    /** Probabilities in the order of the classes. */
    PROBABILITIES("probabilities", "ARRAY<FLOAT>"),

    /** Probabilities by the name of the class. */
    PROBABILITIES_BY_LABEL("probabilities", "MAP<STRING, FLOAT>"),

    /** Entropy of the probabilities, in nats. */
    ENTROPY("entropy", "FLOAT"),

    /** Version of the model that was asked. */
    MODEL_VERSION("model_version", "BIGINT"),

    /** Number of examples that this version was trained on. */
    EXAMPLES_SEEN("examples_seen", "BIGINT"),

    /** Reason why the row cannot be classified; NULL if it is. */
    ERROR("error", "STRING");

    private final String columnName;
    private final String sqlType;

    OutputColumn(String columnName, String sqlType) {
        this.columnName = columnName;
        this.sqlType = sqlType;
    }

    /**
     * Reads the output schema of a model.
     *
     * @param problems receives everything that is wrong; the result is usable only without
     */
    static List<OutputColumn> parse(ResolvedSchema schema, Problems problems) {
        List<OutputColumn> columns = new ArrayList<>();
        for (Column column : schema.getColumns()) {
            LogicalType type = column.getDataType().getLogicalType();
            Optional<OutputColumn> known =
                    Arrays.stream(values())
                            .filter(value -> value.columnName.equals(column.getName()))
                            .filter(value -> sqlType(type).equals(value.sqlType))
                            .findFirst();
            known.ifPresentOrElse(
                    columns::add, () -> problems.add(unknown(column.getName(), type)));
            if (known.isPresent() && !type.isNullable()) {
                problems.add(
                        "OUTPUT column `%s` is NOT NULL; it is NULL for a row that cannot be"
                                        .formatted(column.getName())
                                + " classified");
            }
        }
        if (schema.getColumns().isEmpty()) {
            problems.add("OUTPUT has no columns; columns are " + all());
        }
        return columns;
    }

    private static String unknown(String name, LogicalType type) {
        String types =
                Arrays.stream(values())
                        .filter(value -> value.columnName.equals(name))
                        .map(value -> value.sqlType)
                        .collect(Collectors.joining(" or "));
        return types.isEmpty()
                ? "OUTPUT column `%s` is unknown; columns are %s".formatted(name, all())
                : "OUTPUT column `%s` is %s; %s is expected".formatted(name, type, types);
    }

    private static String all() {
        return Arrays.stream(values())
                .map(value -> value.columnName + " " + value.sqlType)
                .collect(Collectors.joining(", "));
    }

    /** Returns the name of a type whether it can be NULL or not; its SQL if no column has it. */
    private static String sqlType(LogicalType type) {
        if (type instanceof ArrayType array) {
            return "ARRAY<" + sqlType(array.getElementType()) + ">";
        } else if (type instanceof MapType map) {
            return "MAP<" + sqlType(map.getKeyType()) + ", " + sqlType(map.getValueType()) + ">";
        } else if (type instanceof VarCharType text && text.getLength() == VarCharType.MAX_LENGTH) {
            return "STRING";
        }
        return type.is(LogicalTypeRoot.INTEGER) ? "INT" : type.copy(true).asSummaryString();
    }
}
