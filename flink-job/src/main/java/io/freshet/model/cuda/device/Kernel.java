package io.freshet.model.cuda.device;

/**
 * A function that was compiled for a device.
 *
 * @param name name with template arguments
 * @param handle handle of the function on the device
 */
public record Kernel(String name, long handle) {}
