package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.local.cluster.StateDirectory;
import io.freshet.local.cluster.Topics;
import io.freshet.model.LearnerState;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.StartOptions;
import io.freshet.publish.Topic;
import io.freshet.schemas.Audit;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Integration test that a job under load, whose parallelism changes again and again, learns every
 * event once and in order. Each model's events are in one partition, so that its parameters are
 * those of a plain loop, bit for bit.
 */
class RescaleITCase {
    private static final int FEATURES = 6;
    private static final int EVENTS = 24_000;
    private static final int MINI_BATCH = 32;

    /** Events after which the job is ended. */
    private static final int PER_START = 5_000;

    private static final List<Integer> PARALLELISMS = List.of(1, 2, 4, 1);
    private static final String[] MODELS = {"a", "b", "c", "d", "e", "f", "g", "h"};

    /** Number of events that are counted in the committed metrics. */
    private static final class Progress implements AutoCloseable {
        private final TopicReader metrics;
        private final Map<String, Long> counts = new TreeMap<>();
        private volatile long events;

        Progress(JobConfig config) {
            metrics =
                    new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS));
        }

        /** Waits until a number of events is counted. */
        void await(long count) {
            JobOnKafka.await(count + " events", () -> read() >= count);
        }

        private long read() {
            for (ConsumerRecord<byte[], byte[]> record : metrics.poll(Duration.ofMillis(50))) {
                var event = AuditReader.read(AuditReader.METRICS, record);
                Audit audit = event.getAudit();
                counts.put(
                        event.getModelId(),
                        audit.getAccepted().getCount() + audit.getUnlabelled().getCount());
            }
            events = counts.values().stream().mapToLong(count -> count).sum();
            return events;
        }

        @Override
        public void close() {
            metrics.close();
        }
    }

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

    @ParameterizedTest(name = "{0}, from a savepoint: {1}")
    @CsvSource({"hashmap, true", "rocksdb, false"})
    void jobOfChangingParallelism_learnsEveryEventOnceAndInOrder(
            String backend, boolean fromSavepoint) throws Exception {
        Map<String, String> settings =
                new HashMap<>(JobOnKafka.settings(kafka, "rescale-" + backend, FEATURES, "a,b,c"));
        settings.put("job.name", "rescale-" + backend);
        settings.put("mini-batch.size", Integer.toString(MINI_BATCH));
        settings.put("learner.type", "softmax");
        settings.put("training.learning-rate", "0.01");
        settings.put("training.momentum", "0.9");
        // Fewer than there are, so that models are evicted, too.
        settings.put("models.max", "2");
        settings.put("flink.state.backend.type", backend);
        settings.put("flink.execution.checkpointing.incremental", "true");
        Topics.create(JobConfig.parse(settings).topics(), 4);
        List<LabelledEvent> events = JobOnKafka.events(7, EVENTS, FEATURES, 3, MODELS);
        try (StateDirectory state = StateDirectory.open(directory.resolve("state"));
                Progress progress = new Progress(JobConfig.parse(settings))) {
            JobConfig sender = JobConfig.parse(settings);
            CompletableFuture<Void> sending =
                    CompletableFuture.runAsync(() -> send(sender, events, progress));
            for (int start = 0; start < PARALLELISMS.size(); start++) {
                settings.put("job.parallelism", PARALLELISMS.get(start).toString());
                boolean last = start == PARALLELISMS.size() - 1;
                run(
                        JobConfig.parse(settings),
                        state,
                        progress,
                        last ? EVENTS - MODELS.length * MINI_BATCH : (start + 1) * PER_START,
                        last,
                        fromSavepoint);
            }
            sending.join();
        }

        JobConfig config = JobConfig.parse(settings);
        assertExactlyOnce(AuditReader.read(config), events);
        assertThat(predictedIds(config))
                .containsExactlyInAnyOrderElementsOf(
                        events.stream()
                                .filter(event -> event.getLabel() == null)
                                .map(LabelledEvent::getId)
                                .toList());
        assertParametersOfAPlainLoop(config, events);
    }

    /**
     * Continues the job until it has processed a number of events, and ends it: at the end of the
     * input if this is the last start, else with a savepoint or, as if it had been killed, with
     * nothing but its checkpoints.
     */
    private static void run(
            JobConfig config,
            StateDirectory state,
            Progress progress,
            int events,
            boolean last,
            boolean savepoint)
            throws Exception {
        List<JobCheckpoint> checkpoints = state.newestFirst();
        JobStart start =
                JobStart.decide(
                        config,
                        new StartOptions(false, false, List.of()),
                        checkpoints.isEmpty() ? null : checkpoints.get(0),
                        line -> {});
        try (LocalCluster cluster =
                LocalCluster.start(config, start, state, LocalCluster.ANY_PORT)) {
            cluster.awaitRunning();
            progress.await(events);
            if (last) {
                SourceProgress source =
                        SourceProgress.toCurrentEnd(config, cluster.sourceOffsets());
                JobOnKafka.await("the source to read everything", source::isComplete);
                cluster.stopWithDrain();
            } else if (savepoint) {
                cluster.stopWithSavepoint(Duration.ofMinutes(1));
            }
        }
    }

    /** Sends events in small parts, each model's to one partition. */
    @SuppressWarnings("FutureReturnValueIgnored") // the flush waits, and the audit detects losses
    private static void send(JobConfig config, List<LabelledEvent> events, Progress progress) {
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < events.size(); i++) {
                LabelledEvent event = events.get(i);
                producer.send(
                        new ProducerRecord<>(
                                config.kafka().labelledEvents(),
                                event.getModelId().getBytes(StandardCharsets.UTF_8),
                                JobOnKafka.bytes(event)));
                if (i % 1_000 == 0) {
                    producer.flush();
                    // There is always more to read, but not everything at once.
                    int ahead = i - 2 * PER_START;
                    JobOnKafka.await("the job", () -> progress.events >= ahead);
                }
            }
        }
    }

    private static void assertExactlyOnce(TopicAudit audit, List<LabelledEvent> events) {
        assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
        assertThat(audit.events()).isEqualTo(events.size());
        long labelled = events.stream().filter(event -> event.getLabel() != null).count();
        assertThat(audit.examplesSeen()).isEqualTo(labelled);
    }

    private static List<String> predictedIds(JobConfig config) {
        EventReader<PredictionEvent> predictions = EventReader.of(PredictionEvent.class);
        List<String> ids = new ArrayList<>();
        try (TopicReader reader =
                new TopicReader(
                        config.kafka().client(), config.publish().topic(Topic.PREDICTIONS))) {
            reader.readToEnd(record -> ids.add(AuditReader.read(predictions, record).getId()));
        }
        return ids;
    }

    private static void assertParametersOfAPlainLoop(JobConfig config, List<LabelledEvent> events) {
        Map<String, LearnerState> expected = PlainLoop.learn(config.learn().learner(), events);
        Map<String, ModelSnapshotEvent> models = new TreeMap<>();
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.publish().topic(Topic.MODELS))) {
            reader.readToEnd(
                    record -> {
                        var model = AuditReader.read(AuditReader.SNAPSHOTS, record);
                        models.put(model.getModelId(), model);
                    });
        }
        assertThat(models).containsOnlyKeys(MODELS);
        expected.forEach(
                (modelId, state) -> {
                    ModelSnapshotEvent model = models.get(modelId);
                    float[] parameters = new float[model.getParameters().size()];
                    for (int i = 0; i < parameters.length; i++) {
                        parameters[i] = model.getParameters().get(i);
                    }
                    assertThat(parameters).as(modelId).containsExactly(state.parameters());
                    assertThat(model.getModelVersion())
                            .as(modelId)
                            .isEqualTo(state.counters().modelVersion());
                });
    }
}
