package io.freshet.model.device;

import static org.bytedeco.openblas.global.openblas_nolapack.OPENBLAS_VERSION;

import io.freshet.model.device.DeviceDecision.Outcome;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.OpenBlasCore;
import io.freshet.model.linalg.ProductCheck;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's computing backend in this process, CPU or CUDA: its choice before ND4J is initialised, and
 * its description.
 *
 * <p>Implementation note. ND4J chooses the backend with the highest priority when its class {@code
 * Nd4j} is initialised, once per process. Priorities can be set only by environment variables, so
 * CUDA is excluded by hiding its services from ND4J, which finds services with the context class
 * loader of the thread that initialises it.
 */
public final class Backend {
    private static final long MEBIBYTE = 1 << 20;

    /** Facts about the machine, which is probed once per process. */
    private static @Nullable DeviceFacts facts;

    private Backend() {}

    /**
     * Chooses the device and initialises ND4J on it. Must be called before any other use of ND4J.
     *
     * @return the decision; if it is {@link Outcome#REFUSED}, ND4J must not be used
     * @throws IllegalStateException if ND4J already runs on another device, or if the device
     *     multiplies matrices incorrectly
     */
    public static synchronized DeviceDecision start(
            DevicePreference preference, DeviceFallback fallback)
            throws InterruptedException, IOException {
        ClassLoader classPath = Backend.class.getClassLoader();
        DeviceFacts found = facts;
        if (found == null) {
            found = new DeviceProbe(classPath, "nvidia-smi", System.getenv()).probe();
            facts = found;
        }
        DeviceDecision decision = DeviceDecision.of(found, preference, fallback);
        return switch (decision.outcome()) {
            case REFUSED -> decision;
            case CPU -> {
                initialiseOnCpu(found.cudaBackend());
                requireCorrectProducts();
                yield decision;
            }
            case CUDA -> {
                initialise(Nd4j.class.getClassLoader());
                if (MatrixFactory.isCpu()) {
                    yield DeviceDecision.fallBack(
                            "ND4J did not load it; its warning in the log has the reason",
                            fallback);
                }
                requireCorrectProducts();
                yield decision;
            }
        };
    }

    private static void initialiseOnCpu(boolean hideCuda) throws IOException {
        ClassLoader services = Nd4j.class.getClassLoader();
        initialise(hideCuda ? new HiddenServices(services, DeviceProbe.CUDA_BACKEND) : services);
        if (!MatrixFactory.isCpu()) {
            throw new IllegalStateException(
                    "ND4J runs on "
                            + Nd4j.getBackend().getClass().getSimpleName()
                            + " already: it was initialised in this process before the job");
        }
    }

    /**
     * Initialises ND4J, including the parts that would look for services at their first use.
     *
     * @param services class loader with which ND4J finds services as long as the process lives; the
     *     class loader of a job's thread would be closed when the job ends or restarts
     */
    private static void initialise(ClassLoader services) {
        Thread thread = Thread.currentThread();
        ClassLoader original = thread.getContextClassLoader();
        thread.setContextClassLoader(services);
        try {
            Nd4j.getExecutioner();
            Nd4j.getCompressor();
        } finally {
            thread.setContextClassLoader(original);
        }
    }

    private static void requireCorrectProducts() {
        String mismatch = ProductCheck.findMismatch();
        if (mismatch != null) {
            throw new IllegalStateException(describe() + " " + mismatch);
        }
    }

    /**
     * Returns the memory in bytes that this process may take in addition to its heap: {@code
     * org.bytedeco.javacpp.maxphysicalbytes} less the maximum size of the heap, at least 1. Models
     * share it with everything else outside the heap, such as RocksDB and Flink's network buffers.
     * 0 for no limit, also with CUDA, whose arrays are in the GPU's memory. The backend must have
     * been started.
     */
    public static long maxBytesBesideHeap() {
        if (maxProcessBytes() == 0 || !MatrixFactory.isCpu()) {
            return 0;
        }
        return Math.max(1, maxProcessBytes() - Runtime.getRuntime().maxMemory());
    }

    /**
     * Returns the off-heap memory in bytes that ND4J and JavaCPP have allocated in this process and
     * not freed; with CUDA, that on the GPUs. ND4J allocates its arrays itself, so that {@code
     * org.bytedeco.javacpp.maxbytes} does not limit them; {@link #maxProcessBytes()} does. The
     * backend must have been started.
     */
    public static long allocatedBytes() {
        long bytes = Pointer.totalBytes();
        int devices = Nd4j.getAffinityManager().getNumberOfDevices();
        for (int device = 0; device < devices; device++) {
            bytes += Nd4j.getEnvironment().getDeviceCouner(device);
        }
        return bytes;
    }

    /** Returns the memory of this process in bytes, as JavaCPP measures it. */
    public static long processBytes() {
        return Pointer.physicalBytes();
    }

    /**
     * Returns the limit of {@link #processBytes()}, {@code org.bytedeco.javacpp.maxphysicalbytes};
     * 0 for no limit. Above the limit, every allocation through JavaCPP fails, and so does every
     * creation of an array by ND4J, which allocates a small object through JavaCPP.
     */
    public static long maxProcessBytes() {
        return Math.max(0, Pointer.maxPhysicalBytes());
    }

    /**
     * Returns the device of ND4J's arrays: {@code CPU}, or that of a build with ND4J's CUDA
     * backend. The backend must have been started.
     */
    public static String deviceName() {
        return MatrixFactory.isCpu()
                ? "CPU"
                : "ND4J CUDA: " + gpus(Nd4j.getExecutioner().getEnvironmentInformation());
    }

    /**
     * Returns one line: ND4J's backend, the device (of a CPU also the version of OpenBLAS and the
     * core whose kernels it uses), the number of threads of a matrix product, and the limit of the
     * memory of the process.
     */
    public static String describe() {
        boolean cpu = MatrixFactory.isCpu();
        String device =
                cpu
                        ? Runtime.getRuntime().availableProcessors()
                                + " processors, "
                                + OPENBLAS_VERSION.strip()
                                + " with kernels for "
                                + OpenBlasCore.name()
                        : gpus(Nd4j.getExecutioner().getEnvironmentInformation());
        int threads = Nd4j.getEnvironment().maxThreads();
        if (cpu) {
            threads = Math.max(threads, openblas_nolapack.blas_get_num_threads());
        }
        return "ND4J "
                + Nd4j.getBackend().getClass().getSimpleName()
                + " on "
                + device
                + ", "
                + threads
                + (threads == 1 ? " thread" : " threads (slower than one: set OMP_NUM_THREADS=1)")
                + ", memory of the process "
                + limit(Pointer.maxPhysicalBytes());
    }

    /** Returns the names, compute capabilities and memory of the GPUs that ND4J reports. */
    static String gpus(Properties environment) {
        if (!(environment.get(Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY)
                instanceof List<?> gpus)) {
            return "a device that it does not name";
        }
        return gpus.stream().map(gpu -> gpu((Map<?, ?>) gpu)).collect(Collectors.joining(" and "));
    }

    private static String gpu(Map<?, ?> gpu) {
        return gpu.get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY)
                + " (compute capability "
                + gpu.get(Nd4jEnvironment.CUDA_DEVICE_MAJOR_VERSION_KEY)
                + "."
                + gpu.get(Nd4jEnvironment.CUDA_DEVICE_MINOR_VERSION_KEY)
                + ", "
                + (gpu.get(Nd4jEnvironment.CUDA_TOTAL_MEMORY_KEY) instanceof Number memory
                        ? memory.longValue() / MEBIBYTE + " MiB"
                        : "unknown memory")
                + ")";
    }

    private static String limit(long bytes) {
        return bytes <= 0 ? "not limited" : "limited to " + bytes / MEBIBYTE + " MiB";
    }
}
