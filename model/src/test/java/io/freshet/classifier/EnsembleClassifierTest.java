package io.freshet.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.EnsembleTraining;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of the classifier of an ensemble's snapshot. */
class EnsembleClassifierTest {
    private static final int FEATURES = 5;
    private static final int QUERIES = 100;

    /** Rounding of distances in float, times the weights of the stacks. */
    private static final double TOLERANCE = 1e-6;

    static Stream<Named<EnsembleSnapshots>> ensembles() {
        return Stream.of(
                Named.of("small", new EnsembleSnapshots(1, FEATURES, 3, 4, false, 50, true)),
                Named.of("label experts", new EnsembleSnapshots(2, 6, 2, 4, true, 50, true)),
                Named.of("unscaled", new EnsembleSnapshots(3, 7, 3, 4, true, 40, false)),
                Named.of("one rate", new EnsembleSnapshots(4, 4, 4, 1, false, 33, true)),
                Named.of("projected", new EnsembleSnapshots(5, 70, 3, 4, false, 200, true)),
                Named.of("64 features", new EnsembleSnapshots(6, 64, 3, 4, false, 32, true)),
                Named.of("fewer ferns", new EnsembleSnapshots(7, 6, 70, 4, true, 1024, true)),
                Named.of("fewest ferns", new EnsembleSnapshots(8, 3, 300, 2, false, 90, true)),
                Named.of("empty window", new EnsembleSnapshots(9, 66, 3, 4, true, 0, true)),
                Named.of("first example", new EnsembleSnapshots(10, 5, 3, 4, false, 1, true)),
                Named.of("one feature", new EnsembleSnapshots(11, 1, 2, 4, false, 31, false)));
    }

    private static EnsembleSnapshots ensemble() {
        return new EnsembleSnapshots(1, FEATURES, 3, 4, true, 50, true);
    }

    private static float[] features(Random random, int count) {
        float[] features = Snapshots.floats(random, count);
        for (int f = 0; f < count; f++) {
            features[f] = random.nextInt(3) == 0 ? 0 : 3 * features[f];
        }
        return features;
    }

    private static void assertClose(float[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int c = 0; c < actual.length; c++) {
            assertThat((double) actual[c]).isCloseTo(expected[c], within(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("ensembles")
    void probabilities_areThoseOfTheDefinition(EnsembleSnapshots ensemble) throws Exception {
        Classifier classifier = ClassifierReader.of(ensemble.records(1 << 20));
        int numFeatures = ensemble.numFeatures;
        assertThat(classifier.numColumns()).isEqualTo(numFeatures);
        assertThat(classifier.isSparse()).isFalse();
        assertThat(classifier.isMultiLabel()).isFalse();
        Random random = new Random(1);
        float[] rows = new float[QUERIES * numFeatures];
        float[] all = new float[QUERIES * ensemble.numClasses];
        for (int i = 0; i < QUERIES; i++) {
            float[] features = features(random, numFeatures);
            System.arraycopy(features, 0, rows, i * numFeatures, numFeatures);

            Classification found = classifier.classify(features);

            assertClose(found.probabilities(), ensemble.probabilities(features));
            assertThat(found.predictedClass())
                    .isEqualTo(Classification.mostProbable(found.probabilities(), 1)[0]);
            assertThat(found.predictedLabel()).isEqualTo("class " + found.predictedClass());
            int[] columns = IntStream.range(0, numFeatures).filter(f -> features[f] != 0).toArray();
            float[] values = new float[columns.length];
            for (int k = 0; k < columns.length; k++) {
                values[k] = features[columns[k]];
            }
            assertThat(classifier.classify(columns, values).probabilities())
                    .isEqualTo(found.probabilities());
            assertThat(classifier.classify(rows, i * numFeatures).probabilities())
                    .isEqualTo(found.probabilities());
            System.arraycopy(
                    found.probabilities(), 0, all, i * ensemble.numClasses, ensemble.numClasses);
        }
        float[] together = new float[all.length];
        classifier.probabilities(rows, QUERIES, together);
        assertThat(together).isEqualTo(all);
    }

    @ParameterizedTest
    @ValueSource(ints = {777, 4000, 100_000, 1 << 20})
    void chunks_mayHaveAnySize_andComeInAnyOrder(int chunkSize) throws Exception {
        EnsembleSnapshots ensemble = ensemble();
        List<ModelSnapshotEvent> records = new ArrayList<>(ensemble.records(chunkSize));
        Collections.shuffle(records, new Random(chunkSize));
        records.add(records.get(0));
        float[] features = features(new Random(2), FEATURES);

        assertClose(
                ClassifierReader.of(records).classify(features).probabilities(),
                ensemble.probabilities(features));
    }

    @Test
    void file_hasTheSnapshot(@TempDir Path directory) throws Exception {
        EnsembleSnapshots ensemble = ensemble();
        Path file = directory.resolve("m.avro");
        SnapshotFile.write(ensemble.records(10_000), file);

        float[] features = features(new Random(2), FEATURES);
        assertClose(
                ClassifierReader.read(file).classify(features).probabilities(),
                ensemble.probabilities(features));
    }

    @Test
    void missingValue_isAsInTheJob() throws Exception {
        EnsembleSnapshots ensemble = ensemble();
        float[] features = features(new Random(3), FEATURES);
        features[4] = Float.NaN;
        Classifier strict = ClassifierReader.of(ensemble.records(1 << 20));
        assertThatThrownBy(() -> strict.classify(features))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("feature 4 is NaN");

        ensemble.settings = Map.of("features.missing", "mean");
        assertClose(
                ClassifierReader.of(ensemble.records(1 << 20)).classify(features).probabilities(),
                ensemble.probabilities(features));
    }

    @Test
    void fields_becomeFeatures() throws Exception {
        EnsembleSnapshots ensemble = ensemble();
        ensemble.settings = Map.of("features", "a,b,c,d:boolean,e");
        Classifier classifier = ClassifierReader.of(ensemble.records(1 << 20));

        assertThat(
                        classifier
                                .classify(Map.of("a", 1, "b", -2, "c", 0.5, "d", true, "e", 3))
                                .probabilities())
                .isEqualTo(classifier.classify(new float[] {1, -2, 0.5f, 1, 3}).probabilities());
    }

    @Test
    void columnsInAnyOrder_andTwice_addUp() throws Exception {
        Classifier classifier = ClassifierReader.of(ensemble().records(1 << 20));
        assertThat(classifier.classify(new int[] {4, 1, 4}, new float[] {1, -1, 2}).probabilities())
                .isEqualTo(classifier.classify(new float[] {0, -1, 0, 0, 3}).probabilities());
        assertThatThrownBy(() -> classifier.classify(new int[] {5}, new float[1]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a column must be 0 to 4, but is 5");
    }

    @Test
    void largeFeatures_giveProbabilities() throws Exception {
        Classifier classifier =
                ClassifierReader.of(
                        new EnsembleSnapshots(3, 70, 3, 4, true, 40, false).records(1 << 20));
        float[] features = new float[70];
        for (float magnitude : new float[] {0x1p60f, 0x1p100f, Float.MAX_VALUE}) {
            for (int f = 0; f < features.length; f++) {
                features[f] = f % 2 == 0 ? magnitude : -magnitude;
            }
            float[] found = classifier.classify(features).probabilities();
            assertThat(found[0] + found[1] + found[2]).isCloseTo(1, within(1e-6f));
        }
    }

    @Test
    void manyThreads_classifyAsOneDoes() throws Exception {
        EnsembleSnapshots ensemble = new EnsembleSnapshots(5, 70, 3, 4, true, 200, true);
        Classifier classifier = ClassifierReader.of(ensemble.records(1 << 20));
        Random random = new Random(4);
        List<float[]> examples = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            float[] features = features(random, 70);
            examples.add(features);
            expected.add(classifier.classify(features).probabilities());
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<List<float[]>> all =
                    () ->
                            examples.stream()
                                    .map(features -> classifier.classify(features).probabilities())
                                    .toList();
            for (Future<List<float[]>> found : threads.invokeAll(List.of(all, all, all, all))) {
                assertThat(found.get()).usingRecursiveComparison().isEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void content_hasWhatTheSnapshotHas() throws Exception {
        EnsembleSnapshots ensemble = ensemble();
        ModelContent content = ClassifierReader.content(ensemble.records(5000));
        assertThat(content.isEnsemble()).isTrue();
        assertThat(content.numRates()).isEqualTo(4);
        assertThat(content.mixture()).hasSize(11);
        assertThat(content.parameters()).hasSize(4 * 6 * 3);
        assertThat(content.numParameters()).isEqualTo(4 * 6 * 3 + 64 * 260 * 2 * 3 + 50 * 5);
        assertThatThrownBy(() -> SnapshotRecord.of(content, "test"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("one matrix of parameters is expected, but the model is an ensemble");
    }

    @ParameterizedTest
    @MethodSource("ensembles")
    void training_isInTheContent_andChangesNoPrediction(EnsembleSnapshots ensemble)
            throws Exception {
        Classifier without = ClassifierReader.of(ensemble.records(1 << 20));
        assertThat(ensembleContent(ensemble).training()).isNull();

        Classifier with = ClassifierReader.of(ensemble.withTraining().records(5000));
        Random random = new Random(6);
        for (int i = 0; i < QUERIES; i++) {
            float[] features = features(random, ensemble.numFeatures);
            assertThat(with.classify(features).probabilities())
                    .isEqualTo(without.classify(features).probabilities());
        }
        assertThat(with.info().contentHash()).isNotEqualTo(without.info().contentHash());
        assertThat(ensembleContent(ensemble).training())
                .usingRecursiveComparison()
                .isEqualTo(ensemble.training());
    }

    private static EnsembleContent ensembleContent(EnsembleSnapshots ensemble) throws Exception {
        return Objects.requireNonNull(ClassifierReader.content(ensemble.records(5000)).ensemble());
    }

    // Snapshots that cannot be used.

    private static void assertInvalid(Consumer<ModelSnapshotEvent> change, String problem) {
        List<ModelSnapshotEvent> records = ensemble().records(50_000);
        change.accept(records.get(0));
        assertThatThrownBy(() -> ClassifierReader.of(records))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining("Version 7 of model \"m\" cannot be used: " + problem);
    }

    private static void assertInvalidEnsemble(Consumer<EnsembleSnapshot> change, String problem) {
        assertInvalid(first -> change.accept(first.getEnsemble()), problem);
    }

    @Test
    void otherKindsOfModel_areRefused() {
        assertInvalid(
                first -> first.setActivation("sigmoid"),
                "it is an ensemble with the activation sigmoid; softmax is expected.");
        assertInvalid(
                first -> first.setColumns(List.of(1)),
                "it has 4 experts with a learning rate and 7 without; at least 1 and 0 or 3 are");
        assertInvalid(first -> first.setNumOutputs(1), "it has 1 outputs for 3 classes.");
        assertInvalid(
                first -> first.setEnsemble(null), "it has 100162 parameters; 72 are expected.");
    }

    @Test
    void ensembleOfSparseFeatures_hasNeitherFernsNorAWindow() throws Exception {
        ModelContent content = ClassifierReader.content(List.of(SparseEnsembles.record(3)));
        assertThat(content.isEnsemble()).isTrue();
        assertThat(content.isSparse()).isTrue();
        assertThat(content.numParameters()).isEqualTo(4 * 4 * 3);
        Classifier classifier = content.classifier();
        assertThat(classifier.isSparse()).isTrue();
        assertThat(classifier.numColumns()).isEqualTo(3);
        float[] features = {9, 1, 9, 9, -2, 9, 9, 9, 0.5f};
        assertThat(classifier.classify(features).probabilities())
                .isEqualTo(
                        classifier
                                .classify(new int[] {1, 4, 8}, new float[] {1, -2, 0.5f})
                                .probabilities());

        assertInvalidSparse(ensemble -> ensemble.setFerns(64), "it has 64 ferns; 0 are expected.");
        assertInvalidSparse(
                ensemble -> ensemble.setDimensions(9),
                "it has 9 dimensions of the window; 0 are expected.");
        assertInvalidSparse(
                ensemble -> ensemble.setTestFeatures(List.of(1)),
                "it has 1 features of tests; 0 are expected.");
        assertInvalidSparse(
                ensemble -> ensemble.setTestThresholds(List.of(1f)),
                "it has 1 thresholds of tests; 0 are expected.");
        assertInvalidSparse(
                ensemble -> ensemble.setLabels(List.of(1)),
                "it has 1 examples in the window; 0 are expected.");
        assertInvalidSparse(
                ensemble -> ensemble.setFeatureWeights(List.of(1f)),
                "it has 1 weights of the features; 0 are expected.");
    }

    private static void assertInvalidSparse(Consumer<EnsembleSnapshot> change, String problem) {
        ModelSnapshotEvent record = SparseEnsembles.record(7);
        change.accept(record.getEnsemble());
        assertThatThrownBy(() -> ClassifierReader.of(List.of(record)))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining("Version 7 of model \"m\" cannot be used: " + problem);
    }

    @Test
    void otherExperts_areRefused() {
        String expected = "; at least 1 and 4 or 7 are expected of an ensemble.";
        assertInvalid(
                first -> first.getExperts().remove(10),
                "it has 4 experts with a learning rate and 6 without" + expected);
        assertInvalid(
                first -> first.setExperts(first.getExperts().subList(4, 11)),
                "it has 0 experts with a learning rate and 7 without" + expected);
        assertInvalid(
                first -> first.setExperts(List.of()),
                "it has 0 experts with a learning rate and 0 without" + expected);
        assertInvalid(
                first -> first.getExperts().add(new Expert("late", 0.1, 0.5, 0L, null, null, null)),
                "the expert \"late\" has a learning rate, but follows one without.");
        assertInvalid(
                first -> first.getExperts().get(9).setWeight(-1),
                "the experts have the weights [0.");
        assertInvalid(
                first -> first.getExperts().get(9).setWeight(Double.NaN),
                "the experts have the weights [0.");
        assertInvalid(
                first -> first.getExperts().get(9).setWeight(0.5), "its content has the hash ");
    }

    @Test
    void otherDimensions_areRefused() {
        assertInvalidEnsemble(ensemble -> ensemble.setFerns(16), "it has 16 ferns; 64 are");
        assertInvalidEnsemble(
                ensemble -> ensemble.setDimensions(64),
                "it has 64 dimensions of the window; 5 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.setTestFeatures(List.of(1)),
                "it has 1 features of tests; 512 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.setTestFeatures(Collections.nCopies(512, 4)),
                "it has 0 thresholds of tests; 512 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.setTestFeatures(Collections.nCopies(512, 5)),
                "a test is of the feature 5; 0 to 4 are expected.");
        assertInvalidEnsemble(
                ensemble -> {
                    ensemble.setTestFeatures(Collections.nCopies(512, 4));
                    ensemble.setTestThresholds(Collections.nCopies(512, Float.NaN));
                },
                "a threshold of a test is NaN.");
        assertInvalidEnsemble(
                ensemble -> {
                    ensemble.setTestFeatures(Collections.nCopies(512, 4));
                    ensemble.setTestThresholds(Collections.nCopies(512, 0.5f));
                },
                "its content has the hash ");
        assertInvalidEnsemble(
                ensemble -> ensemble.getLabels().add(2),
                "it has 100162 parameters; 100167 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.setLabels(Collections.nCopies(1025, 0)),
                "it has 1025 examples in the window; at most 1024 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getFeatureWeights().remove(0),
                "it has 4 weights of the features; 5 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.setLabelPredictions(List.of()),
                "it has 0 predictions from labels; 9 are expected.");
        assertInvalid(
                first -> first.setExperts(first.getExperts().subList(0, 8)),
                "it has 9 predictions from labels; 0 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getStack().add(0.0),
                "it has 12 weights of the stack; 11 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getCorrection().remove(0),
                "it has 10 weights of the correction; 11 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getAnswers().remove(0),
                "it has 2 weights of the answers; 3 are expected.");
        assertInvalid(first -> first.setNumFeatures(6), "it has 5 dimensions of the window; 6");
        assertInvalid(
                first -> first.setParameters(first.getParameters().subList(1, 10)),
                "chunk 1 begins at parameter 50000; 9 is expected.");
    }

    @Test
    void valuesOutOfRange_areRefused() {
        assertInvalidEnsemble(
                ensemble -> ensemble.getLabels().set(7, 3),
                "an example in the window is of the class 3; 0 to 2 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getLabels().set(7, -1),
                "an example in the window is of the class -1; 0 to 2 are expected.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getFeatureWeights().set(1, -0.5f),
                "one of the weights of the features is -0.5.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getFeatureWeights().set(1, Float.NaN),
                "one of the weights of the features is NaN.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getLabelPredictions().set(1, 1.5f),
                "one of the predictions from labels is 1.5.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getLabelPredictions().set(1, -1f),
                "one of the predictions from labels is -1.0.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getStack().set(1, Double.POSITIVE_INFINITY),
                "one of the weights of the stack is Infinity.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getCorrection().set(1, Double.NaN),
                "one of the weights of the correction is NaN.");
        assertInvalidEnsemble(
                ensemble -> ensemble.getStack().set(1, 0.5), "its content has the hash ");
        assertInvalidEnsemble(
                ensemble -> ensemble.setAnswers(List.of(1.0, 1.0, -1.0)),
                "the answers have the weights [1.0, 1.0, -1.0]; at least one above 0 is expected.");
        assertInvalid(first -> first.getParameters().set(40_000, Float.NaN), "a parameter is NaN.");
        assertInvalid(
                first -> first.getParameters().set(40_000, 2.5f), "its content has the hash ");
    }

    private static void assertInvalidTraining(Consumer<EnsembleTraining> change, String problem) {
        List<ModelSnapshotEvent> records = ensemble().withTraining().records(50_000);
        change.accept(records.get(0).getEnsemble().getTraining());
        assertThatThrownBy(() -> ClassifierReader.of(records))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining("Version 7 of model \"m\" cannot be used: " + problem);
    }

    @Test
    void otherTraining_isRefused() {
        assertInvalidTraining(
                training -> training.setParameters(33_294),
                "it has 133457 parameters; 133456 are expected.");
        assertInvalidTraining(
                training -> training.setExamples(49),
                "it has 50 examples in the window; 49 are expected.");
        assertInvalidTraining(
                training -> training.setExamples(-1),
                "it has 50 examples in the window; -1 are expected.");
        assertInvalidTraining(
                training -> training.setNextRefresh(83),
                "the weights of the features are due at 83 examples; 1 to 82 are expected.");
        assertInvalidTraining(
                training -> training.setNextRefresh(0),
                "the weights of the features are due at 0 examples; 1 to 82 are expected.");
        assertInvalidTraining(
                training -> training.setLastLabel(3),
                "the newest example is of the class 3; 0 to 2 are expected.");
        assertInvalidTraining(
                training -> training.getMixture().remove(0),
                "it has 23 weights of the mixture; 12 are expected.");
        assertInvalidTraining(
                training -> training.setMixture(List.of()),
                "it has 0 weights of the mixture; 12 are expected.");
        assertInvalidTraining(
                training -> training.getMixture().set(5, 0.0),
                "one of the weights of the mixture is 0.0.");
        assertInvalidTraining(
                training -> training.getAnswers().set(5, 1.5),
                "one of the weights of the mixture of the answers is 1.5.");
        assertInvalidTraining(
                training -> training.getAnswers().add(0.5),
                "it has 13 weights of the mixture of the answers; 12 are expected.");
        assertInvalidTraining(
                training -> training.getStackCovariance().remove(0),
                "it has 120 covariances of the stack; 121 are expected.");
        assertInvalidTraining(
                training -> training.getStackCovariance().set(3, Double.NaN),
                "one of the covariances of the stack is NaN.");
        assertInvalidTraining(
                training -> training.getCorrectionCovariance().add(0.0),
                "it has 122 covariances of the correction; 121 are expected.");
        assertInvalidTraining(
                training -> training.getCorrectionCovariance().set(3, 2.0),
                "its content has the hash ");
    }

    /** Sets parameters at the end of the snapshot, of which 15 are counts of labels. */
    private static void assertInvalidParameters(
            int fromTheEnd, int count, float value, String problem) {
        List<ModelSnapshotEvent> records = ensemble().withTraining().records(1 << 20);
        List<Float> parameters = records.get(0).getParameters();
        int from = parameters.size() - fromTheEnd;
        Collections.fill(parameters.subList(from, from + count), value);
        assertThatThrownBy(() -> ClassifierReader.of(records))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining("Version 7 of model \"m\" cannot be used: " + problem);
    }

    @Test
    void otherParametersOfTraining_areRefused() {
        assertInvalidParameters(1, 1, -0.5f, "a count of labels is -0.5.");
        assertInvalidParameters(6, 3, 0, "the counts of labels of one kind are all 0.");
        assertInvalidParameters(16, 1, 0, "a sum of squared gradients is 0.0.");
        assertInvalidParameters(16, 1, -1, "a sum of squared gradients is -1.0.");
        assertInvalidParameters(16, 1, Float.NaN, "a parameter is NaN.");
        assertInvalidParameters(16, 1, 7, "its content has the hash ");
    }
}
