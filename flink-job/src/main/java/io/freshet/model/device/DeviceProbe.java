package io.freshet.model.device;

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
 * Finds the {@link DeviceFacts}, without waking ND4J.
 *
 * <p>Libraries are asked of the system's loader itself, as the backend would. GPUs are asked of
 * {@code nvidia-smi}, which comes with the driver.
 */
final class DeviceProbe {
    /** The class whose presence means that ND4J's CUDA backend is on the class path. */
    static final String CUDA_BACKEND = "org/nd4j/linalg/jcublas/JCublasBackend.class";

    private static final String DRIVER = "libcuda.so.1";

    /** What the backend links and what its presets load on the way. */
    private static final List<String> LIBRARIES =
            List.of("libcudart.so.11.0", "libcublas.so.11", "libcusolver.so.11");

    /** Where JavaCPP looks for CUDA beside the system's paths. */
    private static final List<Path> CUDA_FOLDERS =
            List.of(Path.of("/usr/local/cuda-11.6/lib64"), Path.of("/usr/lib64"));

    private static final int PATIENCE_SECONDS = 30;

    /** A name may have commas of its own. */
    private static final Pattern GPU = Pattern.compile("(.+), *(\\d+)\\.(\\d+), *([^,]+)");

    private final ClassLoader classPath;
    private final String nvidiaSmi;
    private final Map<String, String> environment;

    /**
     * @param classPath where ND4J is
     * @param nvidiaSmi the command
     * @param environment what CUDA would read
     */
    DeviceProbe(ClassLoader classPath, String nvidiaSmi, Map<String, String> environment) {
        this.classPath = classPath;
        this.nvidiaSmi = nvidiaSmi;
        this.environment = environment;
    }

    /** Returns what there is. Where CUDA is not on the class path, nothing more is looked for. */
    DeviceFacts probe() throws InterruptedException {
        if (classPath.getResource(CUDA_BACKEND) == null) {
            return DeviceFacts.WITHOUT_CUDA;
        }
        Optional<String> driverProblem = problemOf(DRIVER);
        if (driverProblem.isPresent()) {
            return new DeviceFacts(true, driverProblem, List.of(), List.of(), Optional.empty());
        }
        List<String> missing = new ArrayList<>();
        for (String library : LIBRARIES) {
            if (!isPackaged(library)) {
                problemOf(library).ifPresent(missing::add);
            }
        }
        GpuList gpus = gpus();
        return new DeviceFacts(true, driverProblem, missing, gpus.gpus(), gpus.problem());
    }

    /** Whether JavaCPP will unpack the library itself. */
    private boolean isPackaged(String library) {
        return classPath.getResource("org/bytedeco/cuda/" + Loader.getPlatform() + "/" + library)
                != null;
    }

    /** Loads a library; returns what the system says if it cannot. */
    static Optional<String> problemOf(String library) {
        String problem;
        try {
            Loader.loadGlobal(library);
            return Optional.empty();
        } catch (UnsatisfiedLinkError e) {
            problem = String.valueOf(e.getMessage());
        }
        for (Path folder : CUDA_FOLDERS) {
            Path file = folder.resolve(library);
            if (Files.exists(file)) {
                return problemOf(file.toString());
            }
        }
        return Optional.of(problem);
    }

    /** What came of listing the GPUs. */
    record GpuList(List<Gpu> gpus, Optional<String> problem) {
        static GpuList failed(String problem) {
            return new GpuList(List.of(), Optional.of(problem));
        }
    }

    /** Lists the GPUs that CUDA would use. */
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
            if (isNvidiaSmisNaming(visible)) {
                command.add("--id=" + visible);
            }
        }
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return GpuList.failed(
                        nvidiaSmi + " has not answered within " + PATIENCE_SECONDS + " s");
            }
            byte[] answer = process.getInputStream().readAllBytes();
            return parse(process.exitValue(), new String(answer, StandardCharsets.UTF_8));
        } catch (IOException e) {
            return GpuList.failed(String.valueOf(e.getMessage()));
        }
    }

    /**
     * CUDA numbers the fastest GPU first unless told otherwise, nvidia-smi goes by the bus; where a
     * number may mean two things, all GPUs count.
     */
    private boolean isNvidiaSmisNaming(String visible) {
        return visible.matches("GPU-[0-9a-fA-F-]+(,GPU-[0-9a-fA-F-]+)*")
                || ("PCI_BUS_ID".equals(environment.get("CUDA_DEVICE_ORDER"))
                        && visible.matches("\\d+(,\\d+)*"));
    }

    /** Reads what nvidia-smi answered. */
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
