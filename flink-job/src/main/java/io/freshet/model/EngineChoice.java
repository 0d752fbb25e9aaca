package io.freshet.model;

/**
 * Choice of the engine on which a job's models learn.
 *
 * @param outcome the engine, or a refusal
 * @param reason one line with the reason for it
 * @param isWarning whether the engine is not the one that was asked for
 * @param device name of the device, such as {@code CUDA: NVIDIA H200}; {@code CPU} for all but
 *     {@link Outcome#CUDA}
 */
public record EngineChoice(Outcome outcome, String reason, boolean isWarning, String device) {
    private static final String CPU = "CPU";

    /** Engine, or none. */
    public enum Outcome {
        CUDA,
        CPU,
        /** None: the job must not start. */
        REFUSED
    }

    static EngineChoice cuda(String device, String reason) {
        return new EngineChoice(Outcome.CUDA, reason, false, device);
    }

    static EngineChoice cpu(String reason) {
        return new EngineChoice(Outcome.CPU, reason, false, CPU);
    }

    static EngineChoice cpuInstead(String reason) {
        return new EngineChoice(Outcome.CPU, reason, true, CPU);
    }

    static EngineChoice refused(String reason) {
        return new EngineChoice(Outcome.REFUSED, reason, true, CPU);
    }
}
