package io.freshet.model;

import io.freshet.model.cuda.device.Device;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The engine on which the learners of one operator learn: the CPU or a CUDA device. */
public final class LearnerEngine {
    private final String device;
    private final @Nullable Supplier<Device> devices;
    private final List<CudaWorkspace> workspaces = new CopyOnWriteArrayList<>();

    private LearnerEngine(String device, @Nullable Supplier<Device> devices) {
        this.device = device;
        this.devices = devices;
    }

    /**
     * Returns the engine of ND4J and OpenBLAS.
     *
     * @param device name of the device, such as {@code CPU}
     */
    public static LearnerEngine onCpu(String device) {
        return new LearnerEngine(device, null);
    }

    /**
     * Returns the engine on a CUDA device.
     *
     * @param device name of the device
     * @param devices opens the device; a new object at each call
     */
    public static LearnerEngine onDevice(String device, Supplier<Device> devices) {
        return new LearnerEngine(device, devices);
    }

    /** Returns the name of the device, such as {@code CPU} or {@code CUDA: NVIDIA H200}. */
    public String device() {
        return device;
    }

    /** Returns whether learners learn on a CUDA device, where there are kernels for them. */
    public boolean isOnDevice() {
        return devices != null;
    }

    /** Opens a workspace for learners, on the CPU if there are no kernels for their settings. */
    public StepWorkspace open(LearnerSettings settings) {
        if (devices == null || CudaWorkspace.obstacle(settings) != null) {
            return BlockWorkspaces.onCpu(settings);
        }
        CudaWorkspace workspace = new CudaWorkspace(settings, devices);
        workspaces.removeIf(CudaWorkspace::isClosed);
        workspaces.add(workspace);
        return workspace;
    }

    /**
     * Returns the bytes of the device's memory that the workspaces have allocated; 0 on the CPU.
     * Any thread may call.
     */
    public long deviceBytes() {
        return workspaces.stream().mapToLong(CudaWorkspace::allocatedBytes).sum();
    }
}
