package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.model.example.Examples;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.RegistryServer;
import io.freshet.registry.SchemaRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AvroDecoderTest {
    private static final String FIELDS =
            """
            {"name": "id", "type": "string"},
            {"name": "user", "type": {"type": "record", "name": "User", "fields": [
              {"name": "age", "type": ["null", "int"]},
              {"name": "plan", "type": {"type": "enum", "name": "Plan", "symbols": ["free", "pro"]}}
            ]}},
            {"name": "unused", "type": {"type": "map", "values": {"type": "array", "items": "long"}}},
            {"name": "clicks", "type": {"type": "array", "items": ["null", "float", "string"]}},
            {"name": "traits", "type": {"type": "map", "values": "double"}},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "price", "type":
              {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "blob", "type": ["null", "bytes"], "default": null},
            {"name": "outcome", "type": ["null", "string", "boolean", "int"]}
            """;

    private static final Schema SCHEMA = schema(FIELDS);

    private final List<DeadLetter> deadLetters = new ArrayList<>();

    @TempDir private Path directory;

    private static Schema schema(String fields) {
        return new Schema.Parser()
                .parse("{\"type\":\"record\",\"name\":\"Visit\",\"fields\":[" + fields + "]}");
    }

    private ExamplePacker packer(
            String format, @Nullable SchemaRegistry registry, String... settings)
            throws IOException {
        Map<String, String> values = new HashMap<>();
        values.put("source.format", format);
        values.put("features", "user.age,user.plan:categorical(free|pro),clicks[0:2],price");
        values.put("label", "outcome");
        values.put("classes", "leaves,stays");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        if (format.equals("avro")) {
            values.putIfAbsent(
                    "source.avro-schemas",
                    Files.writeString(directory.resolve("visit.avsc"), SCHEMA.toString())
                            .toString());
        } else {
            values.put("schema.registry.url", "http://localhost:1");
        }
        List<Key<?>> keys = new ArrayList<>(IngestConfig.KEYS);
        keys.addAll(RegistryConfig.KEYS);
        Settings read = Settings.of(values, keys, Set.of());
        IngestConfig config = IngestConfig.from(read);
        assertThat(read.problems()).isEmpty();
        return new ExamplePacker(config, registry, deadLetters::add);
    }

    private static GenericRecordBuilder visit() {
        GenericRecord user =
                new GenericRecordBuilder(SCHEMA.getField("user").schema())
                        .set("age", 31)
                        .set(
                                "plan",
                                new GenericData.EnumSymbol(
                                        SCHEMA.getField("user").schema().getField("plan").schema(),
                                        "pro"))
                        .build();
        return new GenericRecordBuilder(SCHEMA)
                .set("id", "v1")
                .set("user", user)
                .set("unused", Map.of("a", List.of(1L, 2L)))
                .set("clicks", List.of(3f, 0.5f, 7f))
                .set("traits", Map.of("tall", 1.5, "fast", 2.5))
                .set("at", Instant.parse("2024-01-29T06:00:00Z").toEpochMilli() * 1000)
                .set(
                        "price",
                        ByteBuffer.wrap(new BigDecimal("12.34").unscaledValue().toByteArray()))
                .set("outcome", "stays");
    }

    private static byte[] bare(GenericRecord record) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static byte[] singleObject(GenericRecord record) throws IOException {
        ByteBuffer encoded =
                new BinaryMessageEncoder<>(GenericData.get(), record.getSchema()).encode(record);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    private static byte[] framed(int id, byte[] body) {
        return ByteBuffer.allocate(5 + body.length).put((byte) 0).putInt(id).put(body).array();
    }

    private static float[] features(ExampleBlock block) {
        assertThat(block.size()).isEqualTo(1);
        return Arrays.copyOf(block.examples().features(), block.examples().numFeatures());
    }

    private DeadLetter deadLetter(ExamplePacker packer, byte[] value) {
        packer.pack(Messages.message(3, value));
        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).message().value()).isEqualTo(value);
        return deadLetters.get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bare", "single-object"})
    void mappedFields_becomeAnExample(String encoding) throws IOException {
        GenericRecord record = visit().build();
        byte[] value = encoding.equals("bare") ? bare(record) : singleObject(record);

        ExampleBlock block =
                packer(
                                "avro",
                                null,
                                "source.avro-encoding",
                                encoding,
                                "id",
                                "id",
                                "timestamp",
                                "at",
                                "weight",
                                "traits.tall")
                        .pack(Messages.message(0, value));

        assertThat(deadLetters).isEmpty();
        assertThat(features(block)).containsExactly(31, 0, 1, 3, 0.5f, 12.34f);
        assertThat(block.examples().labels()[0]).isEqualTo(1);
        assertThat(block.examples().weights()[0]).isEqualTo(1.5f);
        assertThat(block.origins().timestamp(0))
                .isEqualTo(Instant.parse("2024-01-29T06:00:00Z").toEpochMilli());
    }

    @Test
    void timeOfALogicalType_hasItsColumns() throws IOException {
        ExampleBlock block =
                packer("avro", null, "features", "at:time,traits.fast")
                        .pack(Messages.message(0, singleObject(visit().build())));

        assertThat(features(block)[0]).isEqualTo(1); // six in the morning
        assertThat(features(block)[4]).isEqualTo(2.5f);
    }

    @Test
    void missingValue_isADeadLetter_unlessItIsAccepted() throws IOException {
        byte[] value = singleObject(visit().set("clicks", Arrays.asList(null, Float.NaN)).build());

        ExampleBlock block =
                packer("avro", null, "features.missing", "mean").pack(Messages.message(0, value));
        assertThat(features(block)).containsExactly(31, 0, 1, Float.NaN, Float.NaN, 12.34f);
        assertThat(deadLetter(packer("avro", null), value).reason())
                .isEqualTo(DeadLetterReason.MISSING_FEATURE);
    }

    @Test
    void allOtherFields_areHashed_exceptBytes() throws IOException {
        ExamplePacker packer =
                packer(
                        "avro",
                        null,
                        "features",
                        "*,user.plan:text",
                        "features.encoding",
                        "hashed",
                        "id",
                        "id");
        byte[] value =
                singleObject(
                        visit().set("clicks", Arrays.asList(3f, null, "x", 0f))
                                .set("blob", ByteBuffer.wrap(new byte[] {1}))
                                .build());
        for (int i = 0; i < 3; i++) {
            ExampleBlock block = packer.pack(Messages.message(i, value));
            assertThat(SparseExamples.features(block))
                    .isEqualTo(
                            SparseExamples.hashed(
                                    18,
                                    "user.age",
                                    31,
                                    "user.plan=pro",
                                    1,
                                    "unused.a[0]",
                                    1,
                                    "unused.a[1]",
                                    2,
                                    "clicks[0]",
                                    3,
                                    "clicks=x",
                                    1,
                                    "traits.tall",
                                    1.5,
                                    "traits.fast",
                                    2.5,
                                    "at (hour, sine)",
                                    1,
                                    "at (hour, cosine)",
                                    (float) Math.cos(Math.PI / 2),
                                    "at (weekday, sine)",
                                    (float) Math.sin(2 * Math.PI / 28),
                                    "at (weekday, cosine)",
                                    (float) Math.cos(2 * Math.PI / 28),
                                    "price",
                                    12.34f));
            packer.recycle(block);
        }
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void mapWithManyDifferentKeys_isHashed_withinTheLimit() throws IOException {
        Schema counts = schema("{\"name\":\"n\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}");
        Path file = Files.writeString(directory.resolve("counts.avsc"), counts.toString());
        ExamplePacker packer =
                packer(
                        "avro",
                        null,
                        "features",
                        "*",
                        "features.encoding",
                        "hashed",
                        "source.avro-schemas",
                        file.toString());
        for (int message = 0; message < 12; message++) {
            Map<String, Integer> keys = new HashMap<>();
            List<Object> expected = new ArrayList<>();
            for (int i = 0; i < 4_000; i++) {
                keys.put("k" + message + "x" + i, i + 1);
                expected.addAll(List.of("n.k" + message + "x" + i, i + 1));
            }
            GenericRecord record = new GenericRecordBuilder(counts).set("n", keys).build();
            ExampleBlock block = packer.pack(Messages.message(message, singleObject(record)));
            assertThat(SparseExamples.features(block))
                    .isEqualTo(SparseExamples.hashed(18, expected.toArray()));
            packer.recycle(block);
        }
        Map<String, Integer> tooMany = new HashMap<>();
        for (int i = 0; i < 65_537; i++) {
            tooMany.put("t" + i, 1);
        }
        GenericRecord record = new GenericRecordBuilder(counts).set("n", tooMany).build();
        assertThat(deadLetter(packer, singleObject(record)).reason())
                .isEqualTo(DeadLetterReason.TOO_MANY_FEATURES);
    }

    @Test
    void recordThatContainsItself_isHashed_withinTheLimit() throws IOException {
        Schema nested =
                schema(
                        "{\"name\":\"node\",\"type\":{\"type\":\"record\",\"name\":\"Node\",\"fields\":["
                            + "{\"name\":\"v\",\"type\":\"int\"},"
                            + "{\"name\":\"next\",\"type\":[\"null\",\"Node\"]}]}}");
        Path file = Files.writeString(directory.resolve("nested.avsc"), nested.toString());
        ExamplePacker packer =
                packer(
                        "avro",
                        null,
                        "features",
                        "*",
                        "features.encoding",
                        "hashed",
                        "source.avro-encoding",
                        "bare",
                        "source.avro-schemas",
                        file.toString());

        ExampleBlock block = packer.pack(Messages.message(0, new byte[] {2, 2, 4, 0}));

        assertThat(SparseExamples.features(block))
                .isEqualTo(SparseExamples.hashed(18, "node.v", 1, "node.next.v", 2));
        byte[] deep = new byte[100_000];
        Arrays.fill(deep, (byte) 2);
        DeadLetter letter = deadLetter(packer, deep);
        assertThat(letter.reason()).isEqualTo(DeadLetterReason.MALFORMED);
        assertThat(letter.detail()).contains("nested more than 64 levels deep");
    }

    @Test
    void numberThatAFloatDoesNotHold_isCounted() throws IOException {
        ExamplePacker packer = packer("avro", null, "features", "traits.tall,at,user.age");
        packer.pack(Messages.message(0, singleObject(visit().build())));
        ExampleBlock block =
                packer.pack(
                        Messages.message(
                                1,
                                singleObject(
                                        visit().set("at", 1_706_508_000_001_000L)
                                                .set("traits", Map.of("tall", 1e9 + 1))
                                                .build())));

        assertThat(deadLetters).isEmpty();
        assertThat(block.rounded().counts()).isEqualTo(Map.of(0, 1L, 1, 2L));
    }

    @Test
    void memberThatIsMappedItself_isAlsoInItsRange() throws IOException {
        ExampleBlock block =
                packer("avro", null, "features", "clicks[0:3]", "weight", "clicks[1]")
                        .pack(Messages.message(0, singleObject(visit().build())));

        assertThat(deadLetters).isEmpty();
        assertThat(features(block)).containsExactly(3, 0.5f, 7);
        assertThat(block.examples().weights()[0]).isEqualTo(0.5f);
    }

    @Test
    void missingIndicators_followTheFeatures() throws IOException {
        byte[] value = singleObject(visit().set("clicks", Arrays.asList(null, 0.5f)).build());

        ExampleBlock block =
                packer(
                                "avro",
                                null,
                                "features.missing",
                                "mean",
                                "features.missing-indicator",
                                "true")
                        .pack(Messages.message(0, value));

        assertThat(features(block))
                .containsExactly(31, 0, 1, Float.NaN, 0.5f, 12.34f, 0, 0, 1, 0, 0);
    }

    @Test
    void branchesOfAUnion_areLabels() throws IOException {
        ExamplePacker packer = packer("avro", null, "classes", "true,7,stays");
        for (Object label : Arrays.asList(true, 7, "stays", null)) {
            packer.pack(Messages.message(0, singleObject(visit().set("outcome", label).build())));
        }
        ExampleBlock block =
                packer.pack(Messages.message(0, singleObject(visit().set("outcome", 7).build())));

        assertThat(deadLetters).isEmpty();
        assertThat(Arrays.copyOf(block.examples().labels(), 5))
                .containsExactly(0, 1, 2, Examples.UNLABELLED, 1);
    }

    @Test
    void schemaThatEvolved_isReadByItsOwnFields() throws Exception {
        Schema older = schema(FIELDS.replace("{\"name\": \"id\", \"type\": \"string\"},", ""));
        Schema newer =
                schema(
                        "{\"name\":\"new\",\"type\":[\"null\",\"double\"],\"default\":null},"
                                + FIELDS.replace(
                                        "\"items\": [\"null\", \"float\", \"string\"]",
                                        "\"items\": [\"null\", \"float\", \"string\","
                                                + " \"double\"]"));
        try (RegistryServer server = RegistryServer.start()) {
            List<byte[]> messages = new ArrayList<>();
            for (Schema written : List.of(older, SCHEMA, newer)) {
                int id = server.add("visits-value", "AVRO", written.toString());
                GenericRecord record = new GenericData.Record(written);
                GenericRecord values = visit().build();
                for (Schema.Field field : written.getFields()) {
                    record.put(
                            field.name(),
                            SCHEMA.getField(field.name()) == null
                                    ? null
                                    : values.get(field.name()));
                }
                messages.add(framed(id, bare(record)));
            }
            try (SchemaRegistry registry =
                    new SchemaRegistry(
                            new RegistryConfig(List.of(server.url()), null, null, false),
                            text -> text)) {
                ExamplePacker packer = packer("confluent-avro", registry);
                for (byte[] message : messages) {
                    ExampleBlock block = packer.pack(Messages.message(0, message));
                    assertThat(features(block)).containsExactly(31, 0, 1, 3, 0.5f, 12.34f);
                    packer.recycle(block);
                }
                assertThat(deadLetters).isEmpty();

                DeadLetter unknown = deadLetter(packer, framed(4711, new byte[] {1}));
                assertThat(unknown.reason()).isEqualTo(DeadLetterReason.UNKNOWN_SCHEMA);
                assertThat(unknown.detail()).contains("4711");
            }
        }
    }

    @Test
    void messageOfAnotherFormat_saysWhich() throws IOException {
        ExamplePacker single = packer("avro", null);
        ExamplePacker framed = packer("confluent-avro", null);
        single.pack(Messages.message(0, new byte[] {0, 0, 0, 0, 42, 7}));
        single.pack(Messages.message(1, Messages.event("m", 1, "up", 1, 2)));
        framed.pack(Messages.message(2, "{\"a\":1}".getBytes(StandardCharsets.UTF_8)));
        framed.pack(Messages.message(3, Messages.event("m", 1, "up", 1, 2)));

        assertThat(deadLetters)
                .extracting(DeadLetter::reason)
                .containsExactly(
                        DeadLetterReason.NOT_SINGLE_OBJECT,
                        DeadLetterReason.UNKNOWN_SCHEMA,
                        DeadLetterReason.NOT_FRAMED,
                        DeadLetterReason.NOT_FRAMED);
        assertThat(deadLetters.get(0).detail()).endsWith("with the schema id 42");
        assertThat(deadLetters.get(2).detail()).endsWith("it looks like JSON");
        assertThat(deadLetters.get(3).detail()).endsWith("Avro in single-object encoding");
    }

    @Test
    void valueOfAnotherShape_isADeadLetterThatNamesTheField() throws IOException {
        byte[] value = singleObject(visit().set("blob", ByteBuffer.wrap(new byte[] {1})).build());
        Map<String, String> details =
                Map.of(
                        "clicks", "clicks is a list, not a single value",
                        "user", "user is a record, not a single value",
                        "blob", "blob is bytes, not a single value",
                        "id.x", "id is text, not an object",
                        "unused.a", "unused.a is a list, not a single value",
                        "clicks.x", "clicks is a list, not an object",
                        "user[0]", "user is a record, not a list",
                        "traits[0:2]", "traits is a map, not a list",
                        "clicks[0:4]", "clicks has 3 values instead of 4",
                        "id", "id is \"v1\", not a number");
        for (Map.Entry<String, String> expected : details.entrySet()) {
            deadLetters.clear();
            assertThat(
                            deadLetter(packer("avro", null, "features", expected.getKey()), value)
                                    .detail())
                    .isEqualTo(expected.getValue());
        }
    }

    @Test
    void invalidUtf8_isADeadLetterThatNamesTheField() throws IOException {
        Map<String, String> details =
                Map.of(
                        "id:categorical(v1)", "id is not UTF-8",
                        "clicks[0:2]", "clicks has the member 1, which is not UTF-8");
        byte[] value = singleObject(visit().set("clicks", List.of(1f, "v1")).build());
        for (int i = 0; i < value.length - 1; i++) {
            if (value[i] == 'v' && value[i + 1] == '1') {
                value[i] = (byte) 0xC3;
            }
        }
        for (Map.Entry<String, String> expected : details.entrySet()) {
            deadLetters.clear();
            DeadLetter letter =
                    deadLetter(packer("avro", null, "features", expected.getKey()), value);

            assertThat(letter.reason()).isEqualTo(DeadLetterReason.MALFORMED);
            assertThat(letter.detail()).isEqualTo(expected.getValue());
        }
    }

    @Test
    void replacementCharacter_isText() throws IOException {
        ExampleBlock block =
                packer("avro", null, "features", "id:categorical(\ufffd)")
                        .pack(
                                Messages.message(
                                        0, singleObject(visit().set("id", "\ufffd").build())));

        assertThat(features(block)).containsExactly(1);
    }

    @Test
    void truncatedValue_isADeadLetter_atEveryLength() throws IOException {
        byte[] value = singleObject(visit().build());
        ExamplePacker packer = packer("avro", null);
        for (int length = 1; length < value.length; length++) {
            packer.pack(Messages.message(length, Arrays.copyOf(value, length)));
        }
        byte[] longer = Arrays.copyOf(value, value.length + 1);
        packer.pack(Messages.message(0, longer));

        assertThat(deadLetters).hasSize(value.length);
        assertThat(deadLetters.get(value.length - 1).reason())
                .isEqualTo(DeadLetterReason.TRAILING_BYTES);
    }

    @Test
    void deeplyNestedValue_isADeadLetter() throws IOException {
        Schema nested =
                schema(
                        "{\"name\":\"node\",\"type\":{\"type\":\"record\",\"name\":\"Node\",\"fields\":["
                            + "{\"name\":\"next\",\"type\":[\"null\",\"Node\"]}]}},"
                            + "{\"name\":\"a\",\"type\":\"double\"},"
                            + "{\"name\":\"outcome\",\"type\":\"string\"}");
        Path file = Files.writeString(directory.resolve("nested.avsc"), nested.toString());
        byte[] deep = new byte[100_000];
        Arrays.fill(deep, (byte) 2);

        DeadLetter letter =
                deadLetter(
                        packer(
                                "avro",
                                null,
                                "features",
                                "a",
                                "source.avro-encoding",
                                "bare",
                                "source.avro-schemas",
                                file.toString()),
                        deep);

        assertThat(letter.reason()).isEqualTo(DeadLetterReason.MALFORMED);
        assertThat(letter.detail()).contains("nested more than 64 levels deep");
    }

    @Test
    void mutatedValue_neverThrows() throws IOException {
        byte[] value = bare(visit().build());
        ExamplePacker packer = packer("avro", null, "source.avro-encoding", "bare");
        Random random = new Random(3);
        long accepted = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] mutated = value.clone();
            mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
            mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
            ExampleBlock block = packer.pack(Messages.message(i, mutated));
            accepted += block.size();
            packer.recycle(block);
        }

        assertThat(deadLetters).isNotEmpty();
        assertThat(accepted).isPositive();
    }

    static Stream<String> hugeCounts() {
        return Stream.of("clicks[0:2]", "traits.x");
    }

    @ParameterizedTest
    @MethodSource("hugeCounts")
    void countBeyondTheBytes_isADeadLetter(String features) throws IOException {
        Schema list =
                schema(
                        "{\"name\":\"clicks\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},"
                            + "{\"name\":\"traits\",\"type\":{\"type\":\"map\",\"values\":\"null\"}},"
                            + "{\"name\":\"outcome\",\"type\":\"string\"}");
        Path file = Files.writeString(directory.resolve("huge.avsc"), list.toString());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        encoder.writeLong(features.startsWith("traits") ? 0 : 1L << 40);
        encoder.writeLong(1L << 40);
        encoder.flush();

        DeadLetter letter =
                deadLetter(
                        packer(
                                "avro",
                                null,
                                "features",
                                features,
                                "source.avro-encoding",
                                "bare",
                                "source.avro-schemas",
                                file.toString()),
                        bytes.toByteArray());

        assertThat(letter.reason()).isIn(DeadLetterReason.MALFORMED, DeadLetterReason.TRUNCATED);
    }
}
