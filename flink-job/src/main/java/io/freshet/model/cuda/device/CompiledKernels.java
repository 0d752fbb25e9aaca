package io.freshet.model.cuda.device;

import java.util.List;

/** Kernels that were compiled for one architecture. */
final class CompiledKernels {
    private final byte[] cubin;
    private final List<String> loweredNames;

    /**
     * @param cubin machine code, as the driver loads it
     * @param loweredNames names of the kernels in {@code cubin}, in the order in which the kernels
     *     were named
     */
    CompiledKernels(byte[] cubin, List<String> loweredNames) {
        this.cubin = cubin;
        this.loweredNames = List.copyOf(loweredNames);
    }

    byte[] cubin() {
        return cubin;
    }

    List<String> loweredNames() {
        return loweredNames;
    }
}
