package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.AuditReport;
import io.freshet.local.audit.AuditRequest;
import io.freshet.local.audit.JobAudit;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.audit.Verdict;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.ClassScores;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Integration test of {@code freshet run} that is ended and started again, in processes of its own:
 * it continues from its state, or refuses to start with the reason.
 */
class RunResumeITCase {
    private static final int REFUSED = 2;
    private static final int FEATURES = 4;

    private static EmbeddedKafka kafka;

    @TempDir private Path directory;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    /** Job with topics of its own, run by processes of its own. */
    private final class Job {
        private final Map<String, String> settings;
        private final JobConfig config;
        private int sent;

        Job(String name) throws Exception {
            this(name, "3");
        }

        Job(String name, String classes) throws Exception {
            settings = new TreeMap<>(JobOnKafka.settings(kafka, name, FEATURES, classes));
            settings.put("job.name", name);
            config = JobConfig.parse(settings);
            Topics.create(config.topics(), 2);
        }

        void send(int count) {
            send(count, FEATURES, 3);
        }

        void send(int count, int numFeatures, int numClasses) {
            List<LabelledEvent> events =
                    JobOnKafka.events(sent, count, numFeatures, numClasses, "m", "n");
            List<byte[]> values = new ArrayList<>(events.stream().map(JobOnKafka::bytes).toList());
            values.set(count / 2, new byte[] {1, 2, 3});
            JobOnKafka.send(config, values);
            sent += count;
        }

        /** Starts {@code freshet run}; later settings override earlier ones. */
        JavaProcess run(String... options) throws IOException {
            List<String> arguments = new ArrayList<>(List.of("run"));
            if (Arrays.stream(options).noneMatch("--state"::equals)) {
                arguments.addAll(List.of("--state", state().toString()));
            }
            settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
            arguments.addAll(List.of(options));
            return JavaProcess.freshet(directory, List.of(), arguments.toArray(String[]::new));
        }

        JavaProcess running(String... options) throws IOException {
            JavaProcess process = run(options);
            process.awaitOutput("learning from");
            return process;
        }

        /** Runs the command, which must refuse to start, and returns what it prints. */
        String refusal(String... options) throws Exception {
            try (JavaProcess process = run(options)) {
                assertThat(process.awaitExit()).as(process.output()).isEqualTo(REFUSED);
                return process.output();
            }
        }

        Path state() {
            return directory.resolve("state").resolve(config.jobName());
        }

        /** Returns the number of events that are counted in the newest metrics. */
        long outcomes() {
            Map<String, Long> counts = new TreeMap<>();
            for (MetricsEvent event : metrics()) {
                counts.put(event.getModelId(), JobOnKafka.outcomes(event));
            }
            return counts.values().stream().mapToLong(count -> count).sum();
        }

        void awaitEverything() {
            JobOnKafka.await("every event to be counted", () -> outcomes() == sent);
        }

        void stop(JavaProcess process, String signal) throws Exception {
            process.signal(signal);
            assertThat(process.awaitExit()).as(process.output()).isZero();
            assertThat(process.output()).contains("stopped with file:");
        }

        AuditReport audit(@Nullable Long epoch) {
            return JobAudit.run(
                    JobConfig.parseTopics(settings),
                    new AuditRequest(
                            null, epoch, null, null, Duration.ofSeconds(30), false, false, true));
        }

        void assertExactlyOnce() {
            TopicAudit audit = AuditReader.read(config);
            assertThat(audit.events()).isEqualTo(sent);
            assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
            AuditReport report = audit(null);
            assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.PROVEN);
        }

        /** Returns what {@code freshet status} prints. */
        String status() {
            return command("status");
        }

        /** Returns what a command of {@code freshet} prints about the job's topics. */
        String command(String... words) {
            List<String> arguments = new ArrayList<>(List.of(words));
            settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
            StringWriter out = new StringWriter();
            CommandLine command = Freshet.commandLine();
            command.setOut(new PrintWriter(out));
            command.execute(arguments.toArray(String[]::new));
            return out.toString();
        }

        /** Returns the first bytes of the records of a topic. */
        Set<Integer> firstBytes(Topic topic) {
            Set<Integer> bytes = new TreeSet<>();
            try (TopicReader reader =
                    new TopicReader(config.kafka().client(), config.publish().topic(topic))) {
                reader.readToEnd(record -> bytes.add(record.value()[0] & 0xFF));
            }
            return bytes;
        }

        List<MetricsEvent> metrics() {
            List<MetricsEvent> metrics = new ArrayList<>();
            try (TopicReader reader =
                    new TopicReader(
                            config.kafka().client(), config.publish().topic(Topic.METRICS))) {
                reader.readToEnd(
                        record -> metrics.add(AuditReader.read(AuditReader.METRICS, record)));
            }
            return metrics;
        }

        /** Returns the newest metrics of model m. */
        MetricsEvent newestMetrics() {
            return metrics().stream()
                    .filter(event -> event.getModelId().equals("m"))
                    .reduce((first, second) -> second)
                    .orElseThrow();
        }

        /** Returns the names of the classes of model m by index. */
        List<String> classes() {
            return newestMetrics().getClasses().stream().map(ClassScores::getName).toList();
        }

        Set<Long> epochs() {
            Set<Long> epochs = new TreeSet<>();
            metrics().forEach(event -> epochs.add(event.getEpoch()));
            return epochs;
        }
    }

    @Test
    void stoppedJob_continuesFromItsSavepoint() throws Exception {
        Job job = new Job("stopped");
        job.send(500);
        for (String signal : List.of("INT", "TERM")) {
            try (JavaProcess process = job.running()) {
                job.send(500);
                job.awaitEverything();
                job.stop(process, signal);
                assertThat(job.status()).startsWith("state         Stopped ");
            }
        }
        try (JavaProcess last = job.running()) {
            JobOnKafka.await("the status", () -> !job.status().contains("Stopped"));
            assertThat(last.output())
                    .contains("continues from checkpoint ")
                    .contains(" examples seen according to the newest metrics")
                    .contains("next offsets stopped-labelled-events-0: ");
            job.send(100);
            job.awaitEverything();
        }
        job.assertExactlyOnce();
        assertThat(job.epochs()).containsExactly(1L);
        // Both savepoints remain, to go back to.
        assertThat(checkpoints(job)).hasSizeGreaterThanOrEqualTo(2);
        assertThat(job.metrics())
                .allMatch(event -> event.getJob().equals("stopped"))
                .filteredOn(event -> !event.getPartitions().isEmpty())
                .isNotEmpty()
                .allMatch(event -> event.getPartitions().get(0).getTopicId().length() == 22);
    }

    @Test
    void stoppedJob_continuesWithAClassAndAFeatureThatAreAddedAtTheEnd() throws Exception {
        Job job = new Job("added");
        job.send(500);
        try (JavaProcess process = job.running()) {
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        assertThat(job.refusal("--set", "classes=0,1,x"))
                .contains("classes = 3 in the state, 0,1,x now");
        assertThat(job.refusal("--set", "num-features=3"))
                .contains("num-features = 4 in the state, 3 now");
        job.settings.put("classes", "4");
        job.settings.put("num-features", "5");
        try (JavaProcess process = job.running()) {
            assertThat(process.output())
                    .contains("new setting: classes = 3 in the state, 4 now")
                    .contains("new setting: num-features = 4 in the state, 5 now");
            job.send(500, 5, 4);
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        job.assertExactlyOnce();
        MetricsEvent last = job.newestMetrics();
        // One event of each piece is no event.
        assertThat(last.getAudit().getDeadLetters().getCount()).isLessThanOrEqualTo(2);
        assertThat(last.getClasses()).hasSize(4);
        assertThat(last.getClasses().get(3).getPrequential().getLabels()).isPositive();
    }

    @Test
    void openClasses_growAcrossRestarts_upToTheCapacity() throws Exception {
        Job job = new Job("open", "open");
        job.settings.put("classes.capacity", "4");
        job.send(500, FEATURES, 2);
        try (JavaProcess process = job.running()) {
            job.awaitEverything();
            process.signal("KILL");
            process.awaitExit();
        }
        List<String> before = job.classes();
        assertThat(before).containsExactlyInAnyOrder("0", "1");
        try (JavaProcess process = job.running()) {
            job.send(500, FEATURES, 6);
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        job.assertExactlyOnce();
        assertThat(job.classes()).hasSize(4).startsWith(before.toArray(String[]::new));
        assertThat(job.newestMetrics().getIgnoredByReason().get("CLASS_CAPACITY")).isPositive();
    }

    @Test
    void formatOfTheResults_mayChange_andEveryCommandReadsBoth() throws Exception {
        Job job = new Job("format");
        Set<Topic> written = EnumSet.allOf(Topic.class);
        written.remove(Topic.DRIFT_ALERTS);
        job.send(1_000);
        try (JavaProcess process = job.running("--set", "publish.format=json")) {
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        assertThat(written).allMatch(topic -> job.firstBytes(topic).equals(Set.of((int) '{')));
        job.assertExactlyOnce();
        String elsewhere = directory.resolve("elsewhere").toString();
        assertThat(job.refusal("--state", elsewhere))
                .contains("already holds results of the job format");

        try (JavaProcess process = job.running()) { // in Avro, the default
            assertThat(process.output()).contains(" examples seen according to the newest metrics");
            job.send(1_000);
            job.awaitEverything();
            job.stop(process, "TERM");
        }

        assertThat(written)
                .allMatch(topic -> job.firstBytes(topic).equals(Set.of((int) '{', 0xC3)));
        job.assertExactlyOnce();
        assertThat(job.status()).startsWith("state         Stopped ");
        List<String> letters = job.command("dead-letters", "list").lines().toList();
        assertThat(letters.get(0)).isEqualTo("2 dead letters: 2 NOT_SINGLE_OBJECT");
        String first = letters.get(1).substring(letters.get(1).lastIndexOf(' ') + 1);
        assertThat(job.command("dead-letters", "show", first)).contains("01 02 03");
    }

    @Test
    void killedJob_continuesFromItsNewestCheckpoint_andKeepsThree() throws Exception {
        Job job = new Job("killed");
        job.send(3_000);
        try (JavaProcess process = job.running()) {
            JobOnKafka.await("progress", () -> job.outcomes() >= 500);
            process.signal("KILL");
            process.awaitExit();
        }
        try (JavaProcess last = job.running()) {
            assertThat(last.output()).contains("continues from checkpoint ");
            job.awaitEverything();
            // Three of its own, and at most three of those before it.
            JobOnKafka.await("three checkpoints", () -> checkpoints(job).size() >= 3);
            assertThat(checkpoints(job)).hasSizeLessThanOrEqualTo(6);
            job.stop(last, "TERM");
        }
        job.assertExactlyOnce();
    }

    /**
     * Kills the process ten times, each time at a random moment of its start or its work, while
     * events arrive. The seed is printed; the system property {@code freshet.seed} repeats a run.
     */
    @Test
    @Tag("faults")
    void jobKilledTenTimesUnderLoad_losesAndRepeatsNothing() throws Exception {
        long seed = Long.getLong("freshet.seed", new Random().nextInt(1_000_000));
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Job job = new Job("ten");
        for (int kill = 1; kill <= 10; kill++) {
            try (JavaProcess process = job.run()) {
                int millis = random.nextInt(8_000);
                if (random.nextInt(10) < 7) {
                    process.awaitOutput("learning from");
                }
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
                while (System.nanoTime() < end) {
                    assertThat(process.isAlive()).as(process.output()).isTrue();
                    job.send(100);
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                }
                System.out.println(
                        "kill "
                                + kill
                                + ": "
                                + job.outcomes()
                                + " of "
                                + job.sent
                                + " counted; "
                                + process.output().lines().reduce("", (before, line) -> line));
                process.signal("KILL");
                process.awaitExit();
            }
        }
        try (JavaProcess last = job.running()) {
            job.awaitEverything();
            job.stop(last, "TERM");
        }
        job.assertExactlyOnce();
        assertThat(job.epochs()).containsExactly(1L);
    }

    private static List<Path> checkpoints(Job job) {
        try (var files = Files.walk(job.state(), 4)) {
            return files.filter(file -> file.endsWith("_metadata")).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // the job deletes old ones meanwhile
        }
    }

    @Test
    void secondProcess_isRefused() throws Exception {
        Job job = new Job("twice");
        try (JavaProcess first = job.running()) {
            assertThat(job.refusal()).contains("another process runs this job");
            assertThat(job.refusal("--state", directory.resolve("other").toString()))
                    .contains("job twice at ")
                    .contains("is running with sink.transactional-id-prefix = twice");
            assertThat(first.isAlive()).isTrue();
        }
    }

    @Test
    void resultsWithoutState_areNotPublishedTwice() throws Exception {
        Job job = new Job("results");
        job.send(300);
        try (JavaProcess process = job.running()) {
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        String elsewhere = directory.resolve("elsewhere").toString();
        assertThat(job.refusal("--state", elsewhere))
                .contains("already holds results of the job results")
                .contains("--state DIR", "--begin-again", "topics");

        try (JavaProcess again = job.running("--state", elsewhere, "--begin-again")) {
            assertThat(again.output()).contains("begins again, in epoch 2");
            JobOnKafka.await("the second epoch", () -> job.epochs().contains(2L));
            job.stop(again, "TERM");
        }
        assertThat(job.refusal()).contains("belongs to epoch 1", "holds results of epoch 2");
        try (JavaProcess second = job.running("--state", elsewhere)) {
            assertThat(second.output()).contains("continues from checkpoint");
        }
    }

    @Test
    @Tag("faults")
    void jobThatIsRolledBack_continuesInANewEpoch_andBothEpochsCanBeAudited() throws Exception {
        Job job = new Job("rolled");
        job.send(500);
        long id;
        try (JavaProcess process = job.running()) {
            job.awaitEverything();
            job.stop(process, "TERM");
            id = savepoint(process).id();
        }
        try (JavaProcess process = job.running()) {
            job.send(500);
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        String from = Long.toString(id);
        assertThat(job.refusal("--from", from))
                .contains("is older than the results", "--roll-back");
        try (JavaProcess process = job.running("--from", from, "--roll-back")) {
            assertThat(process.output()).contains("rolls back: records carry epoch 2");
            job.send(200);
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        try (JavaProcess process = job.running()) {
            assertThat(process.output()).contains("continues from checkpoint");
            job.stop(process, "TERM");
        }

        assertThat(job.audit(1L).verdict()).isEqualTo(Verdict.PROVEN);
        AuditReport second = job.audit(2L);
        assertThat(second.verdict()).as(second.toString()).isEqualTo(Verdict.UNPROVEN);
        assertThat(second.findings())
                .extracting("text", String.class)
                .allMatch(text -> text.contains("are of an earlier epoch"));
    }

    @Test
    @Tag("faults")
    void checkpointOlderThanTheResults_isRefused_withMetricsAtLeastOnce() throws Exception {
        Job job = new Job("older");
        job.send(500);
        long id;
        try (JavaProcess process = job.running("--set", "metrics.delivery=at-least-once")) {
            job.awaitEverything();
            job.stop(process, "TERM");
            id = savepoint(process).id();
        }
        try (JavaProcess process = job.running("--set", "metrics.delivery=at-least-once")) {
            job.send(500);
            job.awaitEverything();
            job.stop(process, "TERM");
        }

        String[] older = {"--set", "metrics.delivery=at-least-once", "--from", Long.toString(id)};
        assertThat(job.refusal(older)).contains("is older than the results", "--roll-back");
        try (JavaProcess process = job.running("--set", "metrics.delivery=at-least-once")) {
            assertThat(process.output()).contains("continues from checkpoint");
            job.stop(process, "TERM");
        }
    }

    private static JobCheckpoint savepoint(JavaProcess process) throws IOException {
        Matcher path = Pattern.compile("stopped with (file:\\S+)").matcher(process.output());
        assertThat(path.find()).isTrue();
        return JobCheckpoint.read(path.group(1));
    }

    @Test
    void stateOfOtherSettings_isRefused_unlessTheyAreAccepted() throws Exception {
        Job job = new Job("settings");
        job.send(300);
        try (JavaProcess process = job.running()) {
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        assertThat(
                        job.refusal(
                                "--set",
                                "training.experts.shares=0.01",
                                "--set",
                                "metrics.window-size=500",
                                "--set",
                                "metrics.every=10"))
                .contains("training.experts.shares = 0.0001,0.001,0.01,0.1 in the state, 0.01 now")
                .contains("metrics.window-size = 1000 in the state, 500 now")
                .contains("--accept")
                .doesNotContain("metrics.every");
        assertThat(job.refusal("--set", "classes=a,b,c,d")).contains("classes = 3 in the state");
        assertThat(job.refusal("--set", "learner.type=softmax", "--accept", "learner.type"))
                .contains("learner.type = ensemble in the state, softmax now")
                .contains("set learner.type = ensemble, without which the state cannot be read")
                .doesNotContain("scaler.clip", "training.experts.rates");

        try (JavaProcess accepted =
                job.running(
                        "--set",
                        "metrics.every=10",
                        "--set",
                        "training.label-smoothing=0.1",
                        "--accept",
                        "training.label-smoothing")) {
            assertThat(accepted.output())
                    .contains("new setting: metrics.every = 5000 in the state, 10 now")
                    .contains("new setting: training.label-smoothing = 0.0 in the state, 0.1 now");
            job.send(100);
            job.awaitEverything();
        }
        job.assertExactlyOnce();
    }

    @Test
    void inputThatHasChanged_isRefusedWithTheGap() throws Exception {
        Job job = new Job("gap");
        job.send(300);
        try (JavaProcess process = job.running()) {
            job.awaitEverything();
            job.stop(process, "TERM");
        }
        job.send(300);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
            for (int partition = 0; partition < 2; partition++) {
                TopicPartition end = new TopicPartition("gap-labelled-events", partition);
                all.put(end, RecordsToDelete.beforeOffset(-1)); // up to the high watermark
            }
            admin.deleteRecords(all).all().get();
            assertThat(job.refusal())
                    .containsPattern(
                            "gap-labelled-events, partition \\d: offsets \\d+ to \\d+ are missing"
                                    + " \\(\\d+\\)");
            admin.deleteTopics(List.of("gap-labelled-events")).all().get();
            Topics.create(job.config.topics(), 2);
            assertThat(job.refusal())
                    .contains("topic gap-labelled-events was deleted and created again");
        }
    }
}
