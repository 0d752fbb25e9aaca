package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkRuntime;
import static io.freshet.model.cuda.device.CudaStatus.runtimeText;
import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMallocHost;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cudaMemset;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Allocations on the calling thread's device and of page-locked memory of the host.
 *
 * <p>CUDA allocates both, so they do not count towards {@code org.bytedeco.javacpp.maxbytes}.
 * {@code maxphysicalbytes} is compared with what is resident and not shared in the process, whoever
 * allocated it.
 */
final class CudaMemory {
    private CudaMemory() {}

    /**
     * Allocates memory of the device that is filled with zeros, and is freed by {@code releases}.
     */
    static DeviceMemory allocate(long bytes, Releases releases) {
        requirePositive(bytes);
        Pointer memory = new Pointer();
        int status = cudaMalloc(memory, bytes);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw outOfMemory("cudaMalloc", status, bytes, freeBytes() + " of the device");
        }
        checkRuntime(status, "cudaMalloc of " + bytes + " bytes");
        releases.add(() -> checkRuntime(cudaFree(memory), "cudaFree"), bytes);
        checkRuntime(cudaMemset(memory, 0, bytes), "cudaMemset");
        // The default stream, in which zeros are written: other streams do not wait for it.
        checkRuntime(cudaStreamSynchronize(null), "cudaStreamSynchronize");
        return new DeviceMemory(memory.address(), bytes);
    }

    /** Allocates page-locked memory that is filled with zeros, and is freed by {@code releases}. */
    static PinnedMemory allocatePinned(int bytes, Releases releases) {
        requirePositive(bytes);
        Pointer memory = new Pointer();
        int status = cudaMallocHost(memory, bytes);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw outOfMemory(
                    "cudaMallocHost",
                    status,
                    bytes,
                    Pointer.availablePhysicalBytes() + " of the host");
        }
        checkRuntime(status, "cudaMallocHost of " + bytes + " bytes");
        releases.add(() -> checkRuntime(cudaFreeHost(memory), "cudaFreeHost"));
        Pointer.memset(memory, 0, bytes);
        ByteBuffer buffer = new BytePointer(memory).capacity(bytes).asBuffer();
        return new PinnedMemory(memory.address(), buffer);
    }

    /** Returns the bytes of the device's memory that no process has allocated. */
    static long freeBytes() {
        try (SizeTPointer free = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            checkRuntime(cudaMemGetInfo(free, total), "cudaMemGetInfo");
            return free.get();
        }
    }

    private static void requirePositive(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(bytes + " bytes");
        }
    }

    private static DeviceException outOfMemory(String call, int status, long wanted, String free) {
        return DeviceException.outOfMemory(
                call
                        + ": "
                        + runtimeText(status)
                        + ": "
                        + wanted
                        + " bytes are wanted, "
                        + free
                        + " are free");
    }
}
