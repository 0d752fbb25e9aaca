package io.freshet.model.device;

import io.freshet.model.device.DeviceFacts.ComputeCapability;
import io.freshet.model.device.DeviceFacts.Gpu;
import java.util.Optional;

/**
 * Where the maths is to run.
 *
 * @param reason in one line, why it is not a GPU though the build is for one; else empty
 */
public record DeviceDecision(Outcome outcome, String reason) {
    /**
     * The kernels of nd4j-cuda-11.6 1.0.0-M2.1 are compiled for 3.7 to 8.6, which 8.9 also runs,
     * and come without PTX that a driver could compile for anything newer.
     */
    private static final ComputeCapability OLDEST = new ComputeCapability(3, 7);

    private static final ComputeCapability NEWEST = new ComputeCapability(8, 9);

    /** What comes of a decision. */
    public enum Outcome {
        CUDA,
        CPU,
        /** The job must not start. */
        REFUSED
    }

    /**
     * Decides. Without ND4J's CUDA backend it is the CPU, and nothing to speak of.
     *
     * <p>All GPUs must be fit, since ND4J spreads threads over those that it sees.
     */
    static DeviceDecision of(DeviceFacts facts, DeviceFallback fallback) {
        if (!facts.cudaBackend()) {
            return new DeviceDecision(Outcome.CPU, "");
        }
        return obstacle(facts)
                .map(reason -> fallBack(reason, fallback))
                .orElse(new DeviceDecision(Outcome.CUDA, ""));
    }

    /** Decides where CUDA is known not to run. */
    static DeviceDecision fallBack(String reason, DeviceFallback fallback) {
        String line = "ND4J's CUDA backend cannot run: " + reason;
        return switch (fallback) {
            case CPU -> new DeviceDecision(Outcome.CPU, line);
            case STOP -> new DeviceDecision(Outcome.REFUSED, line);
        };
    }

    /** The first thing that stands in the way, from the driver up. */
    private static Optional<String> obstacle(DeviceFacts facts) {
        if (facts.driverProblem().isPresent()) {
            return Optional.of("no NVIDIA driver (" + facts.driverProblem().get() + ")");
        }
        if (facts.gpuProblem().isPresent()) {
            return Optional.of("the GPUs are not known (" + facts.gpuProblem().get() + ")");
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
