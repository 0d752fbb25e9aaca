package io.freshet.model.device;

/** Behaviour of a job if ND4J's CUDA backend is on the class path but cannot be used. */
public enum DeviceFallback {
    /** Train on the CPU and log the reason. */
    CPU,
    /** Fail at start with the reason. */
    STOP
}
