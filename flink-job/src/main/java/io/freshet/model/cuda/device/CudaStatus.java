package io.freshet.model.cuda.device;

import static org.bytedeco.cuda.global.cublas.CUBLAS_STATUS_ALLOC_FAILED;
import static org.bytedeco.cuda.global.cublas.cublasGetStatusName;
import static org.bytedeco.cuda.global.cublas.cublasGetStatusString;
import static org.bytedeco.cuda.global.cudart.CUDA_ERROR_OUT_OF_MEMORY;
import static org.bytedeco.cuda.global.cudart.cuGetErrorName;
import static org.bytedeco.cuda.global.cudart.cuGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorName;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetErrorString;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/** Checks of what calls of CUDA's libraries return: 0, or the number of an error. */
final class CudaStatus {
    private CudaStatus() {}

    /**
     * Checks a call of the runtime (cudart). An error that is not for ever is reset, so that no
     * later call reports it again.
     */
    static void checkRuntime(int status, String call) {
        if (status != 0) {
            cudaGetLastError();
            throw exception(call + ": " + runtimeText(status), status == cudaErrorMemoryAllocation);
        }
    }

    /** Returns the name and the text of an error of the runtime. */
    static String runtimeText(int status) {
        return text(status, cudaGetErrorName(status), cudaGetErrorString(status));
    }

    /** Checks a call of the driver. */
    static void checkDriver(int status, String call) {
        if (status == 0) {
            return;
        }
        try (PointerPointer<BytePointer> name = new PointerPointer<>(1);
                PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
            boolean isKnown =
                    cuGetErrorName(status, name) == 0 && cuGetErrorString(status, text) == 0;
            throw exception(
                    call
                            + ": "
                            + text(
                                    status,
                                    isKnown ? name.get(BytePointer.class, 0) : null,
                                    isKnown ? text.get(BytePointer.class, 0) : null),
                    status == CUDA_ERROR_OUT_OF_MEMORY);
        }
    }

    /** Checks a call of cuBLAS. */
    static void checkBlas(int status, String call) {
        if (status != 0) {
            throw exception(
                    call
                            + ": "
                            + text(
                                    status,
                                    cublasGetStatusName(status),
                                    cublasGetStatusString(status)),
                    status == CUBLAS_STATUS_ALLOC_FAILED);
        }
    }

    /** Checks a call of the compiler (NVRTC). */
    static void checkCompiler(int status, String call) {
        if (status != 0) {
            throw new DeviceException(call + ": " + compilerText(status));
        }
    }

    /** Returns the name of an error of the compiler. */
    static String compilerText(int status) {
        return text(status, nvrtcGetErrorString(status), null);
    }

    private static DeviceException exception(String message, boolean isOutOfMemory) {
        return isOutOfMemory ? DeviceException.outOfMemory(message) : new DeviceException(message);
    }

    private static String text(
            int status, @Nullable BytePointer name, @Nullable BytePointer explanation) {
        if (name == null || name.isNull()) {
            return "error " + status;
        }
        return explanation == null || explanation.isNull()
                ? name.getString()
                : name.getString() + " (" + explanation.getString() + ")";
    }
}
