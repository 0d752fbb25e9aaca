package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.JobSupervisor;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.schemas.LabelledEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Integration test that a final failure ends the job at once, and others are reported. */
@Timeout(120) // seconds, in case a job restarts for ever
class JobSupervisorITCase {
    private static EmbeddedKafka kafka;

    @TempDir private Path directory;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    private static JobOnKafka start(String name, Map<String, String> more) throws Exception {
        Map<String, String> settings = new HashMap<>(JobOnKafka.settings(kafka, name, 4, "3"));
        settings.put("kafka.partition.discovery.interval.ms", "500");
        settings.putAll(more);
        return JobOnKafka.start(settings);
    }

    private static List<byte[]> events(int count) {
        return JobOnKafka.events(1, count, 4, 3, "default").stream()
                .map(JobOnKafka::bytes)
                .toList();
    }

    private static void assertEndsAtOnce(JobOnKafka job, String message) throws Exception {
        List<String> news = new ArrayList<>();
        JobSupervisor supervisor = new JobSupervisor(job.cluster(), news::add);
        assertThatThrownBy(supervisor::awaitEnd)
                .isInstanceOf(JobFailedException.class)
                .hasMessageStartingWith("the job failed: ")
                .hasMessageContaining(message);
        assertThat(job.cluster().execution().restarts()).isZero();
        assertThat(news).isEmpty();
    }

    @Test
    void lostTransactionOfACheckpoint_endsTheJob() throws Exception {
        Map<String, String> settings = Map.of("checkpoint.interval", "10 min");
        String savepoint;
        try (JobOnKafka job = start("lost", settings)) {
            job.send(events(100));
            SourceProgress progress =
                    SourceProgress.toCurrentEnd(job.config(), job.cluster().sourceOffsets());
            JobOnKafka.await("the source to read everything", progress::isComplete);
            savepoint = savepoint(job.cluster().cluster());
        }
        try (Admin admin = admin()) {
            List<String> transactions =
                    admin.listTransactions().all().get().stream()
                            .map(TransactionListing::transactionalId)
                            .filter(id -> id.startsWith("lost"))
                            .toList();
            assertThat(transactions).isNotEmpty();
            transactions.forEach(JobSupervisorITCase::useForSomethingElse);
        }
        Map<String, String> restored = new HashMap<>(settings);
        restored.put("flink.execution.state-recovery.path", savepoint);
        try (JobOnKafka job = start("lost", restored)) {
            assertEndsAtOnce(job, "results that a checkpoint counts as written are lost");
        }
    }

    private String savepoint(MiniCluster cluster) throws Exception {
        JobID job = cluster.listJobs().get().iterator().next().getJobId();
        return cluster.triggerSavepoint(
                        job, directory.toUri().toString(), false, SavepointFormatType.CANONICAL)
                .get();
    }

    private static void useForSomethingElse(String transactionalId) {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of(
                                "bootstrap.servers",
                                kafka.bootstrapServers(),
                                "transactional.id",
                                transactionalId),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.initTransactions();
        }
    }

    @Test
    void missingOffset_endsTheJob() throws Exception {
        try (JobOnKafka job = start("recreated", Map.of());
                Admin admin = admin()) {
            job.send(events(100));
            SourceProgress progress =
                    SourceProgress.toCurrentEnd(job.config(), job.cluster().sourceOffsets());
            JobOnKafka.await("the source to read everything", progress::isComplete);
            String topic = job.config().kafka().labelledEvents();
            admin.deleteTopics(List.of(topic)).all().get();
            JobOnKafka.await("a new topic", () -> isCreated(admin, topic));
            job.send(events(10));

            assertEndsAtOnce(
                    job, "Kafka no longer has offset 100 of topic " + topic + ", partition 0");
        }
    }

    private static boolean isCreated(Admin admin, String topic) {
        return admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
                .all()
                .toCompletionStage()
                .handle((done, failure) -> failure == null)
                .toCompletableFuture()
                .join();
    }

    @Test
    void endedTaskManager_isReplaced_andNothingIsLost() throws Exception {
        List<LabelledEvent> events = JobOnKafka.events(3, 400, 4, 3, "default");
        try (JobOnKafka job = start("replaced", Map.of())) {
            List<String> news = new ArrayList<>();
            JobSupervisor supervisor = new JobSupervisor(job.cluster(), news::add);
            job.send(events.subList(0, 200).stream().map(JobOnKafka::bytes).toList());
            supervisor.check();
            job.cluster().cluster().terminateTaskManager(0).get();

            JobOnKafka.await("the job to go on", () -> goesOn(supervisor, news));
            job.send(events.subList(200, 400).stream().map(JobOnKafka::bytes).toList());

            TopicAudit audit = job.finish();
            assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
            assertThat(audit.events()).isEqualTo(events.size());
            assertThat(news)
                    .anyMatch(line -> line.startsWith("the job restarts: "))
                    .contains("Flink's TaskManager has ended; starting another");
        }
    }

    private static boolean goesOn(JobSupervisor supervisor, List<String> news) {
        try {
            supervisor.check();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return news.stream().anyMatch(line -> line.startsWith("the job is running again"));
    }
}
