package io.freshet.model.device;

/** The device on which a job is to learn. */
public enum DevicePreference {
    /** The GPU where there is one that can run the job's learner and is faster, else the CPU. */
    AUTO,
    /** The CPU. */
    CPU,
    /** The GPU; {@link DeviceFallback} says what happens where it cannot be used. */
    CUDA
}
