package io.freshet.local.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import onnx.Onnx.ModelProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;

/**
 * Writer of a dense model or an ensemble as ONNX.
 *
 * <p>The input {@value #FEATURES} is (N, numFeatures) float. The outputs are {@value
 * #PROBABILITIES}, (N, classes) float, and {@value #CLASS}, (N) int64, the index of the first class
 * with the largest probability. Between them everything is in double, as in {@link Classifier}: a
 * mean that is large compared with the deviation has no digits left in float. A missing value, NaN,
 * is treated as the model treats it, if it accepts any.
 */
final class OnnxWriter {
    static final String FEATURES = "features";
    static final String PROBABILITIES = "probabilities";
    static final String CLASS = "class";

    /** Version of the operator set. */
    static final int OPSET = 13;

    /** Version of ONNX's file format that has this operator set. */
    private static final int IR_VERSION = 7;

    /** Largest size of the constants: protobuf's, less 16 MiB for nodes and names; bytes. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - (1 << 24);

    private final ModelContent content;
    private final OnnxGraph graph = new OnnxGraph();

    private OnnxWriter(ModelContent content) {
        this.content = content;
    }

    /**
     * Writes a model.
     *
     * @param version version of the program
     * @throws IllegalArgumentException if the model is sparse or too large for the format, or an
     *     ensemble whose distances ONNX cannot say precisely
     */
    static void write(ModelContent content, String version, OutputStream out) throws IOException {
        if (content.isSparse()) {
            throw new IllegalArgumentException(
                    "the model is sparse, and ONNX would have to have all "
                            + content.info().numFeatures()
                            + " features; "
                            + (content.isEnsemble() ? "avro has" : "npz, json and avro have")
                            + " only those that occurred");
        }
        long bytes = bytes(content);
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "its parameters would have %,d bytes, and a file of ONNX has at most"
                                    + " 2 GiB; %s has no such limit",
                            bytes,
                            content.isEnsemble() ? "avro" : "npz"));
        }
        new OnnxWriter(content).model(version).writeTo(out);
    }

    /** Returns the size of the constants; bytes. */
    private static long bytes(ModelContent content) {
        EnsembleContent ensemble = content.ensemble();
        return ensemble == null
                ? (long) content.parameters().length * Double.BYTES
                : OnnxEnsemble.bytes(content, ensemble);
    }

    private ModelProto model(String version) throws IOException {
        ModelInfo info = content.info();
        addGraph();
        ObjectMapper json = new ObjectMapper();
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setProducerName("freshet")
                .setProducerVersion(version)
                .setModelVersion(info.version())
                .setGraph(graph.build())
                .addMetadataProps(entry("model_id", info.modelId()))
                .addMetadataProps(entry("version", String.valueOf(info.version())))
                .addMetadataProps(entry("job", info.job()))
                .addMetadataProps(entry("epoch", String.valueOf(info.epoch())))
                .addMetadataProps(entry("examples_seen", String.valueOf(info.examplesSeen())))
                .addMetadataProps(entry("content_hash", info.contentHash()))
                .addMetadataProps(entry("classes", json.writeValueAsString(info.classes())))
                .addMetadataProps(
                        entry(
                                "hyper_parameters",
                                json.writeValueAsString(new TreeMap<>(info.hyperParameters()))))
                .build();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    private void addGraph() {
        int numFeatures = content.info().numFeatures();
        int numClasses = content.info().classes().size();
        graph.input(FEATURES, OnnxGraph.FLOAT, numFeatures);
        graph.output(PROBABILITIES, OnnxGraph.FLOAT, numClasses);
        graph.output(CLASS, OnnxGraph.INT64);
        String scaled = scaled(withoutMissing(graph.cast("double", OnnxGraph.DOUBLE, FEATURES)));
        EnsembleContent ensemble = content.ensemble();
        String mixed =
                ensemble == null
                        ? mixed(scaled)
                        : new OnnxEnsemble(graph, content, ensemble).add(scaled);
        if (content.numOutputs() < numClasses) {
            graph.node("Sub", "first_class", graph.constant("one", 1), mixed);
            mixed =
                    graph.node(
                            "Concat",
                            "both_classes",
                            OnnxGraph.attribute("axis", 1),
                            "first_class",
                            mixed);
        }
        graph.cast(PROBABILITIES, OnnxGraph.FLOAT, mixed);
        graph.node(
                "ArgMax",
                CLASS,
                List.of(OnnxGraph.attribute("axis", 1), OnnxGraph.attribute("keepdims", 0)),
                PROBABILITIES);
    }

    /** Adds the treatment of missing values, which only some models accept. */
    private String withoutMissing(String features) {
        String missing = content.info().hyperParameters().get(Classifier.MISSING);
        ModelContent.Scaler scaler = content.scaler();
        if (Classifier.ZERO.equals(missing)) {
            graph.constant("missing", 0);
        } else if (Classifier.MEAN.equals(missing) && scaler != null) {
            graph.constant("missing", scaler.mean(), scaler.mean().length);
        } else {
            return features;
        }
        graph.node("IsNaN", "is_missing", FEATURES);
        return graph.node("Where", "present", "is_missing", "missing", features);
    }

    private String scaled(String features) {
        ModelContent.Scaler scaler = content.scaler();
        if (scaler == null) {
            return features;
        }
        int numFeatures = scaler.mean().length;
        double[] inverse = new double[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            inverse[f] = scaler.variance()[f] > 0 ? 1 / Math.sqrt(scaler.variance()[f]) : 0;
        }
        graph.constant("mean", scaler.mean(), numFeatures);
        graph.constant("inverse_deviation", inverse, numFeatures);
        graph.node("Sub", "centred", features, "mean");
        graph.node("Mul", "standardised", "centred", "inverse_deviation");
        if (scaler.limit().length == 0) {
            return "standardised";
        }
        double[] upper = new double[numFeatures];
        double[] lower = new double[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            upper[f] = scaler.limit()[f];
            lower[f] = -upper[f];
        }
        graph.constant("upper_limit", upper, numFeatures);
        graph.constant("lower_limit", lower, numFeatures);
        graph.node("Min", "below_limit", "standardised", "upper_limit");
        return graph.node("Max", "clipped", "below_limit", "lower_limit");
    }

    /** Adds the probabilities under each learning rate and their weighted sum. */
    private String mixed(String inputs) {
        ModelArrays arrays = ModelArrays.of(content);
        int outputs = content.numOutputs();
        int rows = arrays.numRows();
        boolean sigmoid = content.activation().equals(ModelContent.SIGMOID);
        List<String> parts = new ArrayList<>();
        for (int rate = 0; rate < content.numRates(); rate++) {
            String suffix = "_" + rate;
            graph.constant(
                    "weights" + suffix,
                    doubles(arrays.weights(), rate * rows * outputs, rows * outputs),
                    rows,
                    outputs);
            graph.constant(
                    "bias" + suffix, doubles(arrays.bias(), rate * outputs, outputs), outputs);
            graph.node("Gemm", "logits" + suffix, inputs, "weights" + suffix, "bias" + suffix);
            String probabilities = "probabilities" + suffix;
            if (sigmoid) {
                graph.node("Sigmoid", probabilities, "logits" + suffix);
            } else {
                graph.node(
                        "Softmax",
                        probabilities,
                        OnnxGraph.attribute("axis", 1),
                        "logits" + suffix);
            }
            if (content.numRates() == 1) {
                return probabilities;
            }
            graph.constant("mixture" + suffix, content.mixture()[rate]);
            parts.add(graph.node("Mul", "weighted" + suffix, probabilities, "mixture" + suffix));
        }
        return graph.node("Sum", "mixed", parts.toArray(String[]::new));
    }

    private static double[] doubles(float[] values, int from, int count) {
        double[] doubles = new double[count];
        for (int i = 0; i < count; i++) {
            doubles[i] = values[from + i];
        }
        return doubles;
    }
}
