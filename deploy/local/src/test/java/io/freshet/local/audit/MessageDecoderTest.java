package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
        encoder.flush();

        try (MessageDecoder decoder =
                decoder(
                        "source.format", "avro",
                        "source.avro-schemas", file.toString(),
                        "source.avro-encoding", "bare",
                        "model", "m")) {
            assertThat(decoder.decode(bytes.toByteArray(), null, Map.of()))
                    .isEqualTo(EventKind.LABELLED);
            assertThat(decoder.modelId()).isEqualTo("t1");
            assertThat(decoder.decode(new byte[] {9}, null, Map.of()))
                    .isEqualTo(EventKind.UNREADABLE);
        }
    }
}
