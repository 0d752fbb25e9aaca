package io.freshet.local.models;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/**
 * Builder of a graph of ONNX. A node has the name of its output, and methods that add one return
 * it.
 */
final class OnnxGraph {
    static final int DOUBLE = TensorProto.DataType.DOUBLE_VALUE;
    static final int FLOAT = TensorProto.DataType.FLOAT_VALUE;
    static final int INT64 = TensorProto.DataType.INT64_VALUE;

    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("freshet");

    GraphProto build() {
        return graph.build();
    }

    /**
     * Adds the input, whose first dimension is the number of examples.
     *
     * @param type of its values
     * @param shape its other dimensions
     */
    String input(String name, int type, int... shape) {
        graph.addInput(value(name, type, shape));
        return name;
    }

    /** Declares the output of a node as one of the graph, as above. */
    void output(String name, int type, int... shape) {
        graph.addOutput(value(name, type, shape));
    }

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

    /** Adds a node. */
    String node(String type, String output, String... inputs) {
        return node(type, output, List.of(), inputs);
    }

    /** Adds a node with an attribute. */
    String node(String type, String output, AttributeProto attribute, String... inputs) {
        return node(type, output, List.of(attribute), inputs);
    }

    /** Adds a node with attributes. */
    String node(String type, String output, List<AttributeProto> attributes, String... inputs) {
        graph.addNode(
                NodeProto.newBuilder()
                        .setOpType(type)
                        .setName(output)
                        .addAllInput(List.of(inputs))
                        .addOutput(output)
                        .addAllAttribute(attributes));
        return output;
    }

    /** Adds a node that converts values to a type. */
    String cast(String output, int type, String input) {
        return node("Cast", output, attribute("to", type), input);
    }

    /**
     * Adds a node that gives a value another shape.
     *
     * @param shape lengths of the dimensions; 0 for that of the input
     */
    String reshape(String output, String input, long... shape) {
        return node("Reshape", output, input, constant(output + "_shape", shape, shape.length));
    }

    static AttributeProto attribute(String name, int value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    /** Returns an attribute that is a list of one number. */
    static AttributeProto list(String name, int value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INTS)
                .addInts(value)
                .build();
    }

    /** Adds a constant of one number, which broadcasts. */
    String constant(String name, double value) {
        return constant(name, new double[] {value}, 1);
    }

    /**
     * Adds a constant.
     *
     * @param values row-major. Not modified.
     */
    String constant(String name, double[] values, int... shape) {
        ByteBuffer bytes = bytes(values.length, Double.BYTES);
        bytes.asDoubleBuffer().put(values);
        return constant(name, DOUBLE, bytes, shape);
    }

    /** Adds a constant, as above. */
    String constant(String name, float[] values, int... shape) {
        ByteBuffer bytes = bytes(values.length, Float.BYTES);
        bytes.asFloatBuffer().put(values);
        return constant(name, FLOAT, bytes, shape);
    }

    /** Adds a constant, as above. */
    String constant(String name, long[] values, int... shape) {
        ByteBuffer bytes = bytes(values.length, Long.BYTES);
        bytes.asLongBuffer().put(values);
        return constant(name, INT64, bytes, shape);
    }

    private static ByteBuffer bytes(int count, int size) {
        return ByteBuffer.allocate(Math.multiplyExact(count, size)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private String constant(String name, int type, ByteBuffer bytes, int... shape) {
        TensorProto.Builder tensor =
                TensorProto.newBuilder()
                        .setName(name)
                        .setDataType(type)
                        .setRawData(UnsafeByteOperations.unsafeWrap(bytes));
        for (int length : shape) {
            tensor.addDims(length);
        }
        graph.addInitializer(tensor);
        return name;
    }
}
