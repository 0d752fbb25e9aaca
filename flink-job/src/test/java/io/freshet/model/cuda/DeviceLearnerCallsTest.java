package io.freshet.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.cuda.LinearModel.Mixing;
import io.freshet.model.cuda.LinearModel.Scaling;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.RecordingDevice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Test of the calls that models on a device make: which work is captured for a block, in which
 * order the stages run, and that everything is freed.
 */
class DeviceLearnerCallsTest {
    private static final int ROUNDS = 20;

    private final List<EmulatedDevice> devices = new ArrayList<>();

    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    private RecordingDevice newDevice() {
        EmulatedDevice device = new EmulatedDevice();
        devices.add(device);
        return new RecordingDevice(device);
    }

    private static LinearModel plain(int numOutputs) {
        return new LinearModel(
                3, numOutputs, false, true, List.of(1.0), null, false, true, false, null);
    }

    private static LinearModel withMomentum() {
        return new LinearModel(3, 2, false, true, List.of(1.0), null, true, false, true, null);
    }

    /** Two rates and two baselines on scaled features. */
    private static LinearModel mixed() {
        return new LinearModel(
                3,
                3,
                false,
                true,
                List.of(0.01, 0.1),
                new Mixing(List.of(0.001, 0.01), true),
                false,
                true,
                false,
                new Scaling(0, 10, false));
    }

    private static BlockShape shape(int models, int rows) {
        return new BlockShape(models, rows, Gradient.OF_LABEL, false);
    }

    /** Returns the captured work of a block, without addresses. */
    private List<String> captured(LinearModel model, BlockShape shape) {
        RecordingDevice device = newDevice();
        try (DeviceLearner learner = new DeviceLearner(device, model, shape.models())) {
            device.clearCalls();
            learner.newBlock(shape);
        }
        return device.calls().stream()
                .filter(call -> call.matches("s\\d (?!capture).*"))
                .map(
                        call ->
                                call.replaceAll("\\([^)]*\\),", ":")
                                        .replaceAll(", m\\d.*", "")
                                        .replaceAll("m\\d\\S* -> p\\d\\S* ", "")
                                        .replaceAll("p\\d\\S* -> m\\d\\S* ", ""))
                .toList();
    }

    @Test
    void fewClasses_takeTheirStepsInOneLaunch() {
        assertThat(captured(plain(2), shape(1, 32)))
                .containsExactly(
                        "s0 copyToDevice 3072 bytes",
                        "s0 copyFeatures: 2 x 1 blocks of 256 threads, 0 bytes",
                        "s1 copyStates: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s1 multiply 1 of 32 x 16 x 32",
                        "s1 multiply 1 of 32 x 16 x 2",
                        "s1 plainSteps: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s1 fewClasses<2, OF_LABEL>: 1 x 1 blocks of 32 threads, 256 bytes",
                        "s1 multiply 1 of 16 x 32 x 2",
                        "s1 takeSteps: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s1 magnitudes: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s1 gradientNorms: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s2 likelihoods: 4 x 1 blocks of 256 threads, 0 bytes",
                        "s2 answers: 4 x 1 blocks of 256 threads, 0 bytes",
                        "s2 copyToHost 1536 bytes",
                        "s0 copyStates: 1 x 1 blocks of 256 threads, 0 bytes");
    }

    @Test
    void manyClasses_takeThemInPieces_withAProductBetweenThem() {
        assertThat(captured(plain(17), shape(1, 64)))
                .containsSubsequence(
                        "s1 multiply 1 of 64 x 16 x 64",
                        "s1 multiply 1 of 64 x 16 x 17",
                        "s1 manyClasses<1, 128, 32, OF_LABEL>: 1 x 1 blocks of 128 threads, 0"
                                + " bytes",
                        "s1 multiply 1 of 32 x 32 x 17",
                        "s1 manyClasses<1, 128, 32, OF_LABEL>: 1 x 1 blocks of 128 threads, 0"
                                + " bytes",
                        "s1 multiply 1 of 16 x 64 x 17",
                        "s1 takeSteps: 2 x 1 blocks of 256 threads, 0 bytes");
    }

    @Test
    void momentumOfMiniBatches_needsLogitsAndStepsOfTheVelocity() {
        assertThat(captured(withMomentum(), shape(1, 32)))
                .containsSubsequence(
                        "s1 multiply 1 of 32 x 16 x 32",
                        "s1 multiply 1 of 32 x 16 x 2",
                        "s1 multiply 1 of 32 x 16 x 2",
                        "s1 couple: 4 x 1 blocks of 256 threads, 0 bytes",
                        "s1 fewClasses<2, OF_LABEL>: 1 x 1 blocks of 32 threads, 256 bytes",
                        "s1 scaleGradients: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s1 multiply 1 of 16 x 32 x 2",
                        "s1 scaleGradients: 1 x 1 blocks of 256 threads, 0 bytes",
                        "s1 multiply 1 of 16 x 32 x 2",
                        "s1 takeSteps: 1 x 1 blocks of 256 threads, 0 bytes");
    }

    @Test
    void mixture_weighsBaselinesAndRates_betweenLikelihoodsAndAnswers() {
        List<String> calls = captured(mixed(), shape(1, 32));

        assertThat(calls)
                .containsSubsequence(
                        "s0 scaleFeatures: 1 x 1 blocks of 32 threads, 0 bytes",
                        "s1 fewClasses<3, OF_LABEL>: 2 x 1 blocks of 32 threads, 384 bytes",
                        "s2 likelihoods: 8 x 1 blocks of 256 threads, 0 bytes",
                        "s2 baselinePredictions: 1 x 1 blocks of 32 threads, 0 bytes",
                        "s2 mixtureWeights<8>: 1 x 1 blocks of 32 threads, 0 bytes",
                        "s2 answers: 4 x 1 blocks of 256 threads, 0 bytes");
        // Scaler, parameters, mixture and baselines are kept, the mixture is copied out, and all
        // four are restored when the block is undone.
        assertThat(calls).filteredOn(call -> call.contains("copyStates")).hasSize(9);
    }

    @Test
    void severalModels_areInOneLaunch() {
        List<String> ofOne = captured(mixed(), shape(1, 32));
        List<String> ofSix = captured(mixed(), shape(6, 32));

        assertThat(ofSix).hasSameSizeAs(ofOne);
        assertThat(ofSix).filteredOn(call -> call.contains("multiply 6 of")).hasSize(3);
        assertThat(ofSix)
                .contains("s1 fewClasses<3, OF_LABEL>: 2 x 6 blocks of 32 threads, 384 bytes");
    }

    @Test
    void stages_awaitEachOther_andBlocksDoNot() {
        RecordingDevice device = newDevice();
        try (DeviceLearner learner = new DeviceLearner(device, mixed(), 1)) {
            DeviceBlock first = filled(learner);
            DeviceBlock second = filled(learner);
            second.wantProbabilities(true);
            device.clearCalls();

            learner.submit(first);
            learner.submit(second);
            learner.finish(first);
            learner.undo(second);

            assertThat(device.calls())
                    .containsExactly(
                            "s0 launch g0",
                            "s0 record e0",
                            "s1 await e0",
                            "s1 launch g1",
                            "s1 record e1",
                            "s2 await e1",
                            "s2 launch g2",
                            "s2 record e2",
                            "s0 launch g4",
                            "s0 record e3",
                            "s1 await e3",
                            "s1 launch g5",
                            "s1 record e4",
                            "s2 await e4",
                            "s2 launch g6",
                            "s2 copyToHost m10+11520 -> p9, 384 bytes",
                            "s2 record e5",
                            "e2 synchronize",
                            "e5 synchronize",
                            "s0 launch g7",
                            "s0 synchronize");
        }
        assertThat(device.calls()).endsWith("close");
    }

    private static DeviceBlock filled(DeviceLearner learner) {
        DeviceBlock block = learner.newBlock(shape(1, 32));
        block.begin(0, 0);
        int row = block.add(new float[] {1, 2, 3}, 0);
        block.label(row, 1, 1, 1, 1);
        block.step(row);
        block.end();
        return block;
    }

    @Test
    void roundsOfLearning_leaveNothingBehind() {
        for (int round = 0; round < ROUNDS; round++) {
            for (LinearModel model : List.of(plain(2), plain(17), mixed())) {
                EmulatedDevice device = new EmulatedDevice();
                devices.add(device);
                try (DeviceLearner learner = new DeviceLearner(device, model, 2)) {
                    DeviceBlock block = filled(learner);
                    learner.submit(block);
                    learner.finish(block);
                    assertThat(learner.linear(0).parameters()).isNotEmpty();
                    assertThat(device.liveAllocations()).isPositive();
                }
            }
        }

        assertThat(devices)
                .hasSize(3 * ROUNDS)
                .allMatch(device -> device.liveAllocations() == 0)
                .allMatch(device -> device.allocatedBytes() == 0)
                .allMatch(device -> device.liveStreams() == 0)
                .allMatch(device -> device.liveEvents() == 0);
    }
}
