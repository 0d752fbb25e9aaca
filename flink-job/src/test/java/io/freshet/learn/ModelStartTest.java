package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import io.freshet.classifier.SnapshotFile;
import io.freshet.classifier.SnapshotRecord;
import io.freshet.config.ConfigurationException;
import io.freshet.ingest.Blocks;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.SnapshotRecords;
import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelStartTest {
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;
    private static final double LEARNING_RATE = 0.05;
    private static final String PLAIN =
            "scaler.type=none training.learning-rate=" + LEARNING_RATE + " drift.detector=";

    /** Rounding of the scaler's moments, which the first fern tests and distances see. */
    private static final float TOLERANCE = 1e-5f;

    @TempDir private Path directory;

    private static Map<String, String> settings(String settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "localhost:9092");
        values.put("num-features", Integer.toString(FEATURES));
        values.put("classes", Integer.toString(CLASSES));
        values.put("learner.type", "softmax");
        for (String setting : settings.split(" ", -1)) {
            String[] pair = setting.split("=", 2);
            values.put(pair[0], pair[1]);
        }
        return values;
    }

    private static JobConfig config(String settings, Path start) {
        Map<String, String> values = settings(settings);
        values.put("models.start", start.toString());
        return JobConfig.parse(values);
    }

    private static Examples examples(long seed, int count, LearnConfig config, boolean labelled) {
        Random random = new Random(seed);
        Examples examples = config.learner().newExamples(config.numTargets());
        float[] row = new float[FEATURES];
        float[] targets = new float[config.numTargets()];
        for (int i = 0; i < count; i++) {
            int label = random.nextInt(config.learner().numClasses());
            for (int f = 0; f < FEATURES; f++) {
                double centre = f % config.learner().numClasses() == label ? 1 : 0;
                row[f] = (float) ((centre + random.nextGaussian()) * (1 + f));
            }
            row[4] = random.nextInt(200) == 0 ? 90 : 5; // mostly constant: an envelope
            int given = labelled ? label : Examples.UNLABELLED;
            if (targets.length == 0) {
                examples.add(row, 0, given, 1);
            } else {
                Arrays.fill(targets, 0);
                targets[label] = 1;
                examples.add(row, 0, given, targets, 0, 1);
            }
        }
        return examples;
    }

    private static List<Prediction> process(Learner learner, Examples examples, long offset) {
        List<Prediction> predictions = new ArrayList<>();
        learner.process(Blocks.block("m", examples, offset), predictions::add, alert -> {});
        learner.closeMiniBatch(predictions::add, alert -> {});
        return predictions;
    }

    /** Writes the snapshot of a model that was trained under some settings. */
    private Path trained(String settings) throws Exception {
        JobConfig config = JobConfig.parse(settings(settings));
        Path file = directory.resolve("start.avro");
        try (Learner learner = new Learner("m", new LearnerWorkspace(config.learn()))) {
            process(learner, examples(1, 2000, config.learn(), true), 0);
            SnapshotFile.write(
                    SnapshotRecords.of(
                            learner.publish(), config.publish(), config.learn(), config.monitor()),
                    file);
        }
        return file;
    }

    private static void assertPredictsAs(Classifier expected, LearnConfig config) {
        Examples queries = examples(2, 300, config, false);
        try (Learner learner = new Learner("new", new LearnerWorkspace(config))) {
            List<Prediction> predictions = process(learner, queries, 0);
            assertThat(predictions).hasSize(queries.size());
            for (int i = 0; i < queries.size(); i++) {
                float[] row =
                        Arrays.copyOfRange(queries.features(), i * FEATURES, (i + 1) * FEATURES);
                assertThat(predictions.get(i).modelVersion()).isZero();
                assertThat(predictions.get(i).probabilities())
                        .containsExactly(expected.classify(row).probabilities(), within(1e-6f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "scaler.type=welford",
                "training.experts.baselines=true",
                "scaler.type=fading scaler.half-life=300 scaler.clip=3",
                "scaler.type=fading scaler.clip=0",
                "scaler.type=none training.learning-rate=0.01 training.momentum=0.9",
                "training.optimizer=adam training.learning-rate=0.01 mini-batch.size=32",
                "classes=2 training.loss=bce training.learning-rate=0.05",
                "label.type=multi-label training.loss=bce-with-logits training.learning-rate=0.05",
                "learner.type=ensemble",
                "learner.type=ensemble training.experts.baselines=true scaler.type=fading",
            })
    void newModel_predictsAsTheSnapshotThatItBeginsWith(String settings) throws Exception {
        Path file = trained(settings);
        LearnConfig config = config(settings, file).learn();
        Classifier expected = ClassifierReader.read(file);

        assertPredictsAs(expected, config);
        assertThat(config.hyperParameters())
                .containsEntry("models.start", expected.info().contentHash());
    }

    @Test
    void oneMatrix_isThatOfEveryLearningRate() throws Exception {
        Path file = trained(PLAIN);

        assertPredictsAs(ClassifierReader.read(file), config("scaler.type=none", file).learn());
    }

    /** A single step of softmax regression in double. */
    private static void step(double[] parameters, Examples examples, int row) {
        double[] probabilities = new double[CLASSES];
        double sum = 0;
        for (int c = 0; c < CLASSES; c++) {
            double logit = parameters[FEATURES * CLASSES + c];
            for (int f = 0; f < FEATURES; f++) {
                logit += parameters[f * CLASSES + c] * examples.features()[row * FEATURES + f];
            }
            probabilities[c] = Math.exp(logit);
            sum += probabilities[c];
        }
        for (int c = 0; c < CLASSES; c++) {
            double gradient = probabilities[c] / sum - (examples.labels()[row] == c ? 1 : 0);
            for (int f = 0; f <= FEATURES; f++) {
                double input = f == FEATURES ? 1 : examples.features()[row * FEATURES + f];
                parameters[f * CLASSES + c] -= LEARNING_RATE / 10 * gradient * input;
            }
        }
    }

    @Test
    void newModel_learnsAsThePlainLoopThatBeganIt() throws Exception {
        String settings = PLAIN.replace("0.05", "0.005");
        LearnConfig plain = JobConfig.parse(settings(settings)).learn();
        double[] loop = new double[(FEATURES + 1) * CLASSES];
        Examples before = examples(3, 400, plain, true);
        for (int row = 0; row < before.size(); row++) {
            step(loop, before, row);
        }
        Path file = write(content(floats(loop), null));
        Examples after = examples(4, 400, plain, true);
        for (int row = 0; row < after.size(); row++) {
            step(loop, after, row);
        }

        LearnConfig config = config(settings, file).learn();
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            process(learner, after, 0);
            LearnerState state = Objects.requireNonNull(learner.learnerState());
            assertThat(state.counters().modelVersion()).isEqualTo(400);
            assertThat(state.parameters()).containsExactly(floats(loop), within(2e-5f));
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static ModelContent content(float[] parameters, ModelContent.Scaler scaler) {
        return new ModelContent(
                new ModelInfo(
                        "m", 0, "", null, 0, "", 0, FEATURES, List.of("0", "1", "2"), Map.of()),
                ModelContent.SOFTMAX,
                CLASSES,
                new double[0],
                new double[] {1},
                parameters,
                scaler,
                new int[0],
                new float[0],
                0);
    }

    private Path write(ModelContent content) throws Exception {
        Path file = directory.resolve("start.avro");
        SnapshotFile.write(List.of(SnapshotRecord.of(content, "test")), file);
        return file;
    }

    /** After ten steps that are not finite, a model returns to its start, and then to zeros. */
    @Test
    void rollBack_beforeTheFirstStep_returnsToTheStart() throws Exception {
        float[] start = new float[(FEATURES + 1) * CLASSES];
        for (int i = 0; i < start.length; i++) {
            start[i] = i - 10;
        }
        LearnConfig config = config(PLAIN, write(content(start, null))).learn();
        Examples bad = config.learner().newExamples(0);
        float[] row = new float[FEATURES];
        Arrays.fill(row, Float.MAX_VALUE);
        for (int i = 0; i < 10; i++) {
            bad.add(row, 0, 1, 1);
        }
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            process(learner, bad, 0);
            LearnerState state = Objects.requireNonNull(learner.learnerState());
            assertThat(state.counters().rollBacks()).isEqualTo(1);
            assertThat(state.parameters()).containsExactly(start);

            process(learner, bad, 10);
            state = Objects.requireNonNull(learner.learnerState());
            assertThat(state.counters().rollBacks()).isEqualTo(2);
            assertThat(state.parameters()).containsOnly(0);
        }
    }

    private static List<String> problems(Map<String, String> settings) {
        return catchThrowableOfType(ConfigurationException.class, () -> JobConfig.parse(settings))
                .problems();
    }

    @Test
    void snapshotThatDoesNotFit_isRefusedWithEveryProblem() throws Exception {
        Path file = trained("scaler.type=welford");
        Map<String, String> settings =
                settings(
                        "num-features=5 classes=no,yes training.loss=bce scaler.type=none"
                                + " training.learning-rate=0.1");
        settings.put("models.start", file.toString());

        String key = "models.start = " + file + ": ";
        assertThat(problems(settings))
                .containsExactly(
                        key + "classes = 0,1,2 in the file, no,yes in the job",
                        key + "features = 6 in the file, 5 in the job",
                        key + "outputs = 3 in the file, 1 in the job",
                        key + "the activation = softmax in the file, sigmoid in the job",
                        key + "the number of training.experts.rates = 7 in the file, 1 in the job",
                        key + "it has a scaler, but the job does not scale features");
    }

    @Test
    void snapshotForAnotherKindOfModel_isRefused() throws Exception {
        Path file = trained(PLAIN);
        String key = "models.start = " + file + ": ";
        Map<String, String> settings = settings("classes=open");
        settings.put("models.start", file.toString());
        assertThat(problems(settings))
                .containsExactly(
                        key + "it has the classes of a file, but classes are open",
                        key
                                + "it has no scaler, so that its parameters are for unscaled"
                                + " features, but the job scales them");

        settings = settings("features.encoding=sparse");
        settings.put("models.start", file.toString());
        assertThat(problems(settings))
                .containsExactly(
                        key
                                + "the models of the job are sparse; only dense models can begin"
                                + " with a file");
    }

    /** Settings, number of examples before the snapshot: less than in the window, and more. */
    @ParameterizedTest
    @CsvSource({
        "learner.type=ensemble, 700",
        "learner.type=ensemble training.experts.baselines=true, 2600",
        "learner.type=ensemble mini-batch.size=7 scaler.type=fading, 1190",
        "learner.type=ensemble training.experts.shares=0.001 scaler.clip=3, 1500",
    })
    void ensemble_goesOnAsTheOneThatWasPublished(String given, int before) throws Exception {
        String settings = given + " models.chunk-size=4000 predictions.of=all drift.detector=";
        JobConfig cold = JobConfig.parse(settings(settings));
        Path file = directory.resolve("start.avro");
        try (Learner whole = new Learner("m", new LearnerWorkspace(cold.learn()))) {
            process(whole, examples(1, before, cold.learn(), true), 0);
            List<ModelSnapshotEvent> records =
                    SnapshotRecords.of(
                            whole.publish(), cold.publish(), cold.learn(), cold.monitor());
            assertThat(records).hasSizeGreaterThan(30);
            SnapshotFile.write(records, file);
            LearnConfig warm = config(settings, file).learn();

            assertStartsAs(Objects.requireNonNull(whole.learnerState()), warm);

            Examples after = examples(5, 1400, warm, true);
            try (Learner second = new Learner("new", new LearnerWorkspace(warm))) {
                List<Prediction> expected = process(whole, after, before);
                List<Prediction> found = process(second, after, 0);
                assertThat(expected).hasSize(1400);
                assertThat(found).hasSameSizeAs(expected);
                for (int i = 0; i < found.size(); i++) {
                    assertThat(found.get(i).probabilities())
                            .containsExactly(expected.get(i).probabilities(), within(TOLERANCE));
                }
                assertThat(state(second).seen()).isEqualTo(before + 1400);
                assertThat(state(second).labels()).isEqualTo(state(whole).labels());
                assertThat(state(second).points())
                        .containsExactly(state(whole).points(), within(TOLERANCE));
            }
        }
    }

    private static EnsembleState state(Learner learner) {
        return Objects.requireNonNull(Objects.requireNonNull(learner.learnerState()).ensemble());
    }

    /** All but the scaler, of which a snapshot has the moments, starts bit for bit. */
    private static void assertStartsAs(LearnerState published, LearnConfig warm) {
        LearnerState started = Objects.requireNonNull(warm.start()).state(warm.learner());
        assertThat(started.parameters()).containsExactly(published.parameters());
        assertThat(started.weights()).containsExactly(published.weights());
        assertThat(started.ensemble()).usingRecursiveComparison().isEqualTo(published.ensemble());
        assertThat(started.scaler().mean()).containsExactly(published.scaler().mean());
        try (SoftmaxLearner learner = new SoftmaxLearner(warm.learner(), started)) {
            learner.learn(examples(6, 300, warm, true), true, new Evaluation(CLASSES));
            learner.rollBack();
            assertThat(learner.state().parameters()).containsExactly(published.parameters());
            assertThat(learner.state().weights()).containsExactly(published.weights());
            assertThat(learner.state().ensemble())
                    .usingRecursiveComparison()
                    .isEqualTo(published.ensemble());
        }
    }

    @Test
    void otherKindOfLearner_isRefused() throws Exception {
        Path file = trained("learner.type=ensemble");
        Map<String, String> settings = settings("scaler.type=none classes=a,b,c");
        settings.put("models.start", file.toString());
        String key = "models.start = " + file + ": ";
        assertThat(problems(settings))
                .containsExactly(
                        key
                                + "it is an ensemble, which only a job with learner.type ="
                                + " ensemble can begin with");

        trained("scaler.type=welford");
        settings = settings("learner.type=ensemble");
        settings.put("models.start", file.toString());
        assertThat(problems(settings))
                .containsExactly(
                        key
                                + "it has linear models only, without the other experts of an"
                                + " ensemble; set learner.type = softmax");
    }

    @Test
    void ensembleThatDoesNotFit_isRefusedWithEveryProblem() throws Exception {
        Path file = trained("learner.type=ensemble");
        String key = "models.start = " + file + ": ";
        Map<String, String> settings =
                settings(
                        "learner.type=ensemble num-features=5 classes=4"
                                + " training.experts.shares=0.1,0.5");
        settings.put("models.start", file.toString());
        assertThat(problems(settings))
                .containsExactly(
                        key + "classes = 0,1,2 in the file, 0,1,2,3 in the job",
                        key + "features = 6 in the file, 5 in the job",
                        key + "outputs = 3 in the file, 4 in the job",
                        key
                                + "the number of training.experts.shares = 4 in the file, 2 in the"
                                + " job");

        settings = settings("learner.type=ensemble training.experts.baselines=true");
        settings.put("models.start", file.toString());
        assertThat(problems(settings))
                .containsExactly(
                        key + "training.experts.baselines = false in the file, true in the job");
    }

    @Test
    void ensembleWithoutItsTraining_isRefused() throws Exception {
        ModelContent content =
                ClassifierReader.content(SnapshotFile.read(trained("learner.type=ensemble")));
        EnsembleContent ensemble = Objects.requireNonNull(content.ensemble());
        ModelContent predictsOnly =
                new ModelContent(
                        content.info(),
                        content.activation(),
                        content.numOutputs(),
                        content.learningRates(),
                        content.mixture(),
                        content.parameters(),
                        content.scaler(),
                        content.columns(),
                        content.scales(),
                        content.scaleLimit(),
                        new EnsembleContent(
                                ensemble.fernLogits(),
                                ensemble.testFeatures(),
                                ensemble.testThresholds(),
                                ensemble.examples(),
                                ensemble.labels(),
                                ensemble.featureWeights(),
                                ensemble.labelPredictions(),
                                ensemble.stack(),
                                ensemble.correction(),
                                ensemble.answers(),
                                null));
        assertThat(
                        ModelStart.mismatches(
                                predictsOnly,
                                JobConfig.parse(settings("learner.type=ensemble"))
                                        .learn()
                                        .learner(),
                                List.of("0", "1", "2")))
                .containsExactly("it has only what predicts, without the state of the training");
    }

    @Test
    void fileThatIsNoSnapshot_isRefused() throws Exception {
        Path file = Files.writeString(directory.resolve("start.avro"), "no snapshot");
        Map<String, String> settings = settings(PLAIN);
        settings.put("models.start", file.toString());
        assertThat(problems(settings))
                .containsExactly(
                        "models.start = "
                                + file
                                + ": cannot be read: "
                                + file
                                + " is not a whole Avro file of snapshot records");

        settings.put("models.start", directory.resolve("none.avro").toUri().toString());
        assertThat(problems(settings))
                .singleElement()
                .asString()
                .startsWith("models.start = file:")
                .contains("none.avro: cannot be read: ");
    }
}
