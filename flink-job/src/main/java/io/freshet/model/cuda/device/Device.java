package io.freshet.model.cuda.device;

import java.util.List;

/**
 * A CUDA device with the operations that a learner needs: memory, streams, kernels and events.
 *
 * <p>Every method throws a {@link DeviceException} if the device reports an error. After an error
 * the device is not to be used again in this process, because CUDA repeats it for every later call.
 * For one thread at a time.
 */
public interface Device extends AutoCloseable {
    /** Returns the name, the compute capability and the versions of the device. */
    DeviceProperties properties();

    /** Returns the bytes of the device's memory that no process has allocated. */
    long freeBytes();

    /**
     * Returns the bytes of the device's memory that were allocated through this object and not
     * freed. Any thread may call.
     */
    long allocatedBytes();

    /**
     * Allocates memory of the device, filled with zeros.
     *
     * @param bytes at least 1
     */
    DeviceMemory allocate(long bytes);

    /**
     * Allocates page-locked memory of the host, from and to which the device copies by itself,
     * filled with zeros.
     *
     * @param bytes 1 to 2³¹ − 1
     */
    PinnedMemory allocatePinned(int bytes);

    /** Creates a stream: its work runs in order, and beside that of other streams. */
    DeviceStream newStream();

    /** Creates an event, which marks a place in the work of a stream. */
    DeviceEvent newEvent();

    /**
     * Compiles kernels for this device.
     *
     * @param source CUDA C++
     * @param names names of the kernels in {@code source}, with template arguments
     * @return the kernels, in the order of the names
     */
    List<Kernel> compile(String source, List<String> names);

    /** Frees everything that was allocated and created, after all work has ended. */
    @Override
    void close();
}
