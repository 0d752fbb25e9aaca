package io.freshet.model.linalg;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The values of an ND4J array in the processor's memory, outside the heap: read and written in
 * bulk, converted where its precision is another.
 */
abstract sealed class HostMemory {
    /** Values that are converted at once: few enough for a core's nearest cache. */
    static final int CHUNK = 1024;

    private HostMemory() {}

    /**
     * The memory of {@code length} values of an array, from {@code first} on.
     *
     * @param array contiguous, of this precision; must stay open
     * @param chunk values that are converted at once, in memory that is kept for it
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

    /** Returns where the memory begins. */
    abstract Pointer pointer();

    /**
     * Writes {@code count} values from index {@code at} on.
     *
     * @param values those from {@code offset} on. Not modified.
     */
    abstract void put(int at, float[] values, int offset, int count);

    /**
     * Writes {@code count} values from index {@code at} on.
     *
     * @param values the first {@code count} count. Not modified.
     */
    abstract void put(int at, double[] values, int count);

    /**
     * Reads {@code count} values from index {@code at} on.
     *
     * @param values gets them as its first. Modified.
     */
    abstract void get(int at, double[] values, int count);

    /** The same, in single precision. */
    abstract void get(int at, float[] values, int count);

    private static final class OfFloats extends HostMemory {
        private final FloatPointer pointer;
        private final FloatBuffer buffer;
        private final float[] chunk;

        OfFloats(FloatPointer pointer, int most) {
            this.pointer = pointer;
            this.buffer = pointer.asBuffer();
            this.chunk = new float[Math.min(most, buffer.capacity())];
        }

        @Override
        Pointer pointer() {
            return pointer;
        }

        @Override
        void put(int at, float[] values, int offset, int count) {
            buffer.put(at, values, offset, count);
        }

        @Override
        void put(int at, double[] values, int count) {
            for (int from = 0; from < count; from += chunk.length) {
                int size = Math.min(chunk.length, count - from);
                for (int i = 0; i < size; i++) {
                    chunk[i] = (float) values[from + i];
                }
                buffer.put(at + from, chunk, 0, size);
            }
        }

        @Override
        void get(int at, double[] values, int count) {
            for (int from = 0; from < count; from += chunk.length) {
                int size = Math.min(chunk.length, count - from);
                buffer.get(at + from, chunk, 0, size);
                for (int i = 0; i < size; i++) {
                    values[from + i] = chunk[i];
                }
            }
        }

        @Override
        void get(int at, float[] values, int count) {
            buffer.get(at, values, 0, count);
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
        void put(int at, float[] values, int offset, int count) {
            for (int i = 0; i < count; i++) {
                buffer.put(at + i, values[offset + i]);
            }
        }

        @Override
        void put(int at, double[] values, int count) {
            buffer.put(at, values, 0, count);
        }

        @Override
        void get(int at, double[] values, int count) {
            buffer.get(at, values, 0, count);
        }

        @Override
        void get(int at, float[] values, int count) {
            for (int i = 0; i < count; i++) {
                values[i] = (float) buffer.get(at + i);
            }
        }
    }
}
