package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.SnapshotCollector;
import io.freshet.classifier.Snapshots;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.StateDirectory;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.StartOptions;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Integration test of the stage that predicts events in parallel with the models that learn. */
class ScoreITCase {
    private static final int FEATURES = 4;
    private static final int CLASSES = 3;
    private static final String FEATURE_EVENTS = "score-feature-events";

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

    /** Events to predict, with what the job answers. */
    private static final class Requests implements AutoCloseable {
        private final String topic;
        private final Map<String, LabelledEvent> sent = new HashMap<>();
        private final Map<String, List<PredictionEvent>> answers = new HashMap<>();
        private final TopicReader predictions;

        Requests(JobConfig config) {
            this(config, FEATURE_EVENTS);
        }

        Requests(JobConfig config, String topic) {
            this.topic = topic;
            predictions =
                    new TopicReader(
                            config.kafka().client(), config.publish().topic(Topic.PREDICTIONS));
        }

        @SuppressWarnings("FutureReturnValueIgnored") // close() waits, and the answers are counted
        void send(int seed, int count, String... models) {
            try (KafkaProducer<byte[], byte[]> producer =
                    new KafkaProducer<>(
                            Map.of("bootstrap.servers", kafka.bootstrapServers()),
                            new ByteArraySerializer(),
                            new ByteArraySerializer())) {
                for (LabelledEvent event :
                        JobOnKafka.events(seed, count, FEATURES, CLASSES, models)) {
                    event.setId(seed + "-" + event.getId());
                    sent.put(event.getId(), event);
                    producer.send(
                            new ProducerRecord<>(
                                    topic, sent.size() % 2, null, JobOnKafka.bytes(event)));
                }
                producer.send(new ProducerRecord<>(topic, 0, null, new byte[] {1}));
            }
        }

        /** Waits until the events of these models are answered. */
        void awaitAnswers(String... models) {
            Set<String> wanted = Set.of(models);
            long count =
                    sent.values().stream()
                            .filter(event -> wanted.contains(event.getModelId()))
                            .count();
            JobOnKafka.await(
                    count + " answers",
                    () -> {
                        read();
                        return answers.values().stream()
                                        .filter(found -> wanted.contains(found.get(0).getModelId()))
                                        .count()
                                == count;
                    });
        }

        private void read() {
            for (ConsumerRecord<byte[], byte[]> record : predictions.poll(Duration.ofMillis(50))) {
                PredictionEvent event = AuditReader.read(AuditReader.PREDICTIONS, record);
                if (event.getSource().getTopic().equals(topic)) {
                    answers.computeIfAbsent(event.getId(), id -> new ArrayList<>()).add(event);
                }
            }
        }

        Set<Long> usedVersions() {
            return answers.values().stream()
                    .map(found -> found.get(0).getModelVersion())
                    .collect(Collectors.toSet());
        }

        @Override
        public void close() {
            predictions.close();
        }
    }

    private static LocalCluster start(JobConfig config, StateDirectory state) throws Exception {
        List<JobCheckpoint> checkpoints = state.newestFirst();
        JobStart start =
                JobStart.decide(
                        config,
                        new StartOptions(false, false, List.of()),
                        checkpoints.isEmpty() ? null : checkpoints.get(0),
                        line -> {});
        return LocalCluster.start(config, start, state, LocalCluster.ANY_PORT);
    }

    private static List<byte[]> labelled(int seed, int count, String... models) {
        return JobOnKafka.events(seed, count, FEATURES, CLASSES, models).stream()
                .map(JobOnKafka::bytes)
                .toList();
    }

    /** Returns the classifiers of all published versions, by model and version. */
    private static Map<String, Classifier> versions(JobConfig config) {
        Map<String, Classifier> versions = new HashMap<>();
        SnapshotCollector collector = new SnapshotCollector();
        try (TopicReader reader =
                new TopicReader(
                        config.kafka().client(), config.publish().topic(Topic.MODEL_HISTORY))) {
            reader.readToEnd(
                    record -> {
                        try {
                            collector
                                    .add(AuditReader.read(AuditReader.SNAPSHOTS, record))
                                    .ifPresent(
                                            found ->
                                                    versions.put(
                                                            found.info().modelId()
                                                                    + found.info().version(),
                                                            found));
                        } catch (InvalidSnapshotException e) {
                            throw new AssertionError(e);
                        }
                    });
        }
        return versions;
    }

    @Test
    void eachEvent_isPredictedOnce_byAPublishedVersion_throughAKillAndARescale() throws Exception {
        Map<String, String> settings =
                new HashMap<>(JobOnKafka.settings(kafka, "score", FEATURES, "a,b,c"));
        settings.put("job.name", "score");
        settings.put("topics.feature-events", FEATURE_EVENTS);
        settings.put("models.publish-interval", "0 s");
        settings.put("predictions.of", "all");
        settings.put("job.parallelism", "2");
        JobConfig config = JobConfig.parse(settings);
        Topics.create(config.topics(), 2);
        try (Requests requests = new Requests(config);
                StateDirectory state = StateDirectory.open(directory.resolve("state"))) {
            try (LocalCluster cluster = start(config, state)) {
                cluster.awaitRunning();
                JobOnKafka.send(config, labelled(1, 500, "m", "n"));
                requests.send(2, 300, "m", "n", "late");
                requests.awaitAnswers("m", "n");
                JobOnKafka.send(config, labelled(3, 500, "m", "n"));
                requests.send(4, 300, "m", "n", "late");
                requests.awaitAnswers("m", "n");
                assertWaitingForLate(AuditOutcome.of(settings, "--json"));
            }
            // The cluster was closed without a savepoint: what was not in a checkpoint is done
            // again.
            settings.put("job.parallelism", "1");
            config = JobConfig.parse(settings);
            try (LocalCluster cluster = start(config, state)) {
                cluster.awaitRunning();
                requests.send(5, 300, "m", "n", "late");
                requests.awaitAnswers("m", "n");
                JobOnKafka.send(config, labelled(6, 500, "m", "n", "late"));
                requests.awaitAnswers("m", "n", "late");
                cluster.stopWithDrain();
            }
            requests.read();
            assertThat(requests.answers.keySet()).isEqualTo(requests.sent.keySet());
            assertThat(requests.answers.values()).allMatch(found -> found.size() == 1);
            assertAnswers(requests, versions(config));
        }
        assertThat(featureDeadLetters(config)).isEqualTo(3);
        TopicAudit audit = AuditReader.read(config);
        assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
        assertThat(audit.events()).isEqualTo(1500);
        assertTested(config, audit);
        assertAudited(settings, "900 predictions, 3 dead letters");
    }

    /** While a model is not there yet, the audit cannot tell its events from lost ones. */
    private static void assertWaitingForLate(AuditOutcome outcome) {
        assertThat(outcome.exitCode()).as(outcome.out() + outcome.err()).isEqualTo(3);
        assertThat(outcome.failed()).containsExactly("feature-events");
        for (JsonNode finding : outcome.json().get("findings")) {
            assertThat(finding.get("text").asText()).contains("wait for ");
        }
    }

    /** The audit proves all answers, and finds one that is missing or there twice. */
    private static void assertAudited(Map<String, String> settings, String counts)
            throws Exception {
        AuditOutcome outcome = AuditOutcome.of(settings);
        assertThat(outcome.exitCode()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("✓ every feature event has one answer   " + counts)
                .contains("Proven: no event is lost");
        assertThat(outcome.out().lines()).allMatch(line -> line.length() <= 80);
        assertFound(settings, Topic.PREDICTIONS, 0, "missing");
        assertFound(settings, Topic.PREDICTIONS, 2, "repeated");
        assertFound(settings, Topic.DEAD_LETTERS, 0, "missing");
    }

    /**
     * Asserts that the audit names the offset of an event of which the answer has been planted in a
     * copy of its topic as often as given.
     */
    private static void assertFound(
            Map<String, String> settings, Topic topic, int copies, String kind) throws Exception {
        List<Long> offsets = new ArrayList<>();
        String features = settings.get("topics.feature-events");
        Map<String, String> changed =
                TopicCopy.of(
                        settings,
                        topic,
                        settings.get("job.name") + "-" + kind,
                        topic == Topic.PREDICTIONS
                                ? TopicCopy.copies(
                                        AuditReader.PREDICTIONS,
                                        (PredictionEvent event) ->
                                                event.getSource().getTopic().equals(features)
                                                        ? planted(
                                                                event.getSource().getOffset(),
                                                                copies,
                                                                offsets)
                                                        : 1)
                                : TopicCopy.copies(
                                        AuditReader.DEAD_LETTERS,
                                        (DeadLetterEvent event) ->
                                                event.getTopic().equals(features)
                                                        ? planted(
                                                                event.getOffset(), copies, offsets)
                                                        : 1));

        AuditOutcome outcome = AuditOutcome.of(changed, "--json");

        assertThat(outcome.exitCode()).as(outcome.out() + outcome.err()).isEqualTo(1);
        assertThat(outcome.failed()).containsExactly("feature-events");
        JsonNode found = outcome.finding("feature-events").get(kind);
        assertThat(found).hasSize(1);
        assertThat(found.get(0).get("topic").asText()).isEqualTo(features);
        assertThat(found.get(0).get("offset").asLong()).isEqualTo(offsets.get(0));
        assertThat(AuditOutcome.of(changed).out().lines()).allMatch(line -> line.length() <= 80);
    }

    /** Returns how often the answer to an event is there; only one event is planted. */
    private static int planted(long offset, int copies, List<Long> offsets) {
        if (offset < 20 || !offsets.isEmpty()) {
            return 1;
        }
        offsets.add(offset);
        return copies;
    }

    /** Publishes a version of a model of 4 features, as another job does. */
    @SuppressWarnings("FutureReturnValueIgnored") // close() waits, and the answers are compared
    private static Snapshots publish(JobConfig config, long version) throws IOException {
        Snapshots snapshot =
                new Snapshots(version, FEATURES, CLASSES, CLASSES, "softmax", 2, true)
                        .version(version);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            for (ModelSnapshotEvent record : snapshot.records(10)) {
                ByteBuffer encoded = record.toByteBuffer();
                byte[] value = new byte[encoded.remaining()];
                encoded.get(value);
                producer.send(
                        new ProducerRecord<>(
                                config.publish().topic(Topic.MODELS),
                                ("m/" + record.getChunk()).getBytes(StandardCharsets.UTF_8),
                                value));
            }
        }
        return snapshot;
    }

    /** Waits until an event that is sent again and again is answered by a version. */
    private static void awaitVersion(Requests requests, int seed, long version) {
        int[] round = {0};
        JobOnKafka.await(
                "version " + version,
                () -> {
                    requests.send(1000 * seed + round[0]++, 1, "m");
                    requests.awaitAnswers("m");
                    return requests.answers.values().stream()
                            .anyMatch(found -> found.get(0).getModelVersion() == version);
                });
    }

    @Test
    void jobThatOnlyPredicts_takesOverNewVersions_andBeginsWithTheNewest() throws Exception {
        Map<String, String> settings =
                new HashMap<>(JobOnKafka.settings(kafka, "serve", FEATURES, "a,b,c"));
        settings.put("job.name", "serve");
        settings.put("job.kind", "score");
        settings.put("topics.feature-events", FEATURE_EVENTS + "-2");
        JobConfig config = JobConfig.parse(settings);
        Topics.create(config.topics(), 2);
        Map<Long, Classifier> versions = new HashMap<>();
        try (Requests requests = new Requests(config, FEATURE_EVENTS + "-2");
                StateDirectory state = StateDirectory.open(directory.resolve("serve"))) {
            for (long version = 1; version <= 2; version++) {
                versions.put(version, ClassifierReader.of(publish(config, version).records(10)));
            }
            try (LocalCluster cluster = start(config, state)) {
                cluster.awaitRunning();
                requests.send(2, 50, "m");
                requests.awaitAnswers("m");
                // Not version 1, which the topic has, too.
                assertThat(requests.usedVersions()).containsExactly(2L);
                versions.put(3L, ClassifierReader.of(publish(config, 3).records(10)));
                awaitVersion(requests, 3, 3);
            }
            versions.put(4L, ClassifierReader.of(publish(config, 4).records(10)));
            Set<String> before = Set.copyOf(requests.sent.keySet());
            try (LocalCluster cluster = start(config, state)) {
                cluster.awaitRunning();
                requests.send(4, 50, "m");
                requests.awaitAnswers("m");
                cluster.stopWithDrain();
            }
            assertThat(requests.answers.keySet()).isEqualTo(requests.sent.keySet());
            assertThat(requests.answers.values()).allMatch(found -> found.size() == 1);
            for (Map.Entry<String, List<PredictionEvent>> answer : requests.answers.entrySet()) {
                PredictionEvent event = answer.getValue().get(0);
                if (!before.contains(answer.getKey())) {
                    assertThat(event.getModelVersion()).isEqualTo(4);
                }
                float[] expected =
                        versions.get(event.getModelVersion())
                                .classify(features(requests.sent.get(answer.getKey())))
                                .probabilities();
                for (int c = 0; c < CLASSES; c++) {
                    assertThat(event.getProbabilities().get(c)).isEqualTo(expected[c]);
                }
            }
            assertAuditedAsJobThatOnlyPredicts(settings, requests.sent.size());
        }
    }

    private static void assertAuditedAsJobThatOnlyPredicts(Map<String, String> settings, int sent)
            throws Exception {
        long deadLetters = featureDeadLetters(JobConfig.parse(settings));
        assertAudited(
                settings,
                String.format(Locale.ROOT, "%,d predictions, %,d dead letters", sent, deadLetters));
        Map<String, String> asLearner = new HashMap<>(settings);
        asLearner.remove("job.kind");
        assertThat(AuditOutcome.of(asLearner).exitCode()).isEqualTo(2);
        assertThat(AuditOutcome.of(asLearner).err()).contains("audited with job.kind=score");
        AuditOutcome other = AuditOutcome.of(settings, "--job", "another");
        assertThat(other.exitCode()).isEqualTo(2);
        assertThat(other.err()).contains("no answers").contains("but of serve (epoch 1)");
        assertThat(AuditOutcome.of(settings, "--until", "3").exitCode()).isEqualTo(2);
    }

    /** The probabilities are those of the version that the prediction names, to rounding. */
    private static void assertAnswers(Requests requests, Map<String, Classifier> versions) {
        Set<Long> used = new HashSet<>();
        for (List<PredictionEvent> found : requests.answers.values()) {
            PredictionEvent answer = found.get(0);
            Classifier classifier = versions.get(answer.getModelId() + answer.getModelVersion());
            assertThat(classifier).as(answer.toString()).isNotNull();
            assertThat(answer.getExamplesSeen()).isEqualTo(classifier.info().examplesSeen());
            float[] expected =
                    classifier
                            .classify(features(requests.sent.get(answer.getId())))
                            .probabilities();
            for (int c = 0; c < CLASSES; c++) {
                assertThat((double) answer.getProbabilities().get(c))
                        .isCloseTo(expected[c], within(1e-6));
            }
            assertThat(answer.getEntropy()).isBetween(0.0, Math.log(CLASSES) + 1e-6);
            assertThat(answer.getLabel()).isNull();
            used.add(answer.getModelVersion());
        }
        assertThat(used).hasSizeGreaterThan(2);
    }

    /** The metrics follow from the predictions that were tested, and their labels and losses. */
    private static void assertTested(JobConfig config, TopicAudit audit) {
        Map<String, List<PredictionEvent>> tested = new HashMap<>();
        Set<String> positions = new HashSet<>();
        for (PredictionEvent event : JobOnKafka.predictions(config)) {
            if (event.getLabel() != null) {
                assertThat(positions.add(event.getSource().toString())).isTrue();
                assertThat(event.getId()).isNotEmpty();
                tested.computeIfAbsent(event.getModelId(), id -> new ArrayList<>()).add(event);
            }
        }
        assertThat(positions.size()).isEqualTo(audit.examplesSeen());
        assertThat(tested).containsOnlyKeys(audit.models());
        tested.forEach(
                (model, predictions) -> {
                    MetricsEvent metrics = Objects.requireNonNull(audit.last(model));
                    long hits =
                            predictions.stream()
                                    .filter(
                                            event ->
                                                    event.getPredictedLabel()
                                                            .equals(event.getLabel()))
                                    .count();
                    assertThat(predictions).hasSize((int) metrics.getExamplesSeen());
                    assertThat(hits).isGreaterThan(predictions.size() / 2);
                });
    }

    private static float[] features(LabelledEvent event) {
        List<Float> values = ((DenseFeatures) event.getFeatures()).getValues();
        float[] features = new float[values.size()];
        for (int i = 0; i < features.length; i++) {
            features[i] = values.get(i);
        }
        return features;
    }

    private static long featureDeadLetters(JobConfig config) {
        List<DeadLetterEvent> letters = new ArrayList<>();
        try (TopicReader reader =
                new TopicReader(
                        config.kafka().client(), config.publish().topic(Topic.DEAD_LETTERS))) {
            reader.readToEnd(
                    record -> letters.add(AuditReader.read(AuditReader.DEAD_LETTERS, record)));
        }
        return letters.stream()
                .filter(letter -> letter.getTopic().startsWith(FEATURE_EVENTS))
                .count();
    }
}
