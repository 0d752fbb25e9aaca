package io.freshet.model.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The CUDA C++ sources of the kernels. */
final class KernelSources {
    private static final String PREAMBLE = "warp.cuh";

    private KernelSources() {}

    /**
     * Returns a source with what it needs.
     *
     * @param name name of its file, without the suffix
     */
    static String of(String name) {
        return read(PREAMBLE) + read(name + ".cu");
    }

    private static String read(String file) {
        try (InputStream in = KernelSources.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException(file + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
