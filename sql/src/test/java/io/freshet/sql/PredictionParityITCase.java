package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleSnapshots;
import io.freshet.classifier.SnapshotFile;
import io.freshet.classifier.Snapshots;
import io.freshet.local.CommandResult;
import io.freshet.local.JavaProcess;
import io.freshet.local.JobOnKafka;
import io.freshet.local.OnnxRuntime;
import io.freshet.local.Python;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Comparison of the probabilities of the same rows in every way in which a published model
 * predicts, with those of a plain loop in double over the arrays of its snapshot. A real job trains
 * the model; the table of the largest differences is printed.
 */
@Timeout(300)
class PredictionParityITCase {
    private static final Logger LOG = LoggerFactory.getLogger(PredictionParityITCase.class);
    private static final Path PREDICT =
            Path.of("..", "deploy", "python", "predict.py").toAbsolutePath();
    private static final int FEATURES = ParityEvents.FEATURES;
    private static final List<String> CLASSES = ParityEvents.CLASSES;
    private static final int ROWS = 1000;
    private static final int ROWS_OF_A_REQUEST = 250;
    private static final String MODEL = ParityEvents.MODEL;

    /**
     * Unit of rounding of float. The learner multiplies in float: its probabilities are allowed one
     * unit of the sum of the magnitudes of a logit's terms, which is large where learning rates
     * with large parameters have much weight.
     */
    private static final double UNIT = 0x1p-24;

    /** Rounding of double, in sums of 55 terms. */
    private static final double DOUBLE = 1e-12;

    /** Double that becomes a float below 1, whose neighbours are 2⁻²⁴ apart. */
    private static final double FLOAT = UNIT / 2 + DOUBLE;

    /** Rounding of an ensemble's distances in float, times the weights of the stacks. */
    private static final double DISTANCES = 1e-6;

    /** The same, with the linear models in float as well. */
    private static final double ENSEMBLE = 1e-5;

    private static EmbeddedKafka kafka;
    private static TopicWriter writer;
    private static Python python;
    private static String noPython;

    @TempDir private Path directory;

    private float[][] rows;
    private String models;

    @BeforeAll
    static void startBroker() throws Exception {
        kafka = EmbeddedKafka.start();
        writer = new TopicWriter(kafka.bootstrapServers());
    }

    @BeforeAll
    static void findPython() throws InterruptedException {
        try {
            python = Python.with("numpy", "pandas");
        } catch (IOException e) {
            noPython = e.getMessage();
            LOG.warn("predict.py is not compared: {}", noPython);
        }
    }

    @AfterAll
    static void stopBroker() throws Exception {
        writer.close();
        kafka.close();
    }

    @ParameterizedTest
    @CsvSource({
        "softmax, models.publish-interval=0 s;learner.type=softmax",
        "multi-label, models.publish-interval=0 s;learner.type=softmax;label.type=multi-label;"
                + "training.loss=bce-with-logits;training.learning-rate=0.05",
        "ensemble, models.publish-interval=0 s;training.experts.baselines=true"
    })
    void everyWay_predictsAsTheDefinition(String name, String settings) throws Exception {
        Map<String, String> job =
                JobOnKafka.settings(kafka, name, FEATURES, String.join(",", CLASSES));
        job.put("topics.feature-events", name + "-feature-events");
        for (String setting : settings.split(";", -1)) {
            String[] pair = setting.split("=", 2);
            job.put(pair[0], pair[1]);
        }
        models = job.get("topics.models");
        List<LabelledEvent> training = ParityEvents.training(settings.contains("multi-label"));
        List<LabelledEvent> queries = ParityEvents.queries(ROWS);
        rows = queries.stream().map(ParityEvents::features).toArray(float[][]::new);

        List<PredictionEvent> predictions;
        try (JobOnKafka running = JobOnKafka.start(job)) {
            running.send(bytes(training));
            JobOnKafka.await("the last version", () -> version(running) == training.size());
            running.send(bytes(queries));
            running.send(job.get("topics.feature-events"), bytes(queries));
            running.finish();
            predictions = running.predictions();
        }
        assertThat(predictions)
                .hasSize(2 * ROWS)
                .allMatch(prediction -> prediction.getModelVersion() == training.size());

        List<ModelSnapshotEvent> snapshot = SnapshotFile.read(export(job, "avro"));
        boolean isEnsemble = snapshot.get(0).getEnsemble() != null;
        double rounding = isEnsemble ? DISTANCES : FLOAT;
        LargestDifferences differences =
                new LargestDifferences(
                        name + weights(snapshot.get(0)),
                        isEnsemble
                                ? eachRow(EnsembleSnapshots.of(snapshot)::probabilities)
                                : eachRow(row -> linear(snapshot).probabilities(doubles(row))));
        differences.add(
                "job, learner (labelled-events)",
                isEnsemble ? ENSEMBLE : UNIT * largestMagnitude(linear(snapshot)),
                predicted(predictions, job.get("topics.labelled-events")));
        differences.add(
                "job, stage score (feature-events)",
                rounding,
                predicted(predictions, job.get("topics.feature-events")));
        addClassifier(differences, ClassifierReader.of(snapshot), rounding);
        differences.add("freshet serve, HTTP", rounding, served());
        differences.add(
                "freshet models export, ONNX Runtime",
                rounding,
                doubles(OnnxRuntime.probabilities(export(job, "onnx"), rows)));
        if (!isEnsemble) {
            addNumPy(differences, export(job, "npz"));
        }
        differences.add("Flink SQL, ML_PREDICT", rounding, queried(name));

        System.out.println(differences);
        differences.assertWithinBounds();
    }

    private static Snapshots linear(List<ModelSnapshotEvent> snapshot) {
        assertThat(snapshot).hasSize(1);
        return Snapshots.of(snapshot.get(0));
    }

    private double largestMagnitude(Snapshots definition) {
        return Arrays.stream(rows)
                .mapToDouble(row -> definition.magnitude(doubles(row)))
                .max()
                .getAsDouble();
    }

    private static List<byte[]> bytes(List<LabelledEvent> events) {
        return events.stream().map(JobOnKafka::bytes).toList();
    }

    private static long version(JobOnKafka job) {
        ModelSnapshotEvent newest = job.models().get(MODEL);
        return newest == null ? 0 : newest.getModelVersion();
    }

    /** Returns the weights of the experts in the mixture, in the order of the snapshot. */
    private static String weights(ModelSnapshotEvent snapshot) {
        return snapshot.getExperts().stream()
                .map(expert -> " %.2f".formatted(expert.getWeight()))
                .collect(Collectors.joining("", ", experts of weight", ""));
    }

    private double[][] eachRow(Function<float[], double[]> predict) {
        return Arrays.stream(rows).map(predict).toArray(double[][]::new);
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private static double[][] doubles(float[][] values) {
        return Arrays.stream(values).map(PredictionParityITCase::doubles).toArray(double[][]::new);
    }

    private static double[] doubles(List<Float> values) {
        return values.stream().mapToDouble(Float::doubleValue).toArray();
    }

    /** Returns the answers to the events of a topic, whose ids are the numbers of the rows. */
    private static double[][] predicted(List<PredictionEvent> predictions, String topic) {
        double[][] found = new double[ROWS][];
        for (PredictionEvent prediction : predictions) {
            if (prediction.getSource().getTopic().equals(topic)) {
                found[Integer.parseInt(prediction.getId())] =
                        doubles(prediction.getProbabilities());
            }
        }
        return found;
    }

    private void addClassifier(
            LargestDifferences differences, Classifier classifier, double bound) {
        differences.add(
                "freshet-model, float[]",
                bound,
                eachRow(row -> doubles(classifier.classify(row).probabilities())));
        differences.add(
                "freshet-model, columns and values",
                bound,
                eachRow(row -> doubles(sparse(classifier, row))));
        float[] batch = new float[ROWS * FEATURES];
        for (int i = 0; i < ROWS; i++) {
            System.arraycopy(rows[i], 0, batch, i * FEATURES, FEATURES);
        }
        int classes = CLASSES.size();
        float[] found = new float[ROWS * classes];
        classifier.probabilities(batch, ROWS, found);
        double[][] byRow = new double[ROWS][];
        for (int i = 0; i < ROWS; i++) {
            byRow[i] = doubles(Arrays.copyOfRange(found, i * classes, (i + 1) * classes));
        }
        differences.add("freshet-model, batch", bound, byRow);
    }

    private static float[] sparse(Classifier classifier, float[] row) {
        int[] columns = IntStream.range(0, FEATURES).filter(f -> row[f] != 0).toArray();
        float[] values = new float[columns.length];
        for (int k = 0; k < columns.length; k++) {
            values[k] = row[columns[k]];
        }
        return classifier.classify(columns, values).probabilities();
    }

    /** Returns the features of a row as decimal numbers that are exact. */
    private static String exact(float[] row) {
        return Arrays.stream(doubles(row))
                .mapToObj(Double::toString)
                .collect(Collectors.joining(","));
    }

    private double[][] served() throws Exception {
        List<double[]> found = new ArrayList<>();
        try (JavaProcess server =
                JavaProcess.freshet(
                        Files.createDirectory(directory.resolve("serve")),
                        List.of(),
                        "serve",
                        "--port",
                        "0",
                        "--set",
                        "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
                        "--set",
                        "topics.models=" + models)) {
            URI predict = server.awaitServer().resolve("/models/" + MODEL + "/predict");
            HttpClient client = HttpClient.newHttpClient();
            for (int from = 0; from < ROWS; from += ROWS_OF_A_REQUEST) {
                String body =
                        Arrays.stream(rows, from, from + ROWS_OF_A_REQUEST)
                                .map(row -> "{\"features\": [" + exact(row) + "]}")
                                .collect(Collectors.joining(",", "[", "]"));
                HttpResponse<String> response =
                        client.send(
                                HttpRequest.newBuilder(predict)
                                        .header("Content-Type", "application/json")
                                        .POST(HttpRequest.BodyPublishers.ofString(body))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
                for (JsonNode each :
                        new ObjectMapper().readTree(response.body()).get("predictions")) {
                    JsonNode probabilities = each.get("probabilities");
                    found.add(
                            CLASSES.stream()
                                    .mapToDouble(name -> probabilities.get(name).floatValue())
                                    .toArray());
                }
            }
        }
        return found.toArray(double[][]::new);
    }

    private Path export(Map<String, String> job, String format) {
        Path file = directory.resolve("model." + format);
        CommandResult export =
                CommandResult.of(
                        job,
                        "models",
                        "export",
                        MODEL,
                        "--format",
                        format,
                        "--output",
                        file.toString());
        assertThat(export.code()).as(export.err()).isZero();
        return file;
    }

    private void addNumPy(LargestDifferences differences, Path model) throws Exception {
        String way = "freshet models export, NumPy (predict.py)";
        if (python == null) {
            differences.addNotRun(way, noPython);
            return;
        }
        List<String> csv = new ArrayList<>();
        csv.add(
                IntStream.range(0, FEATURES)
                        .mapToObj(f -> "f" + f)
                        .collect(Collectors.joining(",")));
        Arrays.stream(rows).map(PredictionParityITCase::exact).forEach(csv::add);
        Path file = Files.write(directory.resolve("rows.csv"), csv);
        List<String> lines =
                python.run(PREDICT.toString(), model.toString(), file.toString()).lines().toList();
        assertThat(lines.get(0)).isEqualTo("label," + String.join(",", CLASSES));
        differences.add(
                way,
                DOUBLE,
                lines.stream()
                        .skip(1)
                        .map(line -> Arrays.stream(line.split(",", -1)).skip(1))
                        .map(cells -> cells.mapToDouble(Double::parseDouble).toArray())
                        .toArray(double[][]::new));
    }

    private double[][] queried(String name) throws Exception {
        String topic = name + "-rows";
        writer.create(topic);
        writer.writeAll(
                topic,
                IntStream.range(0, ROWS)
                        .mapToObj(
                                i ->
                                        "{\"id\": %d, \"features\": [%s]}"
                                                .formatted(i, exact(rows[i])))
                        .toList());
        TableEnvironment sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        sql.getConfig().set("parallelism.default", "1");
        sql.executeSql(
                """
                CREATE TABLE events (id INT, features ARRAY<FLOAT>) WITH (
                  'connector' = 'kafka',
                  'topic' = '%s',
                  'properties.bootstrap.servers' = '%s',
                  'scan.startup.mode' = 'earliest-offset',
                  'format' = 'json'
                )
                """
                        .formatted(topic, kafka.bootstrapServers()));
        sql.executeSql(
                """
                CREATE MODEL m INPUT (features ARRAY<FLOAT>) OUTPUT (probabilities ARRAY<FLOAT>)
                WITH (
                  'provider' = 'freshet',
                  'bootstrap.servers' = '%s',
                  'topic' = '%s',
                  'model' = '%s'
                )
                """
                        .formatted(kafka.bootstrapServers(), models, MODEL));
        Map<Object, double[]> found = new HashMap<>();
        try (QueryRows results =
                new QueryRows(
                        sql.executeSql(
                                "SELECT id, probabilities FROM ML_PREDICT(TABLE events, MODEL m,"
                                        + " DESCRIPTOR(features))"))) {
            while (found.size() < ROWS) {
                Row row = results.next();
                found.put(
                        row.getField("id"),
                        doubles(List.of((Float[]) row.getField("probabilities"))));
            }
        }
        JobOnKafka.await("the end of the query", () -> SharedFollower.openTopics() == 0);
        return IntStream.range(0, ROWS).mapToObj(found::get).toArray(double[][]::new);
    }
}
