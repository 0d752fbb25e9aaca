package io.freshet.model.device;

/**
 * Behaviour of a job that is to learn on a GPU and cannot: at the start with {@link
 * DevicePreference#CUDA} or with ND4J's CUDA backend on the class path, and after an error of the
 * GPU.
 */
public enum DeviceFallback {
    /** Learn on the CPU and log the reason. */
    CPU,
    /** Fail with the reason, without a restart. */
    STOP
}
