package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.freshet.config.Settings;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelCase;
import io.freshet.ingest.Messages;
import io.freshet.pipeline.JobConfig;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.NamedFeatures;
import io.freshet.schemas.SparseFeatures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageDecoderTest {
    private static MessageDecoder decoder(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "none:1");
        values.put("features", "a,b");
        values.put("label", "y.z");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        return new MessageDecoder(JobConfig.parseTopics(values));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"y\":{\"z\":\"up\"},\"m\":[\"t1\"]};LABELLED;t1",
                "{\"y\":{\"z\":3}};LABELLED;default",
                "{\"y\":{\"z\":[0,1]},\"m\":[7]};LABELLED;7",
                "{\"y\":{\"z\":null},\"m\":null};UNLABELLED;default",
                "{\"y\":3,\"m\":[]};UNLABELLED;default",
                "{\"a\":NaN};UNLABELLED;default",
                "{\"y\":{\"z\":\"NA\"}};UNLABELLED;default",
                "[1];UNREADABLE;''",
                "{\"a\":1}{};UNREADABLE;''",
                "up,1;UNREADABLE;''",
                "'';UNREADABLE;''"
            })
    void json_hasItsModelAndKind(String json, EventKind kind, String model) {
        try (MessageDecoder decoder = decoder("source.format", "json", "model", "m[0]")) {
            assertThat(decoder.decode(json.getBytes(StandardCharsets.UTF_8), null, Map.of()))
                    .isEqualTo(kind);
            assertThat(decoder.modelId()).isEqualTo(model);
        }
    }

    static Stream<LabelCase> labels() {
        return LabelCase.all();
    }

    @ParameterizedTest
    @MethodSource("labels")
    void label_isMissingWhereTheJobSaysSo(LabelCase label) {
        String json = "{\"a\":1,\"y\":" + label.label() + "}";
        try (MessageDecoder decoder =
                decoder("source.format", "json", "label", "y", "classes", label.classes())) {
            boolean missing = label.meaning().equals(LabelCase.MISSING);
            assertThat(decoder.decode(json.getBytes(StandardCharsets.UTF_8), null, Map.of()))
                    .isEqualTo(missing ? EventKind.UNLABELLED : EventKind.LABELLED);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e2", "1.50", "-0", "123456789012345678901", "0.1", "true", "NaN"})
    void model_isTheTextThatTheJobReads(String model) {
        Map<String, String> settings =
                Map.of(
                        "source.format", "json",
                        "features", "a",
                        "label", "y",
                        "model", "m",
                        "classes", "2",
                        "num-features", "auto");
        byte[] json = ("{\"a\":1,\"m\":" + model + "}").getBytes(StandardCharsets.UTF_8);
        IngestConfig config = IngestConfig.from(Settings.of(settings, IngestConfig.KEYS, Set.of()));
        ExamplePacker packer = new ExamplePacker(config, null, letter -> {});
        try (MessageDecoder decoder = decoder("source.format", "json", "model", "m")) {
            decoder.decode(json, null, Map.of());
            assertThat(decoder.modelId()).isEqualTo(model);
        }
        assertThat(packer.pack(Messages.message(0, json)).modelId()).isEqualTo(model);
    }

    @Test
    void keyAndHeaders_haveModelAndLabel() {
        byte[] up = "up".getBytes(StandardCharsets.UTF_8);
        byte[] value = "{}".getBytes(StandardCharsets.UTF_8);
        try (MessageDecoder decoder =
                decoder("source.format", "json", "model", "key", "label", "header.l")) {
            assertThat(decoder.decode(value, up, Map.of("l", up))).isEqualTo(EventKind.LABELLED);
            assertThat(decoder.modelId()).isEqualTo("up");
            assertThat(decoder.decode(value, null, Map.of())).isEqualTo(EventKind.UNLABELLED);
            assertThat(decoder.decode(null, up, Map.of())).isEqualTo(EventKind.UNREADABLE);
        }
    }

    static Stream<Arguments> avroModels() {
        return Stream.of(
                arguments("\"float\"", 0.1f, "0.1"),
                arguments("\"double\"", 1e10, "1.0E10"),
                arguments("\"long\"", -7L, "-7"),
                arguments("\"boolean\"", true, "true"),
                arguments(
                        "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
                        1_700_000_000_123_456L,
                        "1700000000123456"),
                arguments(
                        "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,"
                                + "\"scale\":8}",
                        ByteBuffer.wrap(new byte[] {12}),
                        "0.00000012"));
    }

    @ParameterizedTest
    @MethodSource("avroModels")
    void avroModel_isTheTextThatTheJobReads(
            String type, Object value, String model, @TempDir Path directory) throws IOException {
        Schema schema =
                new Schema.Parser()
                        .parse(
                                "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"m\","
                                        + "\"type\":"
                                        + type
                                        + "}]}");
        Path file = Files.writeString(directory.resolve("a.avsc"), schema.toString());
        String[] settings = {
            "source.format", "avro",
            "source.avro-schemas", file.toString(),
            "source.avro-encoding", "bare",
            "features", "a",
            "features.missing", "mean",
            "label", "y",
            "model", "m",
            "classes", "2"
        };
        byte[] bytes = bare(new GenericRecordBuilder(schema).set("m", value).build());
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        IngestConfig config = IngestConfig.from(Settings.of(values, IngestConfig.KEYS, Set.of()));
        ExamplePacker packer = new ExamplePacker(config, null, letter -> {});
        try (MessageDecoder decoder = decoder(settings)) {
            decoder.decode(bytes, null, Map.of());
            assertThat(decoder.modelId()).isEqualTo(model);
        }
        assertThat(packer.pack(Messages.message(0, bytes)).modelId()).isEqualTo(model);
    }

    @Test
    void decimalWithoutBytes_doesNotHideTheEvent(@TempDir Path directory) throws IOException {
        Schema schema =
                new Schema.Parser()
                        .parse(
                                """
                                {"type": "record", "name": "A", "fields": [
                                  {"name": "price", "type":
                                    {"type": "bytes", "logicalType": "decimal", "precision": 4}},
                                  {"name": "y", "type": "string"}
                                ]}
                                """);
        Path file = Files.writeString(directory.resolve("a.avsc"), schema.toString());
        byte[] bytes =
                bare(
                        new GenericRecordBuilder(schema)
                                .set("price", ByteBuffer.allocate(0))
                                .set("y", "up")
                                .build());
        try (MessageDecoder decoder =
                decoder(
                        "source.format", "avro",
                        "source.avro-schemas", file.toString(),
                        "source.avro-encoding", "bare",
                        "label", "y")) {
            assertThat(decoder.decode(bytes, null, Map.of())).isEqualTo(EventKind.LABELLED);
        }
    }

    private static byte[] bare(GenericRecord record) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    @Test
    void sparseAndNamedFeatures_areReadInEveryEncoding() throws IOException {
        for (String encoding : List.of("columns", "sparse", "hashed")) {
            Map<String, String> settings =
                    Map.of("kafka.bootstrap.servers", "none:1", "features.encoding", encoding);
            try (MessageDecoder decoder = new MessageDecoder(JobConfig.parseTopics(settings))) {
                for (Object features :
                        List.of(
                                new SparseFeatures(List.of(3, 1), List.of(1f, 2f)),
                                new NamedFeatures(Map.of("a", 1f), Map.of("city", "Oslo")))) {
                    LabelledEvent event =
                            LabelledEvent.newBuilder()
                                    .setId("1")
                                    .setModelId("m")
                                    .setTimestamp(Instant.EPOCH)
                                    .setFeatures(features)
                                    .setLabel("up")
                                    .build();
                    ByteBuffer encoded = event.toByteBuffer();
                    byte[] bytes = new byte[encoded.remaining()];
                    encoded.get(bytes);
                    assertThat(decoder.decode(bytes, null, Map.of())).isEqualTo(EventKind.LABELLED);
                    assertThat(decoder.modelId()).isEqualTo("m");
                }
            }
        }
    }

    @Test
    void featuresOfAllFields_doNotChangeWhatAMessageIs() {
        try (MessageDecoder decoder =
                decoder("source.format", "json", "features", "*", "features.encoding", "hashed")) {
            byte[] json = "{\"y\":{\"z\":\"up\"},\"x\":[{}]}".getBytes(StandardCharsets.UTF_8);
            assertThat(decoder.decode(json, null, Map.of())).isEqualTo(EventKind.LABELLED);
        }
    }

    @Test
    void avro_hasItsModelAndKind(@TempDir Path directory) throws IOException {
        Schema schema =
                new Schema.Parser()
                        .parse(
                                """
                                {"type": "record", "name": "A", "fields": [
                                  {"name": "y", "type": {"type": "map", "values": "string"}},
                                  {"name": "m", "type": ["null", "string"]}
                                ]}
                                """);
        Path file = Files.writeString(directory.resolve("a.avsc"), schema.toString());
        GenericRecord record =
                new GenericRecordBuilder(schema).set("y", Map.of("z", "up")).set("m", "t1").build();
        byte[] bytes = bare(record);

        try (MessageDecoder decoder =
                decoder(
                        "source.format", "avro",
                        "source.avro-schemas", file.toString(),
                        "source.avro-encoding", "bare",
                        "model", "m")) {
            assertThat(decoder.decode(bytes, null, Map.of())).isEqualTo(EventKind.LABELLED);
            assertThat(decoder.modelId()).isEqualTo("t1");
            assertThat(decoder.decode(new byte[] {9}, null, Map.of()))
                    .isEqualTo(EventKind.UNREADABLE);
        }
    }
}
