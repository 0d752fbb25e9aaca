package io.freshet.model.device;

import java.util.List;
import java.util.Optional;

/**
 * What was found of CUDA on this machine.
 *
 * @param cudaBackend whether ND4J's CUDA backend is on the class path
 * @param driverProblem why the driver's library cannot be loaded; empty if it can
 * @param missingLibraries libraries of CUDA that ND4J's backend needs and that cannot be loaded,
 *     each with why
 * @param gpus the GPUs that this process may use
 * @param gpuProblem why they could not be listed; empty if they could
 */
record DeviceFacts(
        boolean cudaBackend,
        Optional<String> driverProblem,
        List<String> missingLibraries,
        List<Gpu> gpus,
        Optional<String> gpuProblem) {

    /** What is found where nobody asked for CUDA. */
    static final DeviceFacts WITHOUT_CUDA =
            new DeviceFacts(false, Optional.empty(), List.of(), List.of(), Optional.empty());

    DeviceFacts {
        missingLibraries = List.copyOf(missingLibraries);
        gpus = List.copyOf(gpus);
    }

    /** A GPU and the version of its driver. */
    record Gpu(String name, ComputeCapability capability, String driver) {
        @Override
        public String toString() {
            return name + " (compute capability " + capability + ", driver " + driver + ")";
        }
    }

    /** A generation of NVIDIA's GPUs: code for one runs on later minors of the same major only. */
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
