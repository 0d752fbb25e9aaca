package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.cuda.device.Product.Operand;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Test of the lines that a device records, and that the other device gets the calls. */
class RecordingDeviceTest {
    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    @Test
    void everyCall_isALineAndReachesTheDevice() {
        EmulatedDevice emulated = new EmulatedDevice();
        RecordingDevice device = new RecordingDevice(emulated);
        assertThat(device.properties()).isEqualTo(emulated.properties());
        assertThat(device.freeBytes()).isEqualTo(1 << 30);
        DeviceMemory memory = device.allocate(64);
        PinnedMemory host = device.allocatePinned(32);
        Kernel kernel =
                device.compile(
                                "__global__ void add(int* x, int n) { x[blockIdx.x] += n; }",
                                List.of("add"))
                        .get(0);
        DeviceStream stream = device.newStream();
        DeviceEvent event = device.newEvent();
        host.buffer().putInt(4, 7);
        stream.copyToDevice(host, 4, memory.part(8, 4));
        DeviceGraph graph =
                stream.capture(
                        () ->
                                stream.launch(
                                        kernel,
                                        2,
                                        1,
                                        1,
                                        16,
                                        new Arguments().add(memory.from(8)).add(5)));
        stream.launch(graph);
        stream.launch(graph);
        stream.record(event);
        stream.await(event);
        event.synchronize();
        stream.copy(memory.part(8, 8), memory.part(0, 8));
        stream.copyToHost(memory.part(0, 8), host, 16);
        stream.clear(memory);
        Operand operand = Operand.of(memory, 2, 4);
        stream.multiply(new Product(1, 2, 2, 2, operand, operand.transposed(), 1, operand));
        stream.synchronize();
        device.close();

        assertThat(host.bytes()).isEqualTo(32);
        assertThat(emulated.liveAllocations()).isZero();
        assertThat(device.calls())
                .containsExactly(
                        "properties",
                        "freeBytes -> 1073741824",
                        "allocate 64 -> m0",
                        "allocatePinned 32 -> p0",
                        "compile add",
                        "newStream -> s0",
                        "newEvent -> e0",
                        "s0 copyToDevice p0+4 -> m0+8, 4 bytes",
                        "s0 capture",
                        "s0 add(m0+8, 5), 2 x 1 blocks of 1 threads, 16 bytes",
                        "s0 captured -> g0",
                        "s0 launch g0",
                        "s0 launch g0",
                        "s0 record e0",
                        "s0 await e0",
                        "e0 synchronize",
                        "s0 copy m0+8 -> m0, 8 bytes",
                        "s0 copyToHost m0 -> p0+16, 8 bytes",
                        "s0 clear m0, 64 bytes",
                        "s0 multiply 1 of 2 x 2 x 2, m0 by 2 and 4, m0' by 2 and 4, beta 1.0 -> m0"
                                + " by 2 and 4",
                        "s0 synchronize",
                        "close");
        device.clearCalls();
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void results_areThoseOfTheOtherDevice() {
        try (RecordingDevice device = new RecordingDevice(new EmulatedDevice())) {
            DeviceStream stream = device.newStream();
            DeviceMemory memory = device.allocate(8);
            PinnedMemory host = device.allocatePinned(16);
            host.buffer().putLong(0, 42);
            DeviceGraph graph =
                    stream.capture(
                            () -> {
                                stream.copyToDevice(host, 0, memory);
                                stream.copyToHost(memory, host, 8);
                            });
            assertThat(host.buffer().getLong(8)).isZero();
            stream.launch(graph);
            stream.synchronize();
            assertThat(host.buffer().getLong(8)).isEqualTo(42);
        }
    }
}
