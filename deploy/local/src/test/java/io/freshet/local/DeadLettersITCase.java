package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.local.deadletters.DeadLetterFilter;
import io.freshet.local.deadletters.DeadLetterReplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.Header;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Integration test of {@code freshet dead-letters} on the topics of a real broker. */
class DeadLettersITCase {
    private static final String REPLAY_OF = "freshet.replay-of";
    private static EmbeddedKafka kafka;
    private static KafkaProducer<byte[], byte[]> producer;

    @BeforeAll
    static void start() throws IOException {
        kafka = EmbeddedKafka.start();
        producer = producer(Map.of());
    }

    @AfterAll
    static void stop() throws IOException {
        producer.close();
        kafka.close();
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> properties) {
        Map<String, Object> all = new HashMap<>(properties);
        all.put("bootstrap.servers", kafka.bootstrapServers());
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private record Outcome(int exitCode, String out, String err) {}

    /** Topics whose names begin with a prefix. */
    private static final class Stage {
        private final String prefix;
        private final JobTopics topics;

        Stage(String prefix) throws Exception {
            this.prefix = prefix;
            topics = JobConfig.parseTopics(settings());
            Topics.create(topics, 2);
        }

        private Map<String, String> settings() {
            Map<String, String> settings = JobOnKafka.settings(kafka, prefix, 3, "a,b,c");
            settings.keySet().removeAll(List.of("num-features", "classes", "checkpoint.interval"));
            return settings;
        }

        Outcome run(String... arguments) {
            StringWriter out = new StringWriter();
            StringWriter err = new StringWriter();
            CommandLine command =
                    Freshet.commandLine()
                            .setOut(new PrintWriter(out, true))
                            .setErr(new PrintWriter(err, true));
            List<String> all = new ArrayList<>(List.of("dead-letters"));
            all.addAll(List.of(arguments));
            settings()
                    .forEach(
                            (key, value) -> {
                                all.add("--set");
                                all.add(key + "=" + value);
                            });
            int code = command.execute(all.toArray(String[]::new));
            return new Outcome(code, out.toString(), err.toString());
        }

        /** Runs a command that succeeds, and returns its lines. */
        List<String> lines(String... arguments) {
            Outcome outcome = run(arguments);
            assertThat(outcome.err()).isEmpty();
            assertThat(outcome.exitCode()).isZero();
            return outcome.out().lines().toList();
        }

        String input() {
            return topics.kafka().labelledEvents();
        }

        /** Sends a message to the input topic and returns its offset. */
        long send(int partition, byte @Nullable [] key, byte @Nullable [] value) throws Exception {
            return producer.send(new ProducerRecord<>(input(), partition, key, value))
                    .get()
                    .offset();
        }

        /** Sets a message aside: sends it, and publishes its dead letter. */
        String setAside(int partition, String reason, String modelId, byte @Nullable [] value)
                throws Exception {
            long offset = send(partition, utf8("key"), value);
            publish(partition, offset, reason, modelId, "value " + reason, value);
            return input() + "/" + partition + "/" + offset;
        }

        void publish(
                int partition,
                long offset,
                String reason,
                String modelId,
                String detail,
                byte @Nullable [] value)
                throws Exception {
            ByteBuffer event =
                    DeadLetterEvent.newBuilder()
                            .setTopic(input())
                            .setPartition(partition)
                            .setOffset(offset)
                            .setTimestamp(Instant.ofEpochMilli(1_700_000_000_000L))
                            .setKey(ByteBuffer.wrap(utf8("key")))
                            .setValue(value == null ? null : ByteBuffer.wrap(value))
                            .setHeaders(
                                    List.of(
                                            new Header("trace", ByteBuffer.wrap(utf8("t-1"))),
                                            new Header("empty", null)))
                            .setModelId(modelId)
                            .setReason(reason)
                            .setDetail(detail)
                            .build()
                            .toByteBuffer();
            byte[] bytes = new byte[event.remaining()];
            event.get(bytes);
            producer.send(new ProducerRecord<>(topics.publish().topic(Topic.DEAD_LETTERS), bytes))
                    .get();
        }

        /** Returns the committed records of the input topic that are replays. */
        List<ConsumerRecord<byte[], byte[]>> replays() {
            List<ConsumerRecord<byte[], byte[]>> replays = new ArrayList<>();
            try (TopicReader reader = new TopicReader(topics.kafka().client(), input())) {
                reader.readToEnd(
                        record -> {
                            if (record.headers().lastHeader(REPLAY_OF) != null) {
                                replays.add(record);
                            }
                        });
            }
            return replays;
        }

        List<String> replayedPlaces() {
            return replays().stream()
                    .map(record -> text(record.headers().lastHeader(REPLAY_OF).value()))
                    .sorted()
                    .toList();
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void list_countsByReason_andListsTheNewest_thatTheFilterSelects() throws Exception {
        Stage stage = new Stage("list");
        for (int i = 0; i < 5; i++) {
            stage.setAside(0, "TRUNCATED", "m", utf8("value " + i));
        }
        String other = stage.setAside(1, "LABEL_OUT_OF_RANGE", "", utf8("other"));

        List<String> all = stage.lines("list", "--limit", "2");
        assertThat(all).hasSize(5).allMatch(line -> line.length() <= 80);
        assertThat(all.get(0)).isEqualTo("6 dead letters: 5 TRUNCATED, 1 LABEL_OUT_OF_RANGE");
        assertThat(all.get(1)).endsWith("  list-labelled-events/0/4");
        assertThat(all.get(2)).isEqualTo("    TRUNCATED, model m: value TRUNCATED");
        assertThat(all.get(3)).endsWith("  " + other);
        assertThat(all.get(4))
                .isEqualTo("    LABEL_OUT_OF_RANGE, model unknown: value LABEL_OUT_OF_RANGE");

        assertThat(stage.lines("list", "--reason", "truncated", "--limit", "0"))
                .containsExactly("5 dead letters: 5 TRUNCATED");
        assertThat(stage.lines("list", "--model", "", "--limit", "0"))
                .containsExactly("1 dead letter: 1 LABEL_OUT_OF_RANGE");
        assertThat(stage.lines("list", "--since", "1 h", "--limit", "0").get(0)).startsWith("6 ");
        assertThat(stage.lines("list", "--since", "2999-01-01")).containsExactly("0 dead letters");

        List<String> json = stage.lines("list", "--json", "--reason", "LABEL_OUT_OF_RANGE");
        assertThat(json).hasSize(1);
        JsonNode letter = new ObjectMapper().readTree(json.get(0));
        assertThat(letter.get("offset").asLong()).isZero();
        assertThat(letter.get("sentAt").asText()).isEqualTo("2023-11-14T22:13:20Z");
        assertThat(letter.has("value")).isFalse();
    }

    @Test
    void show_printsTheWholeMessage_withoutControlCharacters() throws Exception {
        Stage stage = new Stage("show");
        byte[] binary = {(byte) 0xC3, 1, 0, 'A', 'b', '~', 127, (byte) 0x9B};
        stage.publish(1, 7, "UNKNOWN_SCHEMA", "evil\u001b[2J", "fingerprint \u202e 1", binary);
        stage.publish(0, 8, "MALFORMED", "m", "not Avro", utf8("{\"label\": 1}\nsecond line"));
        stage.publish(0, 9, "NULL_VALUE", "m", "no value", null);
        stage.publish(0, 10, "OVERSIZED", "m", "too long", new byte[5_000]);

        List<String> lines = stage.lines("show", "show-labelled-events/1/7");
        assertThat(lines)
                .contains(
                        "message    show-labelled-events/1/7",
                        "reason     UNKNOWN_SCHEMA",
                        "detail     fingerprint \ufffd 1",
                        "model      evil\ufffd[2J",
                        "    trace",
                        "t-1",
                        "key        3 bytes",
                        "value      8 bytes",
                        "00000000  c3 01 00 41 62 7e 7f 9b                          |...Ab~..|")
                .allMatch(line -> line.length() <= 80);
        assertThat(String.join("", lines)).doesNotContain("\u001b").doesNotContain("\u202e");

        assertThat(stage.lines("show", "show-labelled-events/0/8"))
                .endsWith("value      24 bytes", "{\"label\": 1}", "second line");
        assertThat(stage.lines("show", "show-labelled-events/0/9")).endsWith("value      null");
        assertThat(stage.lines("show", "show-labelled-events/0/10"))
                .contains("value      5,000 bytes, of which the first 1024 (--whole)")
                .hasSizeLessThan(90);
        assertThat(stage.lines("show", "show-labelled-events/0/10", "--whole"))
                .hasSizeGreaterThan(300);

        JsonNode json =
                new ObjectMapper()
                        .readTree(stage.run("show", "show-labelled-events/1/7", "--json").out());
        assertThat(json.get("value").binaryValue()).isEqualTo(binary);
        assertThat(json.at("/headers/1/value").isNull()).isTrue();

        assertThat(stage.run("show", "show-labelled-events/1/8"))
                .isEqualTo(
                        new Outcome(
                                2,
                                "",
                                "freshet: topic show-dead-letters has no dead letter of message"
                                        + " show-labelled-events/1/8\n"));
    }

    @Test
    void replay_sendsTheOriginalMessageOnce_howeverOftenItIsRun() throws Exception {
        Stage stage = new Stage("replay");
        byte[] binary = {(byte) 0xC3, 1, 0, (byte) 0xFF};
        String first = stage.setAside(1, "TRUNCATED", "m", binary);
        String second = stage.setAside(0, "NULL_VALUE", "m", null);
        String third = stage.setAside(0, "TRUNCATED", "n", utf8("third"));
        stage.publish(1, 0, "TRUNCATED", "m", "published twice", binary);

        assertThat(stage.lines("replay", "--all", "--dry-run"))
                .containsExactly("would replay 3 dead letters to replay-labelled-events");
        assertThat(stage.replays()).isEmpty();

        assertThat(stage.lines("replay", first))
                .containsExactly(
                        "replaying 1 dead letter to replay-labelled-events", "replayed 1 of 1");
        assertThat(stage.lines("replay", "--all", "--limit", "1"))
                .containsExactly(
                        "replaying 1 dead letter to replay-labelled-events",
                        "left out: 1 dead letter, replayed already",
                        "replayed 1 of 1");
        assertThat(stage.lines("replay", "--model", "n", "--model", "m"))
                .contains("left out: 2 dead letters, replayed already", "replayed 1 of 1");
        assertThat(stage.lines("replay", "--all"))
                .containsExactly(
                        "replaying 0 dead letters to replay-labelled-events",
                        "left out: 3 dead letters, replayed already");

        assertThat(stage.replayedPlaces()).containsExactly(second, third, first);
        ConsumerRecord<byte[], byte[]> replayed =
                stage.replays().stream()
                        .filter(record -> record.partition() == 1)
                        .findFirst()
                        .orElseThrow();
        assertThat(replayed.key()).isEqualTo(utf8("key"));
        assertThat(replayed.value()).isEqualTo(binary);
        assertThat(Stream.of(replayed.headers().toArray()).map(header -> header.key()))
                .containsExactly("trace", "empty", REPLAY_OF);
        assertThat(replayed.headers().lastHeader("trace").value()).isEqualTo(utf8("t-1"));
        assertThat(replayed.headers().lastHeader("empty").value()).isNull();
    }

    @Test
    void interruptedReplay_isCompleted_withoutLossOrRepetition() throws Exception {
        Stage stage = new Stage("killed");
        List<String> places = new ArrayList<>();
        for (int i = 0; i < 620; i++) {
            long offset = i;
            stage.publish(0, offset, "TRUNCATED", "m", "number " + i, utf8("v" + i));
            places.add(stage.input() + "/0/" + offset);
        }
        stage.lines("replay", "--all", "--limit", "510");
        // As if the process had been killed in its next transaction, after it sent one message.
        KafkaProducer<byte[], byte[]> killed =
                producer(Map.of("transactional.id", "killed-replay"));
        killed.initTransactions();
        killed.beginTransaction();
        ProducerRecord<byte[], byte[]> message =
                new ProducerRecord<>(stage.input(), 0, utf8("key"), utf8("v510"));
        message.headers().add(REPLAY_OF, utf8(places.get(510)));
        killed.send(message).get();

        assertThat(stage.lines("replay", "--all"))
                .containsExactly(
                        "replaying 110 dead letters to killed-labelled-events",
                        "left out: 510 dead letters, replayed already",
                        "replayed 110 of 110");
        killed.close();

        assertThat(stage.replayedPlaces())
                .containsExactlyElementsOf(places.stream().sorted().toList());
    }

    @Test
    void replayThatAnotherHasOvertaken_stops_andSendsNothing() throws Exception {
        Stage stage = new Stage("overtaken");
        String place = stage.setAside(0, "TRUNCATED", "m", utf8("one"));
        DeadLetterFilter all =
                new DeadLetterFilter(Set.of(), Set.of(), Set.of(), OptionalLong.empty());
        try (DeadLetterReplay first = DeadLetterReplay.begin(stage.topics)) {
            DeadLetterReplay.Plan plan = first.plan(all, false, 10);
            assertThat(stage.lines("replay", "--all")).endsWith("replayed 1 of 1");

            assertThatThrownBy(() -> first.send(plan, all, sent -> {}))
                    .isInstanceOf(UserException.class)
                    .hasMessageStartingWith("another replay of this job has been begun");
        }
        assertThat(stage.replayedPlaces()).containsExactly(place);
    }

    @Test
    void topicCreatedAnew_holdsOtherMessagesAtTheSamePlaces() throws Exception {
        Stage stage = new Stage("anew");
        String place = stage.setAside(0, "TRUNCATED", "m", utf8("before"));
        stage.lines("replay", "--all");
        stage.publish(0, 0, "TRUNCATED", "m", "of the new topic", utf8("after"));

        stage.lines("replay", "--all");

        assertThat(stage.replayedPlaces()).containsExactly(place, place);
        assertThat(stage.replays().stream().map(record -> text(record.value())))
                .containsExactlyInAnyOrder("before", "after");
    }

    @Test
    void deadLetterWhoseReplayMayHaveBeenRemoved_isSentOnlyOnRequest() throws Exception {
        Stage stage = new Stage("removed");
        stage.setAside(0, "TRUNCATED", "m", utf8("one"));
        stage.lines("replay", "--all");
        long end = stage.send(0, null, utf8("later")) + 1;
        try (Admin admin =
                Admin.create(
                        Map.<String, Object>of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.deleteRecords(
                            Map.of(
                                    new TopicPartition(stage.input(), 0),
                                    RecordsToDelete.beforeOffset(end - 1)))
                    .all()
                    .get();
        }

        assertThat(stage.lines("replay", "--all"))
                .containsExactly(
                        "replaying 0 dead letters to removed-labelled-events",
                        "left out: 1 dead letter since whose publication records have",
                        "    been removed from the topic, so an earlier replay may not be visible"
                                + " (--unproven)");
        assertThat(stage.lines("replay", "--all", "--unproven")).endsWith("replayed 1 of 1");
        assertThat(stage.lines("replay", "--all", "--unproven"))
                .contains("left out: 1 dead letter, replayed already");
    }

    @Test
    void replayToARunningJob_isSetAsideAgain_andEveryEventIsAccountedFor() throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, "job", 3, "a,b,c");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(List.of(new byte[] {1, 2}, new byte[] {3}, new byte[] {4}));
            Stage stage = new Stage("job");
            awaitDeadLetters(stage, 3);

            assertThat(stage.lines("replay", "--all")).endsWith("replayed 3 of 3");
            awaitDeadLetters(stage, 6);
            assertThat(stage.lines("replay", "--all", "--dry-run").get(0))
                    .startsWith("would replay 3 dead letters"); // the replays themselves

            job.cluster().stopWithDrain();
            TopicAudit audit = AuditReader.read(job.config());
            assertThat(audit.events()).isEqualTo(6);
            assertThat(audit.holds()).as(audit.checks().toString()).isTrue();
        }
    }

    private static void awaitDeadLetters(Stage stage, int number) {
        JobOnKafka.await(
                number + " dead letters",
                () ->
                        stage.lines("list", "--limit", "0")
                                .get(0)
                                .startsWith(number + " dead letters"));
    }

    @Test
    void invalidOptions_areReportedInOneLine() throws Exception {
        Stage stage = new Stage("invalid");

        assertThat(stage.run("replay").err())
                .isEqualTo(
                        "freshet: select dead letters by place, --reason, --model or --since, or"
                                + " replay --all\n");
        assertThat(stage.run("replay", "--all", "--model", "m").err())
                .isEqualTo("freshet: --all and a selection exclude each other\n");
        assertThat(stage.run("list", "--since", "yesterday").err())
                .isEqualTo(
                        "freshet: --since yesterday: must be an age such as 2 h or a time such as"
                                + " 2026-03-01T14:05\n");
        assertThat(stage.run("show", "labelled-events:0:1").err())
                .isEqualTo(
                        "freshet: labelled-events:0:1: must be topic/partition/offset, such as"
                                + " labelled-events/0/1234\n");
        assertThat(stage.run("replay", "a/1").exitCode()).isEqualTo(2);
    }
}
