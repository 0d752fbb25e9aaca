package io.freshet.model;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.freshet.model.cuda.device.EmulatedDevice;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Extension that lets the learners of a test class learn on an emulated CUDA device, where {@link
 * CudaWorkspace} can. Without it they learn on the CPU.
 */
final class TestEngine implements BeforeAllCallback, AfterAllCallback {
    private static boolean isCuda;

    /** Returns a learner on the current engine. */
    static SoftmaxLearner start(LearnerSettings settings, LearnerState state) {
        return isCuda && CudaWorkspace.obstacle(settings) == null
                ? new SoftmaxLearner(
                        settings, state, open -> new CudaWorkspace(open, EmulatedDevice::new))
                : new SoftmaxLearner(settings, state);
    }

    /** Skips a test of what only the engine on the CPU has. */
    static void assumeOnCpu() {
        assumeFalse(isCuda, "of the CPU only");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        EmulatedDevice.assumeAvailable();
        isCuda = true;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        isCuda = false;
    }
}
