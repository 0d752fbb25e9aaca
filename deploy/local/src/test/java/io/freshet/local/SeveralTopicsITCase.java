package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.AuditReport;
import io.freshet.local.audit.AuditRequest;
import io.freshet.local.audit.JobAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.audit.Verdict;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionAudit;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
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

/**
 * Integration test of {@code freshet run} on several input topics, which join and are left, in
 * processes of its own.
 */
class SeveralTopicsITCase {
    private static final int REFUSED = 2;
    private static final int FEATURES = 4;
    private static final String ACCEPT = "topics.labelled-events";

    private static EmbeddedKafka kafka;
    private static Admin admin;

    @TempDir private Path directory;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
        admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    @AfterAll
    static void stopKafka() throws Exception {
        admin.close();
        kafka.close();
    }

    private static void create(String... topics) throws Exception {
        List<NewTopic> wanted =
                Stream.of(topics).map(name -> new NewTopic(name, 2, (short) 1)).toList();
        admin.createTopics(wanted).all().get();
    }

    private static void delete(String topic) throws Exception {
        admin.deleteTopics(List.of(topic)).all().get();
    }

    /** Sends labelled events, and one message that is none. */
    @SuppressWarnings("FutureReturnValueIgnored") // close() waits, and the audit detects losses
    private static void send(String topic, int count) {
        List<LabelledEvent> events = JobOnKafka.events(3, count - 1, FEATURES, 3, "m", topic);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, 0, null, new byte[] {1, 2, 3}));
            events.forEach(
                    event -> producer.send(new ProducerRecord<>(topic, JobOnKafka.bytes(event))));
        }
    }

    /** Job with output topics of its own. */
    private final class Job {
        private final Map<String, String> settings;

        Job(String name, String input) throws Exception {
            settings = new TreeMap<>(JobOnKafka.settings(kafka, name, FEATURES, "3"));
            settings.put("job.name", name);
            settings.put("kafka.partition.discovery.interval.ms", "300");
            read(input);
            Topics.create(config().topics(), 2);
        }

        void read(String input) {
            settings.put("topics.labelled-events", input);
        }

        JobConfig config() {
            return JobConfig.parse(settings);
        }

        private JavaProcess run(String... options) throws IOException {
            List<String> arguments = new ArrayList<>(List.of("run"));
            arguments.addAll(List.of("--state", directory.resolve("state").toString()));
            settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
            arguments.addAll(List.of(options));
            return JavaProcess.freshet(directory, List.of(), arguments.toArray(String[]::new));
        }

        JavaProcess running(String... options) throws IOException {
            JavaProcess process = run(options);
            process.awaitOutput("learning from");
            return process;
        }

        String refusal(String... options) throws Exception {
            try (JavaProcess process = run(options)) {
                assertThat(process.awaitExit()).as(process.output()).isEqualTo(REFUSED);
                return process.output();
            }
        }

        /** Returns the number of events of each topic that are counted in the newest metrics. */
        Map<String, Long> counts() {
            Map<String, MetricsEvent> newest = new TreeMap<>();
            JobConfig config = config();
            try (TopicReader reader =
                    new TopicReader(
                            config.kafka().client(), config.publish().topic(Topic.METRICS))) {
                reader.readToEnd(
                        record -> {
                            MetricsEvent event = AuditReader.read(AuditReader.METRICS, record);
                            newest.put(event.getModelId(), event);
                        });
            }
            Map<String, Long> counts = new TreeMap<>();
            for (MetricsEvent event : newest.values()) {
                for (PartitionAudit partition : event.getPartitions()) {
                    counts.merge(partition.getTopic(), partition.getRead().getCount(), Long::sum);
                }
            }
            return counts;
        }

        void await(Map<String, Long> counts) {
            JobOnKafka.await(counts + " to be counted", () -> counts().equals(counts));
        }

        void stop(JavaProcess process) throws Exception {
            process.signal("TERM");
            assertThat(process.awaitExit()).as(process.output()).isZero();
        }

        void assertProven() {
            AuditReport report =
                    JobAudit.run(
                            JobConfig.parseTopics(settings),
                            new AuditRequest(
                                    null,
                                    null,
                                    null,
                                    null,
                                    Duration.ofSeconds(30),
                                    false,
                                    false,
                                    true));
            assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.PROVEN);
        }

        String command(String... words) {
            List<String> arguments = new ArrayList<>(List.of(words));
            settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
            StringWriter out = new StringWriter();
            CommandLine command = Freshet.commandLine();
            command.setOut(new PrintWriter(out));
            command.setErr(new PrintWriter(out));
            command.execute(arguments.toArray(String[]::new));
            return out.toString();
        }
    }

    /** Returns whether a checkpoint of the running job has the id of a topic. */
    private boolean isIdSaved(String topic) {
        try (Stream<Path> files = Files.walk(directory.resolve("state"))) {
            for (Path file : files.filter(each -> each.endsWith("_metadata")).toList()) {
                if (JobCheckpoint.read(file.toString()).toString().contains(topic + "=")) {
                    return true;
                }
            }
            return false;
        } catch (IOException | UncheckedIOException e) {
            return false; // the job has replaced the checkpoint by a newer one
        }
    }

    @Test
    void listOfTopics_isReadWhole_andTopicsJoinOrAreLeft() throws Exception {
        create("list-c");
        Job job = new Job("list", "list-a,list-b");
        send("list-a", 300);
        send("list-b", 200);
        send("list-c", 100);
        job.read("list-a,list-none");
        assertThat(job.refusal()).contains("topic list-none does not exist");

        job.read("list-a,list-b");
        try (JavaProcess process = job.running()) {
            job.await(Map.of("list-a", 300L, "list-b", 200L));
            JobOnKafka.await(
                    "the lag of both topics",
                    () -> job.command("status").contains("0 events of list-a, 0 events of list-b"));
            assertThat(job.command("dead-letters", "replay", "list-b/0/0"))
                    .contains("1 dead letter");
            job.await(Map.of("list-a", 300L, "list-b", 201L));
            job.assertProven();
            job.stop(process);
        }

        job.read("list-a,list-b,list-c");
        try (JavaProcess process = job.running()) {
            assertThat(process.output()).contains("continues from checkpoint");
            job.await(Map.of("list-a", 300L, "list-b", 201L, "list-c", 100L));
            job.assertProven();
            job.stop(process);
        }

        job.read("list-c,list-a");
        assertThat(job.refusal())
                .contains("the state has offsets of list-b, which the job would no longer read")
                .contains("--accept " + ACCEPT);
        send("list-b", 50);
        send("list-a", 20);
        try (JavaProcess process = job.running("--accept", ACCEPT)) {
            job.await(Map.of("list-a", 320L, "list-b", 201L, "list-c", 100L));
            job.assertProven();
            job.stop(process);
        }

        job.read("list-a,list-b,list-c");
        assertThat(job.refusal())
                .contains("list-b-0: results up to offset")
                .contains("the checkpoint continues at 0");
    }

    @Test
    void topicsThatMatchAPattern_joinWhileTheJobRuns_andAreGuardedLikeOthers() throws Exception {
        Job job = new Job("pattern", "/found-.*/");
        try (JavaProcess process = job.running()) {
            assertThat(process.output())
                    .contains("no topic matches /found-.*/ yet; the job waits for one");
            create("found-1", "other-1");
            send("found-1", 300);
            send("other-1", 10);
            job.await(Map.of("found-1", 300L));
            create("found-2");
            send("found-2", 200);
            job.await(Map.of("found-1", 300L, "found-2", 200L));
            job.assertProven();
            assertThat(job.command("dead-letters", "replay", "--all")).contains("2 dead letters");
            job.await(Map.of("found-1", 301L, "found-2", 201L));
            JobOnKafka.await("the id of a topic that was found", () -> isIdSaved("found-2"));
            job.stop(process);
        }

        delete("found-2");
        assertThat(job.refusal())
                .contains("the state has offsets of found-2, which no longer exist")
                .contains("--accept " + ACCEPT);
        create("found-2");
        assertThat(job.refusal()).contains("topic found-2 was deleted and created again");
        job.read("/found-1|found-3/");
        create("found-3");
        send("found-3", 100);
        try (JavaProcess process = job.running("--accept", ACCEPT)) {
            job.await(Map.of("found-1", 301L, "found-2", 201L, "found-3", 100L));
            delete("found-1");
            assertThat(process.awaitExit()).isNotZero();
            assertThat(process.output())
                    .contains("topic found-1, which the job reads, no longer exists");
        }
    }
}
