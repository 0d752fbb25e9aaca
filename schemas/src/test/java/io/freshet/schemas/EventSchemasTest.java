package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.specific.SpecificRecordBase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventSchemasTest {
    private static final List<Schema> CURRENT =
            List.of(
                    LabelledEvent.getClassSchema(),
                    MetricsEvent.getClassSchema(),
                    ModelSnapshotEvent.getClassSchema(),
                    PredictionEvent.getClassSchema(),
                    DriftAlertEvent.getClassSchema(),
                    DeadLetterEvent.getClassSchema());

    static Stream<Map.Entry<String, SpecificRecordBase>> goldenFiles() {
        return Stream.of(GoldenFiles.version1(), GoldenFiles.version2(), GoldenFiles.newest())
                .flatMap(events -> events.entrySet().stream());
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void goldenFile_isReadUnchanged(Map.Entry<String, SpecificRecordBase> golden)
            throws IOException {
        byte[] bytes = Files.readAllBytes(GoldenFiles.GOLDEN.resolve(golden.getKey() + ".bin"));

        assertThat(EventReader.of(golden.getValue().getClass()).read(bytes))
                .isEqualTo(golden.getValue());
    }

    @Test
    void currentSchema_isTheNewestReleasedOne() {
        for (Schema current : CURRENT) {
            String newest =
                    EventSchemas.RELEASED.stream()
                            .filter(version -> version.startsWith(current.getName() + ".v"))
                            .reduce((older, newer) -> newer)
                            .orElseThrow();
            assertThat(EventSchemas.fingerprint(current))
                    .as(
                            "%s changed: add its next version to EventSchemas.RELEASED, with its"
                                    + " .avsc and a golden file",
                            current.getName())
                    .isEqualTo(EventSchemas.fingerprint(EventSchemas.released(newest)));
        }
    }

    /** Readers may be upgraded before or after writers. */
    @Test
    void everyVersionOfAnEvent_readsEveryOther() {
        for (String reader : EventSchemas.RELEASED) {
            String event = reader.substring(0, reader.indexOf(".v") + 2);
            for (String writer : EventSchemas.RELEASED) {
                if (writer.startsWith(event)) {
                    assertThat(
                                    SchemaCompatibility.checkReaderWriterCompatibility(
                                                    EventSchemas.released(reader),
                                                    EventSchemas.released(writer))
                                            .getType())
                            .as("%s reads %s", reader, writer)
                            .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
                }
            }
        }
    }

    @Test
    void everyReleasedVersion_hasAGoldenFile() throws IOException {
        List<String> files;
        try (var listing = Files.list(GoldenFiles.GOLDEN)) {
            files = listing.map(file -> file.getFileName().toString()).toList();
        }
        for (String version : EventSchemas.RELEASED) {
            assertThat(files).anyMatch(file -> file.startsWith(version));
        }
    }

    /** People compare the first bytes of a record with this table. */
    @Test
    void firstBytesOfEveryReleasedVersion_areInTheReadme() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        for (String version : EventSchemas.RELEASED) {
            ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put((byte) 0xC3).put((byte) 1);
            bytes.putLong(EventSchemas.fingerprint(EventSchemas.released(version)));
            String hex = HexFormat.ofDelimiter(" ").withUpperCase().formatHex(bytes.array());
            String[] nameAndNumber = version.split("\\.v", 2);

            assertThat(readme)
                    .contains(
                            "| `"
                                    + nameAndNumber[0]
                                    + "` | "
                                    + nameAndNumber[1]
                                    + " | `"
                                    + hex
                                    + "` |");
        }
    }

    @Test
    void unionsOfTheLabelledEvent_haveTheseBranches() {
        assertThat(branches("features"))
                .containsExactly("DenseFeatures", "SparseFeatures", "NamedFeatures");
        assertThat(branches("label")).containsExactly("null", "int", "string", "array");
    }

    private static List<String> branches(String field) {
        return LabelledEvent.getClassSchema().getField(field).schema().getTypes().stream()
                .map(Schema::getName)
                .toList();
    }

    @Test
    void everyRecordAndField_isDocumented() {
        CURRENT.forEach(EventSchemasTest::assertDocumented);
    }

    private static void assertDocumented(Schema schema) {
        switch (schema.getType()) {
            case RECORD -> {
                assertThat(schema.getDoc()).as(schema.getFullName()).isNotBlank();
                for (Schema.Field field : schema.getFields()) {
                    assertThat(field.doc()).as(schema.getName() + "." + field.name()).isNotBlank();
                    assertDocumented(field.schema());
                }
            }
            case ARRAY -> assertDocumented(schema.getElementType());
            case UNION -> schema.getTypes().forEach(EventSchemasTest::assertDocumented);
            default -> assertThat(schema.getType()).isNotEqualTo(Schema.Type.ENUM);
        }
    }

    @Test
    void truncatedEvent_isRefused() throws IOException {
        byte[] whole = GoldenFiles.bytes(GoldenFiles.version2().get("MetricsEvent.v2"));
        EventReader<MetricsEvent> reader = EventReader.of(MetricsEvent.class);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> reader.read(cut)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void bytesAfterTheEvent_areRefused() throws IOException {
        byte[] whole = GoldenFiles.bytes(GoldenFiles.version2().get("MetricsEvent.v2"));

        assertThatThrownBy(
                        () ->
                                EventReader.of(MetricsEvent.class)
                                        .read(Arrays.copyOf(whole, whole.length + 1)))
                .isInstanceOf(IOException.class)
                .hasMessage("bytes follow the MetricsEvent");
    }

    @Test
    void anotherEvent_isRefused() throws IOException {
        byte[] whole = GoldenFiles.bytes(GoldenFiles.version2().get("MetricsEvent.v2"));

        assertThatThrownBy(() -> EventReader.of(PredictionEvent.class).read(whole))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("no released PredictionEvent has the fingerprint ");
    }

    @Test
    void arrayLargerThanTheEvent_isRefused_withoutAllocatingIt() throws IOException {
        byte[] event = GoldenFiles.bytes(GoldenFiles.version1().get("LabelledEvent.v1-dense-int"));
        // 10 bytes of header, "id" and "model" with their lengths, 6 of timestamp, 1 of branch.
        byte[] oversized = Arrays.copyOf(Arrays.copyOf(event, 10 + 3 + 6 + 6 + 1), 200);
        byte[] hundredMillion = {(byte) 0x80, (byte) 0x84, (byte) 0xAF, 0x5F};
        System.arraycopy(hundredMillion, 0, oversized, 26, hundredMillion.length);

        assertThatThrownBy(() -> EventReader.of(LabelledEvent.class).read(oversized))
                .isInstanceOf(IOException.class);
    }
}
