package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.registry.RegistryServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Integration test of {@code freshet inspect} on topics of a broker. */
class InspectITCase {
    private static final Schema VISIT =
            new Schema.Parser()
                    .parse(
                            """
                            {"type":"record","name":"Visit","namespace":"com.acme","fields":[
                              {"name":"user","type":{"type":"record","name":"User","fields":[
                                {"name":"age","type":["null","int"]},
                                {"name":"plan","type":{"type":"enum","name":"Plan",
                                  "symbols":["free","pro"]}}]}},
                              {"name":"clicks","type":{"type":"array","items":"float"}},
                              {"name":"prices","type":{"type":"map","values":"double"}},
                              {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
                              {"name":"paid","type":{"type":"bytes","logicalType":"decimal",
                                "precision":6,"scale":2}},
                              {"name":"raw","type":"bytes"},
                              {"name":"outcome","type":["null","string"]}]}
                            """);

    @TempDir private static Path directory;
    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    /** Code, output and errors of a command. */
    private record Result(int code, String out, String err) {}

    private static Result inspect(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        List<String> all = new ArrayList<>(List.of("inspect"));
        all.addAll(List.of(arguments));
        int code = command.execute(all.toArray(new String[0]));
        return new Result(code, out.toString(), err.toString());
    }

    private static Result inspectTopic(String topic, String... settings) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "--set",
                                "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
                                "--set",
                                "topics.labelled-events=" + topic));
        for (String setting : settings) {
            arguments.add("--set");
            arguments.add(setting);
        }
        return inspect(arguments.toArray(new String[0]));
    }

    private static void createTopic(String topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        }
    }

    private static void send(String topic, List<byte[]> values) throws Exception {
        createTopic(topic);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            for (byte[] value : values) {
                byte[] key = "k1".getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>(topic, key, value)).get();
            }
        }
    }

    private static List<byte[]> texts(String... values) {
        return List.of(values).stream().map(v -> v.getBytes(StandardCharsets.UTF_8)).toList();
    }

    /** Returns records, of which the last has neither an age nor an outcome. */
    private static List<GenericRecord> visits() {
        List<GenericRecord> visits = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            boolean last = i == 11;
            Schema user = VISIT.getField("user").schema();
            visits.add(
                    new GenericRecordBuilder(VISIT)
                            .set(
                                    "user",
                                    new GenericRecordBuilder(user)
                                            .set("age", last ? null : 20 + i * 7 % 12)
                                            .set(
                                                    "plan",
                                                    new GenericData.EnumSymbol(
                                                            user.getField("plan").schema(),
                                                            i % 3 == 0 ? "pro" : "free"))
                                            .build())
                            .set("clicks", List.of(i + 0.5f, 1f, (float) -i))
                            .set("prices", Map.of("net", i / 2.0))
                            .set("at", Instant.parse("2024-01-31T10:00:00Z").toEpochMilli() + i)
                            .set("paid", ByteBuffer.wrap(new byte[] {(byte) i, 25}))
                            .set("raw", ByteBuffer.wrap(new byte[] {1}))
                            .set("outcome", last ? null : i % 2 == 0 ? "stays" : "leaves")
                            .build());
        }
        return visits;
    }

    private static byte[] bare(GenericRecord visit, byte... frame) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(frame);
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(VISIT).write(visit, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    private static void assertProposesVisits(Result result, String... settings) {
        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines())
                .contains(settings)
                .contains(
                        "features=user.age,user.plan:categorical(free|pro),clicks[0:3],prices.net,"
                                + "at:time,paid",
                        "label=outcome",
                        "timestamp=at",
                        "classes=leaves,stays")
                .contains(
                        "  label        \"outcome\": leaves (5), stays (6); without a label 1",
                        "  missing      1 value of \"user.age\"",
                        "  dead letters 1 missing-feature, in partition 0 at offset 11: user.age"
                                + " is",
                        "               missing, and features.missing is dead-letter",
                        "  not used     \"raw\": it has no values that a feature can have");
        assertThat(result.code()).isZero();
    }

    @Test
    void avroTopic_isInspectedByItsSchema() throws Exception {
        Path file = Files.writeString(directory.resolve("visit.avsc"), VISIT.toString());
        List<byte[]> bare = new ArrayList<>();
        List<byte[]> framed = new ArrayList<>();
        for (GenericRecord visit : visits()) {
            bare.add(bare(visit));
            ByteBuffer single =
                    new BinaryMessageEncoder<GenericRecord>(GenericData.get(), VISIT).encode(visit);
            byte[] bytes = new byte[single.remaining()];
            single.get(bytes);
            framed.add(bytes);
        }
        send("bare", bare);
        send("single-object", framed);

        assertProposesVisits(
                inspectTopic(
                        "bare",
                        "source.format=avro",
                        "source.avro-encoding=bare",
                        "source.avro-schemas=" + file,
                        "label=outcome"),
                "source.format=avro",
                "source.avro-encoding=bare",
                "source.avro-schemas=" + file);
        assertProposesVisits(
                inspectTopic(
                        "single-object",
                        "source.format=avro",
                        "source.avro-schemas=" + file,
                        "label=outcome"),
                "source.format=avro");
        assertThat(inspectTopic("single-object").err())
                .contains(
                        "topic single-object has no JSON objects in its newest messages: it looks"
                                + " like Avro in single-object encoding: set source.format=avro and"
                                + " source.avro-schemas");
        assertThat(inspectTopic("bare").err())
                .contains("they may be bare Avro: set source.format=avro");
    }

    @Test
    void topicOfARegistry_isInspectedByItsSchema_andToldWithoutOne() throws Exception {
        try (RegistryServer registry = RegistryServer.start()) {
            byte id = (byte) registry.add("visits-value", "AVRO", VISIT.toString());
            List<byte[]> framed = new ArrayList<>();
            for (GenericRecord visit : visits()) {
                framed.add(bare(visit, new byte[] {0, 0, 0, 0, id}));
            }
            send("framed", framed);

            assertProposesVisits(
                    inspectTopic(
                            "framed",
                            "source.format=confluent-avro",
                            "schema.registry.url=" + registry.url(),
                            "label=outcome"),
                    "source.format=confluent-avro",
                    "schema.registry.url=" + registry.url());
            Result untold = inspectTopic("framed");
            assertThat(untold.code()).isEqualTo(2);
            assertThat(untold.err())
                    .contains(
                            "topic framed has no JSON objects in its newest messages: it looks"
                                    + " framed by a schema registry, with the schema id "
                                    + id
                                    + ": set source.format=confluent-avro and"
                                    + " schema.registry.url");
        }
        Result unreachable =
                inspectTopic(
                        "framed",
                        "source.format=confluent-avro",
                        "schema.registry.url=http://127.0.0.1:" + freePort());
        assertThat(unreachable.code()).isEqualTo(2);
        assertThat(unreachable.err()).contains("schema registry");
    }

    @Test
    void severalTopics_areInspectedTogether() throws Exception {
        send("north", texts("{\"x\":1,\"label\":\"a\"}", "{\"x\":2,\"label\":\"b\"}", "x"));
        send("north-west", texts("{\"x\":3,\"label\":\"c\"}"));

        for (String selection : List.of("north,north-west", "/north.*/")) {
            Result result = inspectTopic(selection);

            assertThat(result.err()).isEmpty();
            assertThat(result.out().lines())
                    .contains(
                            "  topic " + selection + ": 3 messages, 2 fields",
                            "  dead letters 1 invalid-json, in north, partition 0 at offset 2: the"
                                    + " value is",
                            "topics.labelled-events=" + selection,
                            "features=x",
                            "classes=a,b,c");
        }
        assertThat(inspectTopic("/south.*/").err()).contains("no topic").contains("/south.*/");
        assertThat(inspectTopic("north,south").err()).contains("topic south does not exist");
    }

    @Test
    void jsonTopic_isInspectedWithTheMappingThatIsGiven() throws Exception {
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String label = i % 2 == 0 ? "a" : "b";
            messages.addAll(
                    texts("{\"v\":[" + i + ",2,3],\"w\":1,\"y\":\"" + label + "\",\"m\":\"m1\"}"));
        }
        messages.addAll(texts("{\"v\":[1],\"w\":1,\"y\":\"a\"}", "{\"v\":\"x\",\"y\":\"a\"}", "x"));
        send("json", messages);

        Result result = inspectTopic("json", "features=v[0:3],w", "model=m", "id=key");

        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines())
                .contains(
                        "  topic json: 22 messages, 7 fields",
                        "  id           key",
                        "  model        \"m\": m1 (20)",
                        "  dead letters 1 wrong-num-features, in partition 0 at offset 20: v has 1",
                        "               values instead of 3",
                        "  dead letters 1 wrong-type, in partition 0 at offset 21: v is text, not"
                                + " a",
                        "               list",
                        "  dead letters 1 invalid-json, in partition 0 at offset 22: the value is"
                                + " not a",
                        "               JSON object: it looks like text",
                        "features=v[0:3],w",
                        "id=key",
                        "model=m");
        assertThat(inspectTopic("json", "features=v[2:4],gone", "label=y").err())
                .contains(
                        "freshet: topic json: there is no field v[3], gone, which the settings"
                                + " map; there are v[0], v[1], v[2], w, y, m, v");
        assertThat(inspectTopic("json", "source.format=freshet").err())
                .contains("source.format=freshet has no mapping");
    }

    @Test
    void file_isInspectedWithTheSettingsThatAreGiven() throws Exception {
        Path file =
                Files.writeString(
                        directory.resolve("f.csv"),
                        "a;w;y\n1,5;1;up\n2,5;-1;down\ninf;2;up\n3,5;1;up\n4,5;1;gone\n");

        Result result = inspect(file.toString(), "--set", "classes=up,down", "--set", "weight=w");

        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines())
                .contains(
                        "  dead letters 1 non-finite-feature, in row 3: a is Infinity",
                        "  dead letters 1 unknown-class, in row 5: the label \"gone\" is not among",
                        "               classes",
                        "  dead letters 1 negative-weight, in row 2: w is -1.0",
                        "  assumed      commas in \"a\" are decimal points",
                        "source.format=json",
                        "features=a",
                        "weight=w",
                        "classes=up,down");
    }

    @Test
    void topicThatGivesNothing_isTold() throws Exception {
        createTopic("empty");

        assertThat(inspectTopic("empty").err()).contains("topic empty has no committed messages");
        assertThat(inspectTopic("absent").err()).contains("topic absent");
        Result noBroker =
                inspect(
                        "--set",
                        "kafka.bootstrap.servers=127.0.0.1:" + freePort(),
                        "--set",
                        "kafka.default.api.timeout.ms=2000",
                        "--set",
                        "kafka.request.timeout.ms=1000");
        assertThat(noBroker.code()).isEqualTo(2);
        assertThat(noBroker.err()).contains("127.0.0.1");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
