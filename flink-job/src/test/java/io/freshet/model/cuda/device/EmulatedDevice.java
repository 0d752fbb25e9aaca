package io.freshet.model.cuda.device;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A CUDA device that is emulated on the processor: the kernels are the same CUDA C++, compiled by
 * {@code g++} ({@code src/test/cuda/emulation.h} says what is checked and what is not supported).
 *
 * <p>Every range of memory has guard bytes before and after it, which are checked after each
 * operation: a kernel that writes outside is an error of that kernel. As with CUDA, no call but
 * {@link #close} succeeds after an error of a kernel.
 */
public final class EmulatedDevice implements Device {
    private static final int GUARD_BYTES = 256;
    private static final int GUARD = 0xa5;
    private static final int FREED = 0xdd;

    private static final Set<EmulatedDevice> OPEN = new LinkedHashSet<>();

    /**
     * The properties of an emulation.
     *
     * @param totalBytes size of the memory
     * @param isLate whether work waits until the host waits for it, so that a wait that is missing
     *     shows; otherwise work is done at once
     * @param isReversed whether the last threads and blocks of threads run first
     */
    public record Options(long totalBytes, boolean isLate, boolean isReversed) {
        public static final Options DEFAULT = new Options(1L << 30, false, false);

        public Options withTotalBytes(long bytes) {
            return new Options(bytes, isLate, isReversed);
        }

        public Options late() {
            return new Options(totalBytes, true, isReversed);
        }

        public Options reversed() {
            return new Options(totalBytes, isLate, true);
        }
    }

    private record Allocation(String name, long base, long address, long bytes) {}

    private final Options options;
    private final TreeMap<Long, Allocation> allocations = new TreeMap<>();
    private final Map<Long, Long> launchByKernel = new HashMap<>();
    private final List<Stream> streams = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private int allocated;
    private long allocatedBytes;
    private boolean isClosed;
    private @Nullable String failure;

    /** Creates a device with 1 GiB of memory that does its work at once. */
    public EmulatedDevice() {
        this(Options.DEFAULT);
    }

    public EmulatedDevice(Options options) {
        this.options = options;
        try {
            EmulationBridge.load();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        synchronized (OPEN) {
            OPEN.add(this);
        }
    }

    /** Returns whether kernels can be compiled and run here. */
    public static boolean isAvailable() {
        return EmulationCompiler.obstacle().isEmpty();
    }

    /** Skips the test, and says why, where kernels cannot be compiled. */
    public static void assumeAvailable() {
        String obstacle = EmulationCompiler.obstacle();
        assumeTrue(obstacle.isEmpty(), "skipped: " + obstacle);
    }

    /** Returns the number of devices that are not closed. */
    static int openDevices() {
        synchronized (OPEN) {
            return OPEN.size();
        }
    }

    /** Returns the number of ranges of memory that are not freed, those of the host included. */
    public int liveAllocations() {
        return allocations.size();
    }

    @Override
    public long allocatedBytes() {
        return allocatedBytes;
    }

    /** Returns the number of streams that are not freed. */
    public int liveStreams() {
        return streams.size();
    }

    /** Returns the number of events that are not freed. */
    public int liveEvents() {
        return events.size();
    }

    @Override
    public DeviceProperties properties() {
        return new DeviceProperties("emulated", 9, 0, "13.0", "13.0", options.totalBytes());
    }

    @Override
    public long freeBytes() {
        check();
        return options.totalBytes() - allocatedBytes;
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        check();
        if (bytes < 1) {
            throw new DeviceException("allocate: " + bytes + " bytes");
        }
        if (bytes > freeBytes()) {
            throw DeviceException.outOfMemory(
                    "allocate: out of memory: " + bytes + " bytes, " + freeBytes() + " free");
        }
        allocatedBytes += bytes;
        return new DeviceMemory(newAllocation("memory", bytes), bytes);
    }

    @Override
    public PinnedMemory allocatePinned(int bytes) {
        check();
        if (bytes < 1) {
            throw new DeviceException("allocatePinned: " + bytes + " bytes");
        }
        long address = newAllocation("pinned memory", bytes);
        return new PinnedMemory(
                address, EmulationBridge.buffer(address, bytes).order(ByteOrder.nativeOrder()));
    }

    private long newAllocation(String kind, long bytes) {
        long base = EmulationBridge.allocate(bytes + 2 * GUARD_BYTES);
        if (base == 0) {
            throw new DeviceException("no memory of the host for " + bytes + " bytes");
        }
        long address = base + GUARD_BYTES;
        EmulationBridge.fill(base, GUARD, GUARD_BYTES);
        EmulationBridge.fill(address, 0, bytes);
        EmulationBridge.fill(address + bytes, GUARD, GUARD_BYTES);
        String name = kind + " " + allocated++ + " of " + bytes + " bytes";
        allocations.put(address, new Allocation(name, base, address, bytes));
        return address;
    }

    @Override
    public DeviceStream newStream() {
        check();
        Stream stream = new Stream();
        streams.add(stream);
        return stream;
    }

    @Override
    public DeviceEvent newEvent() {
        check();
        Event event = new Event();
        events.add(event);
        return event;
    }

    @Override
    public List<Kernel> compile(String source, List<String> names) {
        check();
        Path path;
        try {
            path = EmulationCompiler.kernels(source, names);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long library = EmulationBridge.open(path);
        long launch = EmulationBridge.find(library, "emulation_launch");
        List<Kernel> kernels = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            long handle = EmulationBridge.find(library, "kernel_" + i);
            launchByKernel.put(handle, launch);
            kernels.add(new Kernel(names.get(i), handle));
        }
        return kernels;
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        try {
            if (failure == null) {
                for (Stream stream : streams) {
                    stream.runUntil(stream.submitted);
                }
                checkGuards("close");
            }
        } finally {
            isClosed = true;
            for (Allocation each : allocations.values()) {
                EmulationBridge.fill(each.address(), FREED, each.bytes());
                EmulationBridge.free(each.base());
            }
            allocations.clear();
            allocatedBytes = 0;
            streams.clear();
            events.clear();
            launchByKernel.clear();
            synchronized (OPEN) {
                OPEN.remove(this);
            }
        }
    }

    private void check() {
        if (isClosed) {
            throw new DeviceException("the device is closed");
        }
        if (failure != null) {
            throw new DeviceException(failure);
        }
    }

    private DeviceException failed(String message) {
        failure = message;
        return new DeviceException(message);
    }

    private void checkGuards(String operation) {
        for (Allocation each : allocations.values()) {
            long before = EmulationBridge.firstOther(each.base(), GUARD, GUARD_BYTES);
            if (before >= 0) {
                throw failed(
                        String.format(
                                "%s: written %d bytes before %s",
                                operation, GUARD_BYTES - before, each.name()));
            }
            long end = each.address() + each.bytes();
            long after = EmulationBridge.firstOther(end, GUARD, GUARD_BYTES);
            if (after >= 0) {
                throw failed(
                        String.format(
                                "%s: written to byte %d of %s",
                                operation, each.bytes() + after, each.name()));
            }
        }
    }

    private void checkRange(String operation, long address, long bytes) {
        Map.Entry<Long, Allocation> found = allocations.floorEntry(address);
        if (found == null
                || bytes < 0
                || address + bytes > found.getKey() + found.getValue().bytes()) {
            throw new DeviceException(
                    operation + ": " + bytes + " bytes that are not within one range of memory");
        }
    }

    private void checkPinned(String operation, PinnedMemory memory, int offset, long bytes) {
        if (offset < 0 || offset + bytes > memory.bytes()) {
            throw new DeviceException(
                    String.format(
                            "%s: %d bytes from %d on of %d",
                            operation, bytes, offset, memory.bytes()));
        }
        checkRange(operation, memory.address() + offset, bytes);
    }

    private void checkOperand(
            String name, Product.Operand operand, int count, int rows, int columns) {
        int storedRows = operand.isTransposed() ? columns : rows;
        int storedColumns = operand.isTransposed() ? rows : columns;
        if (operand.stride() < storedColumns) {
            throw new DeviceException(
                    String.format(
                            "multiply: rows of %s have %d floats, but its stride is %d",
                            name, storedColumns, operand.stride()));
        }
        long floats =
                (count - 1) * operand.matrixStride()
                        + (storedRows - 1L) * operand.stride()
                        + storedColumns;
        if (4 * floats > operand.memory().bytes()) {
            throw new DeviceException(
                    String.format(
                            "multiply: %s ends after %d bytes of %d",
                            name, 4 * floats, operand.memory().bytes()));
        }
        checkRange("multiply", operand.memory().address(), operand.memory().bytes());
    }

    private static void multiplyNow(Product product) {
        Product.Operand a = product.a();
        Product.Operand b = product.b();
        Product.Operand c = product.c();
        for (int i = 0; i < product.count(); i++) {
            EmulationBridge.multiply(
                    product.rows(),
                    product.inner(),
                    product.columns(),
                    a.memory().address() + 4L * i * a.matrixStride(),
                    a.stride(),
                    a.isTransposed(),
                    b.memory().address() + 4L * i * b.matrixStride(),
                    b.stride(),
                    b.isTransposed(),
                    product.beta(),
                    c.memory().address() + 4L * i * c.matrixStride(),
                    c.stride());
        }
    }

    /** The work between the begin and the end of a capture. */
    private record Graph(List<Runnable> work) implements DeviceGraph {}

    /** The place of an event: after some of a stream's work. */
    private record Mark(Stream stream, long position) {
        void reach() {
            stream.runUntil(position);
        }
    }

    private final class Event implements DeviceEvent {
        @Nullable Mark mark;

        @Override
        public void synchronize() {
            check();
            if (mark != null) {
                mark.reach();
            }
        }
    }

    private final class Stream implements DeviceStream {
        private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
        private long submitted;
        private long begun;
        private @Nullable List<Runnable> captured;

        private void submit(Runnable work) {
            check();
            if (captured != null) {
                captured.add(work);
                return;
            }
            queue.add(work);
            submitted++;
            if (!options.isLate()) {
                runUntil(submitted);
            }
        }

        private void runUntil(long position) {
            while (begun < position) {
                begun++;
                queue.remove().run();
            }
        }

        private void checkNotCaptured(String operation) {
            check();
            if (captured != null) {
                throw new DeviceException(operation + ": not permitted in a capture");
            }
        }

        private void submitCopy(String operation, long to, long from, long bytes) {
            submit(
                    () -> {
                        EmulationBridge.copy(to, from, bytes);
                        checkGuards(operation);
                    });
        }

        @Override
        public void copyToDevice(PinnedMemory from, int fromOffset, DeviceMemory to) {
            check();
            checkPinned("copyToDevice", from, fromOffset, to.bytes());
            checkRange("copyToDevice", to.address(), to.bytes());
            submitCopy("copyToDevice", to.address(), from.address() + fromOffset, to.bytes());
        }

        @Override
        public void copyToHost(DeviceMemory from, PinnedMemory to, int toOffset) {
            check();
            checkPinned("copyToHost", to, toOffset, from.bytes());
            checkRange("copyToHost", from.address(), from.bytes());
            submitCopy("copyToHost", to.address() + toOffset, from.address(), from.bytes());
        }

        @Override
        public void copy(DeviceMemory from, DeviceMemory to) {
            check();
            if (to.bytes() < from.bytes()) {
                throw new DeviceException("copy: " + from.bytes() + " bytes to " + to.bytes());
            }
            checkRange("copy", from.address(), from.bytes());
            checkRange("copy", to.address(), to.bytes());
            submitCopy("copy", to.address(), from.address(), from.bytes());
        }

        @Override
        public void clear(DeviceMemory memory) {
            check();
            checkRange("clear", memory.address(), memory.bytes());
            submit(() -> EmulationBridge.fill(memory.address(), 0, memory.bytes()));
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
            Long launch = launchByKernel.get(kernel.handle());
            if (launch == null) {
                throw new DeviceException(kernel.name() + ": not a kernel of this device");
            }
            byte[] values = arguments.toBytes();
            submit(
                    () -> {
                        String error =
                                EmulationBridge.launch(
                                        launch,
                                        kernel.handle(),
                                        gridX,
                                        gridY,
                                        threads,
                                        sharedBytes,
                                        values,
                                        options.isReversed());
                        if (error != null) {
                            throw failed(kernel.name() + ": " + error);
                        }
                        checkGuards(kernel.name());
                    });
        }

        @Override
        public void multiply(Product product) {
            check();
            if (product.c().isTransposed()) {
                throw new DeviceException("multiply: C is transposed");
            }
            checkOperand("A", product.a(), product.count(), product.rows(), product.inner());
            checkOperand("B", product.b(), product.count(), product.inner(), product.columns());
            checkOperand("C", product.c(), product.count(), product.rows(), product.columns());
            submit(() -> multiplyNow(product));
        }

        @Override
        public void record(DeviceEvent event) {
            checkNotCaptured("record");
            ((Event) event).mark = new Mark(this, submitted);
        }

        @Override
        public void await(DeviceEvent event) {
            checkNotCaptured("await");
            Mark mark = ((Event) event).mark;
            if (mark != null) {
                submit(mark::reach);
            }
        }

        @Override
        public DeviceGraph capture(Runnable work) {
            checkNotCaptured("capture");
            List<Runnable> collected = new ArrayList<>();
            captured = collected;
            try {
                work.run();
            } finally {
                captured = null;
            }
            return new Graph(List.copyOf(collected));
        }

        @Override
        public void launch(DeviceGraph graph) {
            checkNotCaptured("launch");
            ((Graph) graph).work().forEach(this::submit);
        }

        @Override
        public void synchronize() {
            checkNotCaptured("synchronize");
            runUntil(submitted);
        }
    }
}
