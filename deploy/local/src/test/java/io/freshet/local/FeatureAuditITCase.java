package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * Integration test of {@code freshet audit} with answers that the test publishes in place of a job
 * that only predicts.
 */
class FeatureAuditITCase {
    private static final int MISMATCH = 1;
    private static final int REFUSED = 2;
    private static final int UNPROVEN = 3;
    private static final String JOB = "j";

    private static EmbeddedKafka kafka;

    private Map<String, String> settings;
    private String requests;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    @BeforeEach
    void createTopics(TestInfo test) throws Exception {
        String name = test.getTestMethod().orElseThrow().getName();
        requests = name + "-requests";
        settings = new HashMap<>(JobOnKafka.settings(kafka, name, 2, "a,b"));
        settings.put("job.kind", "score");
        settings.put("job.name", JOB);
        settings.put("topics.feature-events", requests);
        Topics.create(JobConfig.parse(settings).topics(), 1);
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> properties = new HashMap<>(more);
        properties.put("bootstrap.servers", kafka.bootstrapServers());
        return new KafkaProducer<>(
                properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    private static void send(String topic, List<byte[]> values) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            values.forEach(value -> sent.add(producer.send(new ProducerRecord<>(topic, value))));
            for (Future<RecordMetadata> future : sent) {
                future.get();
            }
        }
    }

    private static List<byte[]> events(int count, String modelId) {
        List<LabelledEvent> events = JobOnKafka.events(1, count, 2, 2, modelId);
        return events.stream().map(JobOnKafka::bytes).toList();
    }

    private byte[] prediction(String job, long epoch, long offset) throws IOException {
        return TopicCopy.bytes(
                PredictionEvent.newBuilder()
                        .setModelId("m")
                        .setId("")
                        .setTimestamp(Instant.EPOCH)
                        .setSource(new PartitionOffset(requests, 0, offset))
                        .setModelVersion(1)
                        .setPredictedClass(0)
                        .setPredictedLabel("a")
                        .setProbabilities(List.of(1f, 0f))
                        .setJob(job)
                        .setEpoch(epoch)
                        .build()
                        .toByteBuffer());
    }

    /** Publishes predictions for the events from an offset to another. */
    private void answer(String job, long epoch, long from, long to) throws Exception {
        List<byte[]> predictions = new ArrayList<>();
        for (long offset = from; offset <= to; offset++) {
            predictions.add(prediction(job, epoch, offset));
        }
        send(topic(Topic.PREDICTIONS), predictions);
    }

    private String topic(Topic topic) {
        return settings.get(topic.key().name());
    }

    private void removeBefore(String topic, long offset) throws Exception {
        try (Admin admin = admin()) {
            admin.deleteRecords(
                            Map.of(
                                    new TopicPartition(topic, 0),
                                    RecordsToDelete.beforeOffset(offset)))
                    .all()
                    .get();
        }
    }

    private AuditOutcome audit(int exitCode, String... more) throws Exception {
        List<String> args = new ArrayList<>(List.of(more));
        args.add("--json");
        AuditOutcome outcome = AuditOutcome.of(settings, args.toArray(String[]::new));
        assertThat(outcome.exitCode()).as(outcome.out() + outcome.err()).isEqualTo(exitCode);
        AuditOutcome text = AuditOutcome.of(settings, more);
        assertThat(text.out().lines()).allMatch(line -> line.length() <= 80);
        return outcome;
    }

    private static String text(AuditOutcome outcome) {
        return outcome.finding("feature-events").get("text").asText();
    }

    private static List<Long> offsets(AuditOutcome outcome, String kind) {
        List<Long> offsets = new ArrayList<>();
        for (JsonNode position : outcome.finding("feature-events").get(kind)) {
            offsets.add(position.get("offset").asLong());
        }
        return offsets;
    }

    /** Offsets 0 to 9 and 17 to 26 are committed; the others are aborted or marks. */
    private void sendInTransactions() {
        try (KafkaProducer<byte[], byte[]> producer =
                producer(Map.of("transactional.id", requests))) {
            producer.initTransactions();
            for (int transaction = 0; transaction < 3; transaction++) {
                producer.beginTransaction();
                for (byte[] value : events(transaction == 1 ? 5 : 10, "m")) {
                    Future<RecordMetadata> sent =
                            producer.send(new ProducerRecord<>(requests, value));
                    assertThat(sent).isNotNull();
                }
                producer.flush();
                if (transaction == 1) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
    }

    @Test
    void gapsOfTransactions_needNoAnswer() throws Exception {
        sendInTransactions();
        answer(JOB, 1, 0, 9);
        answer(JOB, 1, 17, 26);

        AuditOutcome outcome = audit(0);

        JsonNode partition = outcome.json().get("partitions").get(0);
        assertThat(partition.get("predictedOnly").asBoolean()).isTrue();
        assertThat(partition.get("provenFromOffset").asLong()).isZero();
        assertThat(partition.get("provenToOffset").asLong()).isEqualTo(26);
        assertThat(outcome.json().get("answers").get("predictions").asLong()).isEqualTo(20);
    }

    @Test
    void answerToAnAbortedEvent_isFound_unlessTheTopicIsCompacted() throws Exception {
        sendInTransactions();
        answer(JOB, 1, 0, 9);
        answer(JOB, 1, 12, 12);
        answer(JOB, 1, 17, 26);

        assertThat(offsets(audit(MISMATCH), "repeated")).containsExactly(12L);

        try (Admin admin = admin()) {
            admin.incrementalAlterConfigs(
                            Map.of(
                                    new ConfigResource(ConfigResource.Type.TOPIC, requests),
                                    List.of(
                                            new AlterConfigOp(
                                                    new ConfigEntry("cleanup.policy", "compact"),
                                                    AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        }
        assertThat(text(audit(UNPROVEN))).contains("may have been removed");
    }

    @Test
    void jobsThatAnswerTheSameEvents_areAuditedApart() throws Exception {
        send(requests, events(10, "m"));
        answer(JOB, 1, 0, 9);
        answer("other", 1, 0, 3);
        answer("other", 1, 5, 9);

        audit(0);
        assertThat(offsets(audit(MISMATCH, "--job", "other"), "missing")).containsExactly(4L);

        settings.remove("job.name");
        assertThat(audit(REFUSED).err())
                .contains("several jobs")
                .contains("j (epoch 1), other (epoch 1)");
    }

    @Test
    void epochAfterARollBack_isNotProvenWhereTheOneBeforeAnswered() throws Exception {
        send(requests, events(10, "m"));
        answer(JOB, 1, 0, 5);
        answer(JOB, 2, 1, 1); // waited when the job was rolled back to offset 3
        answer(JOB, 2, 3, 9);

        AuditOutcome first = audit(0, "--epoch", "1");
        AuditOutcome second = audit(UNPROVEN);

        assertThat(first.json().get("unread").asLong()).isEqualTo(4);
        assertThat(second.json().get("epoch").asLong()).isEqualTo(2);
        assertThat(offsets(second, "missing")).containsExactly(0L, 2L);
        assertThat(text(second)).contains("an answer of an earlier epoch only");
    }

    @Test
    void eventWithoutAnswer_mayWait_unlessTheSettingsSayOtherwise() throws Exception {
        send(requests, events(3, "m"));
        send(requests, events(1, "late"));
        send(requests, events(3, "m"));
        answer(JOB, 1, 0, 2);
        answer(JOB, 1, 4, 6);

        AuditOutcome waiting = audit(UNPROVEN);
        settings.put("score.unknown-model", "dead-letter ");
        AuditOutcome lost = audit(MISMATCH);
        settings.put("score.unknown-model", "later");
        AuditOutcome refused = audit(REFUSED);

        assertThat(text(waiting)).contains("which wait for model late or are lost");
        assertThat(offsets(waiting, "missing")).containsExactly(3L);
        assertThat(offsets(lost, "missing")).containsExactly(3L);
        assertThat(refused.err())
                .contains("score.unknown-model = later: must be wait or uniform or dead-letter");
    }

    @Test
    void predictionAndDeadLetterOfOneEvent_areTwoAnswers() throws Exception {
        send(requests, events(4, "m"));
        answer(JOB, 1, 0, 3);
        send(
                topic(Topic.DEAD_LETTERS),
                List.of(
                        TopicCopy.bytes(
                                DeadLetterEvent.newBuilder()
                                        .setTopic(requests)
                                        .setPartition(0)
                                        .setOffset(2)
                                        .setTimestamp(Instant.EPOCH)
                                        .setKey(null)
                                        .setValue(ByteBuffer.wrap(text()))
                                        .setHeaders(List.of())
                                        .setModelId("m")
                                        .setReason("UNKNOWN_MODEL")
                                        .setDetail("")
                                        .setJob(JOB)
                                        .setEpoch(1)
                                        .build()
                                        .toByteBuffer())));

        assertThat(offsets(audit(MISMATCH), "repeated")).containsExactly(2L);
    }

    private static byte[] text() {
        return "an event".getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void removedEventsAndAnswers_areNotCalledLost() throws Exception {
        send(requests, events(20, "m"));
        answer(JOB, 1, 0, 19);
        removeBefore(requests, 5);

        assertThat(text(audit(UNPROVEN))).contains("removed events before offset 5");

        removeBefore(topic(Topic.PREDICTIONS), 10);
        AuditOutcome outcome = audit(UNPROVEN);
        assertThat(text(outcome)).contains("retention has removed answers");
        assertThat(offsets(outcome, "missing")).containsExactly(5L, 6L, 7L, 8L, 9L);
        JsonNode partition = outcome.json().get("partitions").get(0);
        assertThat(partition.get("provenFromOffset").asLong()).isEqualTo(10);
    }

    @Test
    void deletedTopic_isNotProven() throws Exception {
        send(requests, events(4, "m"));
        answer(JOB, 1, 0, 3);
        try (Admin admin = admin()) {
            admin.deleteTopics(List.of(requests)).all().get();
            JobOnKafka.await("the topic to be deleted", () -> isDeleted(admin));
        }

        assertThat(text(audit(UNPROVEN))).contains("does not exist any more");
    }

    private boolean isDeleted(Admin admin) {
        try {
            return !admin.listTopics().names().get().contains(requests);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void jobWithoutAnswers_isRefused() throws Exception {
        send(requests, events(4, "m"));

        assertThat(audit(REFUSED).err()).contains("there are no answers to events of " + requests);
    }
}
