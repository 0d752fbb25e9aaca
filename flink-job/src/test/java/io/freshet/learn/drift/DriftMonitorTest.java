package io.freshet.learn.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.data.Offset.offset;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.drift.Adwin;
import io.freshet.drift.CoolDown;
import io.freshet.drift.Cusum;
import io.freshet.drift.Ddm;
import io.freshet.drift.Domain;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.DriftStatus;
import io.freshet.drift.PeriodicDetector;
import io.freshet.drift.RunningDetector;
import io.freshet.drift.Signal;
import io.freshet.ingest.Blocks;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.Messages;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.Learner;
import io.freshet.learn.LearnerTest;
import io.freshet.learn.LearnerWorkspace;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.ModelState;
import io.freshet.learn.Prediction;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class DriftMonitorTest {
    private static final int FEATURES = 4;
    private static final int CLASSES = 3;
    private static final int CHANGE = 1500;
    private static final int EVENTS = 2600;
    private static final int COOL_DOWN = 400;
    private static final int SWAP = 1500;

    private static final DriftConfig.Detector DDM = detector("ddm", Signal.ERROR, Ddm.MOA);

    private static DriftConfig.Detector detector(
            String name, Signal signal, DriftDetector detector) {
        return new DriftConfig.Detector(name, signal, new CoolDown(detector, COOL_DOWN));
    }

    private static DriftConfig drift(DriftReaction reaction, DriftConfig.Detector... detectors) {
        return new DriftConfig(List.of(detectors), COOL_DOWN, reaction, 5, 50, 500, 3);
    }

    private static LearnConfig config(int miniBatchSize, DriftConfig drift) {
        boolean fixed =
                drift.reaction() == DriftReaction.BOOST
                        || drift.reaction() == DriftReaction.RESET_OPTIMIZER;
        return config(miniBatchSize, drift, fixed ? new Sgd(0.01, 0.5) : null);
    }

    /**
     * @param fixed optimiser with a fixed learning rate; null for a mixture
     */
    private static LearnConfig config(int miniBatchSize, DriftConfig drift, @Nullable Sgd fixed) {
        Mixture mixture =
                new Mixture(
                        Mixture.DEFAULT_RATES.subList(0, 5),
                        Mixture.DEFAULT_SWITCHING_RATES,
                        false);
        return new LearnConfig(
                new LearnerSettings(
                        FEATURES,
                        CLASSES,
                        miniBatchSize,
                        new CrossEntropy(CLASSES),
                        fixed == null ? new Sgd(1, 0) : fixed,
                        fixed == null ? mixture : null,
                        MiniBatchReduction.EXAMPLES,
                        new Standardization(),
                        10),
                List.of("a", "b", "c"),
                LabelType.CLASS,
                null,
                false,
                1000,
                Duration.ofSeconds(10),
                drift,
                DeviceFallback.CPU);
    }

    /**
     * Returns a stream in which classes 0 and 1 are swapped from {@code change} on; every ninth
     * event has no label.
     */
    private static List<Blocks.Example> stream(int change) {
        List<Blocks.Example> stream = new ArrayList<>();
        for (Blocks.Example example : Blocks.stream(11, EVENTS, FEATURES, CLASSES, "m")) {
            int label = example.label();
            if (example.offset() >= change && label < 2) {
                label = 1 - label;
            }
            Blocks.Example changed =
                    new Blocks.Example(
                            "m", example.offset(), label, example.weight(), example.features());
            stream.add(example.offset() % 9 == 8 ? Blocks.unlabelled(changed) : changed);
        }
        return stream;
    }

    /** Alerts, predictions and final state of a run over a stream. */
    private record Outcome(
            List<DriftAlert> alerts, List<Prediction> predictions, LearnerState state) {}

    /**
     * @param maxBlockSize maximum number of examples per block
     * @param restores whether the learner is saved and restored after every block
     */
    private static Outcome run(
            LearnConfig config, List<Blocks.Example> stream, int maxBlockSize, boolean restores) {
        List<DriftAlert> alerts = new ArrayList<>();
        List<Prediction> predictions = new ArrayList<>();
        Learner learner = new Learner("m", new LearnerWorkspace(config));
        for (ExampleBlock block : Blocks.cut(stream, maxBlockSize, 5)) {
            learner.process(block, predictions::add, alerts::add);
            if (restores) {
                LearnerState state = learner.learnerState();
                LearnerState successor = learner.successorState();
                Learner restored =
                        Learner.restore(
                                "m",
                                new LearnerWorkspace(config),
                                learner.modelState(state, successor),
                                state,
                                successor,
                                learner.pendingExamples());
                learner.close();
                learner = restored;
            }
        }
        learner.closeMiniBatch(predictions::add, alerts::add);
        LearnerState state = Objects.requireNonNull(learner.learnerState());
        learner.close();
        return new Outcome(alerts, predictions, state);
    }

    @Test
    void drift_causesOneAlert_withTheChanges() {
        List<Blocks.Example> stream = stream(CHANGE);
        List<DriftAlert> alerts =
                run(config(1, drift(DriftReaction.NONE, DDM)), stream, 60, false).alerts();

        assertThat(alerts).hasSize(1);
        DriftAlert alert = alerts.get(0);
        assertThat(alert.modelId()).isEqualTo("m");
        assertThat(alert.sequence()).isZero();
        assertThat(alert.detector()).isEqualTo("ddm");
        assertThat(alert.signal()).isEqualTo(Signal.ERROR);
        long labelledBefore = CHANGE - CHANGE / 9;
        assertThat(alert.examplesSeen()).isBetween(labelledBefore, labelledBefore + 300);
        assertThat(alert.modelVersion()).isEqualTo(alert.examplesSeen());
        assertThat(alert.statistic()).isGreaterThan(alert.threshold());
        assertThat(alert.warningExamplesSeen())
                .isBetween(alert.examplesSeen() - 200, alert.examplesSeen());
        assertThat(alert.reaction()).isEqualTo(DriftReaction.NONE);

        // Every ninth event has no label, so an example's offset follows from its number.
        long detectedAt = offsetOfExample(alert.examplesSeen());
        assertThat(alert.timestamp()).isEqualTo(1000 + detectedAt);
        DriftWindow after = alert.after();
        // The estimated change is near the true one, the first example from offset CHANGE on.
        assertThat(offsetOfExample(alert.examplesSeen() - after.examples() + 1))
                .isBetween(CHANGE - 20L, CHANGE + 20L);
        assertThat(after.offsets())
                .containsExactly(
                        new OffsetRange(
                                Messages.TOPIC,
                                0,
                                offsetOfExample(alert.examplesSeen() - after.examples() + 1),
                                detectedAt));
        assertThat(after.lastTimestamp()).isEqualTo(1000 + detectedAt);
        DriftWindow before = alert.before();
        assertThat(before.examples()).isGreaterThanOrEqualTo(100);
        assertThat(before.offsets()[0].lastOffset()).isLessThan(after.offsets()[0].firstOffset());
        assertThat(after.accuracy()).isLessThan(before.accuracy());
        assertThat(after.loss()).isGreaterThan(before.loss());

        assertThat(alert.classes()).isSortedAccordingTo(byRecallDrop());
        assertThat(alert.classes()[0].classIndex()).isLessThan(2);
        assertThat(alert.classes()[0].recallDrop()).isGreaterThan(0.1);
        assertThat(Stream.of(alert.classes()).mapToInt(ClassChange::labelsAfter).sum())
                .isEqualTo(after.examples());
    }

    private static Comparator<ClassChange> byRecallDrop() {
        return Comparator.comparingDouble(ClassChange::recallDrop).reversed();
    }

    private static long offsetOfExample(long number) {
        long index = number - 1;
        return index / 8 * 9 + index % 8;
    }

    /** Tests medians over several streams: the model is slow, so that each detector has time. */
    @ParameterizedTest
    @EnumSource
    void evidence_isSeparatedAtTheChange_forEveryDetector(DetectorOption option) {
        DriftDetector detector = option.create(Settings.of(Map.of(), DriftConfig.KEYS, Set.of()));
        LearnConfig config =
                config(
                        1,
                        drift(
                                DriftReaction.NONE,
                                detector(Key.kebab(option), option.signal(), detector)),
                        new Sgd(0.003, 0));
        List<Double> changedBefore = new ArrayList<>();
        List<Double> unchangedAfter = new ArrayList<>();
        for (int seed = 0; seed < 9; seed++) {
            run(config, swapped(seed), 60, false).alerts().stream()
                    .filter(alert -> alert.timestamp() - 1000 >= SWAP)
                    .filter(alert -> alert.before().examples() > 0)
                    .findFirst()
                    .ifPresent(
                            alert -> {
                                OffsetRange before = alert.before().offsets()[0];
                                OffsetRange after = alert.after().offsets()[0];
                                assertThat(before.lastOffset()).isLessThan(after.firstOffset());
                                changedBefore.add(
                                        (double) Math.max(0, before.lastOffset() + 1 - SWAP)
                                                / alert.before().examples());
                                unchangedAfter.add(
                                        (double) Math.max(0, SWAP - after.firstOffset())
                                                / alert.after().examples());
                            });
        }

        // EDDM detects few of the drifts before their start has left the buffer.
        assertThat(changedBefore).hasSizeGreaterThan(2);
        assertThat(median(changedBefore)).isLessThan(0.1);
        assertThat(median(unchangedAfter)).isLessThan(0.1);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** Returns a stream in which all classes change places at {@link #SWAP}. */
    private static List<Blocks.Example> swapped(long seed) {
        return Blocks.stream(seed, SWAP + 1500, FEATURES, CLASSES, "m").stream()
                .map(
                        example ->
                                new Blocks.Example(
                                        "m",
                                        example.offset(),
                                        example.offset() < SWAP
                                                ? example.label()
                                                : (example.label() + 1) % CLASSES,
                                        example.weight(),
                                        example.features()))
                .toList();
    }

    @Test
    void streamWithoutADrift_hasNoAlert() {
        LearnConfig config =
                config(
                        1,
                        drift(
                                DriftReaction.NONE,
                                detector("adwin", Signal.MISSED_PROBABILITY, Adwin.MOA)));
        assertThat(run(config, stream(EVENTS), 60, false).alerts()).isEmpty();
    }

    @Test
    void driftDetectedBySeveralDetectors_causesOneAlert() {
        LearnConfig config =
                config(
                        1,
                        drift(
                                DriftReaction.NONE,
                                detector("cusum", Signal.LOSS, new Cusum(30, 0.15, 10)),
                                DDM));
        Learner learner = new Learner("m", new LearnerWorkspace(config));
        List<DriftAlert> alerts = new ArrayList<>();
        ModelProgress progress = null;
        for (ExampleBlock block : Blocks.cut(stream(CHANGE), 60, 5)) {
            progress = learner.process(block, prediction -> {}, alerts::add).progress();
        }
        learner.close();

        assertThat(alerts).hasSize(1);
        assertThat(progress.alerts()).isEqualTo(1);
        assertThat(progress.detectors()).extracting(DetectorReport::drifts).containsExactly(1L, 1L);
    }

    /** Detector that detects a drift at given examples and restarts at the next one. */
    private record Scripted(Set<Integer> drifts) implements DriftDetector {
        @Override
        public Domain domain() {
            return Domain.NUMBERS;
        }

        @Override
        public RunningDetector start() {
            return restore(new double[] {0});
        }

        @Override
        public RunningDetector restore(double[] state) {
            return new RunningDetector() {
                private int count = (int) state[0];

                @Override
                public DriftStatus update(double value) {
                    count++;
                    return status();
                }

                @Override
                public DriftStatus status() {
                    return drifts.contains(count) ? DriftStatus.DRIFT : DriftStatus.STABLE;
                }

                @Override
                public double statistic() {
                    return 1;
                }

                @Override
                public double threshold() {
                    return 1;
                }

                @Override
                public long valuesSinceChange() {
                    return 1;
                }

                @Override
                public double[] state() {
                    return new double[] {count};
                }
            };
        }
    }

    @Test
    void allDetectorsRestart_afterTheCoolDownOfAnAlert() {
        // Without a restart at 700, the first detector would detect a drift at 701.
        DriftConfig config =
                new DriftConfig(
                        List.of(
                                new DriftConfig.Detector(
                                        "fast", Signal.LOSS, new Scripted(Set.of(701))),
                                new DriftConfig.Detector(
                                        "slow", Signal.LOSS, new Scripted(Set.of(300)))),
                        COOL_DOWN,
                        DriftReaction.NONE,
                        5,
                        50,
                        500,
                        3);
        DetectorGroup detectors = new DetectorGroup(config);
        List<Integer> alerts = new ArrayList<>();
        for (int i = 1; i <= 1500; i++) {
            if (detectors.update(0, false)) {
                alerts.add(i);
                DetectorGroup restored = new DetectorGroup(config);
                restored.restore(
                        detectors.examplesSeen(), detectors.coolDownEnd(), detectors.states());
                detectors = restored;
            }
        }

        // 300; cool-down to 700; both restart: 1,000; cool-down to 1,400.
        assertThat(alerts).containsExactly(300, 1000);
    }

    static Stream<Arguments> reactions() {
        return Stream.of(DriftReaction.values())
                .flatMap(reaction -> Stream.of(1, 8).map(size -> Arguments.of(reaction, size)));
    }

    @ParameterizedTest
    @MethodSource("reactions")
    void blockSizes_affectOnlyRounding(DriftReaction reaction, int miniBatchSize) {
        LearnConfig config = config(miniBatchSize, drift(reaction, DDM));
        List<Blocks.Example> stream = stream(CHANGE);
        Outcome expected = run(config, stream, 1, false);
        assertThat(expected.alerts()).isNotEmpty();
        for (int maxBlockSize : new int[] {9, 400}) {
            Outcome actual = run(config, stream, maxBlockSize, false);
            assertThat(actual.alerts())
                    .usingElementComparator(DriftMonitorTest::compareAlerts)
                    .containsExactlyElementsOf(expected.alerts());
            assertThat(actual.predictions())
                    .extracting(Prediction::modelVersion)
                    .containsExactlyElementsOf(
                            expected.predictions().stream().map(Prediction::modelVersion).toList());
            assertThat(actual.state().counters()).isEqualTo(expected.state().counters());
            assertThat(actual.state().parameters())
                    .containsExactly(expected.state().parameters(), offset(1e-3f));
            assertThat(actual.state().scaler().count())
                    .isEqualTo(expected.state().scaler().count());
            assertThat(actual.state().scaler().mean())
                    .containsExactly(expected.state().scaler().mean(), offset(1e-5));
        }
    }

    /** Compares the fields that are independent of rounding. */
    private static int compareAlerts(DriftAlert a, DriftAlert b) {
        return Comparator.comparingLong(DriftAlert::examplesSeen)
                .thenComparingLong(DriftAlert::sequence)
                .thenComparingLong(DriftAlert::modelVersion)
                .thenComparingLong(DriftAlert::timestamp)
                .thenComparingDouble(DriftAlert::statistic)
                .thenComparingInt(alert -> alert.after().examples())
                .compare(a, b);
    }

    @ParameterizedTest
    @MethodSource("reactions")
    void learnerRestoredAfterEveryBlock_equalsAnUninterruptedOne(
            DriftReaction reaction, int miniBatchSize) {
        LearnConfig config = config(miniBatchSize, drift(reaction, DDM));
        List<Blocks.Example> stream = stream(CHANGE);
        Outcome uninterrupted = run(config, stream, 20, false);
        Outcome restored = run(config, stream, 20, true);

        assertThat(restored.alerts())
                .usingRecursiveComparison()
                .withComparatorForType(Double::compare, Double.class)
                .withComparatorForType(Float::compare, Float.class)
                .isEqualTo(uninterrupted.alerts());
        assertThat(restored.predictions())
                .usingRecursiveComparison()
                .withComparatorForType(Double::compare, Double.class)
                .withComparatorForType(Float::compare, Float.class)
                .isEqualTo(uninterrupted.predictions());
        LearnerTest.assertBitForBit(restored.state(), uninterrupted.state());
    }

    @ParameterizedTest
    @EnumSource(DriftReaction.class)
    void reaction_happensOnlyAtTheExampleOfTheDrift(DriftReaction reaction) {
        int driftAt = 500;
        DriftConfig.Detector once =
                new DriftConfig.Detector(
                        "periodic",
                        Signal.LOSS,
                        new CoolDown(new PeriodicDetector(driftAt), 1_000_000));
        LearnConfig config = config(1, drift(reaction, once));
        List<Blocks.Example> stream = stream(CHANGE).subList(0, 900);
        Outcome actual = run(config, stream, 300, false);

        assertThat(actual.alerts())
                .extracting(DriftAlert::examplesSeen, DriftAlert::reaction)
                .containsExactly(tuple((long) driftAt, reaction));
        LearnerState expected = reactingLoop(config.learner(), stream, driftAt, reaction);
        assertThat(actual.state().counters()).isEqualTo(expected.counters());
        assertThat(actual.state().parameters())
                .containsExactly(expected.parameters(), offset(1e-3f));
        assertThat(actual.state().scaler().mean())
                .containsExactly(expected.scaler().mean(), offset(1e-5));
        assertThat(actual.state().scaler().count()).isEqualTo(expected.scaler().count());
    }

    /** Trains on one event per call, with the reaction between two calls. */
    private static LearnerState reactingLoop(
            LearnerSettings settings,
            List<Blocks.Example> stream,
            int driftAt,
            DriftReaction reaction) {
        Evaluation evaluation = new Evaluation(CLASSES);
        Examples examples = new Examples(FEATURES);
        int seen = 0;
        try (SoftmaxLearner model = new SoftmaxLearner(settings, LearnerState.initial(settings));
                SoftmaxLearner successor =
                        new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            for (Blocks.Example example : stream) {
                examples.clear();
                examples.add(example.features(), 0, example.label(), example.weight());
                model.learn(examples, false, evaluation);
                if (example.label() != Examples.UNLABELLED && ++seen == driftAt) {
                    // Without a warning, the successor starts at the example of the drift.
                    successor.learn(examples, false, evaluation);
                    react(model, successor, reaction);
                }
            }
            return model.state();
        }
    }

    private static void react(
            SoftmaxLearner model, SoftmaxLearner successor, DriftReaction reaction) {
        switch (reaction) {
            case NONE -> {}
            case RESET_SCALER -> model.resetScaler();
            case RESET_PARAMETERS -> model.resetParameters();
            case ROLL_BACK -> model.rollBack();
            case HAND_OVER -> model.copyFrom(successor.state());
            case BOOST -> model.boost(5, 50);
            case RESET_OPTIMIZER -> model.resetOptimizer();
        }
    }

    @Test
    void handOver_continuesWithALearnerStartedAtTheWarning() {
        LearnConfig config = config(1, drift(DriftReaction.HAND_OVER, DDM));
        List<Blocks.Example> stream = stream(CHANGE);
        Outcome outcome = run(config, stream, 50, false);

        DriftAlert alert = outcome.alerts().get(0);
        long warning = Objects.requireNonNull(alert.warningExamplesSeen());
        LearnerSettings settings = config.learner();
        Examples examples = new Examples(FEATURES);
        int seen = 0;
        for (Blocks.Example example : stream) {
            boolean labelled = example.label() != Examples.UNLABELLED;
            seen += labelled ? 1 : 0;
            if (labelled && seen >= warning) {
                examples.add(example.features(), 0, example.label(), example.weight());
            }
        }
        try (SoftmaxLearner fresh = new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            fresh.learn(examples, true, new Evaluation(CLASSES));
            assertThat(outcome.state().parameters())
                    .containsExactly(fresh.state().parameters(), offset(1e-3f));
            assertThat(outcome.state().scaler().count()).isEqualTo(examples.size());
        }
        assertThat(outcome.state().counters().modelVersion())
                .isEqualTo(outcome.state().counters().steps() + 1);
    }

    @Test
    void nonFiniteLoss_isNotPassedToADetector() {
        LearnConfig config =
                config(1, drift(DriftReaction.NONE, detector("ddm", Signal.ERROR, Ddm.MOA)));
        List<Blocks.Example> stream = new ArrayList<>();
        for (Blocks.Example example : stream(EVENTS)) {
            float[] features = example.features().clone();
            if (example.offset() % 10 == 3) {
                features[0] = example.offset() % 20 == 3 ? 3e38f : -3e38f;
            }
            stream.add(
                    new Blocks.Example(
                            "m", example.offset(), example.label(), example.weight(), features));
        }
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            BlockEvaluation last = null;
            for (ExampleBlock block : Blocks.cut(stream, 60, 5)) {
                last = learner.process(block, prediction -> {}, alert -> {});
            }
            DriftMonitorState drift = learner.modelState(learner.learnerState(), null).drift();
            assertThat(drift.examplesSeen()).isEqualTo(last.progress().examplesSeen());
            assertThat(last.progress().audit().count(EventOutcome.ACCEPTED)).isPositive();
        }
    }

    @Test
    void detectorWithOtherParameters_restarts_andTheEvidenceIsKept() {
        LearnConfig config = config(1, drift(DriftReaction.NONE, DDM));
        LearnConfig other =
                config(
                        1,
                        drift(
                                DriftReaction.NONE,
                                detector("ddm", Signal.ERROR, new Ddm(30, 2, 4))));
        Learner learner = new Learner("m", new LearnerWorkspace(config));
        for (ExampleBlock block : Blocks.cut(stream(CHANGE).subList(0, 800), 60, 5)) {
            learner.process(block, prediction -> {}, alert -> {});
        }
        LearnerState state = learner.learnerState();
        ModelState saved = learner.modelState(state, null);
        learner.close();
        try (Learner restored = restore(other, saved, state)) {
            DriftMonitorState drift = restored.modelState(state, null).drift();
            assertThat(drift.detectors()[0].state())
                    .containsExactly(other.drift().detectors().get(0).detector().start().state());
            assertThat(drift.evidence())
                    .usingRecursiveComparison()
                    .withComparatorForType(Double::compare, Double.class)
                    .withComparatorForType(Float::compare, Float.class)
                    .isEqualTo(saved.drift().evidence());
        }
    }

    @Test
    void sequenceOfAlerts_continuesAfterARunWithoutDetectors() {
        LearnConfig withDetectors = config(1, drift(DriftReaction.NONE, DDM));
        LearnConfig withoutDetectors = config(1, DriftConfig.NONE);
        List<DriftAlert> alerts = new ArrayList<>();
        Learner learner = new Learner("m", new LearnerWorkspace(withDetectors));
        List<ExampleBlock> blocks = Blocks.cut(stream(CHANGE), 60, 5);
        for (ExampleBlock block : blocks) {
            learner.process(block, prediction -> {}, alerts::add);
        }
        for (LearnConfig next : List.of(withoutDetectors, withDetectors)) {
            LearnerState state = learner.learnerState();
            ModelState modelState = learner.modelState(state, null);
            learner.close();
            learner = restore(next, modelState, state);
            assertThat(learner.modelState(state, null).drift().alerts()).isEqualTo(1);
            BlockEvaluation evaluation =
                    learner.process(blocks.get(0), prediction -> {}, alert -> {});
            assertThat(evaluation.progress().alerts()).isEqualTo(1);
        }
        learner.close();
        assertThat(alerts).hasSize(1);
    }

    private static Learner restore(
            LearnConfig config, ModelState modelState, @Nullable LearnerState state) {
        return Learner.restore("m", new LearnerWorkspace(config), modelState, state, null, null);
    }
}
