package io.freshet.model.cuda.device;

import java.util.List;

/**
 * A device that passes each call on to another one, until it has launched a number of graphs: then
 * this call and all later ones report an error, as with CUDA, those that free memory included.
 */
final class FailingDevice implements Device {
    private static final String ERROR = "cudaGraphLaunch: cudaErrorIllegalAddress (700)";

    private final Device device;
    private int remaining;
    private boolean failed;

    /**
     * @param launches number of graphs that are launched before the error
     */
    FailingDevice(Device device, int launches) {
        this.device = device;
        this.remaining = launches;
    }

    private void check() {
        if (failed) {
            throw new DeviceException(ERROR);
        }
    }

    @Override
    public DeviceProperties properties() {
        return device.properties();
    }

    @Override
    public long freeBytes() {
        check();
        return device.freeBytes();
    }

    @Override
    public long allocatedBytes() {
        return device.allocatedBytes();
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        check();
        return device.allocate(bytes);
    }

    @Override
    public PinnedMemory allocatePinned(int bytes) {
        check();
        return device.allocatePinned(bytes);
    }

    @Override
    public DeviceStream newStream() {
        check();
        return new FailingStream(device.newStream());
    }

    @Override
    public DeviceEvent newEvent() {
        check();
        return device.newEvent();
    }

    @Override
    public List<Kernel> compile(String source, List<String> names) {
        check();
        return device.compile(source, names);
    }

    @Override
    public void close() {
        device.close();
        check();
    }

    private final class FailingStream implements DeviceStream {
        private final DeviceStream stream;

        FailingStream(DeviceStream stream) {
            this.stream = stream;
        }

        @Override
        public void copyToDevice(PinnedMemory from, int fromOffset, DeviceMemory to) {
            check();
            stream.copyToDevice(from, fromOffset, to);
        }

        @Override
        public void copyToHost(DeviceMemory from, PinnedMemory to, int toOffset) {
            check();
            stream.copyToHost(from, to, toOffset);
        }

        @Override
        public void copy(DeviceMemory from, DeviceMemory to) {
            check();
            stream.copy(from, to);
        }

        @Override
        public void clear(DeviceMemory memory) {
            check();
            stream.clear(memory);
        }

        @Override
        public void launch(
                Kernel kernel,
                int gridX,
                int gridY,
                int threads,
                int sharedBytes,
                Arguments arguments) {
            check();
            stream.launch(kernel, gridX, gridY, threads, sharedBytes, arguments);
        }

        @Override
        public void multiply(Product product) {
            check();
            stream.multiply(product);
        }

        @Override
        public void record(DeviceEvent event) {
            check();
            stream.record(event);
        }

        @Override
        public void await(DeviceEvent event) {
            check();
            stream.await(event);
        }

        @Override
        public DeviceGraph capture(Runnable work) {
            check();
            return stream.capture(work);
        }

        @Override
        public void launch(DeviceGraph graph) {
            failed |= remaining-- <= 0;
            check();
            stream.launch(graph);
        }

        @Override
        public void synchronize() {
            check();
            stream.synchronize();
        }
    }
}
