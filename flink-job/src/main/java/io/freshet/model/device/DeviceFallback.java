package io.freshet.model.device;

/** What to do where ND4J's CUDA backend is there and cannot run. */
public enum DeviceFallback {
    /** Learn on the CPU, and say so. */
    CPU,
    /** Do not start. */
    STOP
}
