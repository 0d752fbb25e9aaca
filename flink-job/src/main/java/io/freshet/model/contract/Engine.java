package io.freshet.model.contract;

import io.freshet.model.BlockWorkspaces;
import io.freshet.model.CudaWorkspace;
import io.freshet.model.LearnerSettings;
import io.freshet.model.StepWorkspace;
import io.freshet.model.cuda.device.Device;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An engine of the learner: the CPU, or a CUDA device.
 *
 * @param name name for reports
 * @param workspaces opens the memory of learners with some settings
 * @param devices opens the device, a new object at each call; null for the CPU
 */
public record Engine(
        String name,
        Function<LearnerSettings, StepWorkspace> workspaces,
        @Nullable Supplier<Device> devices) {
    /** Returns the engine of the CPU, which needs ND4J. */
    public static Engine cpu() {
        return new Engine("CPU", BlockWorkspaces::onCpu, null);
    }

    /** Returns the engine of a device. */
    public static Engine onDevice(String name, Supplier<Device> devices) {
        return new Engine(name, settings -> new CudaWorkspace(settings, devices), devices);
    }

    /** Returns whether the engine is a device. */
    boolean isDevice() {
        return devices != null;
    }

    /** Returns whether the engine, not another in its place, learns with some settings. */
    boolean learns(LearnerSettings settings) {
        return devices == null || CudaWorkspace.obstacle(settings) == null;
    }

    /**
     * Opens the device.
     *
     * @throws IllegalStateException if the engine is the CPU
     */
    Device openDevice() {
        if (devices == null) {
            throw new IllegalStateException("the engine " + name + " has no device");
        }
        return devices.get();
    }
}
