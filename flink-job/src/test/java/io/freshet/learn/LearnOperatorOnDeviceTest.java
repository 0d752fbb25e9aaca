package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.freshet.drift.Ddm;
import io.freshet.drift.Signal;
import io.freshet.ingest.Blocks;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.model.CudaWorkspace;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.cuda.device.DeviceFailure;
import io.freshet.model.cuda.device.Devices;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.EmulatedDevices;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.device.DevicePreference;
import io.freshet.model.example.Examples;
import io.freshet.model.example.ScoredColumns;
import io.freshet.model.mixture.Mixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.ExceptionUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The operator on an emulated CUDA device, compared with the CPU. */
@SuppressWarnings("try") // closing a harness may be interrupted
class LearnOperatorOnDeviceTest {
    private static final String[] MODELS = {"x", "y", "z"};

    /** Largest relative difference of a mean, and of the norm of scores and parameters. */
    private static final double TOLERANCE = 1e-5;

    @BeforeEach
    void assumeAvailable() {
        EmulatedDevice.assumeAvailable();
        EmulatedDevices.forgetFailure();
    }

    @AfterEach
    void nothingIsLeft() {
        EmulatedDevices.forgetFailure();
        assertThat(EmulatedDevices.open()).isZero();
    }

    private static LearnOperator operator(
            LearnConfig config, DeviceFallback fallback, EmulatedDevices devices) {
        DeviceConfig device = new DeviceConfig(DevicePreference.CUDA, fallback, null, "off");
        return new LearnOperator(withDevice(config, device), ModelCost.NONE, devices);
    }

    private static LearnConfig withDevice(LearnConfig config, DeviceConfig device) {
        return new LearnConfig(
                config.learner(),
                config.classes(),
                config.labelType(),
                config.miniBatchMaxWait(),
                config.blocksByCount(),
                config.maxModels(),
                config.publishInterval(),
                config.drift(),
                device,
                config.missing(),
                config.encoding(),
                config.missingIndicator(),
                config.featureSettings(),
                config.predictions(),
                config.start());
    }

    private static LearnOperator onDevice(LearnConfig config) {
        return operator(config, DeviceFallback.STOP, EmulatedDevices.working());
    }

    private static LearnOperator onCpu(LearnConfig config) {
        Devices none = EmulatedDevices.working().unusable("not to be used");
        return new LearnOperator(config, ModelCost.NONE, none);
    }

    private static KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation>
            harness(LearnOperator operator) throws Exception {
        return new KeyedOneInputStreamOperatorTestHarness<>(
                operator, ExampleBlock::modelId, Types.STRING);
    }

    private static List<ExampleBlock> blocks(int numExamples, int numTargets) {
        List<Blocks.Example> stream = Blocks.stream(5, numExamples, 4, 3, MODELS);
        List<ExampleBlock> blocks = new ArrayList<>();
        for (int from = 0; from < stream.size(); from += 100) {
            Map<String, List<Blocks.Example>> byModel = new TreeMap<>();
            for (Blocks.Example example :
                    stream.subList(from, Math.min(from + 100, stream.size()))) {
                Blocks.Example labelled =
                        example.offset() % 9 == 4 ? Blocks.unlabelled(example) : example;
                byModel.computeIfAbsent(example.modelId(), id -> new ArrayList<>()).add(labelled);
            }
            byModel.values().forEach(examples -> blocks.add(Blocks.block(examples, numTargets)));
        }
        return blocks;
    }

    /** Output of an operator, the states of its models, and its checkpoint. */
    private record Result(
            List<BlockEvaluation> evaluations,
            List<Prediction> predictions,
            Map<String, LearnerState> states,
            @Nullable OperatorSubtaskState saved) {}

    /** Runs an operator over blocks, from a state and to a checkpoint. */
    private static Result run(
            LearnOperator operator, @Nullable OperatorSubtaskState from, List<ExampleBlock> blocks)
            throws Exception {
        try (var harness = harness(operator)) {
            harness.setup();
            if (from != null) {
                harness.initializeState(from);
            }
            harness.open();
            for (ExampleBlock block : blocks) {
                harness.processElement(block, 0);
            }
            operator.prepareSnapshotPreBarrier(1);
            OperatorSubtaskState saved = harness.snapshot(1, 1);
            Map<String, LearnerState> states = new TreeMap<>();
            for (String model : MODELS) {
                states.put(model, Objects.requireNonNull(operator.live(model).learnerState()));
            }
            var predictions = harness.getSideOutput(LearnOperator.PREDICTIONS);
            return new Result(
                    harness.extractOutputValues(),
                    predictions == null
                            ? List.of()
                            : predictions.stream().map(record -> record.getValue()).toList(),
                    states,
                    saved);
        }
    }

    private static void assertClose(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < actual.length; i++) {
            difference += Math.pow(actual[i] - expected[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(difference)).isLessThanOrEqualTo(TOLERANCE * Math.sqrt(norm));
    }

    private static void assertClose(Result actual, Result expected) {
        assertThat(actual.evaluations).hasSameSizeAs(expected.evaluations);
        for (int i = 0; i < actual.evaluations.size(); i++) {
            BlockEvaluation evaluation = actual.evaluations.get(i);
            BlockEvaluation other = expected.evaluations.get(i);
            assertClose(evaluation.scored(), other.scored());
            assertClose(evaluation.unlabelledConfidences(), other.unlabelledConfidences());
            ModelProgress progress = evaluation.progress();
            assertThat(progress.modelVersion()).isEqualTo(other.progress().modelVersion());
            assertThat(progress.audit().counts())
                    .containsExactly(other.progress().audit().counts());
            assertThat(progress.audit().digests())
                    .containsExactly(other.progress().audit().digests());
            for (int e = 0; e < progress.experts().length; e++) {
                assertThat(progress.experts()[e].weight())
                        .isCloseTo(other.progress().experts()[e].weight(), within(TOLERANCE));
            }
        }
        assertThat(meanLoss(actual.evaluations))
                .isCloseTo(meanLoss(expected.evaluations), withinPercentage(100 * TOLERANCE));
        assertThat(actual.predictions).hasSameSizeAs(expected.predictions);
        for (int i = 0; i < actual.predictions.size(); i++) {
            assertClose(
                    actual.predictions.get(i).probabilities(),
                    expected.predictions.get(i).probabilities());
        }
        expected.states.forEach(
                (model, state) -> {
                    LearnerState other = Objects.requireNonNull(actual.states.get(model));
                    assertThat(other.counters()).isEqualTo(state.counters());
                    assertClose(other.parameters(), state.parameters());
                    assertClose(other.goodParameters(), state.goodParameters());
                });
    }

    private static double meanLoss(List<BlockEvaluation> evaluations) {
        return evaluations.stream()
                .flatMapToDouble(
                        each ->
                                IntStream.range(0, each.scored().length())
                                        .mapToDouble(row -> each.scored().losses()[row]))
                .average()
                .orElseThrow();
    }

    private static void assertClose(ScoredColumns actual, ScoredColumns expected) {
        assertThat(actual.labels()).containsExactly(expected.labels());
        assertThat(actual.predictedClasses()).containsExactly(expected.predictedClasses());
        assertThat(actual.weights()).containsExactly(expected.weights());
        assertThat(actual.ranks()).containsExactly(expected.ranks());
        assertClose(actual.losses(), expected.losses());
        assertClose(actual.confidences(), expected.confidences());
        assertClose(actual.briers(), expected.briers());
    }

    static Stream<Named<LearnConfig>> configurations() {
        return LearnerTest.configurations()
                .filter(each -> CudaWorkspace.obstacle(each.getPayload().learner()) == null)
                .map(each -> Named.of(each.getName(), withSmallRates(each.getPayload())));
    }

    /**
     * Returns a configuration whose mixture, if it has one, has small rates only: with a rate of 1
     * a difference by rounding grows from step to step, on the CPU as on a device.
     */
    private static LearnConfig withSmallRates(LearnConfig config) {
        LearnerSettings learner = config.learner();
        Mixture mixture = learner.mixture();
        if (mixture == null) {
            return config;
        }
        LearnerSettings settings =
                new LearnerSettings(
                        learner.numFeatures(),
                        learner.numClasses(),
                        learner.miniBatchSize(),
                        learner.loss(),
                        learner.optimizer(),
                        new Mixture(
                                List.of(0.001, 0.01, 0.1),
                                mixture.switchingRates(),
                                mixture.baselines()),
                        learner.reduction(),
                        learner.scaler(),
                        learner.maxSkippedSteps());
        return new LearnConfig(
                settings,
                config.classes(),
                config.labelType(),
                config.miniBatchMaxWait(),
                config.blocksByCount(),
                config.maxModels(),
                config.publishInterval(),
                config.drift(),
                config.device().fallback());
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void device_givesTheResultsOfTheCpu_alsoFromAStateOfTheOther(LearnConfig config)
            throws Exception {
        // More than 1,000 examples of each model, so that the state has last good parameters.
        List<ExampleBlock> blocks = blocks(5_000, config.numTargets());
        List<ExampleBlock> first = blocks.subList(0, 110);
        List<ExampleBlock> second = blocks.subList(110, blocks.size());
        Result cpu = run(onCpu(config), null, first);
        Result cpuAfterCpu = run(onCpu(config), cpu.saved(), second);

        Result device = run(onDevice(config), null, first);
        assertClose(device, cpu);
        assertThat(device.evaluations())
                .allMatch(each -> each.progress().device().equals("CUDA: emulated"));
        assertThat(cpu.evaluations()).allMatch(each -> each.progress().device().equals("CPU"));

        assertClose(run(onCpu(config), device.saved(), second), cpuAfterCpu);
        assertClose(run(onDevice(config), cpu.saved(), second), cpuAfterCpu);
        assertClose(run(onDevice(config), device.saved(), second), cpuAfterCpu);
        assertThat(DeviceFailure.noted()).isEmpty();
    }

    /**
     * The engines have blocks of different sizes, so the state has examples that wait for theirs.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void blocksByCount_areRestoredByTheOther(boolean isDeviceFirst) throws Exception {
        LearnConfig config = byCount(LearnerTest.config(1));
        List<ExampleBlock> blocks = blocks(3_000, 0);
        List<ExampleBlock> second = blocks.subList(50, blocks.size());
        Map<String, ModelProgress> expected = finish(onCpu(config), null, blocks);

        Result first =
                run(isDeviceFirst ? onDevice(config) : onCpu(config), null, blocks.subList(0, 50));
        Map<String, ModelProgress> actual =
                finish(isDeviceFirst ? onCpu(config) : onDevice(config), first.saved(), second);

        assertThat(actual.keySet()).containsExactly(MODELS);
        expected.forEach(
                (model, progress) -> {
                    ModelProgress other = Objects.requireNonNull(actual.get(model));
                    assertThat(other.modelVersion()).isEqualTo(progress.modelVersion());
                    assertThat(other.audit().counts()).containsExactly(progress.audit().counts());
                    assertThat(other.audit().digests()).containsExactly(progress.audit().digests());
                    assertThat(other.parameterNorm())
                            .isCloseTo(progress.parameterNorm(), withinPercentage(100 * TOLERANCE));
                });
    }

    private static LearnConfig byCount(LearnConfig config) {
        return new LearnConfig(
                config.learner(),
                config.classes(),
                config.labelType(),
                null,
                true,
                config.maxModels(),
                config.publishInterval(),
                config.drift(),
                config.device().fallback());
    }

    /** Runs an operator over blocks to the end of the input, and returns the models' progress. */
    private static Map<String, ModelProgress> finish(
            LearnOperator operator, @Nullable OperatorSubtaskState from, List<ExampleBlock> blocks)
            throws Exception {
        try (var harness = harness(operator)) {
            harness.setup();
            if (from != null) {
                harness.initializeState(from);
            }
            harness.open();
            for (ExampleBlock block : blocks) {
                harness.processElement(block, 0);
            }
            harness.endInput();
            Map<String, ModelProgress> progress = new TreeMap<>();
            harness.extractOutputValues()
                    .forEach(each -> progress.put(each.modelId(), each.progress()));
            return progress;
        }
    }

    @Test
    void deviceRestoredByItself_continuesBitForBit() throws Exception {
        LearnConfig config = LearnerTest.mixtureWithBaselines();
        List<ExampleBlock> blocks = blocks(2_000, 0);
        Result first = run(onDevice(config), null, blocks.subList(0, 30));
        Result second = run(onDevice(config), first.saved(), blocks.subList(30, blocks.size()));

        run(onDevice(config), null, blocks)
                .states()
                .forEach(
                        (model, state) ->
                                LearnerTest.assertBitForBit(
                                        Objects.requireNonNull(second.states().get(model)), state));
    }

    /** Returns blocks of which the labels of each model change their meaning again and again. */
    private static List<ExampleBlock> blocksWithDrifts() {
        Map<String, List<Blocks.Example>> waiting = new TreeMap<>();
        List<ExampleBlock> blocks = new ArrayList<>();
        for (Blocks.Example example : Blocks.stream(5, 6_000, 4, 3, MODELS)) {
            int label = (int) (example.label() + example.offset() / 1_500) % 3;
            example.features()[example.label()] += 8;
            List<Blocks.Example> ofModel =
                    waiting.computeIfAbsent(example.modelId(), id -> new ArrayList<>());
            ofModel.add(
                    new Blocks.Example(
                            example.modelId(), example.offset(), label, 1, example.features()));
            if (ofModel.size() == 200) {
                blocks.add(Blocks.block(ofModel));
                ofModel.clear();
            }
        }
        return blocks;
    }

    /** Returns the alerts, by model, of an operator that reacts to drifts. */
    private static Map<String, List<Long>> alerts(LearnOperator operator) throws Exception {
        try (var harness = harness(operator)) {
            harness.setup();
            harness.open();
            for (ExampleBlock block : blocksWithDrifts()) {
                harness.processElement(block, 0);
            }
            harness.endInput();
            Map<String, List<Long>> alerts = new TreeMap<>();
            for (var alert : harness.getSideOutput(LearnOperator.DRIFT_ALERTS)) {
                alerts.computeIfAbsent(alert.getValue().modelId(), id -> new ArrayList<>())
                        .add(alert.getValue().examplesSeen());
            }
            return alerts;
        }
    }

    @ParameterizedTest
    @EnumSource(DriftReaction.class)
    void driftsOfSeveralModels_areThoseOfTheCpu(DriftReaction reaction) throws Exception {
        LearnConfig base = LearnerTest.config(1);
        DriftConfig drift =
                new DriftConfig(
                        List.of(new DriftConfig.Detector("ddm", Signal.ERROR, new Ddm(30, 2, 3))),
                        200,
                        reaction,
                        5,
                        50,
                        500,
                        3);
        LearnConfig config =
                new LearnConfig(
                        base.learner(),
                        base.classes(),
                        base.labelType(),
                        null,
                        false,
                        base.maxModels(),
                        base.publishInterval(),
                        drift,
                        DeviceFallback.CPU);
        Map<String, List<Long>> expected = alerts(onCpu(config));

        assertThat(expected.keySet()).containsExactly(MODELS);
        assertThat(expected.values()).allMatch(ofModel -> ofModel.size() > 1);
        assertThat(alerts(onDevice(config))).isEqualTo(expected);
    }

    /** Returns the blocks of {@link #blocks} by model, in their order. */
    private static Map<String, List<ExampleBlock>> byModel(int numExamples) {
        Map<String, List<ExampleBlock>> byModel = new TreeMap<>();
        for (ExampleBlock block : blocks(numExamples, 0)) {
            byModel.computeIfAbsent(block.modelId(), id -> new ArrayList<>()).add(block);
        }
        return byModel;
    }

    private static List<String> models(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness) {
        return harness.extractOutputValues().stream().map(BlockEvaluation::modelId).toList();
    }

    @Test
    void block_waitsForThoseOfOtherModels() throws Exception {
        Map<String, List<ExampleBlock>> blocks = byModel(600);
        try (var harness = harness(onDevice(LearnerTest.config(1)))) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(1000);
            for (String model : List.of("x", "y", "x")) {
                harness.processElement(blocks.get(model).remove(0), 0);
            }
            // The first blocks of the first models do not wait for a model in memory.
            assertThat(models(harness)).containsExactly("x", "y");
            harness.processElement(blocks.get("z").remove(0), 0);
            assertThat(models(harness)).containsExactly("x", "y", "x", "z");

            harness.getOutput().clear();
            for (String model : List.of("y", "y", "x", "y")) {
                harness.processElement(blocks.get(model).remove(0), 0);
            }
            assertThat(models(harness)).isEmpty();
            harness.processElement(blocks.get("z").remove(0), 0);
            assertThat(models(harness)).containsExactly("y", "x", "z", "y", "y");
        }
    }

    @Test
    void blockThatWaits_runsAfterSomeMilliseconds_andBeforeABarrier_aWatermarkAndTheEnd()
            throws Exception {
        Map<String, List<ExampleBlock>> blocks = byModel(1200);
        LearnOperator operator = onDevice(LearnerTest.config(1));
        try (var harness = harness(operator)) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(1000);
            for (String model : List.of("x", "y", "x", "z")) {
                harness.processElement(blocks.get(model).remove(0), 0);
            }
            harness.getOutput().clear();

            harness.processElement(blocks.get("x").remove(0), 0);
            harness.setProcessingTime(1000 + LearnOperator.MAX_WAIT_MILLIS - 1);
            assertThat(models(harness)).isEmpty();
            harness.setProcessingTime(1000 + LearnOperator.MAX_WAIT_MILLIS);
            assertThat(models(harness)).containsExactly("x");

            harness.processElement(blocks.get("y").remove(0), 0);
            harness.processWatermark(7);
            assertThat(models(harness)).containsExactly("x", "y");
            assertThat(harness.getOutput()).last().isEqualTo(new Watermark(7));

            harness.processElement(blocks.get("z").remove(0), 0);
            operator.prepareSnapshotPreBarrier(1);
            assertThat(models(harness)).containsExactly("x", "y", "z");

            harness.processElement(blocks.get("y").remove(0), 0);
            harness.processElement(blocks.get("y").remove(0), 0);
            harness.endInput();
            assertThat(models(harness)).startsWith("x", "y", "z", "y", "y");
        }
    }

    @Test
    void miniBatchThatIsOverdue_hasTheBlockThatWaits() throws Exception {
        LearnConfig config = LearnOperatorTest.config(1000, 200, Duration.ofMillis(3));
        Map<String, List<ExampleBlock>> blocks = byModel(1200);
        int labelled = 0;
        for (ExampleBlock block : blocks.get("x").subList(0, 3)) {
            for (int row = 0; row < block.size(); row++) {
                labelled += block.examples().labels()[row] == Examples.UNLABELLED ? 0 : 1;
            }
        }
        try (var harness = harness(onDevice(config))) {
            harness.setup();
            harness.open();
            harness.setProcessingTime(1000);
            for (String model : List.of("x", "y", "x", "y", "x")) {
                harness.processElement(blocks.get(model).remove(0), 0);
            }
            harness.setProcessingTime(1003);

            ModelProgress last =
                    harness.extractOutputValues().stream()
                            .filter(each -> each.modelId().equals("x"))
                            .reduce((first, second) -> second)
                            .orElseThrow()
                            .progress();
            assertThat(last.audit().count(EventOutcome.ACCEPTED)).isEqualTo(labelled);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void modelsThatDoNotFitIntoMemory_learnTheSame(int maxModels) throws Exception {
        List<ExampleBlock> blocks = blocks(2_000, 0);
        Result all = run(onDevice(LearnOperatorTest.config(1000, 2, null)), null, blocks);

        Result some = run(onDevice(LearnOperatorTest.config(maxModels, 2, null)), null, blocks);

        assertThat(some.evaluations()).hasSameSizeAs(all.evaluations());
        all.states()
                .forEach(
                        (model, state) ->
                                LearnerTest.assertBitForBit(
                                        Objects.requireNonNull(some.states().get(model)), state));
    }

    @Test
    void operator_freesTheDevice_twentyTimes() throws Exception {
        List<ExampleBlock> blocks = blocks(300, 0);
        for (int round = 0; round < 20; round++) {
            run(onDevice(LearnerTest.config(1)), null, blocks);
            assertThat(EmulatedDevices.open()).isZero();
        }
    }

    @Test
    void memoryOfTheDevice_isAGauge() throws Exception {
        LearnOperator operator = onDevice(LearnerTest.config(1));
        try (var harness = harness(operator)) {
            harness.setup();
            harness.open();
            harness.processElement(blocks(100, 0).get(0), 0);

            assertThat(operator.deviceBytes()).isPositive();
        }
        assertThat(operator.deviceBytes()).isZero();
    }

    @Test
    void errorOfTheDevice_failsTheTask_whichIsRestoredOnTheCpu() throws Exception {
        LearnConfig config = LearnerTest.config(1);
        List<ExampleBlock> blocks = blocks(2_000, 0);
        Result expected = run(onCpu(config), null, blocks);
        EmulatedDevices devices = EmulatedDevices.working().failingAfter(3 * 40);
        Result before =
                run(operator(config, DeviceFallback.CPU, devices), null, blocks.subList(0, 30));

        LearnOperator failing =
                operator(config, DeviceFallback.CPU, EmulatedDevices.working().failingAfter(3 * 5));
        try (var harness = harness(failing)) {
            harness.setup();
            harness.initializeState(Objects.requireNonNull(before.saved()));
            harness.open();
            assertThatThrownBy(
                            () -> {
                                for (ExampleBlock block : blocks.subList(30, blocks.size())) {
                                    harness.processElement(block, 0);
                                }
                            })
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "An error of the GPU: cudaGraphLaunch: cudaErrorIllegalAddress (700);"
                                    + " after a restart from the last checkpoint, models learn on"
                                    + " the CPU");
        }
        int opened = EmulatedDevices.opened();

        Result after =
                run(
                        operator(config, DeviceFallback.CPU, devices),
                        before.saved(),
                        blocks.subList(30, blocks.size()));
        assertThat(EmulatedDevices.opened()).isEqualTo(opened);
        assertThat(after.evaluations()).allMatch(each -> each.progress().device().equals("CPU"));
        List<BlockEvaluation> all = new ArrayList<>(before.evaluations());
        all.addAll(after.evaluations());
        assertClose(new Result(all, List.of(), after.states(), null), withoutPredictions(expected));
    }

    private static Result withoutPredictions(Result result) {
        return new Result(result.evaluations(), List.of(), result.states(), null);
    }

    @Test
    void refusedDevice_endsTheJobWithItsLine() throws Exception {
        EmulatedDevices devices = EmulatedDevices.working().unusable("no card; put one in");
        LearnOperator operator = operator(LearnerTest.config(1), DeviceFallback.STOP, devices);
        try (var harness = harness(operator)) {
            harness.setup();
            assertThatThrownBy(harness::open)
                    .isInstanceOf(SuppressRestartsException.class)
                    .cause()
                    .hasMessage("device is cuda, but no card; put one in; device.fallback is stop");
        }
    }

    /**
     * Runs a job in a cluster that restarts it, and returns the newest evaluation of each model.
     */
    private static Map<String, BlockEvaluation> runJob(
            LearnOperator operator, List<ExampleBlock> blocks) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1));
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(1);
        env.enableCheckpointing(20);
        Map<String, BlockEvaluation> newest = new TreeMap<>();
        try (CloseableIterator<BlockEvaluation> results =
                env.fromData(blocks, TypeInformation.of(ExampleBlock.class))
                        .keyBy(ExampleBlock::modelId, Types.STRING)
                        .transform("learn", TypeInformation.of(BlockEvaluation.class), operator)
                        .executeAndCollect("a job on a device")) {
            results.forEachRemaining(each -> newest.put(each.modelId(), each));
        }
        return newest;
    }

    @Test
    void jobWhoseDeviceFails_isRestartedOnTheCpu_andCountsEveryEventOnce() throws Exception {
        LearnConfig config = LearnerTest.config(1);
        List<ExampleBlock> blocks = blocks(2_000, 0);
        Map<String, BlockEvaluation> expected = runJob(onCpu(config), blocks);

        Map<String, BlockEvaluation> actual =
                runJob(
                        operator(
                                config,
                                DeviceFallback.CPU,
                                EmulatedDevices.working().failingAfter(3 * 25)),
                        blocks);

        assertThat(DeviceFailure.noted()).isPresent();
        assertThat(actual.keySet()).containsExactly(MODELS);
        actual.forEach(
                (model, evaluation) -> {
                    ModelProgress progress = evaluation.progress();
                    ModelProgress other = Objects.requireNonNull(expected.get(model)).progress();
                    assertThat(progress.device()).isEqualTo("CPU");
                    assertThat(progress.audit().counts()).containsExactly(other.audit().counts());
                    assertThat(progress.audit().digests()).containsExactly(other.audit().digests());
                    assertThat(progress.modelVersion()).isEqualTo(other.modelVersion());
                    assertThat(progress.parameterNorm())
                            .isCloseTo(other.parameterNorm(), within(1e-4));
                });
    }

    @Test
    void jobWhoseDeviceFails_endsWithoutARestart_ifItIsToStop() {
        int opened = EmulatedDevices.opened();
        LearnOperator operator =
                operator(
                        LearnerTest.config(1),
                        DeviceFallback.STOP,
                        EmulatedDevices.working().failingAfter(3 * 25));

        assertThatThrownBy(() -> runJob(operator, blocks(2_000, 0)))
                .satisfies(
                        error ->
                                assertThat(ExceptionUtils.stringifyException(error))
                                        .contains(
                                                "An error of the GPU: cudaGraphLaunch:"
                                                        + " cudaErrorIllegalAddress (700);"
                                                        + " device.fallback is stop"));
        // One to look at its memory, and two to learn on, since the first had room for two models.
        assertThat(EmulatedDevices.opened()).isEqualTo(opened + 3);
    }
}
