package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkDriver;
import static io.freshet.model.cuda.device.CudaStatus.checkRuntime;
import static org.bytedeco.cuda.global.cudart.cuDeviceGet;
import static org.bytedeco.cuda.global.cudart.cuDeviceGetName;
import static org.bytedeco.cuda.global.cudart.cuDeviceTotalMem;
import static org.bytedeco.cuda.global.cudart.cuDriverGetVersion;
import static org.bytedeco.cuda.global.cudart.cuInit;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMajor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMinor;
import static org.bytedeco.cuda.global.cudart.cudaDeviceGetAttribute;
import static org.bytedeco.cuda.global.cudart.cudaErrorNoDevice;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceCount;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaRuntimeGetVersion;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * JavaCPP's bindings of CUDA's libraries, and the questions to them that need no context on a
 * device. CUDA's libraries must have been loaded before.
 */
final class CudaBindings {
    private static final int MAX_NAME_BYTES = 256;

    private CudaBindings() {}

    /**
     * Loads the bindings of the runtime, of cuBLAS and of the compiler.
     *
     * @throws LinkageError if one of them does not find what it needs
     */
    static void load() {
        Loader.load(cudart.class);
        Loader.load(cublas.class);
        loadCompiler();
    }

    /** Loads the bindings of the compiler, which needs no driver. */
    static void loadCompiler() {
        Loader.load(nvrtc.class);
    }

    /** Returns the version of CUDA that the driver supports, such as 13000. */
    static int driverVersion() {
        int[] version = new int[1];
        checkDriver(cuDriverGetVersion(version), "cuDriverGetVersion");
        return version[0];
    }

    /** Returns the number of visible devices. */
    static int deviceCount() {
        int[] count = new int[1];
        int status = cudaGetDeviceCount(count);
        if (status == cudaErrorNoDevice) {
            cudaGetLastError();
            return 0;
        }
        checkRuntime(status, "cudaGetDeviceCount");
        return count[0];
    }

    /** Returns the properties of a visible device. */
    static DeviceProperties properties(int ordinal) {
        checkDriver(cuInit(0), "cuInit");
        int[] device = new int[1];
        checkDriver(cuDeviceGet(device, ordinal), "cuDeviceGet");
        byte[] name = new byte[MAX_NAME_BYTES];
        checkDriver(cuDeviceGetName(name, name.length, device[0]), "cuDeviceGetName");
        int[] toolkit = new int[1];
        checkRuntime(cudaRuntimeGetVersion(toolkit), "cudaRuntimeGetVersion");
        try (SizeTPointer bytes = new SizeTPointer(1)) {
            checkDriver(cuDeviceTotalMem(bytes, device[0]), "cuDeviceTotalMem");
            return new DeviceProperties(
                    upToZero(name),
                    attribute(cudaDevAttrComputeCapabilityMajor, ordinal),
                    attribute(cudaDevAttrComputeCapabilityMinor, ordinal),
                    CudaRequirements.versionText(driverVersion()),
                    CudaRequirements.versionText(toolkit[0]),
                    bytes.get());
        }
    }

    private static int attribute(int attribute, int ordinal) {
        int[] value = new int[1];
        checkRuntime(cudaDeviceGetAttribute(value, attribute, ordinal), "cudaDeviceGetAttribute");
        return value[0];
    }

    private static String upToZero(byte[] text) {
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }
}
