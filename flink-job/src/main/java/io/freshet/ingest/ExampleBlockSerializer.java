package io.freshet.ingest;

import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.jspecify.annotations.Nullable;

/**
 * Serializer of {@link ExampleBlock}s that writes each column as contiguous little-endian values.
 *
 * <p>Every block begins with the version of the layout, so that this release still reads state that
 * an older release wrote: layout 1 has neither targets nor tallies by partition, layout 2 has no
 * tallies, layout 3 dense features only, and neither class names nor numbers of rounded values,
 * layout 4 no ids of labelled examples. Not thread-safe, since it keeps a scratch buffer; Flink
 * duplicates it for each thread.
 */
@SuppressWarnings("ByteBufferBackingArray") // all buffers come from allocate()
public final class ExampleBlockSerializer extends TypeSerializer<ExampleBlock> {
    private static final long serialVersionUID = 1;
    private static final byte LAYOUT_VERSION = 5;
    private static final byte LAYOUT_WITHOUT_LABELLED_IDS = 4;
    private static final byte LAYOUT_DENSE = 3;
    private static final byte LAYOUT_WITHOUT_TALLIES = 2;
    private static final byte LAYOUT_WITHOUT_TARGETS = 1;

    private transient @Nullable ByteBuffer scratch;

    @Override
    public void serialize(ExampleBlock block, DataOutputView target) throws IOException {
        Examples examples = block.examples();
        Origins origins = block.origins();
        int rows = examples.size();
        target.writeByte(LAYOUT_VERSION);
        writeText(block.modelId(), target);
        target.writeInt(examples.numFeatures());
        target.writeInt(examples.numTargets());
        target.writeInt(rows);
        target.writeBoolean(examples.sparse() != null);
        target.writeInt(block.classNames().size());
        for (String name : block.classNames()) {
            writeText(name, target);
        }
        for (long[] counters : counters(block.audit())) {
            target.writeInt(counters.length);
            writeLongs(counters, counters.length, target);
        }
        PartitionTallies read = block.read();
        target.writeInt(read.size());
        for (int i = 0; i < read.size(); i++) {
            PartitionTally tally = read.tally(i);
            target.writeUTF(tally.topic());
            target.writeInt(tally.partition());
            target.writeLong(tally.firstOffset());
            target.writeLong(tally.lastOffset());
            target.writeLong(tally.count());
            target.writeLong(tally.digest());
        }
        Map<Integer, Long> rounded = block.rounded().counts();
        target.writeInt(rounded.size());
        for (Map.Entry<Integer, Long> count : rounded.entrySet()) {
            target.writeInt(count.getKey());
            target.writeLong(count.getValue());
        }
        SourcePartition[] sources = origins.sources();
        target.writeInt(sources.length);
        for (SourcePartition source : sources) {
            target.writeUTF(source.topic());
            target.writeInt(source.partition());
        }
        writeFeatures(examples, target);
        writeFloats(examples.targets(), rows * examples.numTargets(), target);
        writeFloats(examples.weights(), rows, target);
        writeInts(examples.labels(), rows, target);
        writeInts(origins.sourceIndexes(), rows, target);
        writeLongs(origins.hashes(), rows, target);
        writeLongs(origins.offsets(), rows, target);
        writeLongs(origins.timestamps(), rows, target);
        boolean all = hasLabelledIds(examples, origins);
        target.writeBoolean(all);
        for (int row = 0; row < rows; row++) {
            if (all || examples.labels()[row] == Examples.UNLABELLED) {
                writeText(origins.id(row), target);
            }
        }
    }

    private static boolean hasLabelledIds(Examples examples, Origins origins) {
        for (int row = 0; row < examples.size(); row++) {
            if (examples.labels()[row] != Examples.UNLABELLED && origins.ids()[row] != null) {
                return true;
            }
        }
        return false;
    }

    @Override
    public ExampleBlock deserialize(DataInputView source) throws IOException {
        byte version = source.readByte();
        if (version < LAYOUT_WITHOUT_TARGETS || version > LAYOUT_VERSION) {
            throw new IOException(
                    "A block of examples has layout "
                            + version
                            + "; this release reads "
                            + LAYOUT_WITHOUT_TARGETS
                            + " to "
                            + LAYOUT_VERSION);
        }
        String modelId = readText(source);
        int numFeatures = source.readInt();
        int numTargets = version == LAYOUT_WITHOUT_TARGETS ? 0 : source.readInt();
        int rows = source.readInt();
        boolean isSparse = version > LAYOUT_DENSE && source.readBoolean();
        Examples examples = new Examples(numFeatures, numTargets, rows, isSparse);
        Origins origins = new Origins(rows);
        ExampleBlock block = new ExampleBlock(modelId, examples, origins);
        int names = version > LAYOUT_DENSE ? source.readInt() : 0;
        for (int i = 0; i < names; i++) {
            block.classIndex(readText(source));
        }
        for (long[] counters : counters(block.audit())) {
            int written = source.readInt();
            if (written > counters.length) {
                throw new IOException(
                        "A block of examples counts "
                                + written
                                + " outcomes or reasons; this release knows "
                                + counters.length);
            }
            readLongs(counters, written, source);
        }
        int tallies = version > LAYOUT_WITHOUT_TALLIES ? source.readInt() : 0;
        for (int i = 0; i < tallies; i++) {
            block.read()
                    .add(
                            new PartitionTally(
                                    source.readUTF(),
                                    source.readInt(),
                                    source.readLong(),
                                    source.readLong(),
                                    source.readLong(),
                                    source.readLong()));
        }
        int roundedFeatures = version > LAYOUT_DENSE ? source.readInt() : 0;
        for (int i = 0; i < roundedFeatures; i++) {
            block.rounded().add(source.readInt(), source.readLong());
        }
        SourcePartition[] sources = new SourcePartition[source.readInt()];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = new SourcePartition(source.readUTF(), source.readInt());
        }
        readFeatures(examples, rows, source);
        origins.resize(rows, sources);
        readFloats(examples.targets(), rows * numTargets, source);
        readFloats(examples.weights(), rows, source);
        readInts(examples.labels(), rows, source);
        readInts(origins.sourceIndexes(), rows, source);
        readLongs(origins.hashes(), rows, source);
        readLongs(origins.offsets(), rows, source);
        readLongs(origins.timestamps(), rows, source);
        boolean all = version > LAYOUT_WITHOUT_LABELLED_IDS && source.readBoolean();
        for (int row = 0; row < rows; row++) {
            if (all || examples.labels()[row] == Examples.UNLABELLED) {
                origins.ids()[row] = readText(source);
            }
        }
        return block;
    }

    private void writeFeatures(Examples examples, DataOutputView target) throws IOException {
        SparseRows sparse = examples.sparse();
        if (sparse == null) {
            writeFloats(examples.features(), examples.size() * examples.numFeatures(), target);
            return;
        }
        for (int row = 0; row < sparse.size(); row++) {
            target.writeInt(sparse.end(row) - sparse.start(row));
        }
        writeInts(sparse.columns(), sparse.numValues(), target);
        writeFloats(sparse.values(), sparse.numValues(), target);
    }

    /** Reads the features of all rows, and adds the rows. */
    private void readFeatures(Examples examples, int rows, DataInputView source)
            throws IOException {
        SparseRows sparse = examples.sparse();
        if (sparse == null) {
            examples.resize(rows);
            readFloats(examples.features(), rows * examples.numFeatures(), source);
            return;
        }
        int[] lengths = new int[rows];
        int numValues = 0;
        for (int row = 0; row < rows; row++) {
            lengths[row] = source.readInt();
            numValues += lengths[row];
        }
        int[] columns = new int[numValues];
        float[] values = new float[numValues];
        readInts(columns, numValues, source);
        readFloats(values, numValues, source);
        int next = 0;
        for (int row = 0; row < rows; row++) {
            examples.reserve();
            for (int end = next + lengths[row]; next < end; next++) {
                sparse.add(columns[next], values[next]);
            }
            examples.addReserved(Examples.UNLABELLED, 1);
        }
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    @Override
    public ExampleBlock copy(ExampleBlock from) {
        ExampleBlock copy =
                new ExampleBlock(from.modelId(), from.examples().copy(), from.origins().copy());
        copy.audit().add(from.audit());
        copy.read().addAll(from.read());
        copy.rounded().addAll(from.rounded());
        from.classNames().forEach(copy::classIndex);
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

    /** Writes a text of any length; {@code writeUTF} is limited to 64 KiB. */
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
        return ExampleBlock.placeholder();
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

    /** Snapshot without configuration: each block carries the version of its layout. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<ExampleBlock> {
        public Snapshot() {
            super(ExampleBlockSerializer::new);
        }
    }
}
