package io.freshet.model.cuda.device;

/** A queue of work for a device, which runs in order. Methods return before the work has ended. */
public interface DeviceStream {
    /** Copies from the host: all of {@code to}. */
    void copyToDevice(PinnedMemory from, int fromOffset, DeviceMemory to);

    /** Copies to the host: all of {@code from}. */
    void copyToHost(DeviceMemory from, PinnedMemory to, int toOffset);

    /** Copies within the device: all of {@code from}. */
    void copy(DeviceMemory from, DeviceMemory to);

    /** Fills memory with zeros. */
    void clear(DeviceMemory memory);

    /**
     * Runs a kernel.
     *
     * @param gridX blocks of threads in the first dimension
     * @param gridY blocks of threads in the second dimension
     * @param threads threads of a block
     * @param sharedBytes dynamic shared memory of a block
     */
    void launch(
            Kernel kernel, int gridX, int gridY, int threads, int sharedBytes, Arguments arguments);

    /** Multiplies matrices of floats, in plain single precision. */
    void multiply(Product product);

    /** Marks the current end of the work. */
    void record(DeviceEvent event);

    /** Lets later work wait until the work before an event has ended. */
    void await(DeviceEvent event);

    /**
     * Collects work in a graph instead of running it.
     *
     * @param work calls methods of this stream
     */
    DeviceGraph capture(Runnable work);

    /** Runs a graph. */
    void launch(DeviceGraph graph);

    /** Waits until all work has ended. */
    void synchronize();
}
