package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExampleBlockSerializerTest {
    private final ExampleBlockSerializer serializer = new ExampleBlockSerializer();

    private static ExampleBlock block(LabelType labelType) {
        List<DeadLetter> deadLetters = new ArrayList<>();
        ExamplePacker packer =
                new ExamplePacker(
                        new IngestConfig(
                                2,
                                List.of("a", "b"),
                                256,
                                Duration.ofSeconds(1),
                                Set.of(),
                                labelType,
                                null,
                                SourceConfig.FRESHET,
                                MissingValues.DEAD_LETTER),
                        null,
                        deadLetters::add);
        packer.pack(Messages.message(0, Messages.event("m", 10, "a", 1, 2)));
        packer.pack(Messages.message(1, Messages.event("m", 11, null, 3, 4)));
        packer.pack(Messages.message(2, Messages.event("m", 12, "?", 5, 6)));
        ExampleBlock block = packer.pack(Messages.message(3, Messages.event("m", 13, "b", 7, 8)));
        block.rounded().add(1, 5);
        return block;
    }

    @ParameterizedTest
    @EnumSource(
            value = LabelType.class,
            names = {"CLASS", "PROBABILITIES"})
    void writtenBlock_isReadUnchanged(LabelType labelType) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block(labelType), out);

        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        ExampleBlock read = serializer.deserialize(in);
        assertEqual(read, block(labelType));
        assertThat(read.read().toArray()).containsExactly(block(labelType).read().toArray());
        assertThat(read.rounded().counts()).isEqualTo(Map.of(1, 5L));
        assertThat(in.available()).isZero();
    }

    /**
     * The resources hold the bytes of {@link #block} in older layouts: layout 1 had no targets and
     * fewer reasons for dead letters and ignored events, layouts 1 and 2 had no tallies by
     * partition, layouts 1 to 3 neither class names nor numbers of rounded values, and none had ids
     * of labelled examples.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void blockOfOlderLayout_isReadUnchanged(int layout) throws IOException {
        byte[] bytes;
        try (InputStream in =
                getClass().getResourceAsStream("ExampleBlock.layout" + layout + ".bin")) {
            bytes = in.readAllBytes();
        }
        DataInputDeserializer in = new DataInputDeserializer(bytes);

        ExampleBlock read = serializer.deserialize(in);
        assertEqual(read, block(LabelType.CLASS));
        assertThat(read.read().toArray())
                .containsExactly(
                        layout < 3
                                ? new PartitionTally[0]
                                : block(LabelType.CLASS).read().toArray());
        assertThat(read.rounded().isEmpty()).isTrue();
        assertThat(read.classNames()).isEmpty();
        assertThat(in.available()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = LabelType.class,
            names = {"CLASS", "PROBABILITIES"})
    void copy_sharesNothing(LabelType labelType) {
        ExampleBlock original = block(labelType);
        ExampleBlock copy = serializer.copy(original);
        original.examples().features()[0] = -1;
        Arrays.fill(original.examples().targets(), -1);
        original.clear();

        assertEqual(copy, block(labelType));
        assertThat(copy.read().toArray()).containsExactly(block(labelType).read().toArray());
        assertThat(copy.rounded().counts()).isEqualTo(Map.of(1, 5L));
        assertThat(original.rounded().isEmpty()).isTrue();
    }

    @Test
    void anotherLayout_isRefused() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block(LabelType.CLASS), out);
        byte[] bytes = out.getCopyOfBuffer();
        bytes[0] = 9;

        assertThatThrownBy(() -> serializer.deserialize(new DataInputDeserializer(bytes)))
                .isInstanceOf(IOException.class)
                .hasMessage("A block of examples has layout 9; this release reads 1 to 5");
    }

    @Test
    void idsOfLabelledExamples_areKept() throws IOException {
        ExampleBlock block = block(LabelType.CLASS);
        block.origins().ids()[0] = "first";
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block, out);
        ExampleBlock read =
                serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
        assertThat(read.origins().id(0)).isEqualTo("first");
        assertThat(read.origins().id(1)).isEqualTo("event-11");
        assertThat(read.origins().id(2)).isEmpty();
    }

    @Test
    void sparseBlock_isReadUnchanged() throws IOException {
        Examples examples = new Examples(1 << 20, 0, 1, true);
        Origins origins = new Origins();
        for (int row = 0; row < 5; row++) {
            examples.reserve();
            for (int k = 0; k < 30 * row; k++) {
                examples.requireSparse().add(1000 * k + row, k + 0.5f);
            }
            examples.addReserved(row % 2, 1 + row);
            origins.add(row, "t", 0, row, 10L * row, null);
        }
        ExampleBlock block = new ExampleBlock("m", examples, origins);
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block, out);

        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        Examples read = serializer.deserialize(in).examples();
        assertThat(in.available()).isZero();
        assertThat(read.size()).isEqualTo(5);
        assertThat(read.numFeatures()).isEqualTo(1 << 20);
        SparseRows expected = examples.requireSparse();
        for (int row = 0; row < 5; row++) {
            assertThat(read.requireSparse().start(row)).isEqualTo(expected.start(row));
            assertThat(read.labels()[row]).isEqualTo(row % 2);
            assertThat(read.weights()[row]).isEqualTo(1 + row);
        }
        int values = expected.numValues();
        assertThat(read.requireSparse().numValues()).isEqualTo(values).isEqualTo(300);
        assertThat(Arrays.copyOf(read.requireSparse().columns(), values))
                .containsExactly(Arrays.copyOf(expected.columns(), values));
        assertThat(Arrays.copyOf(read.requireSparse().values(), values))
                .containsExactly(Arrays.copyOf(expected.values(), values));
    }

    @Test
    void classNames_areWrittenAndCopied() throws IOException {
        ExampleBlock block = new ExampleBlock("m", new Examples(1), new Origins());
        assertThat(block.classIndex("b")).isZero();
        assertThat(block.classIndex("ä")).isEqualTo(1);
        assertThat(block.classIndex("b")).isZero();
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block, out);

        ExampleBlock read =
                serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
        ExampleBlock copy = serializer.copy(block);
        block.clear();

        assertThat(read.classNames()).containsExactly("b", "ä");
        assertThat(copy.classNames()).containsExactly("b", "ä");
        assertThat(block.classNames()).isEmpty();
        assertThat(block.classIndex("ä")).isZero();
    }

    private static void assertEqual(ExampleBlock actual, ExampleBlock expected) {
        assertThat(actual.modelId()).isEqualTo(expected.modelId());
        assertThat(actual.size()).isEqualTo(expected.size());
        int floats = expected.size() * expected.examples().numFeatures();
        assertThat(Arrays.copyOf(actual.examples().features(), floats))
                .containsExactly(Arrays.copyOf(expected.examples().features(), floats));
        assertThat(actual.examples().numTargets()).isEqualTo(expected.examples().numTargets());
        int targets = expected.size() * expected.examples().numTargets();
        assertThat(Arrays.copyOf(actual.examples().targets(), targets))
                .containsExactly(Arrays.copyOf(expected.examples().targets(), targets));
        for (int row = 0; row < expected.size(); row++) {
            assertThat(actual.examples().labels()[row])
                    .isEqualTo(expected.examples().labels()[row]);
            assertThat(actual.examples().weights()[row])
                    .isEqualTo(expected.examples().weights()[row]);
            assertThat(actual.origins().hash(row)).isEqualTo(expected.origins().hash(row));
            assertThat(actual.origins().offset(row)).isEqualTo(expected.origins().offset(row));
            assertThat(actual.origins().timestamp(row))
                    .isEqualTo(expected.origins().timestamp(row));
            assertThat(actual.origins().source(row)).isEqualTo(expected.origins().source(row));
            assertThat(actual.origins().id(row)).isEqualTo(expected.origins().id(row));
        }
        assertThat(actual.audit().counts()).containsExactly(expected.audit().counts());
        assertThat(actual.audit().digests()).containsExactly(expected.audit().digests());
        assertThat(actual.audit().deadLettersByReason())
                .containsExactly(expected.audit().deadLettersByReason());
    }
}
