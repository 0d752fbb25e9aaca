package io.freshet.local.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.ModelContent;
import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;

/**
 * Reader of a linear model from ONNX: a Gemm, or a MatMul and an Add, possibly followed by Softmax,
 * LogSoftmax or Sigmoid.
 */
final class OnnxImport {
    /** Largest size of a file. */
    private static final int MAX_BYTES = 1 << 28;

    private static final Set<String> ACTIVATIONS = Set.of("Softmax", "LogSoftmax", "Sigmoid");
    private static final String EXPECTED =
            "a Gemm, or a MatMul and an Add, then at most a Softmax, LogSoftmax or Sigmoid";

    private final ModelProto model;
    private final GraphProto graph;
    private final Map<String, TensorProto> constants = new HashMap<>();

    private OnnxImport(ModelProto model) {
        this.model = model;
        this.graph = model.getGraph();
        graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
    }

    /**
     * Reads a file.
     *
     * @throws UserException if it does not have a linear model as requested
     */
    static LinearModel read(Path file, ImportRequest request) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        }
        if (bytes.length > MAX_BYTES) {
            throw new UserException("it has more than " + MAX_BYTES + " bytes");
        }
        try {
            return new OnnxImport(ModelProto.parseFrom(bytes)).read(request);
        } catch (InvalidProtocolBufferException e) {
            throw new UserException("it is not a whole ONNX model: " + e.getMessage(), e);
        }
    }

    /** Weights of a layer, (numFeatures, numOutputs), and its bias. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Layer(int numFeatures, int numOutputs, double[] weights, double[] bias) {}

    private LinearModel read(ImportRequest request) {
        List<NodeProto> nodes = new ArrayList<>();
        for (NodeProto node : graph.getNodeList()) {
            if (node.getOpType().equals("Constant")) {
                constants.put(output(node), attribute(node, "value").getT());
            } else {
                nodes.add(node);
            }
        }
        String activation = null;
        int last = nodes.size() - 1;
        if (last >= 0 && ACTIVATIONS.contains(nodes.get(last).getOpType())) {
            activation = activation(nodes.get(last));
            requireInput(nodes.get(last), last == 0 ? "" : output(nodes.get(last - 1)));
            last--;
        }
        Layer layer;
        if (last == 0 && nodes.get(0).getOpType().equals("Gemm")) {
            layer = gemm(nodes.get(0), request);
        } else if (last == 1
                && nodes.get(0).getOpType().equals("MatMul")
                && nodes.get(1).getOpType().equals("Add")) {
            layer = matMul(nodes.get(0), nodes.get(1), request);
        } else {
            throw new UserException(
                    "it has the operators "
                            + nodes.stream()
                                    .map(NodeProto::getOpType)
                                    .limit(20)
                                    .collect(Collectors.joining(", "))
                            + "; "
                            + EXPECTED
                            + " is expected");
        }
        return new LinearModel(
                layer.numFeatures,
                layer.numOutputs,
                LinearModel.parameters(layer.weights, layer.bias),
                activation,
                classes(),
                null);
    }

    private static String output(NodeProto node) {
        if (node.getOutputCount() != 1) {
            throw new UserException(
                    "the operator "
                            + node.getOpType()
                            + " has "
                            + node.getOutputCount()
                            + " outputs; 1 is expected");
        }
        return node.getOutput(0);
    }

    private static AttributeProto attribute(NodeProto node, String name) {
        for (AttributeProto attribute : node.getAttributeList()) {
            if (attribute.getName().equals(name)) {
                return attribute;
            }
        }
        return AttributeProto.getDefaultInstance();
    }

    private static String activation(NodeProto node) {
        if (node.getOpType().equals("Sigmoid")) {
            return ModelContent.SIGMOID;
        }
        AttributeProto axis = attribute(node, "axis");
        if (!axis.getName().isEmpty() && axis.getI() != 1 && axis.getI() != -1) {
            throw new UserException(
                    "the operator "
                            + node.getOpType()
                            + " has the axis "
                            + axis.getI()
                            + "; that of the classes, 1, is expected");
        }
        return ModelContent.SOFTMAX;
    }

    private static void requireInput(NodeProto node, String expected) {
        if (node.getInputCount() < 1 || !node.getInput(0).equals(expected)) {
            throw new UserException(
                    "the input of the operator "
                            + node.getOpType()
                            + " is not the output of the one before it");
        }
    }

    private Layer gemm(NodeProto node, ImportRequest request) {
        if (node.getInputCount() < 2 || constants.containsKey(node.getInput(0))) {
            throw new UserException("the first input of the operator Gemm is not the features");
        }
        if (attribute(node, "transA").getI() != 0) {
            throw new UserException("the operator Gemm has transA = 1; 0 is expected");
        }
        TensorProto weight = constant(node.getInput(1), 2);
        int rows = (int) weight.getDims(0);
        int columns = (int) weight.getDims(1);
        boolean rowsAreClasses = attribute(node, "transB").getI() != 0;
        int outputs = rowsAreClasses ? rows : columns;
        int features = rowsAreClasses ? columns : rows;
        request.requireShape(features, outputs);
        double[] values = values(weight);
        double[] weights =
                rowsAreClasses ? LinearModel.transposed(values, outputs, features) : values;
        boolean hasBias = node.getInputCount() > 2 && !node.getInput(2).isEmpty();
        double[] bias = hasBias ? bias(node.getInput(2), outputs) : new double[outputs];
        multiply(weights, attribute(node, "alpha"));
        multiply(bias, attribute(node, "beta"));
        return new Layer(features, outputs, weights, bias);
    }

    private static void multiply(double[] values, AttributeProto factor) {
        if (!factor.getName().isEmpty()) {
            for (int i = 0; i < values.length; i++) {
                values[i] *= factor.getF();
            }
        }
    }

    private Layer matMul(NodeProto product, NodeProto sum, ImportRequest request) {
        if (product.getInputCount() != 2 || constants.containsKey(product.getInput(0))) {
            throw new UserException("the first input of the operator MatMul is not the features");
        }
        TensorProto weight = constant(product.getInput(1), 2);
        int features = (int) weight.getDims(0);
        int outputs = (int) weight.getDims(1);
        request.requireShape(features, outputs);
        String products = output(product);
        if (sum.getInputCount() != 2 || !sum.getInputList().contains(products)) {
            throw new UserException("the operator Add does not add to the output of MatMul");
        }
        String other = sum.getInput(sum.getInput(0).equals(products) ? 1 : 0);
        return new Layer(features, outputs, values(weight), bias(other, outputs));
    }

    /** A bias may have a first dimension of 1. */
    private double[] bias(String name, int outputs) {
        TensorProto bias = constant(name, 0);
        int dimensions = bias.getDimsCount();
        boolean fits =
                dimensions >= 1
                        && dimensions <= 2
                        && bias.getDims(dimensions - 1) == outputs
                        && (dimensions == 1 || bias.getDims(0) == 1);
        if (!fits) {
            throw new UserException(
                    "the bias "
                            + name
                            + " has the shape "
                            + bias.getDimsList()
                            + "; ["
                            + outputs
                            + "] is expected");
        }
        return values(bias);
    }

    /**
     * Returns a constant with as many values as a shape of int lengths says.
     *
     * @param dimensions number of its dimensions; 0 for any
     */
    private TensorProto constant(String name, int dimensions) {
        TensorProto tensor = constants.get(name);
        if (tensor == null) {
            throw new UserException("the weights " + name + " are not a constant of the model");
        }
        if (dimensions > 0 && tensor.getDimsCount() != dimensions) {
            throw new UserException(
                    "the weights "
                            + name
                            + " have the shape "
                            + tensor.getDimsList()
                            + "; "
                            + dimensions
                            + " dimensions are expected");
        }
        long count = 1;
        for (long length : tensor.getDimsList()) {
            boolean tooLarge = length < 0 || length > NpzReader.MAX_VALUES;
            count = tooLarge ? Long.MAX_VALUE : count * length;
            if (count > NpzReader.MAX_VALUES) {
                throw new UserException(
                        "the weights "
                                + name
                                + " declare the shape "
                                + tensor.getDimsList()
                                + "; at most "
                                + NpzReader.MAX_VALUES
                                + " values can be read");
            }
        }
        if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
            throw new UserException(
                    "the weights " + name + " are in another file; save the model in one file");
        }
        return tensor;
    }

    private static double[] values(TensorProto tensor) {
        boolean isDouble = tensor.getDataType() == TensorProto.DataType.DOUBLE_VALUE;
        if (!isDouble && tensor.getDataType() != TensorProto.DataType.FLOAT_VALUE) {
            throw new UserException(
                    "the weights "
                            + tensor.getName()
                            + " have the type "
                            + typeName(tensor.getDataType())
                            + "; FLOAT or DOUBLE is expected");
        }
        long expected = 1;
        for (long length : tensor.getDimsList()) {
            expected *= length;
        }
        int size = isDouble ? Double.BYTES : Float.BYTES;
        boolean isRaw = !tensor.getRawData().isEmpty();
        long found =
                isRaw
                        ? tensor.getRawData().size() / size
                        : isDouble ? tensor.getDoubleDataCount() : tensor.getFloatDataCount();
        boolean whole = tensor.getRawData().isEmpty() || tensor.getRawData().size() % size == 0;
        if (found != expected || !whole) {
            throw new UserException(
                    "the weights "
                            + tensor.getName()
                            + " have "
                            + found
                            + (whole ? "" : " and a half")
                            + " values; their shape "
                            + tensor.getDimsList()
                            + " needs "
                            + expected);
        }
        double[] values = new double[(int) expected];
        ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            if (isRaw) {
                values[i] = isDouble ? raw.getDouble() : raw.getFloat();
            } else {
                values[i] = isDouble ? tensor.getDoubleData(i) : tensor.getFloatData(i);
            }
        }
        return values;
    }

    private static String typeName(int type) {
        TensorProto.@Nullable DataType known = TensorProto.DataType.forNumber(type);
        return known == null ? String.valueOf(type) : known.name();
    }

    /** Returns the names in the metadata, as an export by Freshet has them; empty if none. */
    private List<String> classes() {
        for (StringStringEntryProto entry : model.getMetadataPropsList()) {
            if (entry.getKey().equals("classes")) {
                try {
                    return List.of(new ObjectMapper().readValue(entry.getValue(), String[].class));
                } catch (JsonProcessingException e) {
                    throw new UserException(
                            "the metadata classes are not a JSON array of texts", e);
                }
            }
        }
        return List.of();
    }
}
