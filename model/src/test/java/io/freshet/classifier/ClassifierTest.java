package io.freshet.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifierTest {
    private static final int FEATURES = 11;

    static Stream<Named<Snapshots>> models() {
        Random random = new Random(9);
        int[] some = {0, 3, 4, 8, FEATURES};
        int[] all = IntStream.rangeClosed(0, FEATURES).toArray();
        return Stream.of(
                Named.of("softmax", new Snapshots(1, FEATURES, 3, 3, "softmax", 1, false)),
                Named.of("a mixture", new Snapshots(2, FEATURES, 7, 7, "softmax", 7, true)),
                Named.of("one logit", new Snapshots(3, FEATURES, 2, 1, "sigmoid", 1, true)),
                Named.of("multi-label", new Snapshots(4, FEATURES, 5, 5, "sigmoid", 1, true)),
                Named.of(
                        "sparse",
                        new Snapshots(5, FEATURES, 3, 3, "softmax", 2, false)
                                .sparse(random, some, false, 0)),
                Named.of(
                        "sparse and scaled",
                        new Snapshots(6, FEATURES, 2, 2, "softmax", 7, false)
                                .sparse(random, all, true, 1.5f)));
    }

    private static float[] features(Random random) {
        float[] features = Snapshots.floats(random, FEATURES);
        for (int f = 0; f < FEATURES; f++) {
            features[f] = random.nextInt(3) == 0 ? 0 : 6 * features[f];
        }
        return features;
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private static void assertClose(float[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int c = 0; c < actual.length; c++) {
            assertThat((double) actual[c]).isCloseTo(expected[c], within(1e-7));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void probabilities_areThoseOfTheDefinition(Snapshots snapshot) throws Exception {
        Classifier classifier = ClassifierReader.of(snapshot.records(1000));
        Random random = new Random(1);
        float[] rows = new float[200 * FEATURES];
        for (int i = 0; i < 200; i++) {
            float[] features = features(random);
            System.arraycopy(features, 0, rows, i * FEATURES, FEATURES);
            double[] expected = snapshot.probabilities(doubles(features));

            Classification found = classifier.classify(features);
            assertClose(found.probabilities(), expected);
            assertThat(expected[found.predictedClass()])
                    .isCloseTo(Arrays.stream(expected).max().getAsDouble(), within(1e-7));
            assertThat(found.predictedLabel()).isEqualTo("class " + found.predictedClass());
            assertThat(found.confidence()).isEqualTo(found.probabilities()[found.predictedClass()]);

            int[] columns = IntStream.range(0, FEATURES).filter(f -> features[f] != 0).toArray();
            float[] values = new float[columns.length];
            for (int k = 0; k < columns.length; k++) {
                values[k] = features[columns[k]];
            }
            assertClose(classifier.classify(columns, values).probabilities(), expected);
        }
        int classes = snapshot.classes.size();
        float[] all = new float[200 * classes];
        classifier.probabilities(rows, 200, all);
        for (int i = 0; i < 200; i++) {
            assertClose(
                    Arrays.copyOfRange(all, i * classes, (i + 1) * classes),
                    snapshot.probabilities(
                            doubles(Arrays.copyOfRange(rows, i * FEATURES, (i + 1) * FEATURES))));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void columnsInAnyOrder_andTwice_addUp(Snapshots snapshot) throws Exception {
        Classifier classifier = ClassifierReader.of(snapshot.records(1000));
        double[] features = new double[FEATURES];
        features[8] = 3;
        features[3] = -1;
        assertClose(
                classifier.classify(new int[] {8, 3, 8}, new float[] {1, -1, 2}).probabilities(),
                snapshot.probabilities(features));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 6, 13, 10_000})
    void chunks_mayHaveAnySize_andComeInAnyOrder(int chunkSize) throws Exception {
        for (Named<Snapshots> model : models().toList()) {
            Snapshots snapshot = model.getPayload();
            List<ModelSnapshotEvent> records = new ArrayList<>(snapshot.records(chunkSize));
            Collections.shuffle(records, new Random(chunkSize));
            records.add(records.get(0));
            float[] features = features(new Random(2));
            assertClose(
                    ClassifierReader.of(records).classify(features).probabilities(),
                    snapshot.probabilities(doubles(features)));
        }
    }

    @Test
    void classification_isTextForPeople() {
        assertThat(new Classification(1, "green", new float[] {0.25f, 0.75f}))
                .hasToString("green with probability 0.75");
    }

    @Test
    void info_isThatOfTheSnapshot() throws Exception {
        ModelInfo info =
                ClassifierReader.of(new Snapshots(1, 3, 2, 2, "softmax", 1, false).records(9))
                        .info();
        assertThat(info.modelId()).isEqualTo("m");
        assertThat(info.version()).isEqualTo(7);
        assertThat(info.examplesSeen()).isEqualTo(900);
        assertThat(info.timestamp()).isEqualTo(Instant.ofEpochMilli(1000));
        assertThat(info.job()).isEqualTo("job");
        assertThat(info.epoch()).isEqualTo(2);
        assertThat(info.classes()).containsExactly("class 0", "class 1");
        assertThat(info.contentHash()).hasSize(64);
    }

    @Test
    void largeLogits_doNotOverflow() throws Exception {
        Snapshots snapshot = new Snapshots(1, 1, 3, 3, "softmax", 1, false);
        System.arraycopy(new float[] {1e30f, -1e30f, 0, 0, 0, 1}, 0, snapshot.parameters, 0, 6);
        Classifier classifier = ClassifierReader.of(snapshot.records(9));
        assertThat(classifier.classify(new float[] {1e30f}).probabilities())
                .containsExactly(1, 0, 0);
        assertThat(classifier.classify(new float[] {-3e38f}).probabilities())
                .containsExactly(0, 1, 0);
    }

    @Test
    void equalProbabilities_areTheFirstClass() throws Exception {
        Snapshots snapshot = new Snapshots(1, 1, 3, 3, "softmax", 1, false);
        Arrays.fill(snapshot.parameters, 0);
        Classification found = ClassifierReader.of(snapshot.records(9)).classify(new float[] {2});
        assertThat(found.predictedClass()).isZero();
        assertThat(found.probabilities()).containsOnly(1 / 3f);
    }

    @Test
    void entropy_isInNats() {
        assertThat(Classification.entropy(new float[] {0.25f, 0.25f, 0.25f, 0.25f}, false))
                .isCloseTo(Math.log(4), within(1e-12));
        assertThat(Classification.entropy(new float[] {0, 1}, false)).isZero();
        assertThat(Classification.entropy(new float[] {0.5f, 1}, true))
                .isCloseTo(Math.log(2), within(1e-12));
    }

    @Test
    void mostProbableClasses_areInOrder_theFirstOfEqualOnesFirst() {
        float[] probabilities = {0.2f, 0.1f, 0.4f, 0.2f, 0.1f};
        assertThat(Classification.mostProbable(probabilities, 4)).containsExactly(2, 0, 3, 1);
        assertThat(Classification.mostProbable(new float[] {0, 0}, 2)).containsExactly(0, 1);
    }

    @Test
    void missingValue_isAsInTheJob() throws Exception {
        Snapshots snapshot = new Snapshots(2, FEATURES, 3, 3, "softmax", 1, true);
        float[] features = features(new Random(3));
        features[4] = Float.NaN;
        Classifier strict = ClassifierReader.of(snapshot.records(1000));
        assertThatThrownBy(() -> strict.classify(features))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("feature 4 is NaN");

        snapshot.missing = "mean";
        assertClose(
                ClassifierReader.of(snapshot.records(1000)).classify(features).probabilities(),
                snapshot.probabilities(doubles(features)));
        snapshot.missing = "zero";
        double[] zero = doubles(features);
        zero[4] = 0;
        assertClose(
                ClassifierReader.of(snapshot.records(1000)).classify(features).probabilities(),
                snapshot.probabilities(zero));
    }

    @Test
    void invalidExample_isRefused() throws Exception {
        Classifier classifier =
                ClassifierReader.of(new Snapshots(1, 3, 2, 2, "softmax", 1, false).records(9));
        assertRefused(
                () -> classifier.classify(new float[2]),
                "the example has 2 features; the model has 3");
        assertRefused(
                () -> classifier.classify(new float[] {0, Float.POSITIVE_INFINITY, 0}),
                "feature 1 is Infinity");
        assertRefused(
                () -> classifier.classify(new int[1], new float[2]), "1 columns with 2 values");
        assertRefused(
                () -> classifier.classify(new int[] {3}, new float[1]),
                "a column must be 0 to 2, but is 3");
        assertRefused(
                () -> classifier.classify(new int[] {-1}, new float[1]),
                "a column must be 0 to 2, but is -1");
        assertRefused(
                () -> classifier.classify(new int[] {1}, new float[] {Float.NaN}),
                "a value of the example is NaN");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void file_hasTheSnapshot(@TempDir Path directory) throws Exception {
        Snapshots snapshot = new Snapshots(2, FEATURES, 3, 3, "softmax", 7, true);
        Path file = directory.resolve("m.avro");
        SnapshotFile.write(snapshot.records(20), file);

        float[] features = features(new Random(2));
        assertClose(
                ClassifierReader.read(file).classify(features).probabilities(),
                snapshot.probabilities(doubles(features)));
    }

    @Test
    void corruptFile_isRefused(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("m.avro");
        SnapshotFile.write(new Snapshots(2, 40, 9, 9, "softmax", 7, true).records(2000), file);
        byte[] bytes = Files.readAllBytes(file);
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            byte[] broken =
                    i % 3 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes.clone();
            if (i % 3 != 0) {
                broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, broken);
            try {
                ClassifierReader.read(file);
            } catch (InvalidSnapshotException e) {
                assertThat(e)
                        .hasMessageMatching("(?s).*(cannot be used|is not a whole|at least).*");
            }
        }
        assertThatThrownBy(() -> ClassifierReader.read(directory.resolve("none")))
                .hasMessageContaining("cannot be read");
    }

    // Snapshots that cannot be used.

    private static void assertInvalid(List<ModelSnapshotEvent> records, String problem) {
        assertThatThrownBy(() -> ClassifierReader.of(records))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining(problem);
    }

    private static List<ModelSnapshotEvent> records() {
        return new Snapshots(2, FEATURES, 3, 3, "softmax", 2, true).records(20);
    }

    @Test
    void missingChunk_isRefused() {
        List<ModelSnapshotEvent> records = records();
        records.remove(2);
        assertInvalid(records, "cannot be used: chunk 2 of 4 is missing.");
        assertInvalid(List.of(), "at least one record");
    }

    @Test
    void otherContent_isRefused() {
        List<ModelSnapshotEvent> records = records();
        List<Float> parameters = new ArrayList<>(records.get(1).getParameters());
        parameters.set(3, 0.5f);
        records.get(1).setParameters(parameters);
        assertInvalid(records, "its content has the hash ");
        parameters.set(3, Float.NaN);
        records.get(1).setParameters(parameters);
        assertInvalid(records, "a parameter is NaN");
        parameters.remove(3);
        records.get(1).setParameters(parameters);
        assertInvalid(records, "chunk 2 begins at parameter 40; 39 is expected");
    }

    @Test
    void chunkOfAnotherVersion_isRefused() {
        List<ModelSnapshotEvent> records = records();
        records.get(2).setModelVersion(8L);
        assertInvalid(records, "a chunk is of version 8");
    }

    @Test
    void otherDimensions_areRefused() {
        List<ModelSnapshotEvent> records = records();
        records.get(0).setNumFeatures(FEATURES + 1);
        assertInvalid(records, "it has 72 parameters; 78 are expected");
        records = records();
        records.get(0).setNumFeatures(0);
        assertInvalid(records, "it has 0 features and 3 classes");
        records = records();
        records.get(0).setClasses(List.of("a", "b"));
        assertInvalid(records, "it has 3 outputs for 2 classes");
        records = records();
        records.get(0).setActivation("relu");
        assertInvalid(records, "it has the activation relu; softmax or sigmoid is expected");
        records = records();
        records.get(0).getScaler().setMean(List.of(1.0));
        assertInvalid(records, "it has 1 means of the scaler; 11 are expected");
        records = records();
        records.get(0).setExperts(List.of());
        assertInvalid(records, "it has 72 parameters; 36 are expected");
        records = records();
        records.get(0).getExperts().forEach(expert -> expert.setWeight(0));
        assertInvalid(records, "at least one above 0 is expected");
        records = records();
        records.get(0).setChunk(9);
        assertInvalid(records, "it has the chunk 9 of 4");
        records = records();
        records.get(0).setChunks(0);
        assertInvalid(records, "it has 0 chunks");
    }

    @Test
    void columnsOfASparseModel_areChecked() {
        Random random = new Random(1);
        assertInvalid(
                new Snapshots(5, FEATURES, 3, 3, "softmax", 2, false)
                        .sparse(random, new int[] {4, 3, 11}, false, 0)
                        .records(100),
                "the column 3 follows the column 4; ascending columns up to 11 are expected");
        assertInvalid(
                new Snapshots(5, FEATURES, 3, 3, "softmax", 2, false)
                        .sparse(random, new int[] {4, 12}, false, 0)
                        .records(100),
                "the column 12 follows the column 4");
    }
}
