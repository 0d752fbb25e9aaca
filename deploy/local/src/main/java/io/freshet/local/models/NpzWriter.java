package io.freshet.local.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writer of NumPy's {@code .npz}: a zip file with an array in the format {@code .npy}, version 1.0,
 * in each entry. {@code numpy.load} reads it without pickling.
 */
final class NpzWriter implements AutoCloseable {
    static final String SUFFIX = ".npy";
    static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    /** Text of the code points of a string as four bytes each. */
    static final Charset UTF_32 = Charset.forName("UTF-32LE");

    private static final int BLOCK = 1 << 13;
    private static final int ALIGNMENT = 64;

    /** The first time of a zip file, so that equal models give equal files. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private final ZipOutputStream zip;

    NpzWriter(OutputStream out) {
        zip = new ZipOutputStream(new BufferedOutputStream(out));
    }

    /** Writes all arrays of a model. */
    static void write(ModelContent content, OutputStream out) throws IOException {
        ModelArrays arrays = ModelArrays.of(content);
        ModelInfo info = content.info();
        int rates = content.numRates();
        try (NpzWriter npz = new NpzWriter(out)) {
            npz.add("weights", arrays.weights(), rates, arrays.numRows(), content.numOutputs());
            npz.add("bias", arrays.bias(), rates, content.numOutputs());
            npz.add("mixture", content.mixture(), rates);
            npz.add("learning_rates", content.learningRates(), content.learningRates().length);
            npz.add("classes", info.classes(), info.classes().size());
            npz.add("activation", List.of(content.activation()));
            npz.add("num_features", new long[] {info.numFeatures()});
            ModelContent.Scaler scaler = content.scaler();
            if (scaler != null) {
                npz.add("mean", scaler.mean(), info.numFeatures());
                npz.add("variance", scaler.variance(), info.numFeatures());
                npz.add("count", new long[] {scaler.count()});
                if (scaler.limit().length > 0) {
                    npz.add("limit", scaler.limit(), info.numFeatures());
                }
            }
            if (content.isSparse()) {
                long[] columns = Arrays.stream(arrays.columns()).asLongStream().toArray();
                npz.add("columns", columns, columns.length);
                if (arrays.scales().length > 0) {
                    npz.add("scales", arrays.scales(), arrays.scales().length);
                    npz.add("scale_limit", new float[] {content.scaleLimit()});
                }
            }
            npz.add("model_id", List.of(info.modelId()));
            npz.add("version", new long[] {info.version()});
            npz.add("job", List.of(info.job()));
            npz.add("epoch", new long[] {info.epoch()});
            npz.add("examples_seen", new long[] {info.examplesSeen()});
            npz.add("content_hash", List.of(info.contentHash()));
            npz.add(
                    "hyper_parameters",
                    List.of(
                            new ObjectMapper()
                                    .writeValueAsString(new TreeMap<>(info.hyperParameters()))));
        }
    }

    /**
     * Adds an array.
     *
     * @param shape lengths of its dimensions; none for a single value
     */
    void add(String name, float[] values, int... shape) throws IOException {
        begin(name, "<f4", shape);
        write(values.length, Float.BYTES, (bytes, i) -> bytes.putFloat(values[i]));
    }

    /** Adds an array, as above. */
    void add(String name, double[] values, int... shape) throws IOException {
        begin(name, "<f8", shape);
        write(values.length, Double.BYTES, (bytes, i) -> bytes.putDouble(values[i]));
    }

    /** Adds an array, as above. */
    void add(String name, long[] values, int... shape) throws IOException {
        begin(name, "<i8", shape);
        write(values.length, Long.BYTES, (bytes, i) -> bytes.putLong(values[i]));
    }

    /** Adds an array of texts, as above. */
    void add(String name, List<String> values, int... shape) throws IOException {
        int length = 1;
        for (String value : values) {
            length = Math.max(length, value.codePointCount(0, value.length()));
        }
        begin(name, "<U" + length, shape);
        int bytes = length * Integer.BYTES;
        for (String value : values) {
            zip.write(Arrays.copyOf(value.getBytes(UTF_32), bytes));
        }
        zip.closeEntry();
    }

    private void begin(String name, String type, int... shape) throws IOException {
        ZipEntry entry = new ZipEntry(name + SUFFIX);
        entry.setTimeLocal(TIME);
        zip.putNextEntry(entry);
        String dimensions =
                IntStream.of(shape).mapToObj(String::valueOf).collect(Collectors.joining(", "))
                        + (shape.length == 1 ? "," : "");
        String header =
                "{'descr': '"
                        + type
                        + "', 'fortran_order': False, 'shape': ("
                        + dimensions
                        + "), }";
        int prefix = MAGIC.length + 2 + Short.BYTES;
        int padded = (prefix + header.length() + ALIGNMENT) / ALIGNMENT * ALIGNMENT - prefix;
        DataOutputStream out = new DataOutputStream(zip);
        out.write(MAGIC);
        out.write(new byte[] {1, 0});
        out.writeShort(Short.reverseBytes((short) padded));
        out.write(
                (header + " ".repeat(padded - header.length() - 1) + "\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    /** Writer of the value at an index. */
    private interface ValueWriter {
        void put(ByteBuffer bytes, int index);
    }

    private void write(int count, int size, ValueWriter values) throws IOException {
        byte[] block = new byte[BLOCK];
        ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            if (bytes.remaining() < size) {
                zip.write(block, 0, bytes.position());
                bytes.clear();
            }
            values.put(bytes, i);
        }
        zip.write(block, 0, bytes.position());
        zip.closeEntry();
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
