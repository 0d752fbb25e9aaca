package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

/** Test that the Flink SQL tables in the README have names and types of the schemas' fields. */
class FlinkSqlExampleTest {
    private static final Map<String, Schema> TABLES =
            Map.of(
                    "metrics", MetricsEvent.getClassSchema(),
                    "predictions", PredictionEvent.getClassSchema());

    private static final Pattern TABLE =
            Pattern.compile("CREATE TABLE (\\w+) \\(\\n(.*?)\\n\\) WITH", Pattern.DOTALL);

    /** A name and its type, at the beginning of a line or of a list of fields. */
    private static final Pattern COLUMN = Pattern.compile("^ {2}`?(\\w+)`? (?!AS )(.*?),?$");

    private static final Pattern TOKEN = Pattern.compile("[\\w`]+|[<>,]");

    @Test
    void tables_haveFieldsOfTheSchemas() throws IOException {
        List<String> tables = new ArrayList<>();
        Matcher table = TABLE.matcher(Files.readString(Path.of("README.md")));
        while (table.find()) {
            tables.add(table.group(1));
            int columns = 0;
            for (String line : table.group(2).lines().toList()) {
                Matcher column = COLUMN.matcher(line);
                if (column.matches()) {
                    Schema.Field field = TABLES.get(table.group(1)).getField(column.group(1));
                    assertThat(field).as(line).isNotNull();
                    List<String> type =
                            TOKEN.matcher(column.group(2))
                                    .results()
                                    .map(MatchResult::group)
                                    .toList();
                    assertType(new ArrayList<>(type), field);
                    columns++;
                }
            }
            assertThat(columns).isGreaterThan(5);
        }
        assertThat(tables).containsExactlyInAnyOrderElementsOf(TABLES.keySet());
    }

    /** Takes a type off the tokens, which must be that of a field. */
    private static void assertType(List<String> tokens, Schema.Field field) {
        if (EventJson.isHexadecimal(field)) {
            assertThat(tokens.remove(0)).as(field.name()).isEqualTo("STRING");
        } else {
            assertType(tokens, field.schema());
        }
    }

    private static void assertType(List<String> tokens, Schema schema) {
        Schema present = schema.isUnion() ? schema.getTypes().get(1) : schema;
        String name = tokens.remove(0);
        switch (present.getType()) {
            case RECORD -> {
                assertThat(name).isEqualTo("ROW");
                do {
                    tokens.remove(0); // < or ,
                    String field = tokens.remove(0).replace("`", "");
                    assertThat(present.getField(field)).as(field).isNotNull();
                    assertType(tokens, present.getField(field));
                } while (tokens.get(0).equals(","));
                assertThat(tokens.remove(0)).isEqualTo(">");
            }
            case ARRAY -> {
                assertThat(name + tokens.remove(0)).isEqualTo("ARRAY<");
                assertType(tokens, present.getElementType());
                assertThat(tokens.remove(0)).isEqualTo(">");
            }
            case MAP -> {
                assertThat(name + tokens.remove(0) + tokens.remove(0) + tokens.remove(0))
                        .isEqualTo("MAP<STRING,");
                assertType(tokens, present.getValueType());
                assertThat(tokens.remove(0)).isEqualTo(">");
            }
            case LONG -> assertThat(name).isEqualTo("BIGINT");
            default -> assertThat(name).isEqualTo(present.getType().name());
        }
    }
}
