package io.freshet.model.cuda.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * A device that passes each call on to another one and records it as a line.
 *
 * <p>Things are named in the order in which they were created: memory {@code m0}, {@code m1} (and
 * {@code m0+16} for a part of it), pinned memory {@code p0}, streams {@code s0}, events {@code e0}
 * and graphs {@code g0}.
 */
public final class RecordingDevice implements Device {
    private record Range(String name, long bytes) {}

    private final Device device;
    private final List<String> calls = new ArrayList<>();
    private final TreeMap<Long, Range> ranges = new TreeMap<>();
    private final IdentityHashMap<DeviceGraph, String> graphs = new IdentityHashMap<>();
    private int memories;
    private int pinnedMemories;
    private int streams;
    private int events;

    public RecordingDevice(Device device) {
        this.device = device;
    }

    /** Returns the calls since the beginning or the last {@link #clearCalls}. */
    public List<String> calls() {
        return List.copyOf(calls);
    }

    /** Forgets the calls, but not the names of what exists. */
    public void clearCalls() {
        calls.clear();
    }

    @Override
    public DeviceProperties properties() {
        calls.add("properties");
        return device.properties();
    }

    @Override
    public long freeBytes() {
        long bytes = device.freeBytes();
        calls.add("freeBytes -> " + bytes);
        return bytes;
    }

    @Override
    public long allocatedBytes() {
        return device.allocatedBytes();
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        DeviceMemory memory = device.allocate(bytes);
        String name = "m" + memories++;
        ranges.put(memory.address(), new Range(name, bytes));
        calls.add("allocate " + bytes + " -> " + name);
        return memory;
    }

    @Override
    public PinnedMemory allocatePinned(int bytes) {
        PinnedMemory memory = device.allocatePinned(bytes);
        String name = "p" + pinnedMemories++;
        ranges.put(memory.address(), new Range(name, bytes));
        calls.add("allocatePinned " + bytes + " -> " + name);
        return memory;
    }

    @Override
    public DeviceStream newStream() {
        DeviceStream stream = device.newStream();
        String name = "s" + streams++;
        calls.add("newStream -> " + name);
        return new RecordingStream(name, stream);
    }

    @Override
    public DeviceEvent newEvent() {
        DeviceEvent event = device.newEvent();
        String name = "e" + events++;
        calls.add("newEvent -> " + name);
        return new RecordingEvent(name, event);
    }

    @Override
    public List<Kernel> compile(String source, List<String> names) {
        calls.add("compile " + String.join(", ", names));
        return device.compile(source, names);
    }

    @Override
    public void close() {
        calls.add("close");
        device.close();
    }

    private String nameOf(long address) {
        Map.Entry<Long, Range> range = ranges.floorEntry(address);
        if (range == null || address >= range.getKey() + range.getValue().bytes()) {
            return String.valueOf(address);
        }
        long offset = address - range.getKey();
        return range.getValue().name() + (offset == 0 ? "" : "+" + offset);
    }

    private String nameOf(Product.Operand operand) {
        String name = nameOf(operand.memory().address()) + (operand.isTransposed() ? "'" : "");
        return name + " by " + operand.stride() + " and " + operand.matrixStride();
    }

    private final class RecordingEvent implements DeviceEvent {
        private final String name;
        private final DeviceEvent event;

        RecordingEvent(String name, DeviceEvent event) {
            this.name = name;
            this.event = event;
        }

        @Override
        public void synchronize() {
            calls.add(name + " synchronize");
            event.synchronize();
        }
    }

    private final class RecordingStream implements DeviceStream {
        private final String name;
        private final DeviceStream stream;

        RecordingStream(String name, DeviceStream stream) {
            this.name = name;
            this.stream = stream;
        }

        private void add(String call) {
            calls.add(name + " " + call);
        }

        @Override
        public void copyToDevice(PinnedMemory from, int fromOffset, DeviceMemory to) {
            add(
                    String.format(
                            "copyToDevice %s -> %s, %d bytes",
                            nameOf(from.address() + fromOffset), nameOf(to.address()), to.bytes()));
            stream.copyToDevice(from, fromOffset, to);
        }

        @Override
        public void copyToHost(DeviceMemory from, PinnedMemory to, int toOffset) {
            add(
                    String.format(
                            "copyToHost %s -> %s, %d bytes",
                            nameOf(from.address()), nameOf(to.address() + toOffset), from.bytes()));
            stream.copyToHost(from, to, toOffset);
        }

        @Override
        public void copy(DeviceMemory from, DeviceMemory to) {
            add(
                    String.format(
                            "copy %s -> %s, %d bytes",
                            nameOf(from.address()), nameOf(to.address()), from.bytes()));
            stream.copy(from, to);
        }

        @Override
        public void clear(DeviceMemory memory) {
            add(String.format("clear %s, %d bytes", nameOf(memory.address()), memory.bytes()));
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
            ByteBuffer values = ByteBuffer.wrap(arguments.toBytes()).order(ByteOrder.nativeOrder());
            StringJoiner names = new StringJoiner(", ", "(", ")");
            while (values.hasRemaining()) {
                names.add(nameOf(values.getLong()));
            }
            add(
                    String.format(
                            "%s%s, %d x %d blocks of %d threads, %d bytes",
                            kernel.name(), names, gridX, gridY, threads, sharedBytes));
            stream.launch(kernel, gridX, gridY, threads, sharedBytes, arguments);
        }

        @Override
        public void multiply(Product product) {
            add(
                    String.format(
                            "multiply %d of %d x %d x %d, %s, %s, beta %s -> %s",
                            product.count(),
                            product.rows(),
                            product.inner(),
                            product.columns(),
                            nameOf(product.a()),
                            nameOf(product.b()),
                            product.beta(),
                            nameOf(product.c())));
            stream.multiply(product);
        }

        @Override
        public void record(DeviceEvent event) {
            RecordingEvent recording = (RecordingEvent) event;
            add(String.format("record %s", recording.name));
            stream.record(recording.event);
        }

        @Override
        public void await(DeviceEvent event) {
            RecordingEvent recording = (RecordingEvent) event;
            add(String.format("await %s", recording.name));
            stream.await(recording.event);
        }

        @Override
        public DeviceGraph capture(Runnable work) {
            add("capture");
            DeviceGraph graph = stream.capture(work);
            String graphName = "g" + graphs.size();
            graphs.put(graph, graphName);
            add(String.format("captured -> %s", graphName));
            return graph;
        }

        @Override
        public void launch(DeviceGraph graph) {
            add(String.format("launch %s", graphs.get(graph)));
            stream.launch(graph);
        }

        @Override
        public void synchronize() {
            add("synchronize");
            stream.synchronize();
        }
    }
}
