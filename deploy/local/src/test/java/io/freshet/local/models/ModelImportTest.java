package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.SnapshotFile;
import io.freshet.classifier.SnapshotRecord;
import io.freshet.local.cli.UserException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of PyTorch and NumPy are written by {@code linear_models.py}, beside them. */
class ModelImportTest {
    private static final ImportRequest ANY = new ImportRequest(null, List.of(), null, null);

    @TempDir private Path directory;

    private static byte[] bytes(String name) throws IOException {
        try (InputStream in = ModelImportTest.class.getResourceAsStream(name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        }
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(directory.resolve(name), bytes);
    }

    private ModelContent read(String name, ImportRequest request) throws IOException {
        return ModelImport.read(file(name, bytes(name)), request, "m");
    }

    /** Returns the rows of predictions.csv: four features, softmax of three, one sigmoid. */
    private static List<float[]> predictions() throws IOException {
        return new String(bytes("predictions.csv"), StandardCharsets.UTF_8)
                .lines()
                .skip(1)
                .map(line -> line.split(",", -1))
                .map(
                        cells -> {
                            float[] row = new float[cells.length];
                            for (int i = 0; i < row.length; i++) {
                                row[i] = Float.parseFloat(cells[i]);
                            }
                            return row;
                        })
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear.onnx", "log_softmax.onnx", "linear.npz"})
    void imported_predictsAsPyTorch(String name) throws Exception {
        Classifier classifier = read(name, ANY).classifier();

        assertThat(classifier.info().classes()).containsExactly("0", "1", "2");
        for (float[] row : predictions()) {
            assertThat(classifier.classify(Arrays.copyOf(row, 4)).probabilities())
                    .containsExactly(Arrays.copyOfRange(row, 4, 7), within(1e-6f));
        }
    }

    @Test
    void imported_sigmoid_predictsTwoClassesAsPyTorch() throws Exception {
        ImportRequest request = new ImportRequest(4, List.of("no", "yes"), null, null);
        Classifier classifier = read("sigmoid.onnx", request).classifier();

        for (float[] row : predictions()) {
            float[] found = classifier.classify(Arrays.copyOf(row, 4)).probabilities();
            assertThat(found).containsExactly(new float[] {1 - row[7], row[7]}, within(1e-6f));
        }
    }

    @Test
    void imported_featuresInRowsInFortranOrder_hasClassesAndScaler() throws Exception {
        ModelContent rows = read("transposed.npz", ANY);
        ModelContent columns = read("linear.npz", ANY);

        assertThat(rows.parameters()).containsExactly(columns.parameters());
        assertThat(rows.info().classes()).containsExactly("ant", "naïve", "𝔸");
        ModelContent.Scaler scaler = Objects.requireNonNull(rows.scaler());
        assertThat(scaler.count()).isEqualTo(1000);
        assertThat(scaler.mean()).containsExactly(0.5, -1, 2, 1e6);
        assertThat(scaler.variance()).containsExactly(1, 4, 0.25, 0);
        assertThat(scaler.limit()).containsExactly(2, 2, 2, 2);
    }

    @Test
    void imported_asSnapshotFile_isReadAgain() throws Exception {
        ModelContent content = read("transposed.npz", ANY);
        Path file = directory.resolve("start.avro");
        SnapshotFile.write(List.of(SnapshotRecord.of(content, "test")), file);

        Classifier read = ClassifierReader.read(file);
        float[] features = {1, 2, 3, 4};
        assertThat(read.classify(features).probabilities())
                .containsExactly(content.classifier().classify(features).probabilities());
        assertThat(read.info().modelId()).isEqualTo("m");
        assertThat(read.info().version()).isZero();
        assertThat(read.info().hyperParameters())
                .containsExactly(Map.entry("models.imported-from", "transposed.npz"));
    }

    private void assertRefused(Path file, ImportRequest request, String reason) {
        assertThatThrownBy(() -> ModelImport.read(file, request, "m"))
                .isInstanceOf(UserException.class)
                .hasMessage(file + " cannot be imported: " + reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear.onnx", "linear.npz"})
    void shape_otherThanRequested_isRefusedWithBoth(String name) throws Exception {
        Path file = file(name, bytes(name));
        assertRefused(
                file,
                new ImportRequest(5, List.of("a", "b"), null, null),
                "the weights have the shape (classes, features) = (3, 4); (classes, features) ="
                        + " (2, 5) is expected");
    }

    @Test
    void activation_otherThanRequested_isRefused() throws Exception {
        assertRefused(
                file("sigmoid.onnx", bytes("sigmoid.onnx")),
                new ImportRequest(null, List.of(), ModelContent.SOFTMAX, null),
                "the model ends with sigmoid; softmax is expected");
    }

    @Test
    void network_isRefusedWithItsOperators() throws Exception {
        assertRefused(
                file("network.onnx", bytes("network.onnx")),
                ANY,
                "it has the operators Gemm, Relu, Gemm; a Gemm, or a MatMul and an Add, then at"
                        + " most a Softmax, LogSoftmax or Sigmoid is expected");
    }

    @Test
    void anotherName_isRefused() throws Exception {
        assertRefused(
                file("linear.pt", bytes("linear.npz")),
                ANY,
                "the end of its name is neither .onnx nor .npz");
    }

    /** A file that lacks its end has what it needs, or is refused. */
    @ParameterizedTest
    @ValueSource(strings = {"linear.onnx", "log_softmax.onnx", "linear.npz", "transposed.npz"})
    void truncated_isRefusedOrTheSame(String name) throws Exception {
        byte[] whole = bytes(name);
        float[] expected = read(name, ANY).parameters();
        int refused = 0;
        for (int length = 0; length < whole.length; length++) {
            Path file = file(name, Arrays.copyOf(whole, length));
            try {
                assertThat(ModelImport.read(file, ANY, "m").parameters()).containsExactly(expected);
            } catch (UserException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(whole.length / 2);
    }

    /** Nothing but a refusal comes of a damaged byte. */
    @ParameterizedTest
    @ValueSource(strings = {"linear.onnx", "log_softmax.onnx", "linear.npz", "transposed.npz"})
    void damagedByte_isRefusedOrGivesFiniteParameters(String name) throws Exception {
        byte[] whole = bytes(name);
        for (int at = 0; at < whole.length; at++) {
            for (int change : new int[] {1, 0x80, 0xFF}) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) change;
                Path file = file(name, damaged);
                try {
                    for (float value : ModelImport.read(file, ANY, "m").parameters()) {
                        assertThat(Float.isFinite(value)).isTrue();
                    }
                } catch (UserException e) {
                    assertThat(e).hasMessageStartingWith(file + " cannot be imported: ");
                }
            }
        }
    }

    /** Returns an array of NumPy. */
    private static byte[] npy(String header, int values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(NpzWriter.MAGIC.length + 4 + header.length() + 4 * values)
                        .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(NpzWriter.MAGIC).put(new byte[] {1, 0}).putShort((short) header.length());
        bytes.put(header.getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < values; i++) {
            bytes.putFloat(i);
        }
        return bytes.array();
    }

    private static byte[] npy(String type, String shape, int values) {
        return npy(
                "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }",
                values);
    }

    private Path npz(Map<String, byte[]> arrays) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
                zip.write(array.getValue());
            }
        }
        return file("model.npz", out.toByteArray());
    }

    private Path npz(byte[] weight, byte @Nullable [] bias) throws IOException {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        arrays.put("weight", weight);
        if (bias != null) {
            arrays.put("bias", bias);
        }
        return npz(arrays);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "<f4 # 2, 3 # 5 # array weight has 20 bytes of values; its shape [2, 3] needs 24",
                "<f4 # 2, 3 # 7 # array weight has more than 24 bytes of values; its shape [2, 3]"
                        + " needs 24",
                "<f4 # 2, 8000000 # 6 # array weight has 24 bytes of values; its shape"
                        + " [2, 8000000] needs 64000000",
                "<f4 # 2, 99999999999999999999 # 6 # array weight declares the shape (2,"
                        + " 99999999999999999999); at most 16777216 values can be read",
                "<f4 # 70000, 70000 # 6 # array weight declares the shape (70000, 70000); at most"
                        + " 16777216 values can be read",
                "<f2 # 2, 3 # 3 # array weight has values of type <f2; f4, f8, i4 or i8 is"
                        + " expected",
                "|O # 2, 3 # 3 # array weight has values of type |O; f4, f8, i4 or i8 is expected",
                "<f4 # 2, 3, 1 # 6 # array weight has the shape [2, 3, 1]; 2 dimensions are"
                        + " expected",
                "<f4 # 3, 4 # 12 # array weight has the shape [3, 4] and bias [2], which do not"
                        + " fit",
                "<f4 # 0, 2 # 0 # the weights have the shape (classes, features) = (2, 0); at least"
                        + " one of each is expected"
            })
    void npz_withAnotherArray_isRefused(String type, String shape, int values, String reason)
            throws Exception {
        assertRefused(npz(npy(type, shape, values), npy("<f4", "2,", 2)), ANY, reason);
    }

    @Test
    void npz_square_needsTheMeaningOfItsRows() throws Exception {
        Path file = npz(npy("<f4", "2, 2", 4), npy("<f4", "2,", 2));
        assertRefused(
                file,
                ANY,
                "array weight has the shape [2, 2], which does not say whether its rows are"
                        + " classes or features; set --rows");
        ImportRequest classes = new ImportRequest(null, List.of(), null, WeightRows.CLASSES);
        assertThat(ModelImport.read(file, classes, "m").parameters())
                .containsExactly(0, 2, 1, 3, 0, 1);
        ImportRequest features = new ImportRequest(null, List.of(), null, WeightRows.FEATURES);
        assertThat(ModelImport.read(file, features, "m").parameters())
                .containsExactly(0, 1, 2, 3, 0, 1);
    }

    @Test
    void npz_withoutBias_hasBiasZero() throws Exception {
        Path file = npz(npy("<f4", "2, 3", 6), null);
        ImportRequest request = new ImportRequest(3, List.of(), null, null);

        assertThat(ModelImport.read(file, request, "m").parameters())
                .containsExactly(0, 3, 1, 4, 2, 5, 0, 0);
    }

    @Test
    void npz_ofSeveralLayers_isRefusedWithTheirNames() throws Exception {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        arrays.put("0.weight", npy("<f4", "2, 3", 6));
        arrays.put("1.weight", npy("<f4", "2, 2", 4));
        assertRefused(
                npz(arrays),
                ANY,
                "it has several arrays weight: 0.weight, 1.weight; only a single linear layer can"
                        + " be imported");
        assertRefused(
                npz(Map.of("a", npy("<f4", "1,", 1))), ANY, "it has no array weight; it has a");
    }

    @Test
    void npz_withoutAWholeHeader_isRefused() throws Exception {
        assertRefused(
                npz(new byte[] {1, 2, 3}, null),
                ANY,
                "array weight does not begin as an array of NumPy, version 1 to 3, does");
        byte[] long2 =
                ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put(NpzWriter.MAGIC)
                        .put(new byte[] {2, 0})
                        .putInt(-1)
                        .array();
        assertRefused(
                npz(long2, null),
                ANY,
                "array weight declares a header of 4294967295 bytes; at most 16384 are expected");
        assertRefused(
                npz(npy("{'shape': 3}", 0), null),
                ANY,
                "array weight has the header \"{'shape': 3}\", not one with descr, fortran_order"
                        + " and shape");
    }

    /** A gigabyte of zeros in a megabyte: only what the shape needs is read. */
    @Test
    void npz_thatUnpacksToMuchMore_isRefusedAfterWhatItsShapeNeeds() throws Exception {
        Path file = directory.resolve("model.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("weight.npy"));
            zip.write(npy("<f4", "2, 3", 0));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 1 << 10; i++) {
                zip.write(zeros);
            }
        }
        assertThat(file).satisfies(small -> assertThat(Files.size(small)).isLessThan(2 << 20));
        assertRefused(
                file,
                new ImportRequest(3, List.of(), null, null),
                "array weight has more than 24 bytes of values; its shape [2, 3] needs 24");
    }

    private Path onnx(TensorProto.Builder weight, NodeProto.Builder... nodes) throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder().addInitializer(weight.setName("w"));
        graph.addInitializer(
                TensorProto.newBuilder()
                        .setName("b")
                        .addDims(1)
                        .addDims(2)
                        .setDataType(TensorProto.DataType.DOUBLE_VALUE)
                        .addDoubleData(7)
                        .addDoubleData(8));
        for (NodeProto.Builder node : nodes) {
            graph.addNode(node);
        }
        return file("model.onnx", ModelProto.newBuilder().setGraph(graph).build().toByteArray());
    }

    private static TensorProto.Builder weight() {
        TensorProto.Builder weight =
                TensorProto.newBuilder()
                        .addDims(3)
                        .addDims(2)
                        .setDataType(TensorProto.DataType.FLOAT_VALUE);
        for (int i = 0; i < 6; i++) {
            weight.addFloatData(i);
        }
        return weight;
    }

    private static NodeProto.Builder node(String type, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(type)
                .addAllInput(List.of(inputs))
                .addOutput(output);
    }

    @Test
    void onnx_ofProductAndSum_isImported() throws Exception {
        Path file = onnx(weight(), node("MatMul", "p", "x", "w"), node("Add", "y", "b", "p"));

        assertThat(ModelImport.read(file, ANY, "m").parameters())
                .containsExactly(0, 1, 2, 3, 4, 5, 7, 8);
    }

    @Test
    void onnx_withOtherWeights_isRefusedWithWhatIsExpected() throws Exception {
        NodeProto.Builder gemm = node("Gemm", "y", "x", "w", "b");
        assertRefused(
                onnx(weight().addFloatData(6), gemm),
                ANY,
                "the weights w have 7 values; their shape [3, 2] needs 6");
        assertRefused(
                onnx(weight().setDims(0, 1L << 40), gemm),
                ANY,
                "the weights w declare the shape [1099511627776, 2]; at most 16777216 values can be"
                        + " read");
        assertRefused(
                onnx(weight().setDims(0, -3), gemm),
                ANY,
                "the weights w declare the shape [-3, 2]; at most 16777216 values can be read");
        assertRefused(
                onnx(weight().setDataType(TensorProto.DataType.INT64_VALUE), gemm),
                ANY,
                "the weights w have the type INT64; FLOAT or DOUBLE is expected");
        assertRefused(
                onnx(weight().setDataLocation(TensorProto.DataLocation.EXTERNAL), gemm),
                ANY,
                "the weights w are in another file; save the model in one file");
        assertRefused(
                onnx(weight().setFloatData(4, Float.NaN), gemm),
                ANY,
                "the weight at index 4 is NaN, no finite float");
        assertRefused(
                onnx(weight(), node("Gemm", "y", "x", "z", "b")),
                ANY,
                "the weights z are not a constant of the model");
        assertRefused(
                onnx(weight().clearDims().addDims(6).addDims(1), gemm),
                ANY,
                "the bias b has the shape [1, 2]; [1] is expected");
    }
}
