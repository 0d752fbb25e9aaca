package io.freshet.model.cuda;

import io.freshet.model.cuda.device.DeviceMemory;

/** Places of arrays in one range of memory, aligned to {@value #ALIGNMENT} bytes. */
final class MemoryLayout {
    private static final int ALIGNMENT = 256;

    private long size;

    /**
     * A place.
     *
     * @param offset bytes before it
     * @param bytes its size
     */
    record Place(long offset, long bytes) {
        /** Returns this place in a range of the device's memory. */
        DeviceMemory in(DeviceMemory memory) {
            return memory.part(offset, bytes);
        }

        /** Returns the index of its first value of 4 bytes. */
        int firstWord() {
            return Math.toIntExact(offset / Integer.BYTES);
        }
    }

    /** Adds an array of values of 4 bytes, which may be empty. */
    Place words(long count) {
        return bytes(count * Integer.BYTES);
    }

    /** Adds an array of values of 8 bytes, which may be empty. */
    Place doubles(long count) {
        return bytes(count * Double.BYTES);
    }

    private Place bytes(long bytes) {
        Place place = new Place(size, bytes);
        size = (size + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return place;
    }

    /** Returns the size of the range, at least 1. */
    long size() {
        return Math.max(ALIGNMENT, size);
    }
}
