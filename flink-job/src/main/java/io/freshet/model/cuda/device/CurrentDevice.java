package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkRuntime;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;

import org.jspecify.annotations.Nullable;

/** The device that a thread uses, which CUDA remembers for each thread apart. */
final class CurrentDevice {
    private static final ThreadLocal<@Nullable Integer> ORDINAL = new ThreadLocal<>();

    private final int ordinal;

    /**
     * @param ordinal number of the device among those that are visible to the process
     */
    CurrentDevice(int ordinal) {
        this.ordinal = ordinal;
    }

    /** Makes this the device of the calling thread. */
    void use() {
        Integer current = ORDINAL.get();
        if (current == null || current != ordinal) {
            checkRuntime(cudaSetDevice(ordinal), "cudaSetDevice");
            ORDINAL.set(ordinal);
        }
    }
}
