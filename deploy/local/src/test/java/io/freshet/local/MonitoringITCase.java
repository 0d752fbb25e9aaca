package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.monitor.Score;
import io.freshet.publish.Topic;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
    private static final String FLINK = "flink_taskmanager_job_task_operator_freshet_";
    private static final String MODEL = FLINK + "model_";

    private static final Path RULES = Path.of("..", "prometheus", "rules", "freshet.yml");
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
        settings.put("learner.type", "softmax");
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
            return alerts(job);
        }
    }

    private static List<DriftAlertEvent> alerts(JobOnKafka job) {
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

    @Test
    void classesSwappedHalfWay_areFoundInEachOfThreeModels() throws Exception {
        int half = 6_000;
        Map<String, String> settings = JobOnKafka.settings(kafka, "tenants", 8, "a,b");
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(tenants(2 * half, half));
            assertThat(job.finish().checks()).allMatch(TopicAudit.Check::holds);
            List<DriftAlertEvent> alerts = alerts(job);

            assertThat(alerts)
                    .extracting(alert -> alert.getTimestamp().toEpochMilli())
                    .allMatch(at -> at >= half);
            assertThat(alerts)
                    .filteredOn(alert -> alert.getTimestamp().toEpochMilli() < half + 300)
                    .extracting(DriftAlertEvent::getModelId)
                    .contains("north", "south", "west");
        }
    }

    /**
     * Returns events of three equal models, of which about one in fifty is hard to classify, and
     * whose classes are swapped at one event.
     */
    private static List<byte[]> tenants(int count, int swapped) {
        Random random = new Random(11);
        List<byte[]> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int label = random.nextInt(2);
            float centre = (label == 1) == (i < swapped) ? 0.725f : -0.725f;
            List<Float> features = new ArrayList<>();
            for (int j = 0; j < 8; j++) {
                features.add((float) random.nextGaussian() + centre);
            }
            values.add(
                    JobOnKafka.bytes(
                            LabelledEvent.newBuilder()
                                    .setId(Integer.toString(i))
                                    .setModelId(List.of("north", "south", "west").get(i % 3))
                                    .setTimestamp(Instant.ofEpochMilli(i))
                                    .setFeatures(new DenseFeatures(features))
                                    .setLabel(label)
                                    .build()));
        }
        return values;
    }

    @Test
    void prometheus_exposesExactlyTheDocumentedNames_andEveryNameInTheAlertRules()
            throws Exception {
        try (MonitoredJob monitored = MonitoredJob.start(kafka, "prometheus")) {
            monitored.awaitAllMetrics();
            String flink = monitored.flinkMetrics();
            String freshet = monitored.freshetMetrics();

            assertThat(names(FLINK, flink)).isEqualTo(documentedGauges());
            assertThat(names("freshet_", freshet))
                    .isSubsetOf(documentedNames())
                    .hasSizeGreaterThan(50);
            assertThat(names("", flink + freshet)).containsAll(namesInRules());
            assertThat(MonitoredJob.sum(flink, MODEL + "reason_dead_letters_total")).isEqualTo(1);
            assertThat(MonitoredJob.sum(flink, MODEL + "reason_ignored_total")).isEqualTo(1);
            assertThat(flink)
                    .containsPattern(MODEL + "rolling_accuracy_ratio\\{.*model=\"one\"")
                    .containsPattern(MODEL + "class_recall_ratio\\{.*class=\"b\"")
                    .containsPattern(MODEL + "expert_weight_ratio\\{.*expert=\"no_change\"")
                    .containsPattern(
                            MODEL + "expert_loss_nats\\{.*expert=\"no_change\".*\\} [0-9.]+");
            // Reasons that did not occur have no series.
            assertThat(flink.lines().filter(line -> line.startsWith(MODEL + "reason_"))).hasSize(2);
            assertThat(freshet.lines().filter(line -> line.contains("reason=")))
                    .containsExactlyInAnyOrder(
                            "freshet_dead_letters_total{model=\"\",reason=\"not_single_object\"}"
                                    + " 1.0",
                            "freshet_ignored_events_total{model=\"%s\",reason=\"zero_weight\"} 1.0"
                                    .formatted(modelOfIgnoredEvent(freshet)));
            assertThat(MonitoredJob.sum(flink, FLINK + "native_memory_bytes"))
                    .isBetween(1.0, MonitoredJob.sum(flink, FLINK + "process_memory_bytes"));
            monitored.job().finish();
        }
    }

    private static String modelOfIgnoredEvent(String page) {
        return page.contains("freshet_ignored_events_total{model=\"one\"") ? "one" : "two";
    }

    /** Returns the names of all series that begin with a prefix. */
    private static Set<String> names(String prefix, String page) {
        Set<String> names = new TreeSet<>();
        Matcher matcher = Pattern.compile("(?m)^(" + prefix + "\\w+)[{ ]").matcher(page);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    /** Returns the names of metrics in the alert rules, those in their texts included. */
    private static Set<String> namesInRules() throws IOException {
        Set<String> names = new TreeSet<>();
        Matcher matcher =
                Pattern.compile("\\b(freshet|flink)_[a-z]\\w*").matcher(Files.readString(RULES));
        while (matcher.find()) {
            names.add(matcher.group());
        }
        assertThat(names).hasSizeGreaterThan(10);
        return names;
    }

    /** Returns the names of Freshet's own metrics in the README. */
    private static Set<String> documentedNames() throws IOException {
        Set<String> names = new TreeSet<>();
        for (String name : firstColumns(line -> line.startsWith("| `freshet_"))) {
            for (Score score : Score.values()) {
                names.add(
                        name.replace("<score>", score.gaugeName())
                                .replaceAll("kappa_m$", "kappa_majority"));
            }
        }
        return names;
    }

    /** Returns the names of the metrics that the README says Flink's reporter shows. */
    private static Set<String> documentedGauges() throws IOException {
        Set<String> names = new TreeSet<>(firstColumns(line -> line.startsWith("| `flink_")));
        String rolling = "";
        for (String name : firstColumns(line -> line.matches("\\| `(?!flink_|freshet_).*"))) {
            if (name.startsWith("rolling_")) {
                rolling = name.substring("rolling_".length());
            }
            names.add(MODEL + name.replace("…", rolling));
        }
        return names;
    }

    /** Returns the names in the first column of the README's tables, in order. */
    private static List<String> firstColumns(Predicate<String> rows) throws IOException {
        return Files.readAllLines(PAGE).stream()
                .filter(rows)
                .map(line -> line.split("\\|", -1)[1].replace("`", ""))
                .flatMap(cell -> Pattern.compile(",").splitAsStream(cell))
                .map(String::strip)
                .toList();
    }
}
