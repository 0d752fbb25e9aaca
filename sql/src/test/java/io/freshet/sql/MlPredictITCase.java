package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.Snapshots;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/** Test of {@code ML_PREDICT} in running queries, with a real broker and topics of each test. */
@Timeout(180)
class MlPredictITCase {
    private static final Offset<Double> ROUNDING = Offset.offset(1e-6);
    private static final Pattern SQL_BLOCK = Pattern.compile("(?ms)^```sql\\n(.*?)^```");
    private static final Pattern SEMICOLON = Pattern.compile(";");
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(10);
    private static final double[] FEATURES = {0.5, -1.25, 3};

    private static EmbeddedKafka kafka;
    private static TopicWriter writer;

    private final InMemoryReporter metrics = InMemoryReporter.create();

    private TableEnvironment sql;
    private String models;
    private String events;

    @BeforeAll
    static void startBroker() throws Exception {
        kafka = EmbeddedKafka.start();
        writer = new TopicWriter(kafka.bootstrapServers());
    }

    @AfterAll
    static void stopBroker() throws Exception {
        writer.close();
        kafka.close();
    }

    @BeforeEach
    void createTopics(TestInfo test) throws Exception {
        String name = test.getTestMethod().orElseThrow().getName();
        models = name + ".models";
        events = name + ".events";
        writer.createCompacted(models);
        writer.create(events);
        sql =
                TableEnvironment.create(
                        EnvironmentSettings.newInstance()
                                .withConfiguration(metrics.addToConfiguration(new Configuration()))
                                .build());
        sql.getConfig().set("parallelism.default", "2");
        sql.executeSql(
                """
                CREATE TABLE events (
                  id BIGINT, f1 FLOAT NOT NULL, f2 DOUBLE NOT NULL, f3 INT NOT NULL
                ) WITH (
                  'connector' = 'kafka',
                  'topic' = '%s',
                  'properties.bootstrap.servers' = '%s',
                  'scan.startup.mode' = 'earliest-offset',
                  'format' = 'json'
                )
                """
                        .formatted(events, kafka.bootstrapServers()));
    }

    @AfterEach
    @Timeout(60)
    void awaitEveryFollowersClose() {
        while (SharedFollower.openTopics() > 0) {
            LockSupport.parkNanos(
                    PAUSE); // a cancelled query ends a moment after its result is closed
        }
    }

    private void createModel(String input, String output, String... options) {
        Map<String, String> all = new HashMap<>();
        all.put("provider", "freshet");
        all.put("bootstrap.servers", kafka.bootstrapServers());
        all.put("topic", models);
        all.put("model", "m");
        for (int i = 0; i < options.length; i += 2) {
            all.put(options[i], options[i + 1]);
        }
        List<String> pairs = new ArrayList<>();
        all.forEach((key, value) -> pairs.add("'%s' = '%s'".formatted(key, value)));
        sql.executeSql(
                "CREATE MODEL m INPUT (%s) OUTPUT (%s) WITH (%s)"
                        .formatted(input, output, String.join(", ", pairs)));
    }

    private static Snapshots snapshot(long version, int numFeatures) {
        return new Snapshots(version, numFeatures, 4, 4, "softmax", 2, true).version(version);
    }

    private void publish(Snapshots snapshot) throws Exception {
        writer.write(models, snapshot.records(7));
    }

    private void sendEvent(long id) throws Exception {
        writer.write(
                events,
                "{\"id\": %d, \"f1\": %s, \"f2\": %s, \"f3\": %d}"
                        .formatted(id, FEATURES[0], FEATURES[1], (int) FEATURES[2]));
    }

    private TableResult predictEvents() {
        return sql.executeSql(
                """
                SELECT id, label, probabilities, model_version
                FROM ML_PREDICT(TABLE events, MODEL m, DESCRIPTOR(f1, f2, f3))
                """);
    }

    private void createModelOfEvents(String... options) {
        createModel(
                "f1 FLOAT, f2 DOUBLE, f3 FLOAT",
                "label STRING, probabilities ARRAY<FLOAT>, model_version BIGINT",
                options);
    }

    private static void assertPrediction(Row row, Snapshots model, double... features) {
        double[] expected = model.probabilities(features);
        Float[] found = (Float[]) row.getField("probabilities");
        assertThat(found).hasSize(expected.length);
        int best = 0;
        for (int c = 0; c < expected.length; c++) {
            assertThat(found[c].doubleValue()).isCloseTo(expected[c], ROUNDING);
            best = found[c] > found[best] ? c : best;
        }
        assertThat(row.getField("label")).as(Arrays.toString(found)).isEqualTo("class " + best);
    }

    /** Waits until the process's shared follower has a version. */
    private void awaitVersion(long version) throws Exception {
        ModelOptions options =
                ModelOptions.parse(
                        Map.of("bootstrap.servers", kafka.bootstrapServers(), "topic", models),
                        new Problems("test"));
        try (SharedFollower follower = SharedFollower.open(options)) {
            while (follower.newest("m").orElseThrow().info().version() < version) {
                LockSupport.parkNanos(PAUSE);
            }
        }
    }

    @Test
    void runningQuery_newVersion_changesTheProbabilities() throws Exception {
        Snapshots first = snapshot(7, 3);
        Snapshots second = snapshot(8, 3);
        publish(first);
        createModelOfEvents();
        sendEvent(0);
        try (QueryRows rows = new QueryRows(predictEvents())) {
            Row before = rows.next();
            assertThat(before.getField("model_version")).isEqualTo(7L);
            assertPrediction(before, first, FEATURES);

            publish(second);
            awaitVersion(8);
            sendEvent(1);
            Row after = rows.next();
            assertThat(after.getField("id")).isEqualTo(1L);
            assertThat(after.getField("model_version")).isEqualTo(8L);
            assertPrediction(after, second, FEATURES);
        }
    }

    @Test
    void runningQuery_versionWithOtherFeatures_keepsTheLastThatFits() throws Exception {
        publish(snapshot(7, 3));
        createModelOfEvents();
        sendEvent(0);
        TableResult query = predictEvents();
        JobID job = query.getJobClient().orElseThrow().getJobID();
        try (QueryRows rows = new QueryRows(query)) {
            assertThat(rows.next().getField("model_version")).isEqualTo(7L);

            publish(snapshot(8, 4));
            awaitVersion(8);
            sendEvent(1);
            Row refused = rows.next();
            assertThat(refused.getField("model_version")).isEqualTo(7L);
            assertPrediction(refused, snapshot(7, 3), FEATURES);

            List<ModelSnapshotEvent> invalid = snapshot(8, 3).records(100);
            invalid.get(0).setContentHash("ab");
            writer.write(models, invalid);
            publish(snapshot(9, 3));
            awaitVersion(9);
            sendEvent(2);
            assertThat(rows.next().getField("model_version")).isEqualTo(9L);
            assertThat(gauges(job, "modelVersion")).contains(9L);
            assertThat(gauges(job, "modelExamplesSeen")).containsOnly(900L);
            assertThat(gauges(job, "refusedVersions")).contains(1L);
            assertThat(gauges(job, "unusableSnapshots")).containsOnly(1L);
            assertThat(gauges(job, "isConnected")).containsOnly(1);
        }
    }

    /** Returns the values of a gauge in the subtasks. */
    private List<Object> gauges(JobID job, String name) {
        return metrics.findMetrics(job, name).values().stream()
                .<Object>map(metric -> ((Gauge<?>) metric).getValue())
                .toList();
    }

    @Test
    void query_subtasks_shareOneFollower() throws Exception {
        publish(snapshot(7, 3));
        createModelOfEvents();
        sendEvent(0);
        TableResult one = predictEvents();
        TableResult other = predictEvents();
        try (QueryRows rows = new QueryRows(one);
                QueryRows otherRows = new QueryRows(other)) {
            rows.next();
            otherRows.next();

            assertThat(SharedFollower.openTopics()).isEqualTo(1);
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().equals("freshet-snapshots"))
                    .hasSize(1);
        }
    }

    @Test
    void query_startedBeforeTheFirstModel_waitsForIt() throws Exception {
        createModelOfEvents();
        sendEvent(0);
        try (QueryRows rows = new QueryRows(predictEvents())) {
            publish(snapshot(7, 3));

            assertThat(rows.next().getField("model_version")).isEqualTo(7L);
        }
    }

    @Test
    void query_noModel_failsAfterTheTimeout() throws Exception {
        writer.write(models, snapshot(7, 3).model("other").records(100));
        createModelOfEvents("startup.timeout", "2 s");
        sendEvent(0);
        try (QueryRows rows = new QueryRows(predictEvents())) {
            assertThatThrownBy(rows::next)
                    .rootCause()
                    .hasMessageContaining("no usable version of the model \"m\" for PT2S")
                    .hasMessageContaining("the models [other]");
        }
    }

    @Test
    void query_invalidSnapshot_failsAfterTheTimeoutWithItsProblem() throws Exception {
        List<ModelSnapshotEvent> records = snapshot(7, 3).records(100);
        records.get(0).setContentHash("ab");
        writer.write(models, records);
        createModelOfEvents("startup.timeout", "2 s");
        sendEvent(0);
        try (QueryRows rows = new QueryRows(predictEvents())) {
            assertThatThrownBy(rows::next)
                    .rootCause()
                    .hasMessageContaining("its content has the hash")
                    .hasMessageContaining("ab is expected");
        }
    }

    @Test
    void query_firstModelWithOtherFeatures_failsWithBothNumbers() throws Exception {
        publish(snapshot(7, 4));
        createModelOfEvents();
        sendEvent(0);
        try (QueryRows rows = new QueryRows(predictEvents())) {
            assertThatThrownBy(rows::next)
                    .rootCause()
                    .hasMessage(
                            "The version 7 of model \"m\" has 4 features; 3 are expected, the"
                                    + " columns f1, f2, f3.");
        }
    }

    @Test
    void columns_nullAndBooleanAndDecimal_areNumbers() throws Exception {
        Snapshots model = snapshot(7, 3);
        writer.write(models, withMeanOfMissing(model));
        sql.executeSql(
                """
                CREATE VIEW numbers AS SELECT * FROM (VALUES
                  (1, 0.5e0, TRUE, 3.25), (2, 0.5e0, CAST(NULL AS BOOLEAN), 3.25)
                ) AS v (id, f1, f2, f3)
                """);
        createModel(
                "f1 DOUBLE, f2 BOOLEAN, f3 DECIMAL(8, 2)",
                "label STRING, probabilities ARRAY<FLOAT>");

        Map<Object, Row> rows =
                rowsById(
                        "SELECT * FROM ML_PREDICT(TABLE numbers, MODEL m, DESCRIPTOR(f1, f2, f3))");

        assertThat(rows).hasSize(2);
        assertPrediction(rows.get(1), model, 0.5, 1, 3.25);
        assertPrediction(rows.get(2), model, 0.5, Double.NaN, 3.25);
    }

    private static List<ModelSnapshotEvent> withMeanOfMissing(Snapshots model) {
        List<ModelSnapshotEvent> records = model.records(100);
        records.get(0).getProvenance().setHyperParameters(Map.of("features.missing", "mean"));
        return records;
    }

    private Map<Object, Row> rowsById(String query) throws Exception {
        Map<Object, Row> rows = new HashMap<>();
        try (QueryRows results = new QueryRows(sql.executeSql(query))) {
            while (results.hasNext()) {
                Row row = results.next();
                rows.put(row.getField("id"), row);
            }
        }
        return rows;
    }

    @Test
    void array_nullAndInvalidElements_haveAPredictionOrAnError() throws Exception {
        Snapshots model = snapshot(7, 3);
        writer.write(models, withMeanOfMissing(model));
        sql.executeSql(
                """
                CREATE VIEW arrays AS SELECT id, features FROM (VALUES
                  (1, ARRAY[0.5e0, -1.25, 3]),
                  (2, ARRAY[CAST(NULL AS DOUBLE), -1.25, 3]),
                  (3, ARRAY[0.5e0, -1.25]),
                  (4, ARRAY[1e300, -1.25, 3]),
                  (5, CAST(NULL AS ARRAY<DOUBLE>))
                ) AS v (id, features)
                """);
        createModel(
                "features ARRAY<DOUBLE>",
                "label STRING, class INT, confidence FLOAT, probabilities MAP<STRING, FLOAT>,"
                        + " entropy FLOAT, model_version BIGINT, examples_seen BIGINT,"
                        + " error STRING");
        Map<Object, Row> rows =
                rowsById("SELECT * FROM ML_PREDICT(TABLE arrays, MODEL m, DESCRIPTOR(features))");

        assertThat(rows).hasSize(5);
        assertFullPrediction(rows.get(1), model, 0.5, -1.25, 3);
        assertFullPrediction(rows.get(2), model, Double.NaN, -1.25, 3);
        assertError(rows.get(3), "the example has 2 features; the model has 3");
        assertError(rows.get(4), "feature 0 is Infinity");
        assertError(rows.get(5), "the array of features is NULL");
    }

    /** Rows of a column per feature, with the same classifier as any Java program. */
    @Test
    void thousandRows_haveTheProbabilitiesOfTheClassifier() throws Exception {
        Snapshots model = snapshot(7, 3);
        Classifier classifier = ClassifierReader.of(model.records(100));
        publish(model);
        Random random = new Random(3);
        List<float[]> examples = new ArrayList<>();
        List<String> json = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            float[] example = {
                (float) random.nextGaussian(), (float) random.nextGaussian(), random.nextInt(9)
            };
            examples.add(example);
            json.add(
                    "{\"id\": %d, \"f1\": %s, \"f2\": %s, \"f3\": %d}"
                            .formatted(i, example[0], (double) example[1], (int) example[2]));
        }
        writer.writeAll(events, json);
        createModelOfEvents();

        try (QueryRows rows = new QueryRows(predictEvents())) {
            for (int i = 0; i < examples.size(); i++) {
                Row row = rows.next();
                long id = (long) row.getField("id");
                assertThat((Float[]) row.getField("probabilities"))
                        .containsExactly(
                                boxed(classifier.classify(examples.get((int) id)).probabilities()));
            }
        }
    }

    private static Float[] boxed(float[] values) {
        Float[] boxed = new Float[values.length];
        Arrays.setAll(boxed, i -> values[i]);
        return boxed;
    }

    @Test
    void array_ofWholeNumbers_isConverted() throws Exception {
        publish(snapshot(7, 3));
        sql.executeSql(
                "CREATE VIEW arrays AS SELECT * FROM (VALUES (1, ARRAY[1, -2, 3])) AS v (id,"
                        + " features)");
        createModel("features ARRAY<FLOAT>", "label STRING, probabilities ARRAY<FLOAT>");

        Map<Object, Row> rows =
                rowsById("SELECT * FROM ML_PREDICT(TABLE arrays, MODEL m, DESCRIPTOR(features))");

        assertPrediction(rows.get(1), snapshot(7, 3), 1, -2, 3);
    }

    @Test
    void readmePage_runs() throws Exception {
        Snapshots model = snapshot(7, 3).model("default");
        writer.createCompacted("models");
        writer.create("readings");
        writer.write("models", withMeanOfMissing(model));
        writer.write("readings", "{\"id\": \"a\", \"temperature\": 20.5, \"is_open\": true}");
        List<String> statements = statements(Path.of("README.md"));
        for (String definition : statements.subList(0, statements.size() - 1)) {
            sql.executeSql(definition);
        }

        try (QueryRows rows =
                new QueryRows(sql.executeSql(statements.get(statements.size() - 1)))) {
            Row row = rows.next();
            assertThat(row.getField("id")).isEqualTo("a");
            assertThat(row.getField("error")).isNull();
            Map<?, ?> probabilities = (Map<?, ?>) row.getField("probabilities");
            double[] expected = model.probabilities(new double[] {20.5, Double.NaN, 1});
            assertThat(((Float) probabilities.get("class 1")).doubleValue())
                    .isCloseTo(expected[1], ROUNDING);
        }
    }

    /** Returns the statements on a page, for this test's broker. */
    private static List<String> statements(Path page) throws IOException {
        Matcher block = SQL_BLOCK.matcher(Files.readString(page));
        List<String> statements = new ArrayList<>();
        while (block.find()) {
            for (String statement : SEMICOLON.split(block.group(1), -1)) {
                if (!statement.isBlank()) {
                    statements.add(statement.replace("localhost:9092", kafka.bootstrapServers()));
                }
            }
        }
        assertThat(statements).hasSizeGreaterThan(2);
        return statements;
    }

    private static void assertFullPrediction(Row row, Snapshots model, double... features) {
        double[] expected = model.probabilities(features);
        int best =
                IntStream.range(0, expected.length)
                        .reduce(0, (a, b) -> expected[b] > expected[a] ? b : a);
        double entropy = Arrays.stream(expected).map(p -> -p * Math.log(p)).sum();
        Map<?, ?> probabilities = (Map<?, ?>) row.getField("probabilities");

        assertThat(row.getField("label")).isEqualTo("class " + best);
        assertThat(row.getField("class")).isEqualTo(best);
        assertThat((float) row.getField("confidence"))
                .isCloseTo((float) expected[best], Offset.offset(1e-6f));
        assertThat(probabilities).hasSize(expected.length);
        for (int c = 0; c < expected.length; c++) {
            assertThat(((Float) probabilities.get("class " + c)).doubleValue())
                    .isCloseTo(expected[c], ROUNDING);
        }
        assertThat(((Float) row.getField("entropy")).doubleValue())
                .isCloseTo(entropy, Offset.offset(1e-5));
        assertThat(row.getField("model_version")).isEqualTo(7L);
        assertThat(row.getField("examples_seen")).isEqualTo(900L);
        assertThat(row.getField("error")).isNull();
    }

    private static void assertError(Row row, String error) {
        assertThat(row.getField("error")).isEqualTo(error);
        assertThat(row.getField("model_version")).isEqualTo(7L);
        for (String column : List.of("label", "class", "confidence", "probabilities", "entropy")) {
            assertThat(row.getField(column)).as(column).isNull();
        }
    }
}
