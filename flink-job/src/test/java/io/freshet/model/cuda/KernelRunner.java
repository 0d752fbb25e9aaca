package io.freshet.model.cuda;

import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.Kernel;
import io.freshet.model.cuda.device.PinnedMemory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/**
 * An emulated device with one stream, on which a test runs single kernels with arrays of its own.
 * Arrays for results are not numbers at first.
 */
public final class KernelRunner implements AutoCloseable {
    /** When work is done, and in which order threads run. */
    public enum Order {
        AT_ONCE,
        LATE,
        REVERSED;

        EmulatedDevice.Options options() {
            return switch (this) {
                case AT_ONCE -> EmulatedDevice.Options.DEFAULT;
                case LATE -> EmulatedDevice.Options.DEFAULT.late();
                case REVERSED -> EmulatedDevice.Options.DEFAULT.reversed();
            };
        }
    }

    private static final int POISON = -1;

    private final EmulatedDevice device;
    private final DeviceStream stream;

    public KernelRunner(Order order) {
        device = new EmulatedDevice(order.options());
        stream = device.newStream();
    }

    /** Returns the stream. */
    public DeviceStream stream() {
        return stream;
    }

    /** Compiles a kernel of a source of {@code src/main/cuda}. */
    public Kernel kernel(String source, String name) {
        return device.compile(KernelSources.of(source), List.of(name)).get(0);
    }

    /** Returns memory of words of 4 bytes that are not numbers. */
    public DeviceMemory words(int count) {
        DeviceMemory memory = device.allocate(4L * count);
        poison(memory);
        return memory;
    }

    /** Makes all words of an array not numbers. */
    public void poison(DeviceMemory memory) {
        write(
                memory,
                buffer -> {
                    for (int at = 0; at < memory.bytes(); at += Integer.BYTES) {
                        buffer.putInt(at, POISON);
                    }
                });
    }

    /** Returns new memory with values. */
    public DeviceMemory of(float... values) {
        DeviceMemory memory = device.allocate(4L * values.length);
        write(memory, values);
        return memory;
    }

    /** Returns new memory with values. */
    public DeviceMemory of(int... values) {
        DeviceMemory memory = device.allocate(4L * values.length);
        write(memory, values);
        return memory;
    }

    /** Returns new memory with values. */
    public DeviceMemory of(double... values) {
        DeviceMemory memory = device.allocate(8L * values.length);
        write(memory, buffer -> buffer.asDoubleBuffer().put(values));
        return memory;
    }

    /** Returns new memory with values. */
    public DeviceMemory of(long... values) {
        DeviceMemory memory = device.allocate(8L * values.length);
        write(memory, buffer -> buffer.asLongBuffer().put(values));
        return memory;
    }

    /** Replaces values of an array. */
    public void write(DeviceMemory memory, float... values) {
        write(memory, buffer -> buffer.asFloatBuffer().put(values));
    }

    /** Replaces values of an array. */
    public void write(DeviceMemory memory, int... values) {
        write(memory, buffer -> buffer.asIntBuffer().put(values));
    }

    private void write(DeviceMemory memory, Consumer<ByteBuffer> fill) {
        PinnedMemory host = device.allocatePinned((int) memory.bytes());
        fill.accept(host.buffer());
        stream.copyToDevice(host, 0, memory);
    }

    private ByteBuffer read(DeviceMemory memory) {
        PinnedMemory host = device.allocatePinned((int) memory.bytes());
        stream.copyToHost(memory, host, 0);
        stream.synchronize();
        return host.buffer();
    }

    /** Returns the values of an array, after all work. */
    public float[] floats(DeviceMemory memory) {
        float[] values = new float[(int) memory.bytes() / Float.BYTES];
        read(memory).asFloatBuffer().get(values);
        return values;
    }

    /** Returns the values of an array, after all work. */
    public int[] ints(DeviceMemory memory) {
        int[] values = new int[(int) memory.bytes() / Integer.BYTES];
        read(memory).asIntBuffer().get(values);
        return values;
    }

    /** Returns the values of an array, after all work. */
    public double[] doubles(DeviceMemory memory) {
        double[] values = new double[(int) memory.bytes() / Double.BYTES];
        read(memory).asDoubleBuffer().get(values);
        return values;
    }

    /** Returns the values of an array, after all work. */
    public long[] longs(DeviceMemory memory) {
        long[] values = new long[(int) memory.bytes() / Long.BYTES];
        read(memory).asLongBuffer().get(values);
        return values;
    }

    @Override
    public void close() {
        device.close();
    }
}
