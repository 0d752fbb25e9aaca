package io.freshet.model.cuda.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The arguments of a kernel in the order of its parameters, each in 8 bytes. */
public final class Arguments {
    static final int MAX_ARGUMENTS = 48;

    private final ByteBuffer values =
            ByteBuffer.allocate(MAX_ARGUMENTS * Long.BYTES).order(ByteOrder.nativeOrder());

    private int count;

    /** Adds an address of the device's memory. */
    public Arguments add(DeviceMemory memory) {
        return add(memory.address());
    }

    /** Adds a value of the type {@code long long}, or an address. */
    public Arguments add(long value) {
        values.putLong(next(), value);
        return this;
    }

    /** Adds a value of the type {@code int}. */
    public Arguments add(int value) {
        values.putInt(next(), value);
        return this;
    }

    /** Adds a value of the type {@code float}. */
    public Arguments add(float value) {
        values.putFloat(next(), value);
        return this;
    }

    /** Adds a value of the type {@code double}. */
    public Arguments add(double value) {
        values.putDouble(next(), value);
        return this;
    }

    private int next() {
        return count++ * Long.BYTES;
    }

    /** Returns the number of arguments. */
    public int count() {
        return count;
    }

    /** Returns the arguments, 8 bytes each, in a new array. */
    public byte[] toBytes() {
        byte[] bytes = new byte[count * Long.BYTES];
        values.get(0, bytes);
        return bytes;
    }
}
