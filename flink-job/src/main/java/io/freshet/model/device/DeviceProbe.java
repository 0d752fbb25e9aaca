package io.freshet.model.device;

import io.freshet.model.cuda.device.CudaLibraries;
import io.freshet.model.device.DeviceFacts.ComputeCapability;
import io.freshet.model.device.DeviceFacts.Gpu;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;

/**
 * Probe that determines the {@link DeviceFacts} without initialising ND4J.
 *
 * <p>It loads libraries with the system's loader, as the backend would, and lists GPUs with {@code
 * nvidia-smi}, which is installed with the driver.
 */
final class DeviceProbe {
    /** Class that shows that ND4J's CUDA backend is on the class path. */
    static final String CUDA_BACKEND = CudaLibraries.ND4J_BACKEND;

    private static final String DRIVER = "libcuda.so.1";

    /** Libraries that the backend links to or that its JavaCPP presets load. */
    private static final List<String> LIBRARIES =
            List.of("libcudart.so.11.0", "libcublas.so.11", "libcusolver.so.11");

    /** Directories where JavaCPP looks for CUDA in addition to the system's. */
    private static final List<Path> CUDA_DIRECTORIES =
            List.of(Path.of("/usr/local/cuda-11.6/lib64"), Path.of("/usr/lib64"));

    private static final int TIMEOUT_SECONDS = 30;

    /** Line of nvidia-smi: name, which may contain commas, compute capability, driver version. */
    private static final Pattern GPU = Pattern.compile("(.+), *(\\d+)\\.(\\d+), *([^,]+)");

    private final ClassLoader classPath;
    private final String nvidiaSmi;
    private final Map<String, String> environment;

    /**
     * Creates a probe.
     *
     * @param classPath class loader of ND4J
     * @param nvidiaSmi the command {@code nvidia-smi}
     * @param environment environment variables, of which CUDA reads some
     */
    DeviceProbe(ClassLoader classPath, String nvidiaSmi, Map<String, String> environment) {
        this.classPath = classPath;
        this.nvidiaSmi = nvidiaSmi;
        this.environment = environment;
    }

    /**
     * Probes the machine. If ND4J's CUDA backend is not on the class path, nothing else is probed.
     */
    DeviceFacts probe() throws InterruptedException {
        if (classPath.getResource(CUDA_BACKEND) == null) {
            return DeviceFacts.WITHOUT_CUDA;
        }
        Optional<String> driverProblem = loadProblem(DRIVER);
        if (driverProblem.isPresent()) {
            return new DeviceFacts(true, driverProblem, List.of(), List.of(), Optional.empty());
        }
        List<String> missing = new ArrayList<>();
        for (String library : LIBRARIES) {
            if (!isPackaged(library)) {
                loadProblem(library).ifPresent(missing::add);
            }
        }
        GpuList gpus = gpus();
        return new DeviceFacts(true, driverProblem, missing, gpus.gpus(), gpus.problem());
    }

    /** Returns whether the library is in a jar, from which JavaCPP unpacks it. */
    private boolean isPackaged(String library) {
        return classPath.getResource("org/bytedeco/cuda/" + Loader.getPlatform() + "/" + library)
                != null;
    }

    /** Loads a library; returns the error message of the system's loader if that fails. */
    static Optional<String> loadProblem(String library) {
        String problem;
        try {
            Loader.loadGlobal(library);
            return Optional.empty();
        } catch (UnsatisfiedLinkError e) {
            problem = String.valueOf(e.getMessage());
        }
        for (Path directory : CUDA_DIRECTORIES) {
            Path file = directory.resolve(library);
            if (Files.exists(file)) {
                return loadProblem(file.toString());
            }
        }
        return Optional.of(problem);
    }

    /** Result of listing the GPUs: the GPUs, or the problem. */
    record GpuList(List<Gpu> gpus, Optional<String> problem) {
        static GpuList failed(String problem) {
            return new GpuList(List.of(), Optional.of(problem));
        }
    }

    /** Lists the GPUs that are visible to CUDA. */
    GpuList gpus() throws InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(nvidiaSmi);
        command.add("--query-gpu=name,compute_cap,driver_version");
        command.add("--format=csv,noheader");
        String visible = environment.get("CUDA_VISIBLE_DEVICES");
        if (visible != null) {
            if (visible.isBlank() || visible.strip().equals("-1")) {
                return new GpuList(List.of(), Optional.empty());
            }
            if (isUnderstoodByNvidiaSmi(visible)) {
                command.add("--id=" + visible);
            }
        }
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return GpuList.failed(
                        nvidiaSmi + " did not answer within " + TIMEOUT_SECONDS + " s");
            }
            byte[] answer = process.getInputStream().readAllBytes();
            return parse(process.exitValue(), new String(answer, StandardCharsets.UTF_8));
        } catch (IOException e) {
            return GpuList.failed(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Returns whether {@code CUDA_VISIBLE_DEVICES} names GPUs as nvidia-smi does. By default CUDA
     * numbers the fastest GPU first, while nvidia-smi numbers by bus; where numbers can differ, all
     * GPUs are listed.
     */
    private boolean isUnderstoodByNvidiaSmi(String visible) {
        return visible.matches("GPU-[0-9a-fA-F-]+(,GPU-[0-9a-fA-F-]+)*")
                || ("PCI_BUS_ID".equals(environment.get("CUDA_DEVICE_ORDER"))
                        && visible.matches("\\d+(,\\d+)*"));
    }

    /** Parses the output of nvidia-smi. */
    static GpuList parse(int exitCode, String answer) {
        List<String> lines = answer.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
        if (exitCode != 0) {
            return GpuList.failed(
                    "nvidia-smi ended with "
                            + exitCode
                            + (lines.isEmpty() ? "" : ": " + String.join(" ", lines)));
        }
        List<Gpu> gpus = new ArrayList<>();
        for (String line : lines) {
            Matcher gpu = GPU.matcher(line);
            if (!gpu.matches()) {
                return GpuList.failed("nvidia-smi answered: " + line);
            }
            gpus.add(
                    new Gpu(
                            gpu.group(1),
                            new ComputeCapability(
                                    Integer.parseInt(gpu.group(2)), Integer.parseInt(gpu.group(3))),
                            gpu.group(4)));
        }
        return new GpuList(gpus, Optional.empty());
    }
}
