package io.freshet.sql;

import java.io.Serializable;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/**
 * Input columns of a model in {@code CREATE MODEL}: a number or truth value per feature, in the
 * order of the features, or all features in one array.
 *
 * @param names names of the columns
 * @param isArray whether there is one column, an array of all features
 */
record InputColumns(List<String> names, boolean isArray) implements Serializable {
    private static final Set<LogicalTypeRoot> NUMBERS =
            EnumSet.of(
                    LogicalTypeRoot.BOOLEAN,
                    LogicalTypeRoot.TINYINT,
                    LogicalTypeRoot.SMALLINT,
                    LogicalTypeRoot.INTEGER,
                    LogicalTypeRoot.BIGINT,
                    LogicalTypeRoot.FLOAT,
                    LogicalTypeRoot.DOUBLE,
                    LogicalTypeRoot.DECIMAL);

    private static final String EXPECTED =
            "numbers or BOOLEANs, one for each feature, or a single ARRAY of them";

    InputColumns {
        names = List.copyOf(names);
    }

    /**
     * Reads the input schema of a model.
     *
     * @param problems receives everything that is wrong; the result is usable only without
     */
    static InputColumns parse(ResolvedSchema schema, Problems problems) {
        List<Column> columns = schema.getColumns();
        boolean isArray = columns.size() == 1 && isArray(type(columns.get(0)));
        if (columns.isEmpty()) {
            problems.add("INPUT has no columns; expected are " + EXPECTED);
        }
        for (Column column : columns) {
            LogicalType type = type(column);
            if (!column.isPhysical()) {
                problems.add(
                        "INPUT column `%s` is computed; columns with a type are expected"
                                .formatted(column.getName()));
            } else if (!isArray && !isNumber(type)) {
                problems.add(
                        "INPUT column `%s` is %s; expected are %s"
                                .formatted(column.getName(), type, EXPECTED));
            }
        }
        return new InputColumns(columns.stream().map(Column::getName).toList(), isArray);
    }

    private static LogicalType type(Column column) {
        return column.getDataType().getLogicalType();
    }

    /** Returns whether a type is that of one feature. */
    static boolean isNumber(LogicalType type) {
        return NUMBERS.contains(type.getTypeRoot());
    }

    /** Returns whether a type is that of all features. */
    static boolean isArray(LogicalType type) {
        return type instanceof ArrayType array && isNumber(array.getElementType());
    }

    /**
     * Checks the types of a query's columns, which need only be such that they can be cast to those
     * of the model.
     *
     * @param types types of the columns, in the order of these
     * @param problems receives everything that is wrong
     */
    void check(List<LogicalType> types, Problems problems) {
        for (int i = 0; i < types.size(); i++) {
            LogicalType type = types.get(i);
            if (!(isArray ? isArray(type) : isNumber(type))) {
                problems.add(
                        "the column for `%s` is %s; %s is expected"
                                .formatted(
                                        names.get(i),
                                        type,
                                        isArray ? "an ARRAY of numbers" : "a number or BOOLEAN"));
            }
        }
    }
}
