package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.EnsembleSnapshots;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import io.freshet.ensemble.Projection;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of ensembles as ONNX, with ONNX Runtime. */
class OnnxEnsembleTest {
    private static final int EXAMPLES = 300;

    /** Rounding of probabilities to float. */
    private static final double TOLERANCE = 5e-7;

    /** Rounding in the projection of more than 64 features, which the classifier does in float. */
    private static final double PROJECTED_TOLERANCE = 1e-5;

    private static byte[] onnx(ModelContent model) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        OnnxWriter.write(model, "1.0", out);
        return out.toByteArray();
    }

    private static ModelContent model(
            int numFeatures, int numClasses, boolean labelExperts, int window, boolean scaled)
            throws Exception {
        EnsembleSnapshots snapshots =
                new EnsembleSnapshots(
                        numFeatures + window,
                        numFeatures,
                        numClasses,
                        4,
                        labelExperts,
                        window,
                        scaled);
        return ClassifierReader.content(snapshots.withTraining().records(1 << 20));
    }

    private static EnsembleContent ensemble(ModelContent model) {
        return Objects.requireNonNull(model.ensemble());
    }

    /** Random rows, of which some are far from the means. */
    private static float[][] rows(ModelContent model) {
        Random random = new Random(1);
        float[][] rows = new float[EXAMPLES][];
        for (int i = 0; i < EXAMPLES; i++) {
            rows[i] = RandomModels.floats(random, model.info().numFeatures());
            for (int f = 0; f < rows[i].length; f++) {
                rows[i][f] *= (i % 10 == 0 ? 10 : 1) * (model.scaler() == null ? 1 : 3);
            }
        }
        return rows;
    }

    private static float scaled(ModelContent model, int feature, double value) {
        ModelContent.Scaler scaler = model.scaler();
        if (scaler == null) {
            return (float) value;
        }
        double variance = scaler.variance()[feature];
        double scaled =
                variance == 0 ? 0 : (value - scaler.mean()[feature]) * (1 / Math.sqrt(variance));
        double limit = scaler.limit()[feature];
        return (float) Math.max(-limit, Math.min(limit, scaled));
    }

    /** Fills the window of the model with rows, or what is close to them, in several classes. */
    private static void putIntoWindow(ModelContent model, float[][] rows, double deviation) {
        Random random = new Random(2);
        EnsembleContent ensemble = ensemble(model);
        int numFeatures = model.info().numFeatures();
        Projection projection = new Projection(numFeatures);
        float[] x = new float[numFeatures];
        float[] point = new float[projection.dimensions()];
        for (int i = 0; i < ensemble.labels().length; i++) {
            float[] row = rows[i % rows.length];
            for (int f = 0; f < numFeatures; f++) {
                x[f] = scaled(model, f, row[f]) + (float) (deviation * random.nextGaussian());
            }
            projection.project(x, 0, ensemble.featureWeights(), point);
            System.arraycopy(point, 0, ensemble.examples(), i * point.length, point.length);
        }
    }

    /** Gives the experts of the nearest examples all weight. */
    private static void trustTheNearest(ModelContent model) {
        EnsembleContent ensemble = ensemble(model);
        int first = model.numRates() + 2;
        for (double[] weights : List.of(model.mixture(), ensemble.stack(), ensemble.correction())) {
            Arrays.fill(weights, 0);
            weights[first] = 0.5;
            weights[first + 1] = 0.5;
        }
    }

    private static void assertEqual(ModelContent model, float[][] rows) throws Exception {
        Classifier classifier = model.classifier();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(onnx(model));
                OnnxTensor features = OnnxTensor.createTensor(environment, rows);
                OrtSession.Result result = session.run(Map.of("features", features))) {
            float[][] probabilities =
                    (float[][]) result.get("probabilities").orElseThrow().getValue();
            long[] classes = (long[]) result.get("class").orElseThrow().getValue();
            assertThat(probabilities).hasNumberOfRows(rows.length);
            assertThat(classes).hasSameSizeAs(rows);
            double largest = 0;
            for (int i = 0; i < rows.length; i++) {
                float[] expected = classifier.classify(rows[i]).probabilities();
                assertThat(probabilities[i]).hasSameSizeAs(expected);
                for (int c = 0; c < expected.length; c++) {
                    double difference = Math.abs(probabilities[i][c] - expected[c]);
                    assertThat(difference).isNotNaN();
                    largest = Math.max(largest, difference);
                }
                assertThat(classes[i])
                        .isEqualTo(Classification.mostProbable(probabilities[i], 1)[0]);
            }
            assertThat(largest)
                    .isLessThanOrEqualTo(
                            model.info().numFeatures() > 64 ? PROJECTED_TOLERANCE : TOLERANCE);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "6, 2, false, 40, true",
        "6, 2, true, 0, true",
        "54, 7, false, 1024, true",
        "54, 7, true, 1024, true",
        "54, 7, true, 10, false",
        "54, 7, false, 0, true",
        "130, 6, true, 1024, true",
        "130, 6, false, 40, false",
        "130, 6, false, 1, true",
        "5, 90, true, 1024, true",
        "5, 90, false, 33, true",
        "64, 3, false, 32, true",
        "1, 2, true, 31, false",
        "3, 1500, false, 1024, true",
    })
    void onnxRuntime_predictsAsTheClassifier(
            int numFeatures, int numClasses, boolean labelExperts, int window, boolean scaled)
            throws Exception {
        ModelContent model = model(numFeatures, numClasses, labelExperts, window, scaled);
        float[][] rows = rows(model);
        assertEqual(model, rows);
        trustTheNearest(model);
        assertEqual(model, rows);
    }

    /** Rows that are in the window, or so close to it that distances are about δ. */
    @ParameterizedTest
    @CsvSource({
        "6, 2, 40, true",
        "54, 7, 1024, true",
        "54, 7, 1024, false",
        "130, 6, 1024, true",
        "130, 6, 1024, false",
        "5, 90, 1024, true",
    })
    void closeExamples_areAsNearAsToTheClassifier(
            int numFeatures, int numClasses, int window, boolean scaled) throws Exception {
        ModelContent model = model(numFeatures, numClasses, false, window, scaled);
        float[][] rows = rows(model);
        trustTheNearest(model);
        for (double deviation : new double[] {0.1, 0.01, 0.001, 0}) {
            putIntoWindow(model, rows, deviation);
            assertEqual(model, rows);
        }
    }

    @Test
    void classesWithoutAnExample_haveNoVote() throws Exception {
        ModelContent model = model(6, 4, false, 100, true);
        int[] labels = ensemble(model).labels();
        trustTheNearest(model);
        for (int i = 0; i < labels.length; i++) {
            // Class 2 is in no place, and class 1 only before the last 32.
            labels[i] = labels[i] == 2 || (labels[i] == 1 && i > 60) ? 3 : labels[i];
        }
        assertEqual(model, rows(model));
        Arrays.fill(labels, 1);
        assertEqual(model, rows(model));
    }

    @Test
    void anyNumberOfExamples_arePredictedTogether() throws Exception {
        ModelContent model = model(70, 3, true, 50, true);
        float[][] rows = rows(model);
        assertEqual(model, Arrays.copyOf(rows, 1));
        assertEqual(model, Arrays.copyOf(rows, 2));
        float[][] many = new float[2048][];
        Arrays.setAll(many, i -> rows[i % rows.length]);
        assertEqual(model, many);
    }

    private static ModelContent with(ModelContent model, Map<String, String> hyperParameters) {
        ModelInfo info = model.info();
        return with(model, info.numFeatures(), info.classes(), hyperParameters);
    }

    private static ModelContent with(
            ModelContent model,
            int numFeatures,
            List<String> classes,
            Map<String, String> hyperParameters) {
        ModelInfo info = model.info();
        return new ModelContent(
                new ModelInfo(
                        info.modelId(),
                        info.version(),
                        info.contentHash(),
                        info.timestamp(),
                        info.examplesSeen(),
                        info.job(),
                        info.epoch(),
                        numFeatures,
                        classes,
                        hyperParameters),
                model.activation(),
                classes.size(),
                model.learningRates(),
                model.mixture(),
                model.parameters(),
                model.scaler(),
                model.columns(),
                model.scales(),
                model.scaleLimit(),
                model.ensemble());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mean", "zero"})
    void missingValues_areAsTheModelTreatsThem(String missing) throws Exception {
        ModelContent model = model(7, 3, false, 50, true);
        float[][] rows = rows(model);
        for (int i = 0; i < rows.length; i++) {
            rows[i][i % 7] = Float.NaN;
        }
        assertEqual(with(model, Map.of("features.missing", missing)), rows);
    }

    @Test
    void graph_hasTheInterfaceOfOtherModels_inStandardOperators() throws Exception {
        Map<String, String> settings =
                Map.of("learner.type", "ensemble", "features", "a,b,c,d:boolean,e");
        byte[] bytes = onnx(with(model(5, 1500, true, 1024, true), settings));
        ModelProto onnx = ModelProto.parseFrom(bytes);
        assertThat(onnx.getOpsetImportList())
                .singleElement()
                .satisfies(opset -> assertThat(opset.getDomain()).isEmpty())
                .satisfies(opset -> assertThat(opset.getVersion()).isEqualTo(13));
        assertThat(onnx.getGraph().getNodeList())
                .hasSizeLessThan(120)
                .extracting(NodeProto::getOpType)
                .contains("Gather", "Greater", "ReduceSum", "Gemm", "ReduceMin", "LogSoftmax");
        assertThat(onnx.getGraph().getInput(0).getName()).isEqualTo("features");
        assertThat(onnx.getGraph().getOutputList())
                .extracting(output -> output.getName())
                .containsExactly("probabilities", "class");
        assertThat(onnx.getMetadataPropsList())
                .filteredOn(entry -> entry.getKey().equals("hyper_parameters"))
                .singleElement()
                .satisfies(
                        entry ->
                                assertThat(entry.getValue())
                                        .isEqualTo(
                                                "{\"features\":\"a,b,c,d:boolean,e\","
                                                        + "\"learner.type\":\"ensemble\"}"));
    }

    @Test
    void fileAbove2GiB_isRefused() throws Exception {
        ModelContent wide =
                with(
                        model(5, 3, false, 50, true),
                        25_000,
                        Collections.nCopies(3000, "c"),
                        Map.of());
        assertThatThrownBy(() -> onnx(wide))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "its parameters would have 2,413,297,360 bytes, and a file of ONNX has at"
                                + " most 2 GiB; avro has no such limit");
    }

    @Test
    void constants_haveTheSizeThatIsCompared() throws Exception {
        ModelContent model = model(130, 6, false, 1024, true);
        assertThat((long) onnx(model).length)
                .isBetween(
                        OnnxEnsemble.bytes(model, ensemble(model)),
                        OnnxEnsemble.bytes(model, ensemble(model)) + 80_000);
    }

    @ParameterizedTest
    @CsvSource({"6, 1e4, 1.00e+08, 2.25e+05", "65, 200, 3.94e+04, 3.00e+04"})
    void largeExamples_areRefused(int numFeatures, float value, String meanSquare, String max)
            throws Exception {
        ModelContent model = model(numFeatures, 3, false, 50, false);
        Arrays.fill(ensemble(model).examples(), 0, numFeatures, value);
        assertThatThrownBy(() -> onnx(model))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "an example in the window has weighted features whose mean square is "
                                + meanSquare
                                + ", and above "
                                + max
                                + " distances would not be those of the job; with"
                                + " scaler.type=welford features are smaller, and avro has no such"
                                + " limit");
    }
}
