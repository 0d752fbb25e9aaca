package io.freshet.local.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

/**
 * Writer of a dense model as ONNX.
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

    private static final int DOUBLE = TensorProto.DataType.DOUBLE_VALUE;
    private static final int FLOAT = TensorProto.DataType.FLOAT_VALUE;
    private static final int INT64 = TensorProto.DataType.INT64_VALUE;

    private final ModelContent content;
    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("freshet");

    private OnnxWriter(ModelContent content) {
        this.content = content;
    }

    /**
     * Writes a model.
     *
     * @param version version of the program
     * @throws IllegalArgumentException if the model is sparse, an ensemble or too large for the
     *     format
     */
    static void write(ModelContent content, String version, OutputStream out) throws IOException {
        if (content.isSparse()) {
            throw new IllegalArgumentException(
                    "the model is sparse, and ONNX would have to have all "
                            + content.info().numFeatures()
                            + " features; npz, json and avro have only those that occurred");
        }
        long values = content.parameters().length + 3L * content.info().numFeatures();
        if (values * Double.BYTES > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException(
                    "the model has "
                            + content.parameters().length
                            + " parameters, too many for a file of ONNX; npz has no such limit");
        }
        new OnnxWriter(content).model(version).writeTo(out);
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
                .setGraph(graph)
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
        graph.addInput(value(FEATURES, FLOAT, numFeatures));
        graph.addOutput(value(PROBABILITIES, FLOAT, numClasses));
        graph.addOutput(value(CLASS, INT64));
        node("Cast", "double", attribute("to", DOUBLE), FEATURES);
        String inputs = scaled(withoutMissing("double"));
        String mixed = mixed(inputs);
        if (content.numOutputs() < numClasses) {
            constant("one", new double[] {1}, 1);
            node("Sub", "first_class", "one", mixed);
            node("Concat", "both_classes", attribute("axis", 1), "first_class", mixed);
            mixed = "both_classes";
        }
        node("Cast", PROBABILITIES, attribute("to", FLOAT), mixed);
        graph.addNode(
                NodeProto.newBuilder()
                        .setOpType("ArgMax")
                        .setName(CLASS)
                        .addInput(PROBABILITIES)
                        .addOutput(CLASS)
                        .addAttribute(attribute("axis", 1))
                        .addAttribute(attribute("keepdims", 0)));
    }

    /** Adds the treatment of missing values, which only some models accept. */
    private String withoutMissing(String features) {
        String missing = content.info().hyperParameters().get(Classifier.MISSING);
        ModelContent.Scaler scaler = content.scaler();
        if (Classifier.ZERO.equals(missing)) {
            constant("missing", new double[] {0}, 1);
        } else if (Classifier.MEAN.equals(missing) && scaler != null) {
            constant("missing", scaler.mean(), scaler.mean().length);
        } else {
            return features;
        }
        node("IsNaN", "is_missing", FEATURES);
        node("Where", "present", "is_missing", "missing", features);
        return "present";
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
        constant("mean", scaler.mean(), numFeatures);
        constant("inverse_deviation", inverse, numFeatures);
        node("Sub", "centred", features, "mean");
        node("Mul", "standardised", "centred", "inverse_deviation");
        if (scaler.limit().length == 0) {
            return "standardised";
        }
        double[] upper = new double[numFeatures];
        double[] lower = new double[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            upper[f] = scaler.limit()[f];
            lower[f] = -upper[f];
        }
        constant("upper_limit", upper, numFeatures);
        constant("lower_limit", lower, numFeatures);
        node("Min", "below_limit", "standardised", "upper_limit");
        node("Max", "clipped", "below_limit", "lower_limit");
        return "clipped";
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
            constant(
                    "weights" + suffix,
                    doubles(arrays.weights(), rate * rows * outputs, rows * outputs),
                    rows,
                    outputs);
            constant("bias" + suffix, doubles(arrays.bias(), rate * outputs, outputs), outputs);
            node("Gemm", "logits" + suffix, inputs, "weights" + suffix, "bias" + suffix);
            String probabilities = "probabilities" + suffix;
            if (sigmoid) {
                node("Sigmoid", probabilities, "logits" + suffix);
            } else {
                node("Softmax", probabilities, attribute("axis", 1), "logits" + suffix);
            }
            if (content.numRates() == 1) {
                return probabilities;
            }
            constant("mixture" + suffix, new double[] {content.mixture()[rate]}, 1);
            node("Mul", "weighted" + suffix, probabilities, "mixture" + suffix);
            parts.add("weighted" + suffix);
        }
        node("Sum", "mixed", parts.toArray(String[]::new));
        return "mixed";
    }

    private static double[] doubles(float[] values, int from, int count) {
        double[] doubles = new double[count];
        for (int i = 0; i < count; i++) {
            doubles[i] = values[from + i];
        }
        return doubles;
    }

    private void node(String type, String output, String... inputs) {
        graph.addNode(newNode(type, output, inputs));
    }

    private void node(String type, String output, AttributeProto attribute, String... inputs) {
        graph.addNode(newNode(type, output, inputs).addAttribute(attribute));
    }

    /** Nodes have the names of their outputs. */
    private static NodeProto.Builder newNode(String type, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(type)
                .setName(output)
                .addAllInput(List.of(inputs))
                .addOutput(output);
    }

    private static AttributeProto attribute(String name, int value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    private void constant(String name, double[] values, int... shape) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(values);
        TensorProto.Builder tensor =
                TensorProto.newBuilder()
                        .setName(name)
                        .setDataType(DOUBLE)
                        .setRawData(ByteString.copyFrom(bytes));
        for (int length : shape) {
            tensor.addDims(length);
        }
        graph.addInitializer(tensor);
    }

    /** Returns the type of an input or output, whose first dimension is the number of examples. */
    private static ValueInfoProto value(String name, int type, int... shape) {
        TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
        dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
        for (int length : shape) {
            dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(length));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(
                        TypeProto.newBuilder()
                                .setTensorType(
                                        TypeProto.Tensor.newBuilder()
                                                .setElemType(type)
                                                .setShape(dimensions)))
                .build();
    }
}
