package io.freshet.model.cuda.device;

import java.nio.ByteBuffer;

/**
 * Page-locked memory of the host.
 *
 * @param address address of its first byte
 * @param buffer the memory, in the byte order of the host
 */
public record PinnedMemory(long address, ByteBuffer buffer) {
    /** Returns the size. */
    public int bytes() {
        return buffer.capacity();
    }
}
