package io.freshet.ingest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.jspecify.annotations.Nullable;

/**
 * Writes a block column by column, each column as one run of little-endian bytes.
 *
 * <p>Every block begins with the layout's version, so that state written by an older release is
 * still read: layout 1 has no targets. Keeps a scratch buffer: one instance per thread, as Flink
 * duplicates them.
 */
@SuppressWarnings("ByteBufferBackingArray") // every buffer here is made by allocate()
public final class ExampleBlockSerializer extends TypeSerializer<ExampleBlock> {
    private static final long serialVersionUID = 1;
    private static final byte LAYOUT_VERSION = 2;
    private static final byte LAYOUT_WITHOUT_TARGETS = 1;

    private transient @Nullable ByteBuffer scratch;

    @Override
    public void serialize(ExampleBlock block, DataOutputView target) throws IOException {
        int rows = block.size();
        target.writeByte(LAYOUT_VERSION);
        writeText(block.modelId(), target);
        target.writeInt(block.numFeatures());
        target.writeInt(block.numTargets());
        target.writeInt(rows);
        for (long[] counters : counters(block.audit())) {
            target.writeInt(counters.length);
            writeLongs(counters, counters.length, target);
        }
        ExampleBlock.Source[] sources = block.sources();
        target.writeInt(sources.length);
        for (ExampleBlock.Source source : sources) {
            target.writeUTF(source.topic());
            target.writeInt(source.partition());
        }
        writeFloats(block.features(), rows * block.numFeatures(), target);
        writeFloats(block.targets(), rows * block.numTargets(), target);
        writeFloats(block.weights(), rows, target);
        writeInts(block.labels(), rows, target);
        writeInts(block.sourceOfRow(), rows, target);
        writeLongs(block.hashes(), rows, target);
        writeLongs(block.offsets(), rows, target);
        writeLongs(block.timestamps(), rows, target);
        for (int row = 0; row < rows; row++) {
            if (block.label(row) == ExampleBlock.UNLABELLED) {
                writeText(block.id(row), target);
            }
        }
    }

    @Override
    public ExampleBlock deserialize(DataInputView source) throws IOException {
        byte version = source.readByte();
        if (version != LAYOUT_VERSION && version != LAYOUT_WITHOUT_TARGETS) {
            throw new IOException(
                    "A block of examples has layout "
                            + version
                            + "; this release reads "
                            + LAYOUT_WITHOUT_TARGETS
                            + " and "
                            + LAYOUT_VERSION);
        }
        String modelId = readText(source);
        int numFeatures = source.readInt();
        int numTargets = version == LAYOUT_WITHOUT_TARGETS ? 0 : source.readInt();
        int rows = source.readInt();
        ExampleBlock block = new ExampleBlock(modelId, numFeatures, numTargets, rows);
        for (long[] counters : counters(block.audit())) {
            int written = source.readInt();
            if (written > counters.length) {
                throw new IOException(
                        "A block of examples counts "
                                + written
                                + " fates or reasons; this release knows "
                                + counters.length);
            }
            readLongs(counters, written, source);
        }
        ExampleBlock.Source[] sources = new ExampleBlock.Source[source.readInt()];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = new ExampleBlock.Source(source.readUTF(), source.readInt());
        }
        readFloats(block.features(), rows * numFeatures, source);
        readFloats(block.targets(), rows * numTargets, source);
        readFloats(block.weights(), rows, source);
        readInts(block.labels(), rows, source);
        readInts(block.sourceOfRow(), rows, source);
        readLongs(block.hashes(), rows, source);
        readLongs(block.offsets(), rows, source);
        readLongs(block.timestamps(), rows, source);
        for (int row = 0; row < rows; row++) {
            if (block.label(row) == ExampleBlock.UNLABELLED) {
                block.ids()[row] = readText(source);
            }
        }
        block.restored(rows, sources);
        return block;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    @Override
    public ExampleBlock copy(ExampleBlock from) {
        int rows = from.size();
        ExampleBlock copy =
                new ExampleBlock(from.modelId(), from.numFeatures(), from.numTargets(), rows);
        System.arraycopy(from.features(), 0, copy.features(), 0, rows * from.numFeatures());
        System.arraycopy(from.targets(), 0, copy.targets(), 0, rows * from.numTargets());
        System.arraycopy(from.weights(), 0, copy.weights(), 0, rows);
        System.arraycopy(from.labels(), 0, copy.labels(), 0, rows);
        System.arraycopy(from.sourceOfRow(), 0, copy.sourceOfRow(), 0, rows);
        System.arraycopy(from.hashes(), 0, copy.hashes(), 0, rows);
        System.arraycopy(from.offsets(), 0, copy.offsets(), 0, rows);
        System.arraycopy(from.timestamps(), 0, copy.timestamps(), 0, rows);
        System.arraycopy(from.ids(), 0, copy.ids(), 0, rows);
        copy.restored(rows, from.sources().clone());
        copy.audit().add(from.audit());
        return copy;
    }

    @Override
    public ExampleBlock copy(ExampleBlock from, ExampleBlock reuse) {
        return copy(from);
    }

    @Override
    public ExampleBlock deserialize(ExampleBlock reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    private static long[][] counters(Audit audit) {
        return new long[][] {
            audit.counts(), audit.digests(), audit.ignoredByReason(), audit.deadLettersByReason()
        };
    }

    private ByteBuffer scratch(int bytes) {
        ByteBuffer buffer = scratch;
        if (buffer == null || buffer.capacity() < bytes) {
            buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
            scratch = buffer;
        }
        return buffer.clear();
    }

    private void writeFloats(float[] values, int length, DataOutputView target) throws IOException {
        ByteBuffer bytes = scratch(length * Float.BYTES);
        bytes.asFloatBuffer().put(values, 0, length);
        target.write(bytes.array(), 0, length * Float.BYTES);
    }

    private void writeInts(int[] values, int length, DataOutputView target) throws IOException {
        ByteBuffer bytes = scratch(length * Integer.BYTES);
        bytes.asIntBuffer().put(values, 0, length);
        target.write(bytes.array(), 0, length * Integer.BYTES);
    }

    private void writeLongs(long[] values, int length, DataOutputView target) throws IOException {
        ByteBuffer bytes = scratch(length * Long.BYTES);
        bytes.asLongBuffer().put(values, 0, length);
        target.write(bytes.array(), 0, length * Long.BYTES);
    }

    private void readFloats(float[] values, int length, DataInputView source) throws IOException {
        ByteBuffer bytes = scratch(length * Float.BYTES);
        source.readFully(bytes.array(), 0, length * Float.BYTES);
        bytes.asFloatBuffer().get(values, 0, length);
    }

    private void readInts(int[] values, int length, DataInputView source) throws IOException {
        ByteBuffer bytes = scratch(length * Integer.BYTES);
        source.readFully(bytes.array(), 0, length * Integer.BYTES);
        bytes.asIntBuffer().get(values, 0, length);
    }

    private void readLongs(long[] values, int length, DataInputView source) throws IOException {
        ByteBuffer bytes = scratch(length * Long.BYTES);
        source.readFully(bytes.array(), 0, length * Long.BYTES);
        bytes.asLongBuffer().get(values, 0, length);
    }

    /** Unlike {@code writeUTF}, without a limit of 64 KiB. */
    private static void writeText(String text, DataOutputView target) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        target.writeInt(bytes.length);
        target.write(bytes);
    }

    private static String readText(DataInputView source) throws IOException {
        byte[] bytes = new byte[source.readInt()];
        source.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public TypeSerializer<ExampleBlock> duplicate() {
        return new ExampleBlockSerializer();
    }

    @Override
    public boolean isImmutableType() {
        return false;
    }

    @Override
    public ExampleBlock createInstance() {
        return new ExampleBlock("", 0);
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ExampleBlockSerializer;
    }

    @Override
    public int hashCode() {
        return ExampleBlockSerializer.class.hashCode();
    }

    @Override
    public TypeSerializerSnapshot<ExampleBlock> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Marks state as written by this serializer; the layout's version stands in each block. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<ExampleBlock> {
        public Snapshot() {
            super(ExampleBlockSerializer::new);
        }
    }
}
