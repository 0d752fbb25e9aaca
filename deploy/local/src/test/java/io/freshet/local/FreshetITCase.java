package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Integration test of the command line {@code freshet}. */
class FreshetITCase {
    @TempDir private Path directory;

    private record Outcome(int exitCode, String out, String err) {}

    private static Outcome freshet(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        return new Outcome(command.execute(args), out.toString(), err.toString());
    }

    private static void assertOneLine(Outcome outcome, String message) {
        assertThat(outcome.exitCode()).isNotZero();
        assertThat(outcome.err().lines().toList()).containsExactly("freshet: " + message);
    }

    private static String[] with(String[] args, String... more) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static String[] job(String command, String servers) {
        return new String[] {
            command,
            "--set",
            "kafka.bootstrap.servers=" + servers,
            "--set",
            "num-features=3",
            "--set",
            "classes=2"
        };
    }

    @Test
    void demo_learns_accountsForEveryEvent_andLeavesNothingBehind() throws Exception {
        Path csv = writeCsv();
        Path summary = directory.resolve("summary.json");
        long before = temporaries();

        Outcome outcome =
                freshet(
                        "demo",
                        "--csv",
                        csv.toString(),
                        "--label",
                        "label",
                        "--rate",
                        "max",
                        "--set",
                        "learner.type=softmax",
                        "--set",
                        "training.learning-rate=0.05",
                        "--set",
                        "training.momentum=0.9",
                        "--set",
                        "mini-batch.size=32",
                        "--summary",
                        summary.toString());

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out())
                .contains("3,000 events, 2 features, 2 classes")
                .contains("✓ every event is counted once (digest)")
                .doesNotContain("✗")
                .doesNotContain("learning rate");
        JsonNode json = new ObjectMapper().readTree(summary.toFile());
        List<String> names = new ArrayList<>();
        json.fieldNames().forEachRemaining(names::add);
        assertThat(names)
                .containsExactly(
                        "events",
                        "accepted",
                        "unlabelled",
                        "ignored",
                        "deadLetters",
                        "examplesSeen",
                        "digest",
                        "models",
                        "modelVersion",
                        "loss",
                        "accuracy",
                        "kappa",
                        "kappaTemporal",
                        "rollingLoss",
                        "rollingAccuracy",
                        "noChangeAccuracy",
                        "majorityAccuracy",
                        "seconds",
                        "eventsPerSecond");
        assertThat(json.get("events").asLong()).isEqualTo(3_000);
        assertThat(json.get("accepted").asLong()).isEqualTo(2_700);
        assertThat(json.get("unlabelled").asLong()).isEqualTo(300);
        assertThat(json.get("examplesSeen").asLong()).isEqualTo(2_700);
        assertThat(json.get("digest").asText()).matches("[0-9a-f]{16}");
        assertThat(json.get("modelVersion").asLong()).isEqualTo(85); // 2,700 / 32, rounded up
        assertThat(json.get("rollingAccuracy").asDouble()).isGreaterThan(0.95);
        assertThat(temporaries()).isLessThanOrEqualTo(before);
    }

    @Test
    void demoWithDefaults_takesAStepForEachEvent_andPrintsTheDominantExperts() throws Exception {
        Path csv = writeCsv();
        Path summary = directory.resolve("summary.json");

        Outcome outcome =
                freshet(
                        "demo",
                        "--csv",
                        csv.toString(),
                        "--label",
                        "label",
                        "--rate",
                        "max",
                        "--summary",
                        summary.toString());

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out())
                .doesNotContain("✗")
                .containsPattern("largest stack weights \\(recent loss\\): [a-z0-9. ]+ [+-][0-9]");
        JsonNode json = new ObjectMapper().readTree(summary.toFile());
        assertThat(json.get("modelVersion").asLong()).isEqualTo(2_700);
        assertThat(json.get("rollingAccuracy").asDouble()).isGreaterThan(0.95);
    }

    @Test
    void demoOfALinearLearner_printsTheDominantRate() throws Exception {
        Outcome outcome =
                freshet(
                        "demo",
                        "--csv",
                        writeCsv().toString(),
                        "--label",
                        "label",
                        "--rate",
                        "max",
                        "--set",
                        "learner.type=softmax");

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out())
                .doesNotContain("✗")
                .containsPattern("learning rate [0-9.]+ · largest weight: rate [0-9.]+, [0-9]+ %");
    }

    @Test
    void demo_givesTheSameFiguresInEveryRun() throws Exception {
        Path csv = writeCsv();
        List<JsonNode> summaries = new ArrayList<>();
        for (String interval : List.of("1 s", "70 ms", "30 ms")) {
            Path summary = directory.resolve(interval + ".json");
            Outcome outcome =
                    freshet(
                            "demo",
                            "--csv",
                            csv.toString(),
                            "--label",
                            "label",
                            "--rate",
                            "10000",
                            "--set",
                            "checkpoint.interval=" + interval,
                            "--summary",
                            summary.toString());
            assertThat(outcome.exitCode()).isZero();
            ObjectNode json = (ObjectNode) new ObjectMapper().readTree(summary.toFile());
            summaries.add(json.without(List.of("seconds", "eventsPerSecond")));
        }
        assertThat(summaries.get(0).get("loss").asDouble()).isPositive();
        assertThat(summaries).containsOnly(summaries.get(0));
    }

    private Path writeCsv() throws IOException {
        StringBuilder rows = new StringBuilder("x,y,label\n");
        for (int i = 0; i < 3_000; i++) {
            boolean up = i % 3 == 0;
            String label = i % 10 == 9 ? "" : up ? "up" : "down";
            rows.append(up ? 1 + i % 7 : -i % 5).append(",").append(i % 4).append(",");
            rows.append(label).append("\n");
        }
        return Files.writeString(directory.resolve("stream.csv"), rows);
    }

    private static long temporaries() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("freshet-kafka-"))
                    .count();
        }
    }

    @Test
    void badSettings_areAllNamed() {
        Outcome outcome =
                freshet("demo", "--set", "block.size=0", "--set", "training.learningrate=1");

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err().lines().toList())
                .containsExactly(
                        "freshet: unknown key training.learningrate; the nearest known one is"
                                + " training.learning-rate",
                        "freshet: block.size = 0: must be a whole number of events, 1 to 65536");
    }

    @Test
    void badCsv_isNamedInOneLine() throws IOException {
        Path csv = Files.writeString(directory.resolve("s.csv"), "x,z\n1,a\n2.5,b\n");
        Path twice = Files.writeString(directory.resolve("t.csv"), "x,x,y\n1,2,a\n");

        assertOneLine(
                freshet("demo", "--csv", csv.toString(), "--label", "y"),
                csv + ": --label y: there is no such field; there are x, z");
        assertOneLine(
                freshet("demo", "--csv", csv.toString()),
                csv + ": which field is the label? --label says so; there are x, z");
        assertOneLine(
                freshet("demo", "--file", twice.toString()),
                twice + ": line 1: the column \"x\" is there twice");
        assertOneLine(
                freshet("demo", "--file", directory.resolve("none.csv").toString()),
                directory.resolve("none.csv") + " does not exist");
        assertOneLine(
                freshet("demo", "--label", "y"),
                "--label and other options of a file need --file, the file");
        assertOneLine(
                freshet("demo", "--rate", "fast"), "--rate fast: must be a number above 0, or max");
    }

    @Test
    void demoWithSeveralModels_showsEach() throws Exception {
        StringBuilder rows = new StringBuilder("shop,x,y\n");
        for (int i = 0; i < 300; i++) {
            rows.append(i % 3 == 0 ? "north," : "south,").append(i % 7).append(".5,");
            rows.append(i % 7 > 3 ? "up\n" : "down\n");
        }
        Path file = Files.writeString(directory.resolve("models.csv"), rows);
        Path summary = directory.resolve("models.json");

        Outcome outcome =
                freshet(
                        "demo",
                        "--file",
                        file.toString(),
                        "--model",
                        "shop",
                        "--rate",
                        "max",
                        "--dashboard-port",
                        "0",
                        "--summary",
                        summary.toString());

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("  model        \"shop\": north (100), south (200)\n")
                .containsPattern("(?m)^  north +100 ")
                .containsPattern("(?m)^  south +200 ")
                .contains("· 2 models");
        JsonNode json = new ObjectMapper().readTree(summary.toFile());
        assertThat(json.get("accuracy").isNull()).isTrue();
        assertThat(json.get("models").get("south").get("examplesSeen").asLong()).isEqualTo(200);
        assertThat(json.get("models").get("north").get("accuracy").asDouble()).isPositive();
    }

    @Test
    void textsOfAFile_arePrintedWithoutControlCharacters() throws Exception {
        Path csv =
                Files.writeString(
                        directory.resolve("evil\u001b[2J.csv"),
                        "x,y\u001b[1m\n1,a\u001b]0;title\u0007\n2,b\n");
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            String servers = "kafka.bootstrap.servers=" + kafka.bootstrapServers();
            freshet("topics", "--set", servers);

            Outcome replayed =
                    freshet(
                            "replay",
                            "--csv",
                            csv.toString(),
                            "--label",
                            "y\u001b[1m",
                            "--set",
                            servers);

            assertThat(replayed.err()).isEmpty();
            assertThat(replayed.out())
                    .contains("2 events of evil\ufffd[2J.csv to labelled-events")
                    .contains("  classes=a\ufffd]0;title\ufffd,b\n")
                    .contains("sent 2 events")
                    .doesNotContain("\u001b");
        }
        assertThat(freshet("demo", "--csv", csv.toString(), "--label", "z", "--debug").err())
                .contains("evil\ufffd[2J.csv: --label z: there is no such field; there are x, y")
                .doesNotContain("\u001b");
    }

    @Test
    void portInUse_isNamedInOneLine() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertOneLine(
                    freshet("demo", "--events", "10", "--ui-port", "" + taken.getLocalPort()),
                    "port "
                            + taken.getLocalPort()
                            + " for Flink's web UI is already in use (--ui-port)");
        }
    }

    @Test
    void missingBroker_isNamedInOneLine() throws IOException {
        String nobody;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = "localhost:" + free.getLocalPort();
        }
        String message = "no Kafka broker answers at " + nobody + " (kafka.bootstrap.servers)";

        assertOneLine(freshet(job("run", nobody)), message);
        assertOneLine(freshet("topics", "--set", "kafka.bootstrap.servers=" + nobody), message);
        assertOneLine(
                freshet("replay", "--events", "10", "--set", "kafka.bootstrap.servers=" + nobody),
                message);
    }

    @Test
    void missingTopic_isNamedInOneLine_andTopicsCreatesIt() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            String servers = kafka.bootstrapServers();
            String setServers = "kafka.bootstrap.servers=" + servers;
            assertOneLine(
                    freshet(with(job("run", servers), "--set", "topics.labelled-events=none")),
                    "topic dead-letters does not exist at "
                            + servers
                            + "; `freshet topics` creates it");
            assertOneLine(
                    freshet("replay", "--events", "10", "--set", setServers),
                    "topic labelled-events does not exist at "
                            + servers
                            + "; `freshet topics` creates it");

            assertThat(freshet("topics", "--set", setServers).out().lines())
                    .containsExactly(
                            "created labelled-events",
                            "created metrics",
                            "created drift-alerts",
                            "created predictions",
                            "created models",
                            "created model-history",
                            "created dead-letters");
            assertThat(freshet("topics", "--set", setServers).out().lines())
                    .allMatch(line -> line.startsWith("exists  "));
            assertOneLine(
                    freshet(with(job("run", servers), "--set", "topics.labelled-events=none")),
                    "topic none does not exist at " + servers + "; `freshet topics` creates it");

            assertOneLine(
                    freshet(with(job("run", servers), "--set", "sink.transaction-timeout=1 h")),
                    "sink.transaction-timeout is 3600000 ms; the brokers allow 900000 ms"
                            + " (transaction.max.timeout.ms)");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
                admin.createTopics(List.of(new NewTopic("small", 1, (short) 1))).all().get();
            }
            assertOneLine(
                    freshet(with(job("run", servers), "--set", "topics.dead-letters=small")),
                    "topic small accepts records of up to 1048588 bytes (max.message.bytes), but"
                            + " the result for the largest record of topic labelled-events may need"
                            + " 1064980 bytes; raise the limit, as `freshet topics` does");

            Outcome replayed = freshet("replay", "--events", "500", "--set", setServers);
            assertThat(replayed.exitCode()).isZero();
            assertThat(replayed.out()).contains("sent 500 events");
        }
    }
}
