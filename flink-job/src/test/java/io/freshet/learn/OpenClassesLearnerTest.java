package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.drift.Ddm;
import io.freshet.drift.Signal;
import io.freshet.ingest.Audit;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.Messages;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.PredictedEvents;
import io.freshet.ingest.SourceConfig;
import io.freshet.learn.drift.ClassChange;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Test of models whose classes are those of their labels, from messages to snapshots. */
@SuppressWarnings("try") // closing a harness may be interrupted
class OpenClassesLearnerTest {
    private static final int FEATURES = 4;
    private static final int CAPACITY = 4;
    private static final Sgd MOMENTUM = new Sgd(0.05, 0.9);
    private static final Mixture MIXTURE =
            new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, true);

    /** An event of model m; the label is null if there is none. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Event(long offset, @Nullable String label, float[] features) {}

    private static LearnConfig config(
            int miniBatchSize, @Nullable Mixture mixture, boolean blocksByCount, int capacity) {
        return config(miniBatchSize, mixture, blocksByCount, capacity, DriftConfig.NONE);
    }

    private static LearnConfig config(
            int miniBatchSize,
            @Nullable Mixture mixture,
            boolean blocksByCount,
            int capacity,
            DriftConfig drift) {
        return new LearnConfig(
                new LearnerSettings(
                        FEATURES,
                        capacity,
                        miniBatchSize,
                        new CrossEntropy(capacity),
                        mixture == null ? MOMENTUM : new Sgd(1, 0),
                        mixture,
                        MiniBatchReduction.EXAMPLES,
                        new Standardization(),
                        10),
                List.of(),
                LabelType.CLASS,
                null,
                blocksByCount,
                1000,
                Duration.ZERO,
                drift,
                DeviceFallback.CPU);
    }

    /** A stream in which a new name comes every 150 events: five names for four places. */
    private static List<Event> stream(int count) {
        Random random = new Random(3);
        List<String> names = List.of("no", "yes", "0", "later", "too late");
        List<Event> stream = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int c = random.nextInt(Math.min(names.size(), 1 + i / 150));
            float[] features = new float[FEATURES];
            for (int f = 0; f < FEATURES; f++) {
                features[f] = (float) random.nextGaussian() + (f == c ? 2 : 0);
            }
            stream.add(new Event(i, i % 7 == 0 ? null : names.get(c), features));
        }
        return stream;
    }

    private static List<ExampleBlock> blocks(List<Event> stream, int size) {
        List<ExampleBlock> blocks = new ArrayList<>();
        for (int from = 0; from < stream.size(); from += size) {
            ExamplePacker packer =
                    new ExamplePacker(
                            new IngestConfig(
                                    FEATURES,
                                    List.of(),
                                    256,
                                    Duration.ofSeconds(1),
                                    Set.of(),
                                    LabelType.CLASS,
                                    null,
                                    SourceConfig.FRESHET,
                                    MissingValues.DEAD_LETTER,
                                    FeatureEncoding.COLUMNS,
                                    false,
                                    CAPACITY,
                                    PredictedEvents.UNLABELLED),
                            null,
                            letter -> {
                                throw new AssertionError(letter.detail());
                            });
            ExampleBlock block = null;
            for (Event event : stream.subList(from, Math.min(from + size, stream.size()))) {
                block =
                        packer.pack(
                                Messages.message(
                                        event.offset,
                                        Messages.event(
                                                "m", event.offset, event.label, event.features)));
            }
            blocks.add(block);
        }
        return blocks;
    }

    /** Results of a run of the operator. */
    private record Results(
            List<BlockEvaluation> evaluations,
            List<Prediction> predictions,
            List<ModelSnapshot> snapshots,
            List<DriftAlert> alerts) {
        Results() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        ModelProgress progress() {
            return evaluations.get(evaluations.size() - 1).progress();
        }

        ModelSnapshot lastSnapshot() {
            return snapshots.get(snapshots.size() - 1);
        }

        void add(
                KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation>
                        harness) {
            evaluations.addAll(harness.extractOutputValues());
            addAll(harness.getSideOutput(LearnOperator.PREDICTIONS), predictions);
            addAll(harness.getSideOutput(LearnOperator.SNAPSHOTS), snapshots);
            addAll(harness.getSideOutput(LearnOperator.DRIFT_ALERTS), alerts);
        }

        private static <T> void addAll(@Nullable Iterable<StreamRecord<T>> from, List<T> to) {
            if (from != null) {
                from.forEach(record -> to.add(record.getValue()));
            }
        }
    }

    private static Results run(LearnConfig config, List<ExampleBlock> blocks) throws Exception {
        return run(config, blocks, blocks.size(), false);
    }

    /** Runs the operator, which is restored from a checkpoint after each {@code restart} blocks. */
    private static Results run(
            LearnConfig config, List<ExampleBlock> blocks, int restart, boolean rocksDb)
            throws Exception {
        Results results = new Results();
        OperatorSubtaskState state = null;
        for (int from = 0; from < blocks.size(); from += restart) {
            try (var harness = ExtendedRestoreTest.harness(config, rocksDb, state)) {
                int to = Math.min(from + restart, blocks.size());
                for (ExampleBlock block : blocks.subList(from, to)) {
                    harness.processElement(block, 0);
                }
                if (to == blocks.size()) {
                    harness.endInput();
                } else {
                    harness.getOneInputOperator().prepareSnapshotPreBarrier(from);
                    state = harness.snapshot(from, from);
                }
                results.add(harness);
            }
        }
        return results;
    }

    static Stream<Arguments> configurations() {
        return Stream.of(
                        Named.of("the mixture", config(1, MIXTURE, false, CAPACITY)),
                        Named.of("blocks by count", config(1, MIXTURE, true, CAPACITY)),
                        Named.of("mini-batches", config(32, null, false, CAPACITY)),
                        Named.of("mini-batches by count", config(8, null, true, CAPACITY)))
                .flatMap(
                        config ->
                                Stream.of(
                                        Arguments.of(config, Named.of("hash map", false)),
                                        Arguments.of(config, Named.of("RocksDB", true))));
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void restoredOperator_continuesAsIfItHadNotStopped(LearnConfig config, boolean rocksDb)
            throws Exception {
        List<ExampleBlock> blocks = blocks(stream(1_300), 20);
        Results expected = run(config, blocks);
        Results actual = run(config, blocks, 7, rocksDb);

        assertThat(actual.predictions)
                .usingRecursiveComparison()
                .withComparatorForType(Float::compare, Float.class)
                .withComparatorForType(Double::compare, Double.class)
                .isEqualTo(expected.predictions);
        ModelSnapshot last = actual.lastSnapshot();
        ModelSnapshot expectedLast = expected.lastSnapshot();
        assertThat(last.progress().modelVersion())
                .isEqualTo(expectedLast.progress().modelVersion());
        assertThat(last.parameters()).containsExactly(expectedLast.parameters());
        assertThat(last.progress().openClasses()).containsExactly("no", "yes", "0", "later");
        assertThat(last.progress().audit().counts())
                .containsExactly(expectedLast.progress().audit().counts());
        assertThat(last.progress().audit().digests())
                .containsExactly(expectedLast.progress().audit().digests());
        assertThat(last.numOutputs()).isEqualTo(CAPACITY);
        assertThat(last.parameters())
                .hasSize(config.learner().numRates() * CAPACITY * (FEATURES + 1));
    }

    @Test
    void everySnapshot_hasTheNamesOfItsOutputs() throws Exception {
        Results results =
                run(config(1, MIXTURE, false, CAPACITY), blocks(stream(700), 20), 2, false);

        assertThat(results.snapshots).hasSizeGreaterThan(10);
        List<String> names = List.of("no", "yes", "0", "later");
        List<Integer> sizes = new ArrayList<>();
        for (ModelSnapshot snapshot : results.snapshots) {
            int outputs = snapshot.numOutputs();
            sizes.add(outputs);
            assertThat(snapshot.progress().openClasses())
                    .containsExactlyElementsOf(names.subList(0, outputs));
            assertThat(snapshot.parameters()).hasSize(7 * outputs * (FEATURES + 1));
        }
        assertThat(sizes).isSorted().contains(1, 2, 3, 4);
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void everyEvent_isCountedOnce_withAReasonIfItIsIgnored(LearnConfig config, boolean rocksDb)
            throws Exception {
        List<Event> stream = stream(1_300);
        Results results = run(config, blocks(stream, 20), 5, rocksDb);

        Audit audit = results.progress().audit();
        long tooLate = stream.stream().filter(event -> "too late".equals(event.label)).count();
        long unlabelled = stream.stream().filter(event -> event.label == null).count();
        assertThat(audit.total()).isEqualTo(1_300);
        assertThat(tooLate).isPositive();
        assertThat(audit.count(IgnoredReason.CLASS_CAPACITY)).isEqualTo(tooLate);
        // Those before the first step: one event, or as many as come before a full mini-batch.
        int withoutClass = 1 + (config.learner().miniBatchSize() - 1) / 6;
        assertThat(audit.count(IgnoredReason.NO_CLASS)).isEqualTo(withoutClass);
        assertThat(audit.count(EventOutcome.UNLABELLED)).isEqualTo(unlabelled - withoutClass);
        assertThat(audit.count(EventOutcome.ACCEPTED)).isEqualTo(1_300 - unlabelled - tooLate);
        assertThat(results.predictions).hasSize((int) (unlabelled - withoutClass));
    }

    @Test
    void predictions_haveTheClassesSoFar_andTheNameOfTheMostProbable() throws Exception {
        Results results = run(config(1, MIXTURE, false, CAPACITY), blocks(stream(1_300), 20));

        List<String> names = List.of("no", "yes", "0", "later");
        int classes = 1;
        for (Prediction prediction : results.predictions) {
            float[] probabilities = prediction.probabilities();
            assertThat(probabilities.length).isBetween(classes, CAPACITY);
            classes = probabilities.length;
            double sum = 0;
            for (float probability : probabilities) {
                sum += probability;
            }
            assertThat(sum).isCloseTo(1, within(1e-6));
            assertThat(prediction.classes()[prediction.predictedClass()])
                    .isEqualTo(names.get(prediction.predictedClass()));
        }
        assertThat(classes).isEqualTo(CAPACITY);
    }

    static Stream<Named<LearnConfig>> blocksByCount() {
        return Stream.of(
                Named.of("the mixture", config(1, MIXTURE, true, CAPACITY)),
                Named.of("mini-batches", config(8, null, true, CAPACITY)));
    }

    @ParameterizedTest
    @MethodSource("blocksByCount")
    void blocksByCount_giveTheSameBits_howeverTheStreamArrives(LearnConfig config)
            throws Exception {
        List<Event> stream = stream(1_300);
        Results expected = run(config, blocks(stream, 1_300));
        Results actual = run(config, blocks(stream, 13), 9, false);

        assertThat(actual.lastSnapshot().parameters())
                .containsExactly(expected.lastSnapshot().parameters());
        assertThat(actual.predictions)
                .usingRecursiveComparison()
                .withComparatorForType(Float::compare, Float.class)
                .withComparatorForType(Double::compare, Double.class)
                .isEqualTo(expected.predictions);
    }

    @Test
    void handOver_continuesWithTheSuccessor_andAlertsNameTheClasses() throws Exception {
        DriftConfig drift =
                new DriftConfig(
                        List.of(new DriftConfig.Detector("ddm", Signal.ERROR, new Ddm(30, 2, 3))),
                        200,
                        DriftReaction.HAND_OVER,
                        5,
                        50,
                        500,
                        3);
        LearnConfig config = config(1, MIXTURE, true, CAPACITY, drift);
        // Two classes; then their features change places, and soon a third class comes.
        List<Event> stream = new ArrayList<>();
        Random random = new Random(5);
        for (int i = 0; i < 900; i++) {
            int c = random.nextInt(i < 480 ? 2 : 3);
            float[] features = new float[FEATURES];
            for (int f = 0; f < FEATURES; f++) {
                int centre = i < 450 || c == 2 ? c : 1 - c;
                features[f] = (float) random.nextGaussian() + (f == centre ? 3 : 0);
            }
            stream.add(new Event(i, List.of("no", "yes", "0").get(c), features));
        }

        Results expected = run(config, blocks(stream, 900));
        Results actual = run(config, blocks(stream, 11), 5, false);

        assertThat(expected.alerts).isNotEmpty();
        for (DriftAlert alert : expected.alerts) {
            assertThat(alert.classes())
                    .extracting(ClassChange::className)
                    .isSubsetOf("no", "yes", "0");
        }
        assertThat(actual.alerts).usingRecursiveComparison().isEqualTo(expected.alerts);
        assertThat(actual.lastSnapshot().parameters())
                .containsExactly(expected.lastSnapshot().parameters());
        assertThat(actual.lastSnapshot().numOutputs()).isEqualTo(3);
    }

    @Test
    void capacity_mayGrowAtARestore_butNotShrink() throws Exception {
        List<Event> stream = stream(1_300);
        OperatorSubtaskState savepoint;
        try (var harness =
                ExtendedRestoreTest.harness(config(1, MIXTURE, false, CAPACITY), false, null)) {
            harness.processElement(blocks(stream.subList(0, 700), 700).get(0), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            savepoint = harness.snapshot(1, 1);
        }
        try (var harness =
                ExtendedRestoreTest.harness(config(1, MIXTURE, false, 7), false, savepoint)) {
            harness.processElement(blocks(stream.subList(700, 1_300), 600).get(0), 0);

            ModelProgress progress = harness.extractOutputValues().get(0).progress();
            assertThat(progress.openClasses())
                    .containsExactly("no", "yes", "0", "later", "too late");
            assertThat(progress.audit().total()).isEqualTo(1_300);
        }
        try (var harness =
                ExtendedRestoreTest.harness(config(1, MIXTURE, false, 3), false, savepoint)) {
            assertThatThrownBy(() -> ((LearnOperator) harness.getOneInputOperator()).live("m"))
                    .hasRootCauseMessage(
                            "The state of model \"m\" has 4 classes, the configuration has"
                                    + " classes.capacity = 3");
        }
    }
}
