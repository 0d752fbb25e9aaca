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
 * What the maths runs on: chooses it before ND4J wakes, and says in words what it is.
 *
 * <p>Implementation note. ND4J takes the backend with the highest priority when its class {@code
 * Nd4j} is initialised, once a process. The priorities can only be set in the environment, so the
 * way to keep it from CUDA is to hide CUDA's services from it: it looks for services with the class
 * loader that was its first thread's.
 */
public final class Backend {
    private static final long MEBIBYTE = 1 << 20;

    /** What was found; a machine is asked once. */
    private static @Nullable DeviceFacts facts;

    private Backend() {}

    /**
     * Wakes ND4J on the device that is there for it. To be called before anything else touches
     * ND4J.
     *
     * @return the decision; if it is {@link Outcome#REFUSED}, nothing must be computed
     */
    public static synchronized DeviceDecision start(DeviceFallback fallback)
            throws InterruptedException, IOException {
        ClassLoader classPath = Backend.class.getClassLoader();
        DeviceFacts found = facts;
        if (found == null) {
            found = new DeviceProbe(classPath, "nvidia-smi", System.getenv()).probe();
            facts = found;
        }
        DeviceDecision decision = DeviceDecision.of(found, fallback);
        return switch (decision.outcome()) {
            case REFUSED -> decision;
            case CPU -> {
                wakeOnCpu(found.cudaBackend());
                requireCorrectProducts();
                yield decision;
            }
            case CUDA -> {
                wake(Nd4j.class.getClassLoader());
                if (MatrixFactory.isCpu()) {
                    yield DeviceDecision.fallBack(
                            "ND4J skipped it, and warned with the reason", fallback);
                }
                requireCorrectProducts();
                yield decision;
            }
        };
    }

    private static void wakeOnCpu(boolean hideCuda) throws IOException {
        ClassLoader services = Nd4j.class.getClassLoader();
        wake(hideCuda ? new HiddenServices(services, DeviceProbe.CUDA_BACKEND) : services);
        if (!MatrixFactory.isCpu()) {
            throw new IllegalStateException(
                    "ND4J runs on "
                            + Nd4j.getBackend().getClass().getSimpleName()
                            + " already; what woke it in this process came before the job");
        }
    }

    /**
     * Wakes ND4J, and what of it looks for services only when it is first used.
     *
     * @param services where it finds them, for as long as the process lives: the class loader of a
     *     job's thread is closed when the job ends or starts again
     */
    private static void wake(ClassLoader services) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(services);
        try {
            Nd4j.getExecutioner();
            Nd4j.getCompressor();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static void requireCorrectProducts() {
        String mismatch = ProductCheck.findMismatch();
        if (mismatch != null) {
            throw new IllegalStateException(describe() + " " + mismatch);
        }
    }

    /**
     * Returns the most bytes outside the heap that the process is meant to use, {@code
     * org.bytedeco.javacpp.maxbytes}; 0 for no limit.
     */
    public static long maxBytes() {
        return Math.max(0, Pointer.maxBytes());
    }

    /**
     * Returns one line: ND4J's backend, the device (of a CPU also the version of OpenBLAS and the
     * core whose kernels it uses), the number of threads that a product may use, and the limits of
     * memory outside the heap.
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
                + ", most memory outside the heap "
                + mebibytes(Pointer.maxBytes())
                + ", of the process "
                + mebibytes(Pointer.maxPhysicalBytes());
    }

    /** Names the GPUs that ND4J reports. */
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
                        ? mebibytes(memory.longValue())
                        : "unknown memory")
                + ")";
    }

    private static String mebibytes(long bytes) {
        return bytes <= 0 ? "not limited" : bytes / MEBIBYTE + " MiB";
    }
}
