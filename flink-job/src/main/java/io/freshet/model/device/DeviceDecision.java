package io.freshet.model.device;

import io.freshet.model.device.DeviceFacts.ComputeCapability;
import io.freshet.model.device.DeviceFacts.Gpu;
import java.util.Optional;

/**
 * Decision whether ND4J computes on a GPU, on the CPU, or not at all.
 *
 * @param outcome the device, or a refusal
 * @param reason one line with the reason why ND4J's CUDA backend is not used although it is on the
 *     class path; otherwise empty
 */
public record DeviceDecision(Outcome outcome, String reason) {
    /**
     * Oldest supported compute capability. The kernels of nd4j-cuda-11.6 1.0.0-M2.1 are compiled
     * for 3.7 to 8.6, which 8.9 also runs. They contain no PTX that a driver could compile for
     * newer GPUs.
     */
    private static final ComputeCapability OLDEST = new ComputeCapability(3, 7);

    private static final ComputeCapability NEWEST = new ComputeCapability(8, 9);

    /** Device on which ND4J is initialised, or none. */
    public enum Outcome {
        CUDA,
        CPU,
        /** None: the job must not start. */
        REFUSED
    }

    /**
     * Returns the decision for a machine. If ND4J's CUDA backend is not on the class path, or the
     * CPU is preferred, it is the CPU, without a reason.
     *
     * <p>All GPUs must be supported, because ND4J distributes threads over all visible ones.
     */
    static DeviceDecision of(
            DeviceFacts facts, DevicePreference preference, DeviceFallback fallback) {
        if (!facts.cudaBackend() || preference == DevicePreference.CPU) {
            return new DeviceDecision(Outcome.CPU, "");
        }
        return obstacle(facts)
                .map(reason -> fallBack(reason, fallback))
                .orElse(new DeviceDecision(Outcome.CUDA, ""));
    }

    /** Returns the decision where CUDA cannot be used. */
    static DeviceDecision fallBack(String reason, DeviceFallback fallback) {
        String line = "ND4J's CUDA backend cannot run: " + reason;
        return switch (fallback) {
            case CPU -> new DeviceDecision(Outcome.CPU, line);
            case STOP -> new DeviceDecision(Outcome.REFUSED, line);
        };
    }

    /** Returns the first obstacle to using CUDA, in the order driver, GPUs, libraries. */
    private static Optional<String> obstacle(DeviceFacts facts) {
        if (facts.driverProblem().isPresent()) {
            return Optional.of("no NVIDIA driver (" + facts.driverProblem().get() + ")");
        }
        if (facts.gpuProblem().isPresent()) {
            return Optional.of("the GPUs cannot be listed (" + facts.gpuProblem().get() + ")");
        }
        if (facts.gpus().isEmpty()) {
            return Optional.of("no GPU is visible");
        }
        for (Gpu gpu : facts.gpus()) {
            if (gpu.capability().compareTo(NEWEST) > 0) {
                return Optional.of(gpu + " is newer than its kernels, which end at " + NEWEST);
            }
            if (gpu.capability().compareTo(OLDEST) < 0) {
                return Optional.of(gpu + " is older than its kernels, which begin at " + OLDEST);
            }
        }
        if (!facts.missingLibraries().isEmpty()) {
            return Optional.of(
                    "libraries of CUDA 11 are missing ("
                            + String.join("; ", facts.missingLibraries())
                            + ")");
        }
        return Optional.empty();
    }
}
