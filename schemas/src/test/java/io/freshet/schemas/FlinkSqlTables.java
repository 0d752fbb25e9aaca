package io.freshet.schemas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.avro.Schema;

/**
 * Tables of Flink SQL over the topics of results in JSON, with every field of the schemas.
 *
 * <p>{@link #main} writes them to {@code deploy/sql/tables.sql}.
 */
final class FlinkSqlTables {
    static final Path FILE = Path.of("..", "deploy", "sql", "tables.sql");

    /** Name that could be a word of SQL. */
    private static final Pattern WORD = Pattern.compile("[a-z]+");

    private static final String HEADER =
            """
            -- Tables of Flink SQL over the results of a job with publish.format=json.
            -- FlinkSqlTables, among the tests of the module schemas, writes this file from the schemas.
            -- A time is milliseconds since 1970-01-01T00:00Z; a digest is text of 16 hexadecimal digits.
            """;

    /** Table of a topic; {@code time} is the field of its time and the name of the column of it. */
    private record Table(String name, String topic, Schema schema, String time, String column) {}

    private static final List<Table> TABLES =
            List.of(
                    new Table(
                            "metrics",
                            "metrics",
                            MetricsEvent.getClassSchema(),
                            "toldAt",
                            "emitted"),
                    new Table(
                            "drift_alerts",
                            "drift-alerts",
                            DriftAlertEvent.getClassSchema(),
                            "timestamp",
                            "eventTime"),
                    new Table(
                            "predictions",
                            "predictions",
                            PredictionEvent.getClassSchema(),
                            "timestamp",
                            "eventTime"),
                    new Table(
                            "dead_letters",
                            "dead-letters",
                            DeadLetterEvent.getClassSchema(),
                            "timestamp",
                            "eventTime"));

    private FlinkSqlTables() {}

    /** Writes the file; run it in the directory of the module. */
    public static void main(String[] args) throws IOException {
        Files.writeString(FILE, definitions());
    }

    static String definitions() {
        return HEADER
                + TABLES.stream().map(FlinkSqlTables::definition).collect(Collectors.joining());
    }

    private static String definition(Table table) {
        String columns =
                table.schema().getFields().stream()
                        .map(field -> "  " + name(field) + " " + type(field) + ",\n")
                        .collect(Collectors.joining());
        return """

        CREATE TABLE %s (
        %s  %s AS TO_TIMESTAMP_LTZ(%s, 3)
        ) WITH (
          'connector' = 'kafka',
          'topic' = '%s',
          'properties.bootstrap.servers' = 'localhost:9092',
          'properties.isolation.level' = 'read_committed',
          'scan.startup.mode' = 'earliest-offset',
          'format' = 'json'
        );
        """
                .formatted(
                        table.name(),
                        columns,
                        table.column(),
                        name(table.schema().getField(table.time())),
                        table.topic());
    }

    private static String name(Schema.Field field) {
        return WORD.matcher(field.name()).matches() ? "`" + field.name() + "`" : field.name();
    }

    private static String type(Schema.Field field) {
        return EventJson.isHexadecimal(field) ? "STRING" : type(field.schema());
    }

    private static String type(Schema schema) {
        return switch (schema.getType()) {
            case UNION -> type(present(schema));
            case RECORD ->
                    schema.getFields().stream()
                            .map(field -> name(field) + " " + type(field))
                            .collect(Collectors.joining(", ", "ROW<", ">"));
            case ARRAY -> "ARRAY<" + type(schema.getElementType()) + ">";
            case MAP -> "MAP<STRING, " + type(schema.getValueType()) + ">";
            case LONG -> "BIGINT";
            case ENUM -> "STRING";
            case INT, STRING, BYTES, BOOLEAN, FLOAT, DOUBLE -> schema.getType().name();
            case FIXED, NULL -> throw new IllegalArgumentException(schema.toString());
        };
    }

    /** Returns the branch of a union of null and another type. */
    private static Schema present(Schema union) {
        List<Schema> branches =
                union.getTypes().stream()
                        .filter(branch -> branch.getType() != Schema.Type.NULL)
                        .toList();
        if (branches.size() != 1) {
            throw new IllegalArgumentException(union.toString());
        }
        return branches.get(0);
    }
}
