package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Snapshots;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.ScalerSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Test of the scripts in {@code deploy/python}, where Python has their libraries. */
@Timeout(300)
class PythonExamplesITCase {
    private static final Logger LOG = LoggerFactory.getLogger(PythonExamplesITCase.class);
    private static final Path SCRIPTS = Path.of("..", "python").toAbsolutePath();
    private static final Offset<Double> ROUNDING = Offset.offset(1e-6);
    private static final int FEATURES = 5;
    private static final int ROWS = 20;

    private static Python python;

    @TempDir private Path directory;

    @BeforeAll
    static void findPython() throws Exception {
        try {
            python = Python.with("confluent_kafka", "numpy", "pandas");
        } catch (IOException e) {
            LOG.warn("The Python scripts are not tested: {}", e.getMessage());
            assumeTrue(false, "Python without the libraries of the scripts: " + e.getMessage());
        }
    }

    private static String runScript(String name, Object... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve(name).toString()));
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        return python.run(command.toArray(String[]::new));
    }

    /** The job learns from the rows of a file, and its metrics become a data frame. */
    @Test
    void events_areLearntFrom_andMetricsAreRead() throws Exception {
        Random random = new Random(1);
        StringBuilder csv = new StringBuilder("x,y,label\n");
        for (int i = 0; i < 300; i++) {
            double x = random.nextGaussian();
            csv.append(x).append(",").append(i % 10 == 0 ? "" : random.nextGaussian());
            csv.append(x > 0 ? ",a\n" : ",b\n");
        }
        Path file = Files.writeString(directory.resolve("rows.csv"), csv);

        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            Map<String, String> settings = JobOnKafka.settings(kafka, "python", 2, "a,b");
            settings.remove("num-features");
            settings.put("source.format", "json");
            settings.put("features", "x,y");
            settings.put("label", "label");
            settings.put("publish.format", "json");
            try (JobOnKafka job = JobOnKafka.start(settings)) {
                String servers = kafka.bootstrapServers();
                runScript(
                        "produce_events.py", servers, settings.get("topics.labelled-events"), file);
                job.finish();

                String metrics =
                        runScript("read_metrics.py", servers, settings.get("topics.metrics"));
                List<String> lines = metrics.lines().toList();
                assertThat(lines.get(0))
                        .isEqualTo(
                                "modelId,toldAt,examplesSeen,rolling.loss,rolling.accuracy,drifts");
                List<String> last = List.of(lines.get(lines.size() - 1).split(",", -1));
                assertThat(last.get(0)).isEqualTo("default");
                assertThat(last.get(2)).isEqualTo("300");
                assertThat(Double.parseDouble(last.get(4))).isGreaterThan(0.8);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "softmax, 3, 3, 1, false",
        "softmax, 3, 3, 4, true",
        "sigmoid, 3, 3, 2, true",
        "sigmoid, 2, 1, 2, false"
    })
    void exportedModel_predictsAsTheDefinition(
            String activation, int numClasses, int numOutputs, int numRates, boolean scaled)
            throws Exception {
        assertPredictions(
                new Snapshots(7, FEATURES, numClasses, numOutputs, activation, numRates, scaled));
    }

    private void assertPredictions(Snapshots model) throws Exception {
        ModelSnapshotEvent snapshot = model.records(1 << 16).get(0);
        Path file = directory.resolve("model.npz");
        save(arrays(snapshot), file);
        Random random = new Random(2);
        List<double[]> rows =
                Stream.generate(() -> random.doubles(FEATURES, -9, 9).toArray())
                        .limit(ROWS)
                        .toList();
        if (snapshot.getScaler() != null) {
            rows.get(0)[2] = Double.NaN; // the mean of the feature
        }

        List<String> lines =
                runScript(
                                "predict.py",
                                file,
                                Files.writeString(directory.resolve("x.csv"), csv(rows)))
                        .lines()
                        .toList();

        assertThat(lines).hasSize(ROWS + 1);
        assertThat(lines.get(0)).isEqualTo("label," + String.join(",", snapshot.getClasses()));
        for (int i = 0; i < ROWS; i++) {
            double[] expected = model.probabilities(rows.get(i));
            List<String> found = List.of(lines.get(i + 1).split(",", -1));
            int best = 0;
            for (int c = 0; c < expected.length; c++) {
                assertThat(Double.parseDouble(found.get(c + 1))).isCloseTo(expected[c], ROUNDING);
                best = expected[c] > expected[best] ? c : best;
            }
            assertThat(found.get(0)).isEqualTo(snapshot.getClasses().get(best));
        }
    }

    private static String csv(List<double[]> rows) {
        return Stream.concat(
                        Stream.of("a,b,c,d,e"),
                        rows.stream()
                                .map(
                                        row ->
                                                DoubleStream.of(row)
                                                        .mapToObj(PythonExamplesITCase::cell)
                                                        .collect(Collectors.joining(","))))
                .collect(Collectors.joining("\n"));
    }

    private static String cell(double value) {
        return Double.isNaN(value) ? "" : Double.toString(value);
    }

    /** Only the columns 1 and 3 have weights; −8 is −2 after scaling, and clipped to −1.5. */
    @Test
    void exportedSparseModel_scalesAndClipsItsColumns() throws Exception {
        Path file = directory.resolve("sparse.npz");
        Map<String, Object> arrays = new LinkedHashMap<>();
        arrays.put("columns", List.of(1, 3));
        arrays.put("scales", List.of(2, 4));
        arrays.put("scale_limit", List.of(1.5));
        arrays.put("weights", List.of(List.of(List.of(0.5, 1.5), List.of(0.25, -1))));
        arrays.put("bias", List.of(List.of(0.125, 0)));
        arrays.put("mixture", List.of(1));
        arrays.put("classes", List.of("a", "b"));
        arrays.put("activation", "softmax");
        arrays.put("num_features", FEATURES);
        arrays.put("hyper_parameters", "{\"features.missing\": \"zero\"}");
        save(arrays, file);
        Path rows = directory.resolve("rows.csv");
        Files.writeString(rows, csv(List.of(new double[] {9, 1, 9, -8, Double.NaN})));
        double logitOfA = 0.5 * 0.5 - 1.5 * 0.25 + 0.125;
        double logitOfB = 0.5 * 1.5 + 1.5;

        List<String> lines = runScript("predict.py", file, rows).lines().toList();

        List<String> found = List.of(lines.get(1).split(",", -1));
        assertThat(found.get(0)).isEqualTo("b");
        assertThat(Double.parseDouble(found.get(2)))
                .isCloseTo(1 / (1 + Math.exp(logitOfA - logitOfB)), ROUNDING);
    }

    @Test
    void exportedModel_missingValueThatItRefuses_endsTheScript() throws Exception {
        ModelSnapshotEvent snapshot =
                new Snapshots(7, FEATURES, 3, 3, "softmax", 1, true).records(1 << 16).get(0);
        Map<String, Object> arrays = arrays(snapshot);
        arrays.put("hyper_parameters", "{\"features.missing\": \"dead-letter\"}");
        Path file = directory.resolve("model.npz");
        save(arrays, file);
        Path rows = directory.resolve("rows.csv");
        Files.writeString(rows, csv(List.of(new double[] {1, 2, 3, 4, Double.NaN})));

        assertThatThrownBy(() -> runScript("predict.py", file, rows))
                .hasMessageContaining("the model accepts no missing values");
    }

    @Test
    void exportedModel_rowsOfAnotherWidth_endTheScript() throws Exception {
        ModelSnapshotEvent snapshot =
                new Snapshots(7, FEATURES, 3, 3, "softmax", 1, true).records(1 << 16).get(0);
        Path file = directory.resolve("model.npz");
        save(arrays(snapshot), file);
        Path rows = Files.writeString(directory.resolve("rows.csv"), "a\n1\n");

        assertThatThrownBy(() -> runScript("predict.py", file, rows))
                .hasMessageContaining("the rows have 1 columns; the model has 5 features");
    }

    /** Returns the arrays that an exported file has, as nested lists. */
    private static Map<String, Object> arrays(ModelSnapshotEvent snapshot) {
        int outputs = snapshot.getNumOutputs();
        List<Double> mixture = new ArrayList<>();
        for (Expert expert : snapshot.getExperts()) {
            mixture.add(expert.getWeight());
        }
        if (mixture.isEmpty()) {
            mixture.add(1.0);
        }
        List<Object> weights = new ArrayList<>();
        List<Object> bias = new ArrayList<>();
        for (int rate = 0; rate < mixture.size(); rate++) {
            List<Object> matrix = new ArrayList<>();
            for (int row = 0; row <= FEATURES; row++) {
                int from = (rate * (FEATURES + 1) + row) * outputs;
                matrix.add(snapshot.getParameters().subList(from, from + outputs));
            }
            bias.add(matrix.remove(FEATURES));
            weights.add(matrix);
        }
        Map<String, Object> arrays = new LinkedHashMap<>();
        arrays.put("weights", weights);
        arrays.put("bias", bias);
        arrays.put("mixture", mixture);
        arrays.put("classes", snapshot.getClasses());
        arrays.put("activation", snapshot.getActivation());
        arrays.put("num_features", FEATURES);
        arrays.put("hyper_parameters", "{\"features.missing\": \"mean\"}");
        ScalerSnapshot scaler = snapshot.getScaler();
        if (scaler != null) {
            arrays.put("mean", scaler.getMean());
            arrays.put("variance", scaler.getVariance());
            arrays.put("limit", scaler.getLimit());
        }
        return arrays;
    }

    private void save(Map<String, Object> arrays, Path file) throws Exception {
        Path json = directory.resolve("arrays.json");
        new ObjectMapper().writeValue(json.toFile(), arrays);
        python.run(
                "-c",
                "import json, numpy, sys; numpy.savez(sys.argv[2], **json.load(open(sys.argv[1])))",
                json.toString(),
                file.toString());
    }
}
