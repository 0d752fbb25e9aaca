package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.publish.Topic;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Integration test of the metrics that a job publishes, on its topics and to Prometheus. */
class MonitoringITCase {
    private static final String PREFIX = "flink_taskmanager_job_task_operator_freshet_";
    private static final Path PAGE = Path.of("..", "prometheus", "README.md");

    private static EmbeddedKafka kafka;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    @Test
    void atLeastOnceMetrics_areVisibleBeforeACheckpoint_andRepeatedAfterAFailure()
            throws Exception {
        List<LabelledEvent> events = JobOnKafka.events(6, 3_000, 4, 2, "one", "two");
        Map<String, String> settings = JobOnKafka.settings(kafka, "at-once", 4, "a,b");
        settings.putAll(JobOnKafka.RESTARTS);
        settings.put("checkpoint.interval", "10 min");
        settings.put("metrics.delivery", "at-least-once");
        settings.put("metrics.every", "100");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(events.stream().map(JobOnKafka::bytes).toList());
            List<MetricsEvent> seen = new ArrayList<>();
            try (TopicReader reader = metrics(job)) {
                readUntil(reader, seen, MonitoringITCase::coverEverything);
                job.cluster().cluster().terminateTaskManager(0).get();
                job.cluster().cluster().startTaskManager();
                List<MetricsEvent> again = new ArrayList<>();
                // Without a checkpoint the job reads everything again.
                readUntil(reader, again, MonitoringITCase::coverEverything);
                assertAttemptsRise(seen, again);
            }
            TopicAudit audit = job.finish();

            assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
            assertThat(audit.events()).isEqualTo(events.size());
        }
    }

    private static TopicReader metrics(JobOnKafka job) {
        return new TopicReader(
                job.config().kafka().client(), job.config().publish().topic(Topic.METRICS));
    }

    private static void readUntil(
            TopicReader reader, List<MetricsEvent> into, Predicate<List<MetricsEvent>> enough) {
        JobOnKafka.await(
                "metrics",
                () -> {
                    for (ConsumerRecord<byte[], byte[]> record :
                            reader.poll(Duration.ofMillis(50))) {
                        into.add(AuditReader.read(AuditReader.METRICS, record));
                    }
                    return enough.test(into);
                });
    }

    /** Returns whether the models' last records count all 3,000 events, labelled and unlabelled. */
    private static boolean coverEverything(List<MetricsEvent> metrics) {
        Map<String, Long> last = new HashMap<>();
        metrics.forEach(
                event ->
                        last.put(
                                event.getModelId(),
                                event.getExamplesSeen()
                                        + event.getAudit().getUnlabelled().getCount()));
        return last.values().stream().mapToLong(n -> n).sum() == 3_000;
    }

    private static void assertAttemptsRise(List<MetricsEvent> first, List<MetricsEvent> again) {
        Consumer<List<MetricsEvent>> inSequence =
                events -> {
                    Map<String, Long> next = new HashMap<>();
                    for (MetricsEvent event : events) {
                        long sequence = next.merge(event.getModelId(), 1L, Long::sum) - 1;
                        assertThat(event.getSequence()).isEqualTo(sequence);
                    }
                };
        inSequence.accept(first);
        inSequence.accept(again);
        Set<Long> attempts =
                first.stream().map(MetricsEvent::getAttempt).collect(Collectors.toSet());
        assertThat(again)
                .allSatisfy(
                        event ->
                                assertThat(attempts)
                                        .allMatch(before -> before < event.getAttempt()));
    }

    @Test
    void driftAlerts_throughAFailure_areThoseOfARunWithoutOne() throws Exception {
        List<LabelledEvent> events = JobOnKafka.events(8, 9_000, 6, 3, "one", "two");
        for (LabelledEvent event : events.subList(4_000, 9_000)) {
            if (event.getLabel() instanceof Integer label) {
                event.setLabel((label + 1) % 3);
            }
        }
        List<DriftAlertEvent> expected = alerts("alerts", events, false);
        List<DriftAlertEvent> actual = alerts("alerts-failover", events, true);

        assertThat(expected)
                .extracting(DriftAlertEvent::getModelId)
                .containsExactlyInAnyOrder("one", "two");
        assertThat(actual)
                .extracting(MonitoringITCase::withoutTopic)
                .containsExactlyInAnyOrderElementsOf(
                        expected.stream().map(MonitoringITCase::withoutTopic).toList());
        for (DriftAlertEvent alert : expected) {
            assertThat(alert.getSequence()).isZero();
            assertThat(alert.getReaction()).isEqualTo("reset-parameters");
            assertThat(alert.getTimestamp().toEpochMilli()).isBetween(4_000L, 4_800L);
            assertThat(alert.getAfter().getAccuracy()).isLessThan(alert.getBefore().getAccuracy());
            assertThat(alert.getClasses()).isNotEmpty();
        }
    }

    /** Returns an alert without the topic's name, which differs between the two jobs. */
    private static String withoutTopic(DriftAlertEvent alert) {
        return alert.toString().replaceAll("\"topic\": \"[^\"]*\"", "");
    }

    private static List<DriftAlertEvent> alerts(
            String name, List<LabelledEvent> events, boolean fails) throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, name, 6, "a,b,c");
        settings.putAll(JobOnKafka.RESTARTS);
        // A mini-batch fills an execution block, so that two runs are equal bit for bit.
        settings.put("mini-batch.size", "32");
        settings.put("training.learning-rate", "0.1");
        settings.put("drift.detector", "ddm");
        settings.put("drift.reaction", "reset-parameters");
        settings.put("drift.cool-down", "10000");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            List<byte[]> values = events.stream().map(JobOnKafka::bytes).toList();
            job.send(values.subList(0, 4_200));
            if (fails) {
                try (TopicReader reader = metrics(job)) {
                    // Some of the events after the change are in a checkpoint, most are not.
                    readUntil(reader, new ArrayList<>(), seen -> !seen.isEmpty());
                }
                job.cluster().cluster().terminateTaskManager(0).get();
                job.cluster().cluster().startTaskManager();
            }
            job.send(values.subList(4_200, values.size()));
            TopicAudit audit = job.finish();
            assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
            List<DriftAlertEvent> alerts = new ArrayList<>();
            try (TopicReader reader =
                    new TopicReader(
                            job.config().kafka().client(),
                            job.config().publish().topic(Topic.DRIFT_ALERTS))) {
                reader.readToEnd(
                        record -> alerts.add(AuditReader.read(AuditReader.DRIFT_ALERTS, record)));
            }
            return alerts;
        }
    }

    @Test
    void prometheus_exposesExactlyTheDocumentedNames() throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, "prometheus", 4, "a,b");
        int port = freePort();
        settings.put("flink.metrics.reporters", "prom");
        settings.put(
                "flink.metrics.reporter.prom.factory.class",
                "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
        settings.put("flink.metrics.reporter.prom.port", Integer.toString(port));
        settings.put("training.experts.baselines", "true");
        List<LabelledEvent> events = JobOnKafka.events(7, 2_000, 4, 2, "one", "two");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            List<byte[]> values = new ArrayList<>(events.stream().map(JobOnKafka::bytes).toList());
            values.add(new byte[] {1, 2, 3});
            job.send(values);
            long labelled = events.stream().filter(event -> event.getLabel() != null).count();
            JobOnKafka.await(
                    "Prometheus to see every example",
                    () -> sum(scrape(port), "model_examples_seen_total") == labelled);

            String page = scrape(port);
            assertThat(names(page)).isEqualTo(documentedNames());
            assertThat(sum(page, "model_reason_dead_letters_total")).isEqualTo(1);
            assertThat(page)
                    .containsPattern(PREFIX + "model_rolling_accuracy_ratio\\{.*model=\"one\"")
                    .containsPattern(PREFIX + "model_class_recall_ratio\\{.*class=\"b\"")
                    .containsPattern(PREFIX + "model_expert_weight_ratio\\{.*expert=\"no_change\"");
            job.finish();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String scrape(int port) {
        URI uri = URI.create("http://localhost:" + port + "/metrics");
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new IllegalStateException("Prometheus' reporter does not answer", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<String> names(String page) {
        Set<String> names = new TreeSet<>();
        Matcher matcher = Pattern.compile("(?m)^" + PREFIX + "model_(\\w+)\\{").matcher(page);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    private static double sum(String page, String name) {
        Matcher matcher =
                Pattern.compile("(?m)^" + PREFIX + name + "\\{[^}]*\\} (\\S+)$").matcher(page);
        double sum = 0;
        while (matcher.find()) {
            sum += Double.parseDouble(matcher.group(1));
        }
        return sum;
    }

    /** Returns the names in the first column of the table in the README. */
    private static Set<String> documentedNames() throws IOException {
        Set<String> names = new TreeSet<>();
        for (String line : Files.readAllLines(PAGE)) {
            String[] cells = line.split("\\|", -1);
            if (!line.startsWith("| `") || cells.length < 3) {
                continue;
            }
            String rolling = "";
            for (String name : cells[1].replace("`", "").split(",", -1)) {
                String stripped = name.strip();
                if (stripped.startsWith("rolling_")) {
                    rolling = stripped.substring("rolling_".length());
                }
                names.add(stripped.replace("…", rolling));
            }
        }
        return names;
    }
}
