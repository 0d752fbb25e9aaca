package io.freshet.model.linalg;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Off-heap memory of an ND4J array on the host, read and written in bulk and converted between
 * single and double precision where necessary.
 */
abstract sealed class HostMemory {
    /** Number of values that are converted at a time: they fit in the L1 cache. */
    static final int CHUNK = 1024;

    private HostMemory() {}

    /**
     * Returns the memory of {@code length} values of an array, from index {@code first} on.
     *
     * @param array contiguous, of this precision; must stay open
     * @param chunk size of the buffer for conversions, which is allocated once
     */
    static HostMemory of(Precision precision, INDArray array, long first, long length, int chunk) {
        Pointer address = array.data().addressPointer();
        return switch (precision) {
            case FLOAT ->
                    new OfFloats(
                            new FloatPointer(address).getPointer(first).capacity(length), chunk);
            case DOUBLE ->
                    new OfDoubles(new DoublePointer(address).getPointer(first).capacity(length));
        };
    }

    /** Returns a pointer to the first value. */
    abstract Pointer pointer();

    /**
     * Writes {@code count} values from {@code index} on.
     *
     * @param values those from {@code offset} on. Not modified.
     */
    abstract void put(int index, float[] values, int offset, int count);

    /**
     * Writes {@code count} values from {@code index} on.
     *
     * @param values at least {@code count} values; the first {@code count} are written. Not
     *     modified.
     */
    abstract void put(int index, double[] values, int count);

    /**
     * Reads {@code count} values from {@code index} on.
     *
     * @param values at least {@code count} long; the first {@code count} are set. Modified.
     */
    abstract void get(int index, double[] values, int count);

    /**
     * Reads {@code count} values from {@code index} on, rounded to single precision.
     *
     * @param values at least {@code count} long; the first {@code count} are set. Modified.
     */
    abstract void get(int index, float[] values, int count);

    private static final class OfFloats extends HostMemory {
        private final FloatPointer pointer;
        private final FloatBuffer buffer;
        private final float[] chunk;

        OfFloats(FloatPointer pointer, int chunkSize) {
            this.pointer = pointer;
            this.buffer = pointer.asBuffer();
            this.chunk = new float[Math.min(chunkSize, buffer.capacity())];
        }

        @Override
        Pointer pointer() {
            return pointer;
        }

        @Override
        void put(int index, float[] values, int offset, int count) {
            buffer.put(index, values, offset, count);
        }

        @Override
        void put(int index, double[] values, int count) {
            for (int from = 0; from < count; from += chunk.length) {
                int size = Math.min(chunk.length, count - from);
                for (int i = 0; i < size; i++) {
                    chunk[i] = (float) values[from + i];
                }
                buffer.put(index + from, chunk, 0, size);
            }
        }

        @Override
        void get(int index, double[] values, int count) {
            for (int from = 0; from < count; from += chunk.length) {
                int size = Math.min(chunk.length, count - from);
                buffer.get(index + from, chunk, 0, size);
                for (int i = 0; i < size; i++) {
                    values[from + i] = chunk[i];
                }
            }
        }

        @Override
        void get(int index, float[] values, int count) {
            buffer.get(index, values, 0, count);
        }
    }

    private static final class OfDoubles extends HostMemory {
        private final DoublePointer pointer;
        private final DoubleBuffer buffer;

        OfDoubles(DoublePointer pointer) {
            this.pointer = pointer;
            this.buffer = pointer.asBuffer();
        }

        @Override
        Pointer pointer() {
            return pointer;
        }

        @Override
        void put(int index, float[] values, int offset, int count) {
            for (int i = 0; i < count; i++) {
                buffer.put(index + i, values[offset + i]);
            }
        }

        @Override
        void put(int index, double[] values, int count) {
            buffer.put(index, values, 0, count);
        }

        @Override
        void get(int index, double[] values, int count) {
            buffer.get(index, values, 0, count);
        }

        @Override
        void get(int index, float[] values, int count) {
            for (int i = 0; i < count; i++) {
                values[i] = (float) buffer.get(index + i);
            }
        }
    }
}
