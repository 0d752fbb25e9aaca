package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.cuda.device.DeviceException;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.EmulatedDevices;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LearnerEngineTest {
    private static final LearnerSettings SETTINGS = LearnerFixture.of(4, 3).settings();

    /** Bytes that the bindings of CUDA allocate beside a learner's own, for each of its streams. */
    private static final long OF_STREAMS = 3L * (32 << 20);

    @BeforeEach
    void assumeAvailable() {
        EmulatedDevice.assumeAvailable();
    }

    private static LearnerEngine engine(EmulatedDevices devices) {
        return LearnerEngine.onDevice("CUDA: emulated", () -> devices.open(line -> {}));
    }

    private static void learn(SoftmaxLearner learner, int numExamples) {
        Examples examples = new Examples(4);
        for (int i = 0; i < numExamples; i++) {
            examples.add(new float[] {i % 2, 1, i % 3, 2}, 0, i % 3, 1);
        }
        learner.learn(examples, true, new Evaluation(3));
    }

    @Test
    void modelsOfAnEngine_shareADevice_andClosingFreesAllOfIt_twentyTimes() {
        int openBefore = EmulatedDevices.open();
        LearnerEngine engine = engine(EmulatedDevices.working());
        for (int round = 0; round < 20; round++) {
            try (BlockWorkspaces workspaces = new BlockWorkspaces(SETTINGS, false, engine::open)) {
                List<SoftmaxLearner> models = new ArrayList<>();
                for (int m = 0; m < 5; m++) {
                    models.add(new SoftmaxLearner(workspaces, LearnerState.initial(SETTINGS)));
                }
                models.forEach(model -> learn(model, 40));

                assertThat(EmulatedDevices.open()).isEqualTo(openBefore + 1);
                assertThat(engine.deviceBytes()).isPositive();
                assertThat(models).allMatch(SoftmaxLearner::isOnDevice);
                models.forEach(SoftmaxLearner::close);
            }
            assertThat(EmulatedDevices.open()).isEqualTo(openBefore);
            assertThat(engine.deviceBytes()).isZero();
        }
    }

    @Test
    void memoryOfAModel_isKnownBeforeItIsAllocated() {
        LearnerEngine engine = engine(EmulatedDevices.working());
        try (BlockWorkspaces workspaces = new BlockWorkspaces(SETTINGS, false, engine::open);
                SoftmaxLearner model =
                        new SoftmaxLearner(workspaces, LearnerState.initial(SETTINGS))) {
            for (int rows = 32; rows <= CudaWorkspace.MAX_ROWS; rows *= 2) {
                learn(model, rows);
            }

            assertThat(engine.deviceBytes())
                    .isEqualTo(CudaWorkspace.deviceBytes(SETTINGS, 0) - OF_STREAMS);
        }
    }

    @Test
    void deviceThatIsTooSmall_isClosed() {
        int openBefore = EmulatedDevices.open();
        LearnerEngine engine = engine(EmulatedDevices.working().withBytes(100));

        assertThatThrownBy(() -> engine.open(SETTINGS))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("out of memory");
        assertThat(EmulatedDevices.open()).isEqualTo(openBefore);
    }

    @Test
    void settingsWithoutKernels_areLearntOnTheCpu() {
        LearnerEngine engine = engine(EmulatedDevices.working());
        LearnerSettings sparse =
                new LearnerSettings(
                        4,
                        3,
                        1,
                        SETTINGS.loss(),
                        SETTINGS.optimizer(),
                        null,
                        SETTINGS.reduction(),
                        null,
                        10,
                        true);

        try (StepWorkspace workspace = engine.open(sparse)) {
            assertThat(workspace).isInstanceOf(SparseWorkspace.class);
        }
    }
}
