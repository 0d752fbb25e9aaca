package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.watch.SourcePosition;
import io.freshet.local.watch.SourceProbe;
import io.freshet.local.watch.WatchedTopics;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Integration test of {@code freshet status}, on simulated results and on a real job. */
class StatusITCase {
    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws IOException {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private record Outcome(int exitCode, String out, String err) {
        JsonNode json() throws IOException {
            assertThat(err).isEmpty();
            return new ObjectMapper().readTree(out);
        }
    }

    private static Outcome freshet(Stream<String> arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        int code = command.execute(arguments.toArray(String[]::new));
        return new Outcome(code, out.toString(), err.toString());
    }

    /** Runs the command on the topics and the group whose names begin with a prefix. */
    private static Outcome status(String prefix, String... more) {
        List<String> arguments = new ArrayList<>(List.of("status"));
        settings(prefix)
                .forEach(
                        (key, value) -> {
                            arguments.add("--set");
                            arguments.add(key + "=" + value);
                        });
        return freshet(Stream.concat(arguments.stream(), Stream.of(more)));
    }

    private static Map<String, String> settings(String prefix) {
        Map<String, String> settings = JobOnKafka.settings(kafka, prefix, 3, "a,b,c");
        settings.keySet().removeAll(List.of("num-features", "classes", "checkpoint.interval"));
        return settings;
    }

    private static KafkaConfig config(String prefix) {
        return JobConfig.parseTopics(settings(prefix)).kafka();
    }

    private static WatchedTopics topics(String prefix) {
        return new WatchedTopics(prefix + "-metrics", prefix + "-drift-alerts", prefix + "-models");
    }

    /** Publishes 20 metrics records of each of two models, of which one drifts. */
    private static void publish(String prefix, long start) throws Exception {
        try (SimulatedResultsPublisher publisher =
                SimulatedResultsPublisher.on(kafka, topics(prefix))) {
            SimulatedResults drifting =
                    new SimulatedResults(
                            3, "m", List.of("a", "b", "c"), List.of(2_000L), start, 1_000);
            SimulatedResults other =
                    new SimulatedResults(4, "other", List.of("a", "b"), List.of(), start, 1_000);
            for (int i = 0; i < 20; i++) {
                publisher.publish(drifting, i);
                publisher.publish(other, i);
            }
        }
    }

    private static Admin admin() {
        return Admin.create(Map.<String, Object>of("bootstrap.servers", kafka.bootstrapServers()));
    }

    private static void createInput(String prefix) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(prefix + "-labelled-events", 2, (short) 1)))
                    .all()
                    .get();
        }
    }

    private static void send(String prefix, int partition, int events, boolean transactional)
            throws Exception {
        Map<String, Object> client =
                transactional
                        ? Map.of(
                                "bootstrap.servers",
                                kafka.bootstrapServers(),
                                "transactional.id",
                                prefix + "-test")
                        : Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
            if (transactional) {
                producer.initTransactions();
                producer.beginTransaction();
            }
            for (int i = 0; i < events; i++) {
                producer.send(
                                new ProducerRecord<>(
                                        prefix + "-labelled-events",
                                        partition,
                                        null,
                                        new byte[] {1}))
                        .get();
            }
            if (transactional) {
                producer.commitTransaction();
            }
        }
    }

    private static void commit(String prefix, long... offsets) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
        for (int i = 0; i < offsets.length; i++) {
            committed.put(
                    new TopicPartition(prefix + "-labelled-events", i),
                    new OffsetAndMetadata(offsets[i]));
        }
        try (Admin admin = admin()) {
            admin.alterConsumerGroupOffsets(prefix, committed).all().get();
        }
    }

    @Test
    void freshMetrics_areLive_withAllCounts_onOneScreen() throws Exception {
        long now = System.currentTimeMillis();
        publish("fresh", now - 20_000);
        createInput("fresh");
        send("fresh", 0, 12, false);
        commit("fresh", 5, 0);

        Outcome text = status("fresh");

        assertThat(text.err()).isEmpty();
        assertThat(text.exitCode()).isZero();
        assertThat(text.out().lines())
                .allMatch(line -> line.length() <= 80)
                .hasSizeLessThan(24)
                .contains(
                        "state         Live",
                        "lag           7 events of fresh-labelled-events",
                        "models        2 with 20,000 examples, highest version 10,000 of m")
                .anyMatch(
                        line -> line.matches("metrics       newest .* ago, usually every 1\\.0 s"))
                .anyMatch(line -> line.matches("checkpoint    newest .* ago"))
                .anyMatch(line -> line.matches("drifts        1, the newest .* ago in m, .*"))
                .noneMatch(line -> line.startsWith("unknown"));

        JsonNode json = status("fresh", "--json").json();
        assertThat(json.get("state").asText()).isEqualTo("live");
        assertThat(json.get("fresh").asBoolean()).isTrue();
        assertThat(json.at("/lag/0/events").asLong()).isEqualTo(7);
        assertThat(json.at("/lag/0/exact").asBoolean()).isTrue();
        assertThat(json.at("/models/count").asLong()).isEqualTo(2);
        assertThat(json.at("/models/complete").asBoolean()).isTrue();
        assertThat(json.at("/checkpoint/ageMillis").asLong()).isBetween(0L, 60_000L);
        assertThat(json.at("/drifts/detector").asText()).isEqualTo("adwin");
        assertThat(json.get("flink").isNull()).isTrue();
        assertThat(json.get("unknown")).isEmpty();
    }

    @Test
    void oldMetrics_areSilent_unlessEverythingIsRead_andCheckpointsCome() throws Exception {
        publish("old", 1_700_000_000_000L);
        createInput("old");
        send("old", 0, 3, false);

        Outcome uncommitted = status("old");
        assertThat(uncommitted.exitCode()).isEqualTo(1);
        assertThat(uncommitted.out())
                .contains("state         No update for ")
                .contains("lag           unknown")
                .contains("unknown       Group old has no committed offsets of topic old-labelled");

        commit("old", 2, 0);
        Outcome behind = status("old", "--json");
        assertThat(behind.exitCode()).isEqualTo(1);
        assertThat(behind.json().get("state").asText()).isEqualTo("silent");
        assertThat(behind.json().get("text").asText()).endsWith(", 1 event is waiting");

        commit("old", 3, 0);
        Outcome idle = status("old", "--json");
        assertThat(idle.exitCode()).isZero();
        assertThat(idle.json().get("state").asText()).isEqualTo("idle");
        assertThat(idle.json().get("text").asText()).startsWith("Live, no events for ");
    }

    @Test
    void endsOfTransactions_areNotEvents() throws Exception {
        createInput("transactions");
        send("transactions", 0, 4, true);
        send("transactions", 1, 2, true);
        commit("transactions", 4, 1); // the offset 4 is that of the transaction's end

        try (SourceProbe probe = new SourceProbe(config("transactions"))) {
            SourcePosition counted = probe.look(Map.of(), true);
            assertThat(counted.unread()).isEqualTo(OptionalLong.of(1));
            assertThat(counted.lags())
                    .containsExactly(
                            new SourcePosition.Lag("transactions-labelled-events", 1, true));
            assertThat(probe.look(Map.of(), false).lags())
                    .containsExactly(
                            new SourcePosition.Lag("transactions-labelled-events", 3, false));
            assertThat(counted.problems()).isEmpty();

            long first = counted.newestCheckpoint().orElseThrow();
            commit("transactions", 4, 2);
            SourcePosition next = probe.look(Map.of(), true);
            assertThat(next.unread()).isEqualTo(OptionalLong.of(0));
            assertThat(next.newestCheckpoint().orElseThrow()).isGreaterThanOrEqualTo(first);
        }
    }

    @Test
    void eventsThatWereTrainedOn_areRead_evenIfNoOffsetIsCommitted() throws Exception {
        createInput("trained");
        send("trained", 0, 4, false);
        send("trained", 1, 2, false);
        TopicPartition first = new TopicPartition("trained-labelled-events", 0);
        TopicPartition second = new TopicPartition("trained-labelled-events", 1);

        try (SourceProbe probe = new SourceProbe(config("trained"))) {
            assertThat(probe.look(Map.of(first, 3L, second, 2L), true).unread())
                    .isEqualTo(OptionalLong.of(1));
            assertThat(probe.look(Map.of(second, 2L), true).unread())
                    .as("a partition of which nothing has been read")
                    .isEqualTo(OptionalLong.of(4));
            commit("trained", 4, 1);
            assertThat(probe.look(Map.of(first, 3L, second, 2L), true).unread())
                    .isEqualTo(OptionalLong.of(0));
            assertThat(probe.look(Map.of(first, 3L, second, 900L), true).unread())
                    .as("an offset beyond the end is not believed")
                    .isEqualTo(OptionalLong.of(1));
        }
    }

    @Test
    void whatMayNotBeRead_isUnknown_andTheRestIsKnown() throws Exception {
        Map<String, String> secured =
                Map.of(
                        "authorizer.class.name",
                        "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                        "allow.everyone.if.no.acl.found",
                        "true");
        try (EmbeddedKafka broker = EmbeddedKafka.start(secured);
                Admin admin =
                        Admin.create(
                                Map.<String, Object>of(
                                        "bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic("labelled-events", 1, (short) 1))).all().get();
            admin.alterConsumerGroupOffsets(
                            "freshet",
                            Map.of(
                                    new TopicPartition("labelled-events", 0),
                                    new OffsetAndMetadata(0)))
                    .all()
                    .get();
            admin.createAcls(
                            List.of(
                                    new AclBinding(
                                            new ResourcePattern(
                                                    ResourceType.TOPIC,
                                                    "__consumer_offsets",
                                                    PatternType.LITERAL),
                                            new AccessControlEntry(
                                                    "User:ANONYMOUS",
                                                    "*",
                                                    AclOperation.ALL,
                                                    AclPermissionType.DENY))))
                    .all()
                    .get();
            KafkaConfig kafkaConfig =
                    JobConfig.parseTopics(
                                    Map.of("kafka.bootstrap.servers", broker.bootstrapServers()))
                            .kafka();
            try (SourceProbe probe = new SourceProbe(kafkaConfig)) {
                JobOnKafka.await(
                        "the broker to know the permission",
                        () -> !probe.look(Map.of(), false).problems().isEmpty());

                SourcePosition position = probe.look(Map.of(), true);
                assertThat(position.unread()).isEqualTo(OptionalLong.of(0));
                assertThat(position.newestCheckpoint()).isEmpty();
                assertThat(position.problems())
                        .singleElement()
                        .asString()
                        .startsWith(
                                "The newest checkpoint is unknown, because __consumer_offsets"
                                        + " cannot be read: TopicAuthorizationException");
            }
        }
    }

    @Test
    void commitsOfOtherGroups_areNotCheckpoints() throws Exception {
        createInput("alone");
        send("alone", 0, 1, false);
        createInput("neighbour");
        commit("neighbour", 0, 0);

        try (SourceProbe probe = new SourceProbe(config("alone"))) {
            assertThat(probe.look(Map.of(), true).newestCheckpoint()).isEmpty();
        }
    }

    @Test
    void runningJob_isDescribedByFlinkToo_andAStoppedOneIsStopped() throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, "real", 3, "a,b,c");
        settings.put("job.name", "real");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            List<byte[]> events =
                    new ArrayList<>(
                            JobOnKafka.events(7, 200, 3, 3, "default").stream()
                                    .map(JobOnKafka::bytes)
                                    .toList());
            events.add(new byte[] {1, 2, 3});
            job.send(events);
            String flink = job.cluster().webPage().toString();
            String[] arguments = {"--json", "--flink", flink, "--set", "job.name=real"};
            JobOnKafka.await("all events in the status", () -> hasReadAll(arguments));

            Outcome outcome = status("real", arguments);
            assertThat(outcome.exitCode()).isZero();
            JsonNode json = outcome.json();
            assertThat(json.get("state").asText()).isEqualTo("live");
            assertThat(json.at("/flink/state").asText()).isEqualTo("RUNNING");
            assertThat(json.at("/flink/restarts").asLong()).isZero();
            assertThat(json.at("/flink/completedCheckpoints").asLong()).isPositive();
            assertThat(json.get("trainedOn").asLong() + json.get("predictedOnly").asLong())
                    .isEqualTo(200);
            assertThat(json.at("/deadLetters/NOT_SINGLE_OBJECT").asLong()).isEqualTo(1);
            assertThat(json.at("/checkpoint/ageMillis").asLong()).isLessThan(60_000);
            assertThat(json.get("unknown")).isEmpty();

            job.finish();
            Outcome stopped = status("real", "--flink", flink, "--set", "job.name=real");
            assertThat(stopped.exitCode()).isEqualTo(1);
            assertThat(stopped.out()).startsWith("state         Stopped ");
        }
    }

    private static boolean hasReadAll(String... arguments) {
        try {
            JsonNode json = status("real", arguments).json();
            return json.at("/lag/0/events").asLong(-1) == 0
                    && json.at("/deadLetters/NOT_SINGLE_OBJECT").asLong() == 1
                    && json.get("trainedOn").asLong() + json.get("predictedOnly").asLong() == 200;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void missingTopic_unreachableKafka_andWrongAddress_exitWith2() throws Exception {
        assertThat(status("nowhere"))
                .isEqualTo(
                        new Outcome(
                                2,
                                "",
                                "freshet: topic nowhere-metrics does not exist at "
                                        + kafka.bootstrapServers()
                                        + "; `freshet topics` creates it\n"));
        assertThat(status("nowhere", "--flink", "localhost:8081").err())
                .isEqualTo(
                        "freshet: --flink localhost:8081: must be an address such as"
                                + " http://localhost:8081\n");
        Outcome down = freshet(Stream.of("status", "--set", "kafka.bootstrap.servers=localhost:1"));
        assertThat(down.exitCode()).isEqualTo(2);
        assertThat(down.err())
                .isEqualTo(
                        "freshet: no Kafka broker answers at localhost:1"
                                + " (kafka.bootstrap.servers)\n");

        publish("flinkless", System.currentTimeMillis() - 20_000);
        createInput("flinkless");
        commit("flinkless", 0, 0);
        Outcome flinkless = status("flinkless", "--flink", "http://localhost:1");
        assertThat(flinkless.exitCode()).isZero();
        assertThat(flinkless.out()).contains("unknown       Flink's figures are unknown: ");
    }
}
