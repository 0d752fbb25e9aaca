package io.freshet.local.images;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

/**
 * Small networks in ONNX: a convolution of 3 × 3 with random weights, and the mean over the image.
 */
public final class SmallNetwork {
    public static final int FEATURES = 12;

    private static final int OPSET = 13;
    private static final int IR_VERSION = 7;
    private static final int FLOAT = TensorProto.DataType.FLOAT_VALUE;
    private static final int SIDE = 3;

    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("small");

    /** Writes a network whose input is (N, 3, height, width) and whose output is (N, FEATURES). */
    public static Path write(Path file, int height, int width) throws IOException {
        SmallNetwork network = new SmallNetwork();
        network.input("image", FLOAT, -1, RgbImage.CHANNELS, height, width);
        network.convolution();
        return network.write(file);
    }

    /** Writes a network with an operator that does not exist. */
    static Path writeWithUnknownOperator(Path file) throws IOException {
        SmallNetwork network = new SmallNetwork();
        network.input("image", FLOAT, -1, RgbImage.CHANNELS, SIDE, SIDE);
        network.node("Imagine", "features", "image");
        network.output("features", FLOAT, -1, FEATURES);
        return network.write(file);
    }

    /** Writes a network with two images as inputs. */
    static Path writeWithTwoInputs(Path file) throws IOException {
        SmallNetwork network = new SmallNetwork();
        network.input("left", FLOAT, -1, RgbImage.CHANNELS, SIDE, SIDE);
        network.input("right", FLOAT, -1, RgbImage.CHANNELS, SIDE, SIDE);
        network.node("Add", "features", "left", "right");
        network.output("features", FLOAT, -1, RgbImage.CHANNELS, SIDE, SIDE);
        return network.write(file);
    }

    /** Writes a network whose input is a vector. */
    static Path writeOfVectors(Path file) throws IOException {
        SmallNetwork network = new SmallNetwork();
        network.input("row", FLOAT, -1, FEATURES);
        network.node("Relu", "features", "row");
        network.output("features", FLOAT, -1, FEATURES);
        return network.write(file);
    }

    /** Writes a network whose output are whole numbers. */
    static Path writeOfShapes(Path file) throws IOException {
        SmallNetwork network = new SmallNetwork();
        network.input("image", FLOAT, -1, RgbImage.CHANNELS, SIDE, SIDE);
        network.node("Shape", "shape", "image");
        network.output("shape", TensorProto.DataType.INT64_VALUE, 4);
        return network.write(file);
    }

    private void convolution() {
        Random random = new Random(1);
        ByteBuffer weights =
                ByteBuffer.allocate(FEATURES * RgbImage.CHANNELS * SIDE * SIDE * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        while (weights.hasRemaining()) {
            weights.putFloat((float) random.nextGaussian());
        }
        graph.addInitializer(
                TensorProto.newBuilder()
                        .setName("weights")
                        .setDataType(FLOAT)
                        .addDims(FEATURES)
                        .addDims(RgbImage.CHANNELS)
                        .addDims(SIDE)
                        .addDims(SIDE)
                        .setRawData(ByteString.copyFrom(weights.flip())));
        graph.addNode(
                NodeProto.newBuilder()
                        .setOpType("Conv")
                        .addInput("image")
                        .addInput("weights")
                        .addOutput("filtered")
                        .addAttribute(
                                AttributeProto.newBuilder()
                                        .setName("pads")
                                        .setType(AttributeProto.AttributeType.INTS)
                                        .addInts(1)
                                        .addInts(1)
                                        .addInts(1)
                                        .addInts(1)));
        node("Relu", "active", "filtered");
        node("GlobalAveragePool", "pooled", "active");
        node("Flatten", "features", "pooled");
        output("features", FLOAT, -1, FEATURES);
    }

    private void node(String operator, String output, String... inputs) {
        NodeProto.Builder node = NodeProto.newBuilder().setOpType(operator).addOutput(output);
        for (String input : inputs) {
            node.addInput(input);
        }
        graph.addNode(node);
    }

    private void input(String name, int type, int... shape) {
        graph.addInput(value(name, type, shape));
    }

    private void output(String name, int type, int... shape) {
        graph.addOutput(value(name, type, shape));
    }

    /** Returns a value's declaration; sizes below 0 are those of the batch. */
    private static ValueInfoProto value(String name, int type, int... shape) {
        TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
        for (int size : shape) {
            TensorShapeProto.Dimension.Builder dim = TensorShapeProto.Dimension.newBuilder();
            dims.addDim(size < 0 ? dim.setDimParam("N") : dim.setDimValue(size));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(
                        TypeProto.newBuilder()
                                .setTensorType(
                                        TypeProto.Tensor.newBuilder()
                                                .setElemType(type)
                                                .setShape(dims)))
                .build();
    }

    private Path write(Path file) throws IOException {
        ModelProto model =
                ModelProto.newBuilder()
                        .setIrVersion(IR_VERSION)
                        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                        .setGraph(graph)
                        .build();
        return Files.write(file, model.toByteArray());
    }
}
