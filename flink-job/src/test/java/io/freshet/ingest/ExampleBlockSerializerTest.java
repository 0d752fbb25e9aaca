package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class ExampleBlockSerializerTest {
    private final ExampleBlockSerializer serializer = new ExampleBlockSerializer();

    private static ExampleBlock block() {
        List<DeadLetter> deadLetters = new ArrayList<>();
        ExamplePacker packer =
                new ExamplePacker(
                        new IngestConfig(
                                2, List.of("a", "b"), 256, Duration.ofSeconds(1), Set.of()),
                        deadLetters::add);
        packer.pack(Messages.message(0, Messages.event("m", 10, "a", 1, 2)));
        packer.pack(Messages.message(1, Messages.event("m", 11, null, 3, 4)));
        packer.pack(Messages.message(2, Messages.event("m", 12, "?", 5, 6)));
        return packer.pack(Messages.message(3, Messages.event("m", 13, "b", 7, 8)));
    }

    @Test
    void writtenBlock_isReadAsItWas() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block(), out);

        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        assertEqual(serializer.deserialize(in), block());
        assertThat(in.available()).isZero();
    }

    @Test
    void copy_sharesNothing() {
        ExampleBlock original = block();
        ExampleBlock copy = serializer.copy(original);
        original.features()[0] = -1;
        original.clear();

        assertEqual(copy, block());
    }

    @Test
    void anotherLayout_isRefused() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(block(), out);
        byte[] bytes = out.getCopyOfBuffer();
        bytes[0] = 9;

        assertThatThrownBy(() -> serializer.deserialize(new DataInputDeserializer(bytes)))
                .isInstanceOf(IOException.class)
                .hasMessage("A block of examples has layout 9; this release reads 1");
    }

    private static void assertEqual(ExampleBlock actual, ExampleBlock expected) {
        assertThat(actual.modelId()).isEqualTo(expected.modelId());
        assertThat(actual.size()).isEqualTo(expected.size());
        int floats = expected.size() * expected.numFeatures();
        assertThat(Arrays.copyOf(actual.features(), floats))
                .containsExactly(Arrays.copyOf(expected.features(), floats));
        for (int row = 0; row < expected.size(); row++) {
            assertThat(actual.label(row)).isEqualTo(expected.label(row));
            assertThat(actual.weight(row)).isEqualTo(expected.weight(row));
            assertThat(actual.hash(row)).isEqualTo(expected.hash(row));
            assertThat(actual.offset(row)).isEqualTo(expected.offset(row));
            assertThat(actual.timestamp(row)).isEqualTo(expected.timestamp(row));
            assertThat(actual.source(row)).isEqualTo(expected.source(row));
            assertThat(actual.id(row)).isEqualTo(expected.id(row));
        }
        assertThat(actual.audit().counts()).containsExactly(expected.audit().counts());
        assertThat(actual.audit().digests()).containsExactly(expected.audit().digests());
        assertThat(actual.audit().deadLettersByReason())
                .containsExactly(expected.audit().deadLettersByReason());
    }
}
