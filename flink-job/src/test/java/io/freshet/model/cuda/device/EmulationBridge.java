package io.freshet.model.cuda.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Native methods of {@code src/test/cuda/bridge.cpp}: memory, libraries of kernels, products. */
final class EmulationBridge {
    private static boolean isLoaded;

    private EmulationBridge() {}

    /** Compiles and loads the native methods unless that has been done. */
    static synchronized void load() throws IOException {
        if (!isLoaded) {
            System.load(EmulationCompiler.bridge().toString());
            isLoaded = true;
        }
    }

    /** Opens a library of kernels. */
    static long open(Path library) {
        return open(library.toString());
    }

    /**
     * Runs a kernel; one at a time in this process, since a library's threads share its state.
     *
     * @return the error, or null if there was none
     */
    static synchronized @Nullable String launch(
            long launch,
            long kernel,
            int gridX,
            int gridY,
            int threads,
            int sharedBytes,
            byte[] arguments,
            boolean isReversed) {
        return run(launch, kernel, gridX, gridY, threads, sharedBytes, arguments, isReversed);
    }

    private static native long open(String path);

    private static native @Nullable String run(
            long launch,
            long kernel,
            int gridX,
            int gridY,
            int threads,
            int sharedBytes,
            byte[] arguments,
            boolean isReversed);

    /** Returns the address of a library's function. */
    static native long find(long library, String symbol);

    /** Allocates memory at a multiple of 256, or returns 0 if there is none. */
    static native long allocate(long bytes);

    static native void free(long address);

    static native void fill(long address, int value, long bytes);

    static native void copy(long to, long from, long bytes);

    /** Returns the offset of the first byte that has another value, or −1 if none has. */
    static native long firstOther(long address, int value, long bytes);

    static native ByteBuffer buffer(long address, int bytes);

    /** Computes {@code C ← A B + β C} of floats, each sum in the order of the inner dimension. */
    static native void multiply(
            int rows,
            int inner,
            int columns,
            long a,
            long strideA,
            boolean isTransposedA,
            long b,
            long strideB,
            boolean isTransposedB,
            float beta,
            long c,
            long strideC);
}
