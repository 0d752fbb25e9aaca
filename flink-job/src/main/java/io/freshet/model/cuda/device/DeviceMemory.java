package io.freshet.model.cuda.device;

/**
 * A range of a device's memory.
 *
 * @param address address of its first byte on the device
 * @param bytes its size
 */
public record DeviceMemory(long address, long bytes) {
    /**
     * Returns a part of this memory.
     *
     * @param offset bytes before the part
     */
    public DeviceMemory part(long offset, long partBytes) {
        if (offset < 0 || partBytes < 0 || offset + partBytes > bytes) {
            throw new IndexOutOfBoundsException(
                    partBytes + " bytes from " + offset + " on are not within " + bytes);
        }
        return new DeviceMemory(address + offset, partBytes);
    }

    /** Returns this memory without its first bytes. */
    public DeviceMemory from(long offset) {
        return part(offset, bytes - offset);
    }
}
