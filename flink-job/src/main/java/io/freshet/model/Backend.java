package io.freshet.model;

import static org.bytedeco.openblas.global.openblas_nolapack.OPENBLAS_VERSION;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.nd4j.linalg.factory.Environment;
import org.nd4j.linalg.factory.Nd4j;

/** What the maths runs on, in words, for the start-up log. */
public final class Backend {
    private static final long MEBIBYTE = 1 << 20;

    private Backend() {}

    /**
     * Returns one line: ND4J's backend, the threads that a product may use, and the limits of
     * memory outside the heap.
     */
    public static String describe() {
        Environment environment = Nd4j.getEnvironment();
        int threads = Math.max(environment.maxThreads(), openblas_nolapack.blas_get_num_threads());
        return "ND4J "
                + Nd4j.getBackend().getClass().getSimpleName()
                + ", "
                + OPENBLAS_VERSION.strip()
                + ", "
                + threads
                + (threads == 1 ? " thread" : " threads (slower than one: set OMP_NUM_THREADS=1)")
                + ", most memory outside the heap "
                + mebibytes(Pointer.maxBytes())
                + ", of the process "
                + mebibytes(Pointer.maxPhysicalBytes());
    }

    private static String mebibytes(long bytes) {
        return bytes <= 0 ? "not limited" : bytes / MEBIBYTE + " MiB";
    }
}
