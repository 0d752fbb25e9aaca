package io.freshet.model.cuda.device;

/**
 * The properties of a CUDA device.
 *
 * @param name name of the model, such as {@code NVIDIA H200}
 * @param major major number of the compute capability
 * @param minor minor number of the compute capability
 * @param driver version of CUDA that the driver supports, such as {@code 13.0}
 * @param toolkit version of CUDA's libraries, such as {@code 13.0}
 * @param totalBytes size of the device's memory
 */
public record DeviceProperties(
        String name, int major, int minor, String driver, String toolkit, long totalBytes) {
    /** Returns the architecture as compilers name it, such as {@code sm_90}. */
    public String architecture() {
        return "sm_" + major + minor;
    }
}
