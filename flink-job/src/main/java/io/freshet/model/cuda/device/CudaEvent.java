package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkRuntime;
import static org.bytedeco.cuda.global.cudart.cudaEventCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventDisableTiming;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;

import org.bytedeco.cuda.cudart.CUevent_st;

/** An event of CUDA, without times. */
final class CudaEvent implements DeviceEvent {
    private final CurrentDevice device;
    private final CUevent_st handle = new CUevent_st();

    /** Creates an event, which is freed by {@code releases}. */
    CudaEvent(CurrentDevice device, Releases releases) {
        this.device = device;
        device.use();
        checkRuntime(
                cudaEventCreateWithFlags(handle, cudaEventDisableTiming),
                "cudaEventCreateWithFlags");
        releases.add(() -> checkRuntime(cudaEventDestroy(handle), "cudaEventDestroy"));
    }

    CUevent_st handle() {
        return handle;
    }

    @Override
    public void synchronize() {
        device.use();
        checkRuntime(cudaEventSynchronize(handle), "cudaEventSynchronize");
    }
}
