package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.ingest.EventHash;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.Audit;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PartitionAudit;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.Tally;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Integration test of {@code freshet audit}: a healthy job passes at any time, and what is planted
 * in copies of its topics is found, with the offsets.
 */
class AuditITCase {
    private static final int UNPROVEN = 3;
    private static final int FEATURES = 3;
    private static final int EVENTS = 2_000;
    private static final EventReader<PredictionEvent> PREDICTIONS =
            EventReader.of(PredictionEvent.class);

    private static EmbeddedKafka kafka;

    /** Settings of a job that has ended, whose topics are only read. */
    private static Map<String, String> ended;

    @BeforeAll
    static void runAJob() throws Exception {
        kafka = EmbeddedKafka.start();
        ended = settings("ended");
        runToEnd(ended, EVENTS);
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    private static Map<String, String> settings(String name) {
        Map<String, String> settings = JobOnKafka.settings(kafka, name, FEATURES, "a,b,c");
        settings.put("metrics.every", "100");
        settings.put("models.publish-interval", "1 ms");
        // Small models, so that snapshots have several chunks, but not thousands.
        settings.put("learner.type", "softmax");
        settings.put("models.chunk-size", "20");
        settings.put("mini-batch.size", "8");
        settings.put("block.size", "32");
        settings.put("job.parallelism", "2");
        return settings;
    }

    /** Events of three models, every fiftieth of which is invalid, on two partitions. */
    private static void runToEnd(Map<String, String> settings, int events) throws Exception {
        Topics.create(JobConfig.parse(settings).topics(), 2);
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            List<byte[]> values = values(events);
            // In parts, so that checkpoints complete between them.
            for (int from = 0; from < values.size(); from += 250) {
                send(job.config(), values.subList(from, Math.min(values.size(), from + 250)));
            }
            SourceProgress progress =
                    SourceProgress.toCurrentEnd(job.config(), job.cluster().sourceOffsets());
            JobOnKafka.await("the source to read everything", progress::isComplete);
            job.cluster().stopWithDrain();
        }
    }

    /** Sends values to both partitions of each input topic by turns. */
    @SuppressWarnings("FutureReturnValueIgnored") // close() waits, and the audit detects losses
    private static void send(JobConfig config, List<byte[]> values) {
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (int i = 0; i < values.size(); i++) {
                for (String topic : config.kafka().listedInput()) {
                    producer.send(new ProducerRecord<>(topic, i % 2, null, values.get(i)));
                }
            }
        }
    }

    private static KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private static List<byte[]> values(int events) {
        List<byte[]> values = new ArrayList<>();
        JobOnKafka.events(7, events, FEATURES, 3, "one", "two", "three")
                .forEach(
                        event -> {
                            int i = Integer.parseInt(event.getId());
                            if (i % 100 == 17) {
                                values.add("not an event".getBytes(StandardCharsets.UTF_8));
                            } else {
                                if (i % 100 == 67) {
                                    event.setLabel(99);
                                }
                                values.add(JobOnKafka.bytes(event));
                            }
                        });
        return values;
    }

    private static Map<String, String> copyMetrics(String name, UnaryOperator<MetricsEvent> change)
            throws Exception {
        return TopicCopy.of(ended, Topic.METRICS, name, metrics(change));
    }

    private static TopicCopy.Change metrics(UnaryOperator<MetricsEvent> change) {
        return record ->
                List.of(
                        TopicCopy.bytes(
                                change.apply(AuditReader.read(AuditReader.METRICS, record))
                                        .toByteBuffer()));
    }

    private static void add(Tally tally, long hash, int times) {
        tally.setCount(tally.getCount() + times);
        tally.setDigest(tally.getDigest() + times * hash);
    }

    /** Returns a change of the records of model one, in which an event of partition 0 counts. */
    private static UnaryOperator<MetricsEvent> readOfModelOne(
            long fromOffset, long offset, int times) {
        return event -> {
            for (PartitionAudit partition : event.getPartitions()) {
                if (event.getModelId().equals("one")
                        && partition.getPartition() == 0
                        && partition.getLastOffset() >= fromOffset) {
                    long hash = new EventHash().of(partition.getTopic(), 0, offset);
                    add(partition.getRead(), hash, times);
                }
            }
            return event;
        };
    }

    /** Returns offsets of labelled events of model one in partition 0. */
    private static List<Long> offsetsOfModelOne() throws Exception {
        JobConfig config = JobConfig.parse(ended);
        List<Long> offsets = new ArrayList<>();
        EventReader<io.freshet.schemas.LabelledEvent> events =
                EventReader.of(io.freshet.schemas.LabelledEvent.class);
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.kafka().labelledEvents())) {
            reader.readToEnd(
                    record -> {
                        if (record.partition() == 0 && record.value().length > 30) {
                            var event = AuditReader.read(events, record);
                            if (event.getModelId().equals("one") && event.getLabel() != null) {
                                offsets.add(record.offset());
                            }
                        }
                    });
        }
        return offsets;
    }

    @Test
    void healthyJob_isProven_andTheTextFitsTheTerminal() throws Exception {
        AuditOutcome outcome = AuditOutcome.of(ended);

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .contains("✓ every event is counted once (digest)")
                .contains("every dead letter is published once  40 of 40")
                .contains("Proven: no event is lost and none is counted twice.")
                .doesNotContain("✗", "?");
        assertThat(outcome.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(outcome.exitCode()).isZero();
    }

    @Test
    void healthyJob_isProvenAsJson() throws Exception {
        AuditOutcome outcome = AuditOutcome.of(ended, "--json");

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.json().get("verdict").asText()).isEqualTo("proven");
        long read = 0;
        for (JsonNode model : outcome.json().get("models")) {
            read += model.get("read").get("count").asLong();
        }
        assertThat(read).isEqualTo(EVENTS);
        assertThat(outcome.json().get("unread").asLong()).isZero();
        assertThat(outcome.json().get("partitions")).hasSize(2);
    }

    @Test
    void eventMissingFromTheMetrics_isFound() throws Exception {
        long lost = offsetsOfModelOne().get(60);

        AuditOutcome outcome =
                AuditOutcome.of(copyMetrics("lost", readOfModelOne(lost, lost, -1)), "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.failed()).contains("events-read");
        assertThat(outcome.missing("events-read")).containsExactly(lost);
        JsonNode range = outcome.finding("events-read").get("ranges").get(0);
        assertThat(range.get("firstOffset").asLong()).isLessThanOrEqualTo(lost);
        assertThat(range.get("lastOffset").asLong()).isBetween(lost, lost + 700);
    }

    @Test
    void eventCountedTwice_isFound() throws Exception {
        long twice = offsetsOfModelOne().get(20);

        AuditOutcome outcome =
                AuditOutcome.of(copyMetrics("twice", readOfModelOne(twice, twice, 1)), "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.repeated("events-read")).containsExactly(twice);
    }

    @Test
    void twoEventsMissingInARange_areFound() throws Exception {
        List<Long> offsets = offsetsOfModelOne();
        long one = offsets.get(30);
        long other = offsets.get(31);
        UnaryOperator<MetricsEvent> first = readOfModelOne(other, one, -1);
        UnaryOperator<MetricsEvent> second = readOfModelOne(other, other, -1);

        AuditOutcome outcome =
                AuditOutcome.of(
                        copyMetrics("two-lost", e -> second.apply(first.apply(e))), "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.missing("events-read")).containsExactly(one, other);
    }

    @Test
    void acceptedEventCountedTwice_isFound() throws Exception {
        long twice = offsetsOfModelOne().get(40);
        Map<String, String> settings =
                copyMetrics(
                        "accepted-twice",
                        event -> {
                            if (event.getModelId().equals("one")) {
                                countAgain(event.getAudit(), event.getPartitions(), twice);
                            }
                            return event;
                        });
        TopicCopy.Change snapshots =
                record -> {
                    ModelSnapshotEvent event = AuditReader.read(AuditReader.SNAPSHOTS, record);
                    Provenance provenance = event.getProvenance();
                    if (event.getModelId().equals("one") && provenance != null) {
                        countAgain(provenance.getAudit(), provenance.getPartitions(), twice);
                    }
                    return List.of(TopicCopy.bytes(event.toByteBuffer()));
                };

        AuditOutcome outcome =
                AuditOutcome.of(
                        TopicCopy.of(settings, Topic.MODEL_HISTORY, "accepted-twice", snapshots),
                        "--json");
        AuditOutcome metricsOnly = AuditOutcome.of(settings, "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.failed()).containsExactly("outcomes", "examples-seen");
        assertThat(outcome.repeated("outcomes")).containsExactly(twice);
        assertThat(metricsOnly.exitCode()).isEqualTo(1);
        assertThat(metricsOnly.failed()).contains("outcomes");
    }

    private static void countAgain(Audit audit, List<PartitionAudit> partitions, long offset) {
        for (PartitionAudit partition : partitions) {
            if (partition.getPartition() == 0 && partition.getLastOffset() >= offset) {
                add(audit.getAccepted(), new EventHash().of(partition.getTopic(), 0, offset), 1);
            }
        }
    }

    @Test
    void missingDeadLetter_isFound() throws Exception {
        List<Long> dropped = new ArrayList<>();
        Map<String, String> settings =
                TopicCopy.of(
                        ended,
                        Topic.DEAD_LETTERS,
                        "dead-letter-lost",
                        TopicCopy.copies(
                                AuditReader.DEAD_LETTERS,
                                (DeadLetterEvent event) -> {
                                    if (event.getOffset() > 300 && dropped.isEmpty()) {
                                        dropped.add(event.getOffset());
                                        return 0;
                                    }
                                    return 1;
                                }));

        AuditOutcome outcome = AuditOutcome.of(settings, "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.failed()).containsExactly("dead-letters");
        assertThat(outcome.missing("dead-letters")).isEqualTo(dropped);
    }

    @Test
    void doubledPrediction_isFound() throws Exception {
        List<Long> doubled = new ArrayList<>();
        Map<String, String> settings =
                TopicCopy.of(
                        ended,
                        Topic.PREDICTIONS,
                        "prediction-twice",
                        TopicCopy.copies(
                                PREDICTIONS,
                                (PredictionEvent event) -> {
                                    if (event.getSource().getOffset() > 200 && doubled.isEmpty()) {
                                        doubled.add(event.getSource().getOffset());
                                        return 2;
                                    }
                                    return 1;
                                }));

        AuditOutcome outcome = AuditOutcome.of(settings, "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.failed()).containsExactly("predictions");
        assertThat(outcome.repeated("predictions")).isEqualTo(doubled);
    }

    @Test
    void gapInTheSequence_isFound_andTheCountsStillHold() throws Exception {
        AuditOutcome outcome =
                AuditOutcome.of(
                        TopicCopy.of(
                                ended,
                                Topic.METRICS,
                                "gap",
                                TopicCopy.copies(
                                        AuditReader.METRICS,
                                        (MetricsEvent event) ->
                                                event.getModelId().equals("two")
                                                                && event.getSequence() == 1
                                                        ? 0
                                                        : 1)),
                        "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.failed()).containsExactly("metrics-sequence");
        assertThat(outcome.finding("metrics-sequence").get("text").asText())
                .isEqualTo("record 2 follows record 0");
    }

    @Test
    void changedParameter_andFallingVersion_areFound() throws Exception {
        Map<String, String> settings =
                TopicCopy.of(
                        ended,
                        Topic.MODEL_HISTORY,
                        "snapshots",
                        record -> {
                            ModelSnapshotEvent event =
                                    AuditReader.read(AuditReader.SNAPSHOTS, record);
                            byte[] value = record.value();
                            if (event.getModelId().equals("one") && event.getChunk() == 1) {
                                event.getParameters().set(0, event.getParameters().get(0) + 1);
                                value = TopicCopy.bytes(event.toByteBuffer());
                            }
                            boolean twice =
                                    event.getModelId().equals("two") && event.getChunks() > 1;
                            return twice ? List.of(value, value) : List.of(value);
                        });

        AuditOutcome outcome = AuditOutcome.of(settings, "--json");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.failed()).containsExactly("snapshot-chain");
        assertThat(outcome.out()).contains("its content has the hash").contains("follows version");
    }

    @Test
    void snapshot_isProvenAlone_byItsVersion() throws Exception {
        ModelSnapshotEvent snapshot = snapshotOfModelOne();

        AuditOutcome outcome =
                AuditOutcome.of(
                        ended,
                        "--json",
                        "--until",
                        Long.toString(snapshot.getModelVersion()),
                        "--model",
                        "one");
        AuditOutcome byHash =
                AuditOutcome.of(ended, "--until", snapshot.getContentHash().substring(0, 12));

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        JsonNode model = outcome.json().get("models").get(0);
        assertThat(outcome.json().get("models")).hasSize(1);
        assertThat(model.get("accepted").get("count").asLong())
                .isEqualTo(snapshot.getProvenance().getExamplesSeen());
        assertThat(byHash.exitCode()).as(byHash.err()).isZero();
        assertThat(byHash.out()).contains("Audit of job freshet, epoch 1: version ");
        assertThat(AuditOutcome.of(ended, "--until", "123456").exitCode()).isEqualTo(2);
    }

    /** Returns a snapshot in the middle of the history. */
    private static ModelSnapshotEvent snapshotOfModelOne() {
        JobConfig config = JobConfig.parse(ended);
        List<ModelSnapshotEvent> snapshots = new ArrayList<>();
        try (TopicReader reader =
                new TopicReader(
                        config.kafka().client(), config.publish().topic(Topic.MODEL_HISTORY))) {
            reader.readToEnd(
                    record -> {
                        ModelSnapshotEvent event = AuditReader.read(AuditReader.SNAPSHOTS, record);
                        if (event.getModelId().equals("one") && event.getChunk() == 0) {
                            snapshots.add(event);
                        }
                    });
        }
        return snapshots.get(snapshots.size() / 2);
    }

    @Test
    void otherTopicId_isFound() throws Exception {
        String topic = JobConfig.parse(ended).kafka().labelledEvents();
        String id;
        try (Admin admin = admin()) {
            id =
                    admin.describeTopics(List.of(topic))
                            .allTopicNames()
                            .get()
                            .get(topic)
                            .topicId()
                            .toString();
        }

        AuditOutcome same = AuditOutcome.of(copyMetrics("same-id", topicIds(id)), "--json");
        AuditOutcome other =
                AuditOutcome.of(
                        copyMetrics("other-id", topicIds("AAAAAAAAAAAAAAAAAAAAAQ")), "--json");

        assertThat(same.exitCode()).isZero();
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.failed()).contains("input-topic");
        assertThat(other.finding("input-topic").get("text").asText()).contains(id);
    }

    private static UnaryOperator<MetricsEvent> topicIds(String id) {
        return event -> {
            event.getPartitions().forEach(partition -> partition.setTopicId(id));
            return event;
        };
    }

    @Test
    void severalJobs_areRefusedWithAList() throws Exception {
        Map<String, String> settings =
                copyMetrics(
                        "several",
                        event -> {
                            if (event.getModelId().equals("two")) {
                                event.setJob("another");
                                event.setEpoch(3);
                            }
                            return event;
                        });

        AuditOutcome outcome = AuditOutcome.of(settings);

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).contains("another (epoch 3), freshet (epoch 1)");
    }

    @Test
    void removedInput_isToldFromWhichOffsetOnItIsProven() throws Exception {
        Map<String, String> settings = settings("removed");
        runToEnd(settings, 1_500);
        TopicPartition partition = new TopicPartition("removed-labelled-events", 0);
        try (Admin admin = admin()) {
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(200))).all().get();
        }

        AuditOutcome outcome = AuditOutcome.of(settings, "--json");

        assertThat(outcome.exitCode()).isEqualTo(3);
        assertThat(outcome.failed()).containsExactly("events-read");
        JsonNode report = outcome.json().get("partitions").get(0);
        assertThat(report.get("startOffset").asLong()).isEqualTo(200);
        assertThat(report.get("provenFromOffset").asLong()).isGreaterThan(200);
        assertThat(report.get("provenFromOffset").asLong())
                .isLessThan(report.get("provenToOffset").asLong());

        try (Admin admin = admin()) {
            admin.deleteTopics(List.of("removed-labelled-events")).all().get();
            JobOnKafka.await("the topic to be deleted", () -> isDeleted(admin));
            AuditOutcome without = AuditOutcome.of(settings, "--json");
            admin.createTopics(List.of(new NewTopic("removed-labelled-events", 2, (short) 1)))
                    .all()
                    .get();
            assertThat(without.exitCode()).isEqualTo(3);
            assertThat(without.failed()).contains("input-topic");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Topic.class,
            names = {"PREDICTIONS", "DEAD_LETTERS"})
    void removedResults_areNotProven_andNotCalledLost(Topic topic) throws Exception {
        AuditOutcome outcome = AuditOutcome.of(copyWithoutTheOldest(topic));

        assertThat(outcome.exitCode()).as(outcome.out()).isEqualTo(UNPROVEN);
        assertThat(outcome.out()).contains("retention has removed");
    }

    /** The counts in each record include those of all earlier records. */
    @ParameterizedTest
    @EnumSource(
            value = Topic.class,
            names = {"METRICS", "MODEL_HISTORY"})
    void removedMetricsAndSnapshots_areNotNeededForTheProof(Topic topic) throws Exception {
        AuditOutcome outcome = AuditOutcome.of(copyWithoutTheOldest(topic));

        assertThat(outcome.exitCode()).as(outcome.out()).isZero();
    }

    private static Map<String, String> copyWithoutTheOldest(Topic topic) throws Exception {
        Map<String, String> settings =
                TopicCopy.of(ended, topic, "retained", record -> List.of(record.value()));
        String name = JobConfig.parse(settings).publish().topic(topic);
        RecordsToDelete oldest = RecordsToDelete.beforeOffset(10);
        try (Admin admin = admin()) {
            admin.deleteRecords(Map.of(new TopicPartition(name, 0), oldest)).all().get();
        }
        return settings;
    }

    private static boolean isDeleted(Admin admin) {
        try {
            return !admin.listTopics().names().get().contains("removed-labelled-events");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    @Test
    void runningJobUnderLoad_isProvenEachTime() throws Exception {
        assertNoMismatchWhileItRuns("live", Map.of(), 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void runningJobWithBlocksByCount_isProvenEachTime(int miniBatchSize) throws Exception {
        assertNoMismatchWhileItRuns(
                "live-by-count-" + miniBatchSize,
                Map.of("block.max-wait", "off", "mini-batch.size", "" + miniBatchSize),
                0);
    }

    /**
     * While it runs, its newest metrics are ahead of its other results, so that a part may not be
     * proven yet.
     */
    @Test
    void runningJobWithMetricsAtLeastOnce_hasNoMismatch_andIsProvenAtTheEnd() throws Exception {
        assertNoMismatchWhileItRuns(
                "live-alo", Map.of("metrics.delivery", "at-least-once"), UNPROVEN);
    }

    /** While a model is new, some events may wait for it. */
    @Test
    void runningJobWithFeatureEvents_hasNoMismatch_andIsProvenAtTheEnd() throws Exception {
        assertNoMismatchWhileItRuns(
                "live-features",
                Map.of("topics.feature-events", "live-features-requests"),
                UNPROVEN);
    }

    /**
     * @param unproven exit code that is accepted besides 0 while the job runs
     */
    private static void assertNoMismatchWhileItRuns(
            String name, Map<String, String> more, int unproven) throws Exception {
        Map<String, String> settings = settings(name);
        settings.putAll(more);
        Topics.create(JobConfig.parse(settings).topics(), 2);
        List<byte[]> values = values(200);
        AtomicBoolean stop = new AtomicBoolean();
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            CompletableFuture<Void> sending =
                    CompletableFuture.runAsync(
                            () -> {
                                while (!stop.get()) {
                                    send(job.config(), values);
                                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                                }
                            });
            JobOnKafka.await("metrics", () -> hasMetrics(job.config()));
            try {
                for (int i = 0; i < 4; i++) {
                    AuditOutcome outcome = AuditOutcome.of(settings, "--json");
                    assertThat(outcome.exitCode())
                            .as(outcome.out() + outcome.err())
                            .isIn(0, unproven);
                }
            } finally {
                stop.set(true);
                sending.join();
            }
            job.finish();
            AuditOutcome outcome = AuditOutcome.of(settings, "--json");
            assertThat(outcome.exitCode()).as(outcome.out() + outcome.err()).isZero();
        }
    }

    private static boolean hasMetrics(JobConfig config) {
        List<Long> found = new ArrayList<>();
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS))) {
            reader.readToEnd(record -> found.add(record.offset()));
        }
        return !found.isEmpty();
    }
}
