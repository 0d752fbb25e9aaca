package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Integration test of every way in which {@code freshet run} ends, in a separate process: within
 * bounded time, and without files left behind.
 */
class RunEndITCase {
    private static final int INTERRUPTED = 130;
    private static final int TERMINATED = 143;

    private static EmbeddedKafka kafka;

    @TempDir private Path directory;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
        assertThat(
                        Freshet.commandLine()
                                .execute(
                                        "topics",
                                        "--set",
                                        "kafka.bootstrap.servers=" + kafka.bootstrapServers()))
                .isZero();
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    private JavaProcess run(String jobName, String... options) throws IOException {
        return JavaProcess.freshet(
                directory,
                List.of(options),
                "run",
                "--set",
                "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
                "--set",
                "num-features=4",
                "--set",
                "classes=3",
                "--set",
                "job.name=" + jobName,
                "--set",
                "sink.transactional-id-prefix=" + jobName);
    }

    private List<String> files(String prefix) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix))
                    .sorted()
                    .toList();
        }
    }

    /** Returns whether a process's directory contains a file whose name contains a text. */
    private boolean hasUnpacked(String text) {
        try (Stream<Path> files = Files.walk(directory, 4)) {
            return files.anyMatch(file -> file.getFileName().toString().contains(text));
        } catch (IOException | UncheckedIOException e) {
            return false; // the process creates and deletes files meanwhile
        }
    }

    @Test
    void sigterm_keepsTheLog_andDeletesTemporaryFiles() throws Exception {
        try (JavaProcess first = run("kept")) {
            first.awaitOutput("learning from labelled-events");
            assertThat(hasUnpacked("natives")).isTrue();
            first.signal("TERM");
            assertThat(first.awaitExit()).isZero();
            assertThat(first.output())
                    .contains("stopped with ", "0 accepted · 0 unlabelled · 0 ignored", "0 drifts")
                    .doesNotContain("freshet: ");
        }
        Path log = directory.resolve("freshet-run-kept.log");
        List<String> before = Files.readAllLines(log);
        assertThat(before).anyMatch(line -> line.contains("ND4J"));
        assertThat(before).anyMatch(line -> line.contains("SIGTERM: stopping"));
        assertThat(before).noneMatch(line -> line.contains("illegal"));
        assertThat(files("freshet-process-")).isEmpty();

        try (JavaProcess second = run("kept")) {
            second.awaitOutput("learning from labelled-events");
            second.signal("INT");
            second.awaitExit();
        }
        List<String> after = Files.readAllLines(log);
        assertThat(after.subList(0, before.size())).isEqualTo(before);
        assertThat(after.size()).isGreaterThan(before.size());
        assertThat(files(""))
                .allMatch(
                        name ->
                                name.startsWith("freshet-run-kept.log")
                                        || name.startsWith("output-")
                                        || name.equals(JavaProcess.DATA)
                                        || name.startsWith("hsperfdata"));
    }

    @Test
    void runWithoutAnyUsableEvent_fails_andSaysWhy() throws Exception {
        String[] topics = {
            "--set", "topics.labelled-events=useless", "--set", "topics.metrics=useless-metrics"
        };
        List<String> create = new ArrayList<>(List.of("topics"));
        create.addAll(List.of(topics));
        create.addAll(List.of("--set", "kafka.bootstrap.servers=" + kafka.bootstrapServers()));
        assertThat(Freshet.commandLine().execute(create.toArray(String[]::new))).isZero();
        Map<String, Object> client = Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("useless", new byte[] {1, 2, 3})).get();
        }
        String[] run = {
            "run",
            "--set",
            "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
            "--set",
            "num-features=4",
            "--set",
            "classes=3",
            "--set",
            "job.name=useless",
            "--set",
            "sink.transactional-id-prefix=useless",
            "--set",
            "topics.labelled-events=useless",
            "--set",
            "topics.metrics=useless-metrics"
        };
        try (JavaProcess process = JavaProcess.freshet(directory, List.of(), run);
                TopicReader metrics =
                        new TopicReader(
                                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                                "useless-metrics")) {
            JobOnKafka.await(
                    "metrics of the dead letter",
                    () -> metrics.poll(Duration.ofMillis(100)).iterator().hasNext());
            process.signal("TERM");
            assertThat(process.awaitExit()).isEqualTo(1);
            assertThat(process.output())
                    .contains(
                            "stopped with ", "1 dead letters", "dead letters: 1 NOT_SINGLE_OBJECT")
                    .contains("no event could be used, for the reasons above");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"freshet-process-", "flink-rpc-akka", "minicluster_", "natives"})
    void sigtermWhileStarting_ends(String unpacked) throws Exception {
        try (JavaProcess process = run("starting")) {
            JobOnKafka.await(unpacked, () -> hasUnpacked(unpacked));
            process.signal("TERM");
            assertThat(process.awaitExit()).isEqualTo(TERMINATED);
        }
        assertThat(files("freshet-process-")).isEmpty();
    }

    @Test
    void filesOfAKilledProcess_areDeletedByTheNext_butNotThoseOfALiveOne() throws Exception {
        try (JavaProcess killed = run("killed");
                JavaProcess living = run("living")) {
            killed.awaitOutput("learning from");
            living.awaitOutput("learning from");
            killed.signal("KILL");
            killed.awaitExit();
            assertThat(directories()).hasSize(2);

            try (JavaProcess next =
                    JavaProcess.freshet(
                            directory,
                            List.of(),
                            "topics",
                            "--set",
                            "kafka.bootstrap.servers=" + kafka.bootstrapServers())) {
                assertThat(next.awaitExit()).isZero();
            }
            assertThat(directories()).hasSize(1);
            assertThat(hasUnpacked("natives")).isTrue();
            living.signal("TERM");
            living.awaitExit();
            assertThat(files("freshet-process-")).isEmpty();
        }
    }

    private List<String> directories() throws IOException {
        return files("freshet-process-").stream().filter(name -> !name.endsWith(".lock")).toList();
    }

    @Test
    void jobStoppedByRest_endsTheCommand() throws Exception {
        try (JavaProcess process = run("stopped")) {
            process.awaitOutput("learning from");
            Matcher flink = Pattern.compile("Flink at (http://\\S+)").matcher(process.output());
            assertThat(flink.find()).isTrue();
            URI root = URI.create(flink.group(1));
            HttpClient http = HttpClient.newHttpClient();
            String jobs = get(http, root.resolve("/jobs"));
            assertThat(get(http, root.resolve("/jobs/overview"))).contains("\"name\":\"stopped\"");
            String id = new ObjectMapper().readTree(jobs).get("jobs").get(0).get("id").asText();
            HttpRequest stop =
                    HttpRequest.newBuilder(root.resolve("/jobs/" + id + "/stop"))
                            .header("Content-Type", "application/json")
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            "{\"drain\":true,\"targetDirectory\":\""
                                                    + directory.resolve("savepoint").toUri()
                                                    + "\"}"))
                            .build();
            assertThat(http.send(stop, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(202);

            assertThat(process.awaitExit()).as(process.output()).isZero();
            assertThat(process.output()).contains("the job has ended");
        }
        assertThat(files("savepoint")).hasSize(1);
        assertThat(files("freshet-process-")).isEmpty();
    }

    @Test
    void unrecoverableJob_endsTheCommandWithTheReason() throws Exception {
        String setServers = "kafka.bootstrap.servers=" + kafka.bootstrapServers();
        String setTopic = "topics.labelled-events=deleted";
        assertThat(Freshet.commandLine().execute("topics", "--set", setServers, "--set", setTopic))
                .isZero();
        try (JavaProcess process =
                        JavaProcess.freshet(
                                directory,
                                List.of(),
                                "run",
                                "--set",
                                setServers,
                                "--set",
                                setTopic,
                                "--set",
                                "kafka.partition.discovery.interval.ms=500",
                                "--set",
                                "num-features=4",
                                "--set",
                                "classes=3",
                                "--set",
                                "models.max=1000000",
                                "--set",
                                "sink.transactional-id-prefix=deleted");
                Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            process.awaitOutput("learning from deleted");
            admin.deleteTopics(List.of("deleted")).all().get();

            assertThat(process.awaitExit()).as(process.output()).isEqualTo(1);
            assertThat(process.output().lines())
                    .anyMatch(line -> line.startsWith("warning: models.max = 1000000 models"))
                    .noneMatch(line -> line.startsWith("the job restarts"))
                    .contains(
                            "freshet: the job failed: topic deleted, which the job reads, no longer"
                                    + " exists");
        }
        assertThat(files("freshet-process-")).isEmpty();
    }

    @Test
    void unwritableLog_isReportedInOneLine() throws Exception {
        try (JavaProcess process = run("full", "-Dfreshet.log=/dev/full")) {
            process.awaitOutput("learning from");
            process.signal("TERM");
            process.awaitExit();
            assertThat(process.output().lines().filter(line -> line.startsWith("freshet: ")))
                    .containsExactly(
                            "freshet: the log /dev/full cannot be written: IOException: No space"
                                    + " left on device");
            assertThat(process.output().lines()).hasSizeLessThan(10); // and no stack trace
        }
    }

    private static String get(HttpClient http, URI uri) throws Exception {
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void secondSignal_endsAtOnce() throws Exception {
        try (JavaProcess process = run("impatient")) {
            process.awaitOutput("learning from");
            // Of one signal, two that are pending would be delivered once.
            process.signal("INT");
            process.signal("TERM");
            assertThat(process.awaitExit()).isIn(INTERRUPTED, TERMINATED);
            assertThat(process.output()).contains("second signal, halting at once");
        }
    }
}
