package io.freshet.model.cuda.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A device that only counts: it says how much memory a learner would allocate, before one is there.
 *
 * <p>Work is accepted and not done, and memory of the host is from the heap.
 */
public final class CountingDevice implements Device {
    private long bytes;

    @Override
    public DeviceProperties properties() {
        return new DeviceProperties("none", 0, 0, "0.0", "0.0", Long.MAX_VALUE);
    }

    @Override
    public long freeBytes() {
        return Long.MAX_VALUE;
    }

    @Override
    public long allocatedBytes() {
        return bytes;
    }

    @Override
    public DeviceMemory allocate(long size) {
        bytes = Math.addExact(bytes, size);
        return new DeviceMemory(0, size);
    }

    @Override
    public PinnedMemory allocatePinned(int size) {
        return new PinnedMemory(0, ByteBuffer.allocate(size).order(ByteOrder.nativeOrder()));
    }

    @Override
    public DeviceStream newStream() {
        bytes = Math.addExact(bytes, CudaProducts.WORKSPACE_BYTES);
        return new IdleStream();
    }

    @Override
    public DeviceEvent newEvent() {
        return () -> {};
    }

    @Override
    public List<Kernel> compile(String source, List<String> names) {
        return names.stream().map(name -> new Kernel(name, 0)).toList();
    }

    @Override
    public void close() {
        bytes = 0;
    }

    private static final class IdleStream implements DeviceStream {
        @Override
        public void copyToDevice(PinnedMemory from, int fromOffset, DeviceMemory to) {}

        @Override
        public void copyToHost(DeviceMemory from, PinnedMemory to, int toOffset) {}

        @Override
        public void copy(DeviceMemory from, DeviceMemory to) {}

        @Override
        public void clear(DeviceMemory memory) {}

        @Override
        public void launch(
                Kernel kernel,
                int gridX,
                int gridY,
                int threads,
                int sharedBytes,
                Arguments arguments) {}

        @Override
        public void multiply(Product product) {}

        @Override
        public void record(DeviceEvent event) {}

        @Override
        public void await(DeviceEvent event) {}

        @Override
        public DeviceGraph capture(Runnable work) {
            return new DeviceGraph() {};
        }

        @Override
        public void launch(DeviceGraph graph) {}

        @Override
        public void synchronize() {}
    }
}
