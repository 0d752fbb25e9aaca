package io.freshet.model.device;

import java.util.List;
import java.util.Optional;

/**
 * Facts about CUDA on this machine: backend, driver, libraries and GPUs.
 *
 * @param cudaBackend whether ND4J's CUDA backend is on the class path
 * @param driverProblem the reason why the driver's library cannot be loaded; empty if it can
 * @param missingLibraries CUDA libraries that ND4J's backend needs and that cannot be loaded, each
 *     with the reason
 * @param gpus the GPUs that this process may use
 * @param gpuProblem the reason why the GPUs could not be listed; empty if they could
 */
record DeviceFacts(
        boolean cudaBackend,
        Optional<String> driverProblem,
        List<String> missingLibraries,
        List<Gpu> gpus,
        Optional<String> gpuProblem) {

    /** Facts where ND4J's CUDA backend is not on the class path. */
    static final DeviceFacts WITHOUT_CUDA =
            new DeviceFacts(false, Optional.empty(), List.of(), List.of(), Optional.empty());

    DeviceFacts {
        missingLibraries = List.copyOf(missingLibraries);
        gpus = List.copyOf(gpus);
    }

    /** GPU with the version of its driver. */
    record Gpu(String name, ComputeCapability capability, String driver) {
        @Override
        public String toString() {
            return name + " (compute capability " + capability + ", driver " + driver + ")";
        }
    }

    /**
     * CUDA compute capability of a GPU. Compiled code runs on the same major version with the same
     * or a later minor version only.
     */
    record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {
        @Override
        public int compareTo(ComputeCapability other) {
            return major == other.major
                    ? Integer.compare(minor, other.minor)
                    : Integer.compare(major, other.major);
        }

        @Override
        public String toString() {
            return major + "." + minor;
        }
    }
}
