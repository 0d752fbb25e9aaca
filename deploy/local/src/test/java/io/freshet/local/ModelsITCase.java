package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.SnapshotFile;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of {@code freshet models} on the topics of a real job, and of a job's warm start. */
class ModelsITCase {
    private static final int FEATURES = 4;
    private static final int EVENTS = 600;
    private static final String FILES = "/io/freshet/local/models/";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir private static Path directory;
    private static EmbeddedKafka kafka;
    private static Map<String, String> settings;

    /** Lowest version of model a on the topic of all snapshots. */
    private static long firstVersion;

    @BeforeAll
    static void runAJob() throws Exception {
        kafka = EmbeddedKafka.start();
        settings = JobOnKafka.settings(kafka, "models-it", FEATURES, "x,y,z");
        settings.put("models.publish-interval", "0 ms");
        settings.put("learner.type", "softmax");
        List<LabelledEvent> events = JobOnKafka.events(1, EVENTS, FEATURES, 3, "a", "b");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(bytes(events.subList(0, EVENTS / 2)));
            JobOnKafka.await("a snapshot of both models", () -> job.models().size() == 2);
            firstVersion = job.models().get("a").getModelVersion();
            job.send(bytes(events.subList(EVENTS / 2, EVENTS)));
            job.finish();
        }
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private static List<byte[]> bytes(List<LabelledEvent> events) {
        return events.stream().map(JobOnKafka::bytes).toList();
    }

    private static CommandResult models(Map<String, String> config, String... arguments) {
        List<String> all = new ArrayList<>(List.of("models"));
        all.addAll(List.of(arguments));
        return CommandResult.of(config, all.toArray(String[]::new));
    }

    private static CommandResult models(String... arguments) {
        return models(settings, arguments);
    }

    @Test
    void list_hasTheNewestVersionOfEachModel_orAll() throws Exception {
        CommandResult list = models("list");

        assertThat(list.code()).as(list.err()).isZero();
        assertThat(list.lines()).hasSize(3).allSatisfy(l -> assertThat(l).hasSizeBetween(70, 80));
        assertThat(list.lines().get(0)).startsWith("model ").contains(" version ");
        assertThat(list.lines().get(1)).startsWith("a ");
        assertThat(list.lines().get(2)).startsWith("b ");

        List<String> history = models("list", "--history", "--json").lines();
        assertThat(history).hasSizeGreaterThan(3);
        JsonNode first = MAPPER.readTree(history.get(0));
        assertThat(first.get("classes")).hasSize(3);
        assertThat(first.get("bytes").longValue()).isPositive();
        JsonNode newest = MAPPER.readTree(models("list", "--json").lines().get(0));
        assertThat(newest.get("version").longValue()).isGreaterThan(firstVersion);
        assertThat(newest.get("job").textValue()).isEqualTo("freshet");
    }

    @Test
    void show_hasTheOriginOfAVersion() throws Exception {
        CommandResult show = models("show", "a", "--version", Long.toString(firstVersion));
        JsonNode json =
                models("show", "a", "--version", Long.toString(firstVersion), "--json").json();

        assertThat(show.code()).as(show.err()).isZero();
        assertThat(show.lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80))
                .contains("model         a", "version       " + firstVersion)
                .contains("hash          " + json.get("contentHash").textValue())
                .contains("classes       3: x, y, z", "outputs       3 (softmax)")
                .contains("  scaler.type=welford")
                .anyMatch(line -> line.matches("rate 0.001 +weight 0\\.[0-9]+, loss [0-9.]+"));
        assertThat(json.get("version").longValue()).isEqualTo(firstVersion);
        assertThat(json.get("experts")).hasSize(7);
        assertThat(json.get("scaler").get("clips").booleanValue()).isTrue();
    }

    @Test
    void show_ofAModelThatIsNotThere_saysSo() {
        CommandResult model = models("show", "c");
        assertThat(model.code()).isEqualTo(2);
        assertThat(model.err())
                .isEqualTo(
                        "freshet: topic models-it-models has no snapshot of model c"
                                + System.lineSeparator());

        CommandResult version = models("show", "a", "--version", "999999");
        assertThat(version.code()).isEqualTo(2);
        assertThat(version.err())
                .startsWith(
                        "freshet: topics models-it-models and models-it-model-history have no"
                                + " version 999999 of model a; they have ")
                .contains(Long.toString(firstVersion));
    }

    @Test
    void diff_hasWhatChanged() throws Exception {
        long last = models("show", "a", "--json").json().get("version").longValue();
        String[] arguments = {"diff", "a", Long.toString(firstVersion), Long.toString(last)};
        CommandResult diff = models(arguments);
        String[] withJson = Arrays.copyOf(arguments, 5);
        withJson[4] = "--json";
        JsonNode json = models(withJson).json();

        assertThat(diff.code()).as(diff.err()).isZero();
        assertThat(diff.lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80))
                .contains("versions      " + firstVersion + " to " + last, "settings      the same")
                .anyMatch(line -> line.startsWith("changes       the largest, of rate "))
                .anyMatch(line -> line.matches("  (feature [0-3]|bias), [xyz]: .* to .*"));
        assertThat(json.get("rates")).hasSize(7);
        assertThat(json.get("changes")).hasSize(10);
        double largest = json.get("changes").get(0).get("second").doubleValue();
        largest -= json.get("changes").get(0).get("first").doubleValue();
        JsonNode dominant = null;
        for (JsonNode rate : json.get("rates")) {
            if (rate.get("learningRate").equals(json.get("dominantRate"))) {
                dominant = rate;
            }
        }
        assertThat(Objects.requireNonNull(dominant).get("distance").doubleValue())
                .isGreaterThanOrEqualTo(Math.abs(largest));
    }

    private static Path export(String format) throws IOException {
        Path file = directory.resolve("a." + format);
        CommandResult export =
                models("export", "a", "--format", format, "--output", file.toString());
        assertThat(export.code()).as(export.err()).isZero();
        assertThat(export.out())
                .contains(
                        "of model \"a\" in "
                                + file
                                + String.format(Locale.ROOT, ", %,d bytes", Files.size(file)));
        return file;
    }

    @Test
    void export_inEveryFormat_isTheSameModel() throws Exception {
        Classifier classifier = ClassifierReader.read(export("avro"));
        Random random = new Random(2);
        float[][] rows = new float[1000][FEATURES];
        for (float[] row : rows) {
            for (int f = 0; f < FEATURES; f++) {
                row[f] = (float) (random.nextGaussian() * (f + 1));
            }
        }
        float[][] found = OnnxRuntime.probabilities(export("onnx"), rows);
        for (int i = 0; i < rows.length; i++) {
            assertThat(found[i])
                    .containsExactly(classifier.classify(rows[i]).probabilities(), within(1e-6f));
        }
        JsonNode json = MAPPER.readTree(export("json").toFile());
        assertThat(json.get("contentHash").textValue()).isEqualTo(classifier.info().contentHash());
        assertThat(json.get("weights")).hasSize(7);
        assertThat(Files.size(export("npz"))).isGreaterThan(7 * 5 * 3 * Float.BYTES);
        assertThat(directory.toFile().list()).noneMatch(name -> name.endsWith(".part"));
    }

    @Test
    void export_toAnUnknownFormat_isRefused() {
        CommandResult export = models("export", "a", "--format", "pmml", "--output", "a.pmml");
        assertThat(export.code()).isEqualTo(2);
        assertThat(export.err()).contains("--format pmml: must be avro, onnx, npz or json");
    }

    /** A snapshot that lacks a record is named, and the models beside it are listed. */
    @Test
    void list_withAnIncompleteSnapshot_namesIt() throws Exception {
        Map<String, String> other = new HashMap<>(settings);
        other.put("topics.models", "models-it-incomplete");
        JobConfig config = JobConfig.parse(other);
        Topics.create(config.topics(), 1);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (TopicReader reader = new TopicReader(kafkaClient(config), "models-it-models")) {
            reader.readToEnd(record -> records.add(incomplete(record)));
        }
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        new HashMap<>(config.kafka().client()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            for (ProducerRecord<byte[], byte[]> record : records) {
                producer.send(record).get();
            }
        }

        CommandResult list = models(other, "list");

        assertThat(list.code()).isEqualTo(1);
        assertThat(list.lines()).hasSize(2);
        assertThat(list.lines().get(1)).startsWith("a ");
        assertThat(list.err()).contains("of model \"b\" cannot be used: chunk 1 of 2 is missing.");
    }

    /** Returns a record of a snapshot that, of model b, has a second one. */
    private static ProducerRecord<byte[], byte[]> incomplete(
            ConsumerRecord<byte[], byte[]> record) {
        ModelSnapshotEvent event = AuditReader.read(AuditReader.SNAPSHOTS, record);
        if (event.getModelId().equals("b")) {
            event.setChunks(2);
        }
        try {
            byte[] value = JobOnKafka.bytes(event.toByteBuffer());
            return new ProducerRecord<>("models-it-incomplete", record.key(), value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> kafkaClient(JobConfig config) {
        return config.kafka().client();
    }

    private static Path file(String name) throws IOException {
        try (InputStream in = ModelsITCase.class.getResourceAsStream(FILES + name)) {
            return Files.write(
                    directory.resolve(name), Objects.requireNonNull(in, name).readAllBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"num-features=54", "features=x[0:53],city:boolean"})
    void import_ofAnotherShape_isRefusedWithBoth(String features) throws Exception {
        Path output = directory.resolve("refused.avro");
        String[] keyAndValue = features.split("=", 2);
        CommandResult imported =
                models(
                        Map.of(keyAndValue[0], keyAndValue[1], "classes", "7"),
                        "import",
                        file("linear.onnx").toString(),
                        "--output",
                        output.toString());

        assertThat(imported.code()).isEqualTo(2);
        assertThat(imported.err())
                .contains(
                        "(classes, features) = (3, 4); (classes, features) = (7, 54) is expected");
        assertThat(output).doesNotExist();
    }

    /**
     * A layer of PyTorch goes on learning in a job: at first its predictions are those of PyTorch,
     * then those of a loop that continues with the same examples.
     */
    @Test
    void job_thatBeginsWithAnImportedModel_continuesIt() throws Exception {
        double learningRate = 0.05;
        Path start = directory.resolve("start.avro");
        CommandResult imported =
                models(
                        Map.of(),
                        "import",
                        file("linear.onnx").toString(),
                        "--classes",
                        "x,y,z",
                        "--output",
                        start.toString());
        assertThat(imported.code()).as(imported.err()).isZero();
        assertThat(imported.out())
                .startsWith("4 features, 3 classes (x, y, z), softmax, no scaler")
                .contains("models.start=" + start + ", learner.type=softmax and scaler.type=none");
        List<float[]> rows =
                Files.readAllLines(file("predictions.csv"), StandardCharsets.UTF_8).stream()
                        .skip(1)
                        .map(ModelsITCase::floats)
                        .toList();
        double[] loop = parameters(start, rows);

        Map<String, String> warm = JobOnKafka.settings(kafka, "warm-it", FEATURES, "x,y,z");
        warm.put("models.start", start.toUri().toString());
        warm.put("learner.type", "softmax");
        warm.put("scaler.type", "none");
        warm.put("training.learning-rate", Double.toString(learningRate));
        List<LabelledEvent> events = new ArrayList<>();
        for (float[] row : rows) {
            events.add(event("before", row, null));
        }
        Random random = new Random(3);
        for (int i = 0; i < 200; i++) {
            float[] row = new float[FEATURES];
            for (int f = 0; f < FEATURES; f++) {
                row[f] = (float) random.nextGaussian();
            }
            int label = random.nextInt(3);
            events.add(event("", row, label));
            step(loop, row, label, learningRate);
        }
        for (float[] row : rows) {
            events.add(event("after", row, null));
        }
        List<PredictionEvent> predictions;
        try (JobOnKafka job = JobOnKafka.start(warm)) {
            job.send(bytes(events));
            job.finish();
            predictions = job.predictions();
            Map<String, String> hyperParameters =
                    job.models().get("m").getProvenance().getHyperParameters();
            assertThat(hyperParameters)
                    .containsEntry(
                            "models.start", ClassifierReader.read(start).info().contentHash());
        }
        assertThat(predictions).hasSize(2 * rows.size());
        for (int i = 0; i < predictions.size(); i++) {
            PredictionEvent prediction = predictions.get(i);
            float[] row = rows.get(i % rows.size());
            boolean before = i < rows.size();
            assertThat(prediction.getId()).isEqualTo(before ? "before" : "after");
            double[] expected = before ? pyTorch(row) : probabilities(loop, row);
            for (int c = 0; c < 3; c++) {
                assertThat((double) prediction.getProbabilities().get(c))
                        .isCloseTo(expected[c], within(before ? 1e-6 : 1e-5));
            }
        }
    }

    @Test
    void ensemble_goesOnFromAnExportedVersion() throws Exception {
        Path start = directory.resolve("ensemble.avro");
        List<LabelledEvent> events = JobOnKafka.events(5, 1500, FEATURES, 3, "m");
        Map<String, String> first = ensembleSettings("ensemble-it");
        try (JobOnKafka job = JobOnKafka.start(first)) {
            job.send(bytes(events.subList(0, 1200)));
            job.finish();
        }
        CommandResult export =
                models(first, "export", "m", "--format", "avro", "--output", start.toString());
        assertThat(export.code()).as(export.err()).isZero();

        List<PredictionEvent> expected;
        try (JobOnKafka job = JobOnKafka.start(ensembleSettings("ensemble-whole-it"))) {
            job.send(bytes(events));
            job.finish();
            expected = job.predictions().subList(1200, 1500);
        }
        Map<String, String> second = ensembleSettings("ensemble-warm-it");
        second.put("models.start", start.toUri().toString());
        try (JobOnKafka job = JobOnKafka.start(second)) {
            job.send(bytes(events.subList(1200, 1500)));
            job.finish();
            List<PredictionEvent> found = job.predictions();
            assertThat(found).hasSize(300);
            for (int i = 0; i < found.size(); i++) {
                assertThat(found.get(i).getId()).isEqualTo(expected.get(i).getId());
                for (int c = 0; c < 3; c++) {
                    assertThat(found.get(i).getProbabilities().get(c))
                            .isCloseTo(expected.get(i).getProbabilities().get(c), within(1e-4f));
                }
            }
        }
        CommandResult audit = CommandResult.of(second, "audit");
        assertThat(audit.code()).as(audit.out()).isZero();
    }

    private static Map<String, String> ensembleSettings(String name) {
        Map<String, String> ensemble = JobOnKafka.settings(kafka, name, FEATURES, "x,y,z");
        ensemble.put("learner.type", "ensemble");
        ensemble.put("training.experts.baselines", "true");
        ensemble.put("predictions.of", "all");
        return ensemble;
    }

    private static float[] floats(String line) {
        String[] cells = line.split(",", -1);
        float[] values = new float[cells.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.parseFloat(cells[i]);
        }
        return values;
    }

    private static double[] pyTorch(float[] row) {
        return new double[] {row[FEATURES], row[FEATURES + 1], row[FEATURES + 2]};
    }

    private static LabelledEvent event(String id, float[] row, Integer label) {
        List<Float> features = new ArrayList<>();
        for (int f = 0; f < FEATURES; f++) {
            features.add(row[f]);
        }
        return LabelledEvent.newBuilder()
                .setId(id)
                .setModelId("m")
                .setTimestamp(Instant.EPOCH)
                .setFeatures(new DenseFeatures(features))
                .setLabel(label)
                .setWeight(1)
                .build();
    }

    /** Returns the parameters, (features + 1, classes), after a check that they are PyTorch's. */
    private static double[] parameters(Path start, List<float[]> rows) throws IOException {
        double[] parameters = new double[(FEATURES + 1) * 3];
        List<ModelSnapshotEvent> records = SnapshotFile.read(start);
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = records.get(0).getParameters().get(i);
        }
        for (float[] row : rows) {
            assertThat(probabilities(parameters, row)).containsExactly(pyTorch(row), within(1e-6));
        }
        return parameters;
    }

    private static double[] probabilities(double[] parameters, float[] row) {
        double[] probabilities = new double[3];
        double sum = 0;
        for (int c = 0; c < 3; c++) {
            double logit = parameters[FEATURES * 3 + c];
            for (int f = 0; f < FEATURES; f++) {
                logit += parameters[f * 3 + c] * row[f];
            }
            probabilities[c] = Math.exp(logit);
            sum += probabilities[c];
        }
        for (int c = 0; c < 3; c++) {
            probabilities[c] /= sum;
        }
        return probabilities;
    }

    private static void step(double[] parameters, float[] row, int label, double learningRate) {
        double[] probabilities = probabilities(parameters, row);
        for (int c = 0; c < 3; c++) {
            double gradient = probabilities[c] - (c == label ? 1 : 0);
            for (int f = 0; f <= FEATURES; f++) {
                parameters[f * 3 + c] -= learningRate * gradient * (f == FEATURES ? 1 : row[f]);
            }
        }
    }
}
