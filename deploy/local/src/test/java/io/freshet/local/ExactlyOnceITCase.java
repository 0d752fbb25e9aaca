package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.publish.Topic;
import io.freshet.schemas.Expert;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Integration test that a job ends with the parameters of a plain loop, with and without failures.
 *
 * <p>The parameters are equal bit for bit if mini-batches are cut by the number of examples and
 * their steps are computed one at a time. If every event is a step, the steps of a block are
 * computed together. If {@code block.max-wait} is off, blocks are cut by the number of events, and
 * the parameters are equal, too. Otherwise blocks depend on how the events arrive, and sums in a
 * different order are rounded differently.
 */
class ExactlyOnceITCase {
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;

    private static EmbeddedKafka kafka;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    /** Settings with a mini-batch as large as a block, and an optimiser with state. */
    private static final Map<String, String> CUT_BY_COUNT =
            Map.of(
                    "learner.type", "softmax",
                    "mini-batch.size", "32",
                    "training.learning-rate", "0.01",
                    "training.momentum", "0.9");

    /** Settings with the ensemble, and one step for each event. */
    private static final Map<String, String> DEFAULTS = Map.of();

    /** Settings with the ensemble, and one step for each event, in blocks cut by count. */
    private static final Map<String, String> BLOCKS_BY_COUNT = Map.of("block.max-wait", "off");

    /**
     * Events with small weights. With larger weights, steps at rate 1 overshoot the minimum, so
     * that rounding differences grow.
     */
    private static List<LabelledEvent> light(List<LabelledEvent> events) {
        events.forEach(event -> event.setWeight(event.getWeight() / 8));
        return events;
    }

    private static void assertAsThePlainLoop(
            JobOnKafka job, List<LabelledEvent> events, Map<String, String> training) {
        boolean bitForBit = !training.equals(DEFAULTS);
        LearnerSettings learner = job.config().learn().learner();
        Map<String, LearnerState> expected =
                training.equals(BLOCKS_BY_COUNT)
                        ? PlainLoop.learnAtOnce(learner, events)
                        : PlainLoop.learn(learner, events);
        Map<String, ModelSnapshotEvent> models = job.models();
        assertThat(models.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (modelId, state) -> {
                    ModelSnapshotEvent model = models.get(modelId);
                    assertThat(model.getModelVersion()).isEqualTo(state.counters().modelVersion());
                    assertThat(model.getScaler().getCount()).isEqualTo(state.scaler().count());
                    float[] expectedParameters = parameters(learner, state);
                    float[] parameters = new float[expectedParameters.length];
                    for (int i = 0; i < parameters.length; i++) {
                        parameters[i] = model.getParameters().get(i);
                    }
                    double[] mean = doubles(model.getScaler().getMean());
                    double[] weights =
                            doubles(model.getExperts().stream().map(Expert::getWeight).toList());
                    double[] expectedWeights = weights(learner, state);
                    if (bitForBit) {
                        assertThat(Arrays.mismatch(parameters, expectedParameters)).isNegative();
                        assertThat(mean).containsExactly(state.scaler().mean());
                        assertThat(weights).containsExactly(expectedWeights);
                    } else {
                        assertThat(largestDifference(parameters, expectedParameters))
                                .isLessThan(1e-3);
                        assertThat(mean).containsExactly(state.scaler().mean(), offset(1e-6));
                        assertThat(weights).containsExactly(expectedWeights, offset(1e-4));
                    }
                });
    }

    /** Returns the parameters of the linear models, and of an ensemble its ferns and its window. */
    private static float[] parameters(LearnerSettings learner, LearnerState state) {
        float[] linear = state.parameters();
        EnsembleState ensemble = state.ensemble();
        if (ensemble == null) {
            return linear;
        }
        EnsembleParameters others =
                EnsembleParameters.of(ensemble, learner.numExperts(), state.weights());
        float[] ferns = others.ferns();
        float[] examples = others.points();
        float[] all = Arrays.copyOf(linear, linear.length + ferns.length + examples.length);
        System.arraycopy(ferns, 0, all, linear.length, ferns.length);
        System.arraycopy(examples, 0, all, linear.length + ferns.length, examples.length);
        return all;
    }

    private static double largestDifference(float[] a, float[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElse(0);
    }

    private static double[] weights(LearnerSettings settings, LearnerState state) {
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, state)) {
            return IntStream.range(0, settings.numExperts()).mapToDouble(learner::weight).toArray();
        }
    }

    private static double[] doubles(List<Double> values) {
        return values.stream().mapToDouble(value -> value).toArray();
    }

    private static void assertNothingLostOrRepeated(TopicAudit audit, List<LabelledEvent> events) {
        assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
        long labelled = events.stream().filter(event -> event.getLabel() != null).count();
        assertThat(audit.events()).isEqualTo(events.size());
        assertThat(audit.examplesSeen()).isEqualTo(labelled);
        assertThat(audit.unlabelled().count()).isEqualTo(events.size() - labelled);
    }

    @Test
    void jobCutByCount_endsWithTheParametersOfAPlainLoop_bitForBit() throws Exception {
        assertEndsAsThePlainLoop("replay-by-count", CUT_BY_COUNT);
    }

    @Test
    void jobWithBlocksByCount_endsWithTheParametersOfAPlainLoop_bitForBit() throws Exception {
        assertEndsAsThePlainLoop("replay-blocks-by-count", BLOCKS_BY_COUNT);
    }

    @Test
    void jobWithDefaults_endsWithTheParametersOfAPlainLoop_toRounding() throws Exception {
        assertEndsAsThePlainLoop("replay-defaults", DEFAULTS);
    }

    private static void assertEndsAsThePlainLoop(String name, Map<String, String> training)
            throws Exception {
        List<LabelledEvent> events =
                light(JobOnKafka.events(3, 5_000, FEATURES, CLASSES, "one", "two", "three"));
        Map<String, String> settings = JobOnKafka.settings(kafka, name, FEATURES, "a,b,c");
        settings.putAll(training);
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(events.stream().map(JobOnKafka::bytes).toList());
            TopicAudit audit = job.finish();

            assertNothingLostOrRepeated(audit, events);
            assertAsThePlainLoop(job, events, training);
        }
    }

    @ParameterizedTest(name = "state backend {0}, unaligned checkpoints {1}")
    @CsvSource({"hashmap, false", "rocksdb, false", "hashmap, true"})
    void jobWhoseTaskManagerFails_endsWithTheParametersOfAPlainLoop_bitForBit(
            String backend, boolean unaligned) throws Exception {
        assertEndsAsThePlainLoopThroughFailures("by-count", CUT_BY_COUNT, backend, unaligned);
    }

    @ParameterizedTest(name = "state backend {0}")
    @ValueSource(strings = {"hashmap", "rocksdb"})
    void jobWithDefaultsWhoseTaskManagerFails_endsWithTheParametersOfAPlainLoop_toRounding(
            String backend) throws Exception {
        assertEndsAsThePlainLoopThroughFailures("defaults", DEFAULTS, backend, false);
    }

    @ParameterizedTest(name = "state backend {0}")
    @ValueSource(strings = {"hashmap", "rocksdb"})
    void jobWithBlocksByCountWhoseTaskManagerFails_endsWithTheParametersOfAPlainLoop_bitForBit(
            String backend) throws Exception {
        assertEndsAsThePlainLoopThroughFailures("blocks-by-count", BLOCKS_BY_COUNT, backend, false);
    }

    @Test
    void jobThatFailsAtTheEndOfInput_losesAndRepeatsNothing() throws Exception {
        List<LabelledEvent> events = light(JobOnKafka.events(5, 1_000, FEATURES, CLASSES, "one"));
        long labelled = events.stream().filter(event -> event.getLabel() != null).count();
        Map<String, String> settings =
                JobOnKafka.settings(kafka, "failover-at-the-end", FEATURES, "a,b,c");
        settings.putAll(JobOnKafka.RESTARTS);
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(events.stream().map(JobOnKafka::bytes).toList());
            awaitExamples(job, labelled);
            job.cluster().cluster().terminateTaskManager(0).get();
            job.cluster().cluster().startTaskManager();
            awaitRestarts(job, 1);
            TopicAudit audit = job.finish();

            assertNothingLostOrRepeated(audit, events);
            assertAsThePlainLoop(job, events, DEFAULTS);
        }
    }

    private static void assertEndsAsThePlainLoopThroughFailures(
            String name, Map<String, String> training, String backend, boolean unaligned)
            throws Exception {
        List<LabelledEvent> events =
                light(
                        JobOnKafka.events(
                                4, 30_000, FEATURES, CLASSES, "one", "two", "three", "four",
                                "five"));
        Map<String, String> settings =
                JobOnKafka.settings(
                        kafka,
                        "failover-" + name + "-" + backend + "-" + unaligned,
                        FEATURES,
                        "a,b,c");
        settings.putAll(training);
        settings.put("models.max", "2");
        settings.put("models.publish-interval", "1 ms");
        settings.put("flink.state.backend.type", backend);
        settings.put("flink.execution.checkpointing.unaligned.enabled", "" + unaligned);
        settings.putAll(JobOnKafka.RESTARTS);
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            CompletableFuture<Void> sending =
                    CompletableFuture.runAsync(
                            () -> {
                                // In parts, so that checkpoints and failures occur between them.
                                for (int from = 0; from < events.size(); from += 100) {
                                    job.send(
                                            events.subList(from, from + 100).stream()
                                                    .map(JobOnKafka::bytes)
                                                    .toList());
                                }
                            });
            for (int failure = 1; failure <= 3; failure++) {
                awaitExamples(job, failure * 5_000L);
                job.cluster().cluster().terminateTaskManager(failure - 1).get();
                job.cluster().cluster().startTaskManager();
                awaitRestarts(job, failure);
            }
            sending.join();
            TopicAudit audit = job.finish();

            assertNothingLostOrRepeated(audit, events);
            assertAsThePlainLoop(job, events, training);
            assertVersionsRise(job);
        }
    }

    private static void awaitRestarts(JobOnKafka job, int restarts) {
        JobOnKafka.await(
                restarts + " restarts",
                () -> {
                    try {
                        return job.cluster().execution().restarts() >= restarts;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    private static void awaitExamples(JobOnKafka job, long examples) {
        AtomicLong seen = new AtomicLong();
        Map<String, Long> byModel = new HashMap<>();
        try (TopicReader reader =
                new TopicReader(
                        job.config().kafka().client(),
                        job.config().publish().topic(Topic.METRICS))) {
            JobOnKafka.await(
                    examples + " examples",
                    () -> {
                        for (ConsumerRecord<byte[], byte[]> record :
                                reader.poll(Duration.ofMillis(50))) {
                            MetricsEvent event = AuditReader.read(AuditReader.METRICS, record);
                            byModel.put(event.getModelId(), event.getExamplesSeen());
                        }
                        seen.set(byModel.values().stream().mapToLong(count -> count).sum());
                        return seen.get() >= examples;
                    });
        }
    }

    /** Checks that versions in the history increase, and that examples seen do not decrease. */
    private static void assertVersionsRise(JobOnKafka job) {
        Map<String, ModelSnapshotEvent> last = new HashMap<>();
        Set<String> seen = new HashSet<>();
        try (TopicReader reader =
                new TopicReader(
                        job.config().kafka().client(),
                        job.config().publish().topic(Topic.MODEL_HISTORY))) {
            reader.readToEnd(
                    record -> {
                        ModelSnapshotEvent event = AuditReader.read(AuditReader.SNAPSHOTS, record);
                        ModelSnapshotEvent before = last.put(event.getModelId(), event);
                        assertThat(seen.add(event.getModelId() + " " + event.getModelVersion()))
                                .isTrue();
                        if (before != null) {
                            assertThat(event.getModelVersion())
                                    .isGreaterThan(before.getModelVersion());
                            assertThat(event.getProvenance().getExamplesSeen())
                                    .isGreaterThanOrEqualTo(
                                            before.getProvenance().getExamplesSeen());
                        }
                        assertThat(event.getParameters()).allMatch(Float::isFinite);
                    });
        }
        assertThat(last).hasSize(5);
    }
}
