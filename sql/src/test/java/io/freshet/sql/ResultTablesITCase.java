package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.EventJson;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Test that the tables in {@code deploy/sql} read every field of the results in JSON. */
@Timeout(120)
class ResultTablesITCase {
    private static final Path TABLES = Path.of("..", "deploy", "sql", "tables.sql");
    private static final Path GOLDEN =
            Path.of("..", "schemas", "src", "test", "resources", "golden");
    private static final Pattern COMMENT = Pattern.compile("(?m)^--.*$");
    private static final Pattern SQL_BLOCK = Pattern.compile("(?ms)^```sql\\n(.*?)^```");
    private static final Pattern SEMICOLON = Pattern.compile(";");

    private static EmbeddedKafka kafka;
    private static TopicWriter writer;
    private static TableEnvironment sql;

    @BeforeAll
    static void createTables() throws Exception {
        kafka = EmbeddedKafka.start();
        writer = new TopicWriter(kafka.bootstrapServers());
        sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        sql.getConfig().set("parallelism.default", "1");
        String script = COMMENT.matcher(Files.readString(TABLES)).replaceAll("");
        for (String statement : SEMICOLON.split(script, -1)) {
            if (!statement.isBlank()) {
                sql.executeSql(statement.replace("localhost:9092", kafka.bootstrapServers()));
            }
        }
    }

    @AfterAll
    static void stopBroker() throws Exception {
        writer.close();
        kafka.close();
    }

    /** Returns the golden event of the newest version, in which every field is set. */
    private static <T extends SpecificRecordBase> T newest(Class<T> type) throws IOException {
        try (Stream<Path> files = Files.list(GOLDEN)) {
            Path file =
                    files.filter(path -> name(path).startsWith(type.getSimpleName() + ".v"))
                            .max(Comparator.comparing(ResultTablesITCase::name))
                            .orElseThrow();
            return EventReader.of(type).read(Files.readAllBytes(file));
        }
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    /** Writes an event to its topic and returns the row that its table has then. */
    private static Row read(String topic, SpecificRecordBase event) throws Exception {
        writer.create(topic);
        writer.write(topic, new String(EventJson.encode(event), StandardCharsets.UTF_8));
        try (QueryRows rows =
                new QueryRows(sql.executeSql("SELECT * FROM " + topic.replace('-', '_')))) {
            Row row = rows.next();
            assertSame(topic, row, event);
            return row;
        }
    }

    private static void assertSame(String path, @Nullable Object found, @Nullable Object expected) {
        if (expected == null || isNotFinite(expected)) {
            assertThat(found).as(path).isNull();
        } else if (expected instanceof IndexedRecord record) {
            for (Schema.Field field : record.getSchema().getFields()) {
                Object value = record.get(field.pos());
                assertSame(
                        path + "." + field.name(),
                        ((Row) found).getField(field.name()),
                        field.getProp("json") == null ? value : "%016x".formatted((Long) value));
            }
        } else if (expected instanceof List<?> list) {
            Object[] array = (Object[]) found;
            assertThat(array).as(path).hasSameSizeAs(list);
            for (int i = 0; i < array.length; i++) {
                assertSame(path + "[" + i + "]", array[i], list.get(i));
            }
        } else if (expected instanceof Map<?, ?> map) {
            assertThat((Map<?, ?>) found).as(path).hasSameSizeAs(map);
            map.forEach(
                    (key, value) ->
                            assertSame(
                                    path + "{" + key + "}",
                                    ((Map<?, ?>) found).get(key.toString()),
                                    value));
        } else if (expected instanceof ByteBuffer bytes) {
            assertThat(ByteBuffer.wrap((byte[]) found)).as(path).isEqualTo(bytes);
        } else {
            assertThat(found).as(path).isEqualTo(plain(expected));
        }
    }

    private static boolean isNotFinite(Object value) {
        return (value instanceof Double || value instanceof Float)
                && !Double.isFinite(((Number) value).doubleValue());
    }

    private static Object plain(Object value) {
        if (value instanceof Instant time) {
            return time.toEpochMilli();
        }
        return value instanceof Number ? value : value.toString();
    }

    @Test
    void metrics_haveEveryFieldAndTheTime() throws Exception {
        MetricsEvent event = newest(MetricsEvent.class);

        assertThat(read("metrics", event).getField("emitted")).isEqualTo(event.getToldAt());
    }

    @Test
    void driftAlerts_haveEveryFieldAndTheTime() throws Exception {
        DriftAlertEvent event = newest(DriftAlertEvent.class);

        assertThat(read("drift-alerts", event).getField("eventTime"))
                .isEqualTo(event.getTimestamp());
    }

    @Test
    void predictions_haveEveryFieldAndTheTime() throws Exception {
        PredictionEvent event = newest(PredictionEvent.class);

        assertThat(read("predictions", event).getField("eventTime"))
                .isEqualTo(event.getTimestamp());
    }

    @Test
    void deadLetters_haveEveryFieldAndTheTime() throws Exception {
        DeadLetterEvent event = newest(DeadLetterEvent.class);

        assertThat(read("dead-letters", event).getField("eventTime"))
                .isEqualTo(event.getTimestamp());
    }

    @Test
    void queriesOfTheReadme_canBePlanned() throws IOException {
        List<String> queries =
                SQL_BLOCK
                        .matcher(Files.readString(TABLES.resolveSibling("README.md")))
                        .results()
                        .map(block -> block.group(1))
                        .toList();

        assertThat(queries).hasSize(5);
        for (String query : queries) {
            assertThat(sql.explainSql(SEMICOLON.split(query, 2)[0])).contains("TableSourceScan");
        }
    }
}
