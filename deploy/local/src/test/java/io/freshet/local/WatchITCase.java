package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.watch.ResultsReader;
import io.freshet.local.watch.WatchedTopics;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.schemas.EventSchemas;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Integration test of {@code freshet watch} and the dashboard on the topics of a real broker. */
class WatchITCase {
    private static final List<String> CLASSES = List.of("a", "b", "c");
    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws IOException {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private record Outcome(int exitCode, String out, String err) {}

    private static Outcome watch(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        String[] all =
                Stream.concat(
                                Stream.of(
                                        "watch",
                                        "--set",
                                        "kafka.bootstrap.servers=" + kafka.bootstrapServers()),
                                Stream.of(args))
                        .toArray(String[]::new);
        return new Outcome(command.execute(all), out.toString(), err.toString());
    }

    private static WatchedTopics topics(String name) {
        return new WatchedTopics(name + "-metrics", name + "-drift-alerts", name + "-models");
    }

    private static SimulatedResults results(String modelId, Long... drifts) {
        return new SimulatedResults(
                3, modelId, CLASSES, List.of(drifts), 1_700_000_000_000L, 1_000);
    }

    private static Map<String, String> client() {
        return Map.of("bootstrap.servers", kafka.bootstrapServers());
    }

    /** Returns the first event of the stream that matches. */
    private static JsonNode event(URI address, Predicate<JsonNode> wanted) throws Exception {
        HttpResponse<Stream<String>> response =
                HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(address.resolve("/events")).build(),
                                HttpResponse.BodyHandlers.ofLines());
        Iterator<String> lines = response.body().iterator();
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.startsWith("data: ")) {
                JsonNode event = new ObjectMapper().readTree(line.substring("data: ".length()));
                if (wanted.test(event)) {
                    return event;
                }
            }
        }
        throw new AssertionError("the stream ended");
    }

    @Test
    void dashboard_showsExistingRecords_thenNewOnes() throws Exception {
        WatchedTopics topics = topics("page");
        SimulatedResults results = results("m", 1_000L);
        DashboardData data = new DashboardData();
        try (SimulatedResultsPublisher publisher = SimulatedResultsPublisher.on(kafka, topics);
                Dashboard dashboard = Dashboard.start(data, "localhost", 0)) {
            for (int i = 0; i < 20; i++) {
                publisher.publish(results, i);
            }
            publisher.send(topics.metrics(), "m", "no event".getBytes(StandardCharsets.UTF_8));
            publisher.flush();
            ResultsReader reader = ResultsReader.start(client(), topics, data);
            reader.awaitCaughtUp();

            JsonNode before = event(dashboard.address(), event -> true);
            assertThat(before.at("/feed/state").asText()).isEqualTo("live");
            assertThat(before.at("/feed/unreadable").asLong()).isEqualTo(1);
            assertThat(before.at("/model/points/examples")).hasSize(20);
            assertThat(before.at("/model/latest")).isEqualTo(json(results.metrics(19)));
            assertThat(before.at("/model/alerts")).hasSize(1);
            assertThat(before.at("/model/alerts/0/event/after/examples").asLong())
                    .isEqualTo(SimulatedResults.DETECTION_DELAY);
            assertThat(before.at("/model/versions/0/version").asLong()).isEqualTo(10_000);

            publisher.publish(results, 20);
            event(dashboard.address(), event -> event.at("/model/latest/sequence").asLong() == 20);
            reader.close();
            assertThat(event(dashboard.address(), event -> true).at("/feed/state").asText())
                    .isEqualTo("ended");
        }
    }

    /** Returns an event in the dashboard's JSON, for comparison. */
    private static JsonNode json(MetricsEvent event) throws Exception {
        DashboardData data = new DashboardData();
        data.onMetrics(event, 0);
        try (Dashboard dashboard = Dashboard.start(data, "localhost", 0)) {
            return event(dashboard.address(), any -> true).at("/model/latest");
        }
    }

    @Test
    void topicCreatedLater_isFound() throws Exception {
        WatchedTopics topics = topics("later");
        DashboardData data = new DashboardData();
        try (Dashboard dashboard = Dashboard.start(data, "localhost", 0)) {
            ResultsReader reader = ResultsReader.start(client(), topics, data);
            JsonNode waiting =
                    event(
                            dashboard.address(),
                            event -> event.at("/feed/state").asText().equals("waiting"));
            assertThat(waiting.at("/feed/detail").asText())
                    .startsWith("Topic later-metrics does not exist at ");
            try (Admin admin =
                    Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
                assertThat(admin.listTopics().names().get()).doesNotContain("later-metrics");
            }

            try (SimulatedResultsPublisher publisher =
                    SimulatedResultsPublisher.on(kafka, topics)) {
                publisher.publish(results("m"), 0);
            }

            event(dashboard.address(), event -> event.has("model"));
            reader.close();
        }
    }

    @Test
    void topicWithoutPermission_isNamed_andTheOthersAreShown() throws Exception {
        WatchedTopics topics = topics("secured");
        Map<String, String> secured =
                Map.of(
                        "authorizer.class.name",
                        "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                        "allow.everyone.if.no.acl.found",
                        "true");
        DashboardData data = new DashboardData();
        try (EmbeddedKafka broker = EmbeddedKafka.start(secured);
                SimulatedResultsPublisher publisher = SimulatedResultsPublisher.on(broker, topics);
                Dashboard dashboard = Dashboard.start(data, "localhost", 0)) {
            publisher.publish(results("m"), 0);
            Map<String, String> client = Map.of("bootstrap.servers", broker.bootstrapServers());
            try (Admin admin = Admin.create(Map.<String, Object>copyOf(client))) {
                admin.createAcls(
                                List.of(
                                        new AclBinding(
                                                new ResourcePattern(
                                                        ResourceType.TOPIC,
                                                        topics.driftAlerts(),
                                                        PatternType.LITERAL),
                                                new AccessControlEntry(
                                                        "User:ANONYMOUS",
                                                        "*",
                                                        AclOperation.ALL,
                                                        AclPermissionType.DENY))))
                        .all()
                        .get();
                JobOnKafka.await(
                        "the broker to know the permission",
                        () -> isForbidden(admin, topics.driftAlerts()));
            }

            ResultsReader reader = ResultsReader.start(client, topics, data);

            JsonNode event = event(dashboard.address(), each -> each.has("model"));
            assertThat(event.at("/feed/detail").asText())
                    .isEqualTo("Kafka does not allow this user to read secured-drift-alerts.");
            assertThat(event.at("/model/points/examples")).hasSize(1);
            reader.close();
        }
    }

    @Test
    void pageOfAJobWithoutNewMetrics_isIdle_untilEventsWait() throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, "quiet", 3, "a,b,c");
        settings.keySet().removeAll(List.of("num-features", "classes", "checkpoint.interval"));
        JobTopics job = JobConfig.parseTopics(settings);
        DashboardData data = new DashboardData();
        try (SimulatedResultsPublisher publisher =
                        SimulatedResultsPublisher.on(kafka, topics("quiet"));
                Admin admin = Admin.create(Map.<String, Object>copyOf(client()));
                Dashboard dashboard = Dashboard.start(data, "localhost", 0)) {
            publisher.publish(results("m"), 0);
            publisher.flush();
            String input = job.kafka().labelledEvents();
            admin.createTopics(List.of(new NewTopic(input, 1, (short) 1))).all().get();
            admin.alterConsumerGroupOffsets(
                            job.kafka().groupId(),
                            Map.of(new TopicPartition(input, 0), new OffsetAndMetadata(0)))
                    .all()
                    .get();

            try (ResultsReader reader = ResultsReader.start(job, data)) {
                reader.awaitCaughtUp();
                JsonNode idle =
                        event(
                                dashboard.address(),
                                each -> each.at("/feed/job/state").asText().equals("idle"));
                assertThat(idle.at("/feed/job/text").asText()).startsWith("Live, no events for ");

                publisher.send(input, "m", new byte[] {1});
                publisher.flush();
                JsonNode silent =
                        event(
                                dashboard.address(),
                                each -> each.at("/feed/job/state").asText().equals("silent"));
                assertThat(silent.at("/feed/job/text").asText())
                        .startsWith("No update for ")
                        .endsWith(", 1 event is waiting");

                // Old figures, but they have only just become readable.
                publisher.publish(results("m"), 1);
                event(
                        dashboard.address(),
                        each -> each.at("/feed/job/text").asText().equals("Live"));
            }
        }
    }

    private static boolean isForbidden(Admin admin, String topic) {
        try {
            admin.describeTopics(List.of(topic)).allTopicNames().get();
            return false;
        } catch (ExecutionException e) {
            return e.getCause() instanceof TopicAuthorizationException;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void terminal_printsALineForEachModel_andTheAlerts() throws Exception {
        try (SimulatedResultsPublisher publisher =
                SimulatedResultsPublisher.on(
                        kafka, new WatchedTopics("metrics", "drift-alerts", "models"))) {
            for (int i = 0; i < 10; i++) {
                publisher.publish(results("m", 2_000L), i);
                publisher.publish(results("other"), i);
            }
        }

        Outcome all = watch("--terminal", "--once");
        assertThat(all.err()).isEmpty();
        assertThat(all.exitCode()).isZero();
        assertThat(all.out().lines())
                .anyMatch(line -> line.matches(" +5,000 .* 1 +m"))
                .anyMatch(line -> line.matches(" +5,000 .* 0 +other"))
                .anyMatch(
                        line ->
                                line.equals(
                                        "drift 1 of m after 2,180 examples, detected by adwin:"));

        Outcome one = watch("--terminal", "--once", "--model", "other");
        assertThat(one.out()).contains("other").doesNotContain("drift 1");
    }

    @Test
    void recordWithAStringOfMoreThanTwoGigabytes_isCounted_andTheNextAreShown() throws Exception {
        WatchedTopics topics = topics("odd");
        DashboardData data = new DashboardData();
        try (SimulatedResultsPublisher publisher = SimulatedResultsPublisher.on(kafka, topics);
                Dashboard dashboard = Dashboard.start(data, "localhost", 0)) {
            publisher.publish(results("m"), 0);
            // The header of a released event, then the length 2³¹ + 1 of its first string.
            ByteBuffer odd =
                    ByteBuffer.wrap(new byte[100])
                            .put(new byte[] {(byte) 0xC3, 1})
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(EventSchemas.fingerprint(MetricsEvent.getClassSchema()))
                            .put(new byte[] {(byte) 0x82, (byte) 0x80, (byte) 0x80, (byte) 0x80})
                            .put((byte) 0x10);
            publisher.send(topics.metrics(), "m", odd.array());
            publisher.publish(results("m"), 1);
            publisher.flush();
            String[] args = {
                "--terminal",
                "--once",
                "--set",
                "topics.metrics=" + topics.metrics(),
                "--set",
                "topics.drift-alerts=" + topics.driftAlerts(),
                "--set",
                "topics.models=" + topics.models()
            };

            Outcome terminal = watch(args);
            assertThat(terminal.err()).isEmpty();
            assertThat(terminal.exitCode()).isZero();
            assertThat(terminal.out())
                    .contains("a record of odd-metrics cannot be read; see the log")
                    .containsPattern(" +1,000 .* m\n");

            try (ResultsReader reader = ResultsReader.start(client(), topics, data)) {
                reader.awaitCaughtUp();
                JsonNode event = event(dashboard.address(), each -> true);
                assertThat(event.at("/feed/state").asText()).isEqualTo("live");
                assertThat(event.at("/feed/unreadable").asLong()).isEqualTo(1);
                assertThat(event.at("/model/points/examples")).hasSize(2);
            }
        }
    }

    @Test
    void invalidOptions_areReportedInOneLine() throws Exception {
        assertThat(watch("--set", "topics.metrics=nothing-here"))
                .isEqualTo(
                        new Outcome(
                                2,
                                "",
                                "freshet: topic nothing-here does not exist at "
                                        + kafka.bootstrapServers()
                                        + "; `freshet topics` creates it\n"));
        assertThat(watch("--once").err())
                .isEqualTo("freshet: --model and --once need --terminal\n");
        WatchedTopics topics = topics("wrong");
        SimulatedResultsPublisher.on(kafka, topics).close();
        String[] metrics = {"--set", "topics.metrics=" + topics.metrics()};
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            Outcome outcome =
                    watch(
                            metrics[0],
                            metrics[1],
                            "--dashboard-port",
                            Integer.toString(taken.getLocalPort()));
            assertThat(outcome.exitCode()).isEqualTo(2);
            assertThat(outcome.err())
                    .matches(
                            "freshet: port "
                                    + taken.getLocalPort()
                                    + " of localhost cannot be used for the dashboard: .*"
                                    + " \\(--dashboard-port, --dashboard-host\\)\n");
        }
        assertThat(watch(metrics[0], metrics[1], "--dashboard-port", "65536").err())
                .isEqualTo("freshet: --dashboard-port 65536: must be 0 to 65535\n");
        assertThat(watch(metrics[0], metrics[1], "--dashboard-host", "nowhere.invalid").err())
                .isEqualTo("freshet: --dashboard-host nowhere.invalid: unknown host\n");
    }
}
