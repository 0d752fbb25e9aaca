package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.SoftmaxLearner.Remainder;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.Devices;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.EmulatedDevices;
import io.freshet.model.cuda.device.RecordingDevice;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that learners that run together learn what each learns alone, bit for bit. */
class RunTogetherTest {
    private static final int FEATURES = 5;
    private static final int CLASSES = 3;
    private static final int MODELS = 6;

    @BeforeEach
    void assumeAvailable() {
        EmulatedDevice.assumeAvailable();
    }

    private static LearnerSettings settings(
            int miniBatchSize,
            Optimizer optimizer,
            @Nullable Mixture mixture,
            @Nullable EnsembleRule ensemble) {
        return new LearnerSettings(
                FEATURES,
                CLASSES,
                miniBatchSize,
                new CrossEntropy(CLASSES),
                optimizer,
                mixture,
                MiniBatchReduction.EXAMPLES,
                new Standardization(100, false),
                2,
                false,
                ensemble);
    }

    static Stream<Named<LearnerSettings>> learners() {
        return Stream.of(
                Named.of("plain steps", settings(1, new Sgd(0.1, 0), null, null)),
                Named.of(
                        "momentum, mini-batches of 4", settings(4, new Sgd(0.02, 0.9), null, null)),
                Named.of(
                        "a mixture",
                        settings(
                                1,
                                new Sgd(0.1, 0),
                                new Mixture(
                                        List.of(0.01, 0.1), Mixture.DEFAULT_SWITCHING_RATES, true),
                                null)),
                Named.of(
                        "an ensemble",
                        settings(
                                1,
                                new Sgd(0.1, 0),
                                new Mixture(
                                        EnsembleRule.LINEAR_RATES,
                                        Mixture.DEFAULT_SWITCHING_RATES,
                                        false),
                                new EnsembleRule(false, false))));
    }

    /** Returns the examples of a model's call: different ones and numbers for each. */
    private static Examples examples(int model, int call) {
        Random random = new Random(100L * model + call);
        Examples examples = new Examples(FEATURES);
        // The first call chooses the tests of an ensemble's ferns, on the CPU.
        int count = call == 0 ? 530 : 1 + (131 * model + 57 * call) % 400;
        float[] x = new float[FEATURES];
        for (int i = 0; i < count; i++) {
            double sum = 0;
            for (int f = 0; f < FEATURES; f++) {
                x[f] = (float) random.nextGaussian();
                sum += x[f];
            }
            int label = Math.floorMod((int) Math.floor(sum + model), CLASSES);
            if (model == 3 && call == 2 && i == count / 2) {
                // The block is learnt on the CPU, which skips the step.
                x[1] = Float.POSITIVE_INFINITY;
            }
            examples.add(x, 0, random.nextInt(9) == 0 ? Examples.UNLABELLED : label, 1 + i % 2);
        }
        return examples;
    }

    /** Resets the parameters after some mini-batches, and counts what it is told. */
    private static final class Resetting implements StepObserver {
        private final int every;
        private int observed;
        private int reactions;
        private int blocks;

        Resetting(int every) {
            this.every = every;
        }

        @Override
        public boolean observe(
                Examples examples, Evaluation evaluation, int[] rows, int from, int to) {
            return ++observed % every == 0;
        }

        @Override
        public void react(LearnerControl learner) {
            reactions++;
            learner.resetParameters();
        }

        @Override
        public void endBlock() {
            blocks++;
        }
    }

    /** Returns an observer of a model's steps; null for some models. */
    private static @Nullable Resetting observer(int model) {
        return switch (model) {
            case 2 -> new Resetting(37);
            case 5 -> new Resetting(110);
            default -> null;
        };
    }

    private static Remainder remainder(int call) {
        return call == 3 ? Remainder.LEARNT : Remainder.WITHOUT_MINI_BATCH;
    }

    private static List<SoftmaxLearner> start(BlockWorkspaces workspaces) {
        List<SoftmaxLearner> learners = new ArrayList<>();
        for (int model = 0; model < MODELS; model++) {
            LearnerSettings settings = workspaces.settings(CLASSES);
            learners.add(new SoftmaxLearner(workspaces, LearnerState.initial(settings)));
        }
        return learners;
    }

    private static BlockWorkspaces onDevice(LearnerSettings settings) {
        return new BlockWorkspaces(
                settings, false, open -> new CudaWorkspace(open, EmulatedDevice::new));
    }

    @ParameterizedTest
    @MethodSource("learners")
    void results_areThoseOfEachAlone(LearnerSettings settings) {
        List<Resetting> observers = new ArrayList<>();
        try (BlockWorkspaces workspaces = onDevice(settings);
                BlockWorkspaces workspacesOfOthers = onDevice(settings)) {
            List<SoftmaxLearner> together = start(workspaces);
            List<SoftmaxLearner> alone = start(workspacesOfOthers);
            for (int call = 0; call < 4; call++) {
                List<Evaluation> evaluations = new ArrayList<>();
                for (int model = 0; model < MODELS; model++) {
                    Evaluation evaluation = new Evaluation(CLASSES, model % 2 == 0);
                    evaluations.add(evaluation);
                    Resetting observer = observer(model);
                    if (observer != null) {
                        observers.add(observer);
                    }
                    together.get(model)
                            .begin(examples(model, call), remainder(call), evaluation, observer);
                }
                SoftmaxLearner.runToEnd(together);
                for (int model = 0; model < MODELS; model++) {
                    Examples examples = examples(model, call);
                    Evaluation expected = new Evaluation(CLASSES, model % 2 == 0);
                    Resetting observer = observer(model);
                    alone.get(model)
                            .learn(
                                    examples,
                                    remainder(call) == Remainder.LEARNT,
                                    expected,
                                    observer);
                    String what = "model " + model + ", call " + call;
                    assertSame(evaluations.get(model), expected, examples, what);
                    assertThat(together.get(model).state())
                            .usingRecursiveComparison()
                            .isEqualTo(alone.get(model).state());
                    assertThat(together.get(model).gradientNorm())
                            .isEqualTo(alone.get(model).gradientNorm());
                    assertThat(together.get(model).parameterNorm())
                            .isEqualTo(alone.get(model).parameterNorm());
                }
            }
            assertThat(together.get(3).counters().skippedSteps()).isPositive();
            together.forEach(SoftmaxLearner::close);
            alone.forEach(SoftmaxLearner::close);
        }
        assertThat(observers).anyMatch(each -> each.reactions > 1);
        assertThat(observers).allMatch(each -> each.blocks > 0);
    }

    private static void assertSame(
            Evaluation actual, Evaluation expected, Examples examples, String what) {
        for (int i = 0; i < examples.size(); i++) {
            assertThat(actual.outcome(i)).isEqualTo(expected.outcome(i));
            if (expected.outcome(i) == Evaluation.Outcome.TRAINED) {
                assertThat(actual.losses()[i]).as(what).isEqualTo(expected.losses()[i]);
                assertThat(actual.predictedClasses()[i]).isEqualTo(expected.predictedClasses()[i]);
                assertThat(actual.confidences()[i]).isEqualTo(expected.confidences()[i]);
            }
            if (expected.outcome(i) == Evaluation.Outcome.PREDICTED) {
                assertThat(actual.modelVersion(i)).isEqualTo(expected.modelVersion(i));
                assertThat(actual.probabilities(i)).containsExactly(expected.probabilities(i));
            }
        }
    }

    /**
     * Runs one block of each of some models, and returns the number of blocks that were launched.
     */
    private static long launches(int models) {
        LearnerSettings settings = settings(1, new Sgd(0.1, 0), null, null);
        List<RecordingDevice> devices = new ArrayList<>();
        Supplier<Device> opener =
                () -> {
                    RecordingDevice device = new RecordingDevice(new EmulatedDevice());
                    devices.add(device);
                    return device;
                };
        try (BlockWorkspaces workspaces =
                new BlockWorkspaces(settings, false, open -> new CudaWorkspace(open, opener))) {
            List<SoftmaxLearner> learners = new ArrayList<>();
            for (int model = 0; model < models; model++) {
                LearnerState initial = LearnerState.initial(settings);
                learners.add(new SoftmaxLearner(workspaces, initial));
                Examples examples = new Examples(FEATURES);
                for (int i = 0; i < 20 + model % 10; i++) {
                    examples.add(new float[] {1, 2, 3, 4, i}, 0, i % CLASSES, 1);
                }
                learners.get(model)
                        .begin(examples, Remainder.LEARNT, new Evaluation(CLASSES), null);
            }
            SoftmaxLearner.runToEnd(learners);
            learners.forEach(SoftmaxLearner::close);
            return devices.stream()
                    .flatMap(device -> device.calls().stream())
                    .filter(call -> call.contains("launch g"))
                    .count();
        }
    }

    @Test
    void launches_areAsManyAsPowersOfTwoInTheNumberOfModels() {
        long one = launches(1);

        assertThat(one).isPositive();
        assertThat(launches(2)).isEqualTo(one);
        assertThat(launches(3)).isEqualTo(2 * one);
        assertThat(launches(13)).isEqualTo(3 * one);
        assertThat(launches(16)).isEqualTo(one);
    }

    @Test
    void modelsOfALaunch_areLimitedByTheMemory() {
        LearnerSettings settings = settings(1, new Sgd(0.1, 0), null, null);
        Devices small = EmulatedDevices.working().withBytes(4 << 20);
        try (CudaWorkspace ofLargeDevice = new CudaWorkspace(settings, EmulatedDevice::new);
                CudaWorkspace ofSmallDevice =
                        new CudaWorkspace(settings, () -> small.open(line -> {}))) {
            assertThat(ofLargeDevice.maxModels(32, false)).isEqualTo(CudaWorkspace.MAX_MODELS);
            assertThat(ofSmallDevice.maxModels(32, false)).isBetween(2, 128);
            long before = ofSmallDevice.allocatedBytes();
            ofSmallDevice.block(ofSmallDevice.maxModels(256, false), 256, false);
            assertThat(ofSmallDevice.allocatedBytes() - before).isLessThan(1 << 20);
        }
    }

    @Test
    void lastGoodParameters_moveTheStates_whereNoPlaceIsLeftForThem() {
        LearnerSettings settings = settings(1, new Sgd(0.1, 0), null, null);
        LearnerState initial = LearnerState.initial(settings);
        LearnerState withGood;
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, initial)) {
            for (int call = 0; call < 3; call++) {
                learner.learn(examples(0, 0), true, new Evaluation(CLASSES));
            }
            withGood = learner.state();
        }
        assertThat(withGood.hasGoodParameters()).isTrue();

        // There are two places at first.
        try (BlockWorkspaces workspaces = onDevice(settings);
                SoftmaxLearner first = new SoftmaxLearner(workspaces, initial);
                SoftmaxLearner second = new SoftmaxLearner(workspaces, withGood)) {
            assertThat(second.state().parameters()).containsExactly(withGood.parameters());
            assertThat(second.state().goodParameters()).containsExactly(withGood.goodParameters());
            assertThat(first.state().goodParameters()).isEmpty();
        }
    }

    @Test
    void observer_mustNotCreateALearner() {
        LearnerSettings settings = settings(1, new Sgd(0.1, 0), null, null);
        LearnerState initial = LearnerState.initial(settings);
        try (BlockWorkspaces workspaces = onDevice(settings);
                SoftmaxLearner learner = new SoftmaxLearner(workspaces, initial)) {
            StepObserver creating =
                    new StepObserver() {
                        @Override
                        public boolean observe(
                                Examples examples,
                                Evaluation evaluation,
                                int[] rows,
                                int from,
                                int to) {
                            new SoftmaxLearner(workspaces, initial).close();
                            return false;
                        }

                        @Override
                        public void react(LearnerControl ignored) {
                            throw new AssertionError("no reaction was asked for");
                        }
                    };
            assertThatThrownBy(
                            () ->
                                    learner.learn(
                                            examples(0, 0),
                                            true,
                                            new Evaluation(CLASSES),
                                            creating))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("another learner is in the middle of a block");
        }
    }

    @Test
    void observer_mustNotPassExamples_andACallMustBegin() {
        LearnerSettings settings = settings(1, new Sgd(0.1, 0), null, null);
        try (SoftmaxLearner learner =
                new SoftmaxLearner(settings, LearnerState.initial(settings))) {
            assertThatThrownBy(() -> SoftmaxLearner.runToEnd(List.of(learner)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the learner is not in the middle of a call");
            Examples examples = examples(0, 0);
            learner.begin(examples, Remainder.LEARNT, new Evaluation(CLASSES), null);
            assertThatThrownBy(() -> learner.learn(examples, true, new Evaluation(CLASSES)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("the learner is in the middle of a call");
        }
    }
}
