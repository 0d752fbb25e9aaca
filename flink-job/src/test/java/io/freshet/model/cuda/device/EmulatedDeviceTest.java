package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.cuda.device.EmulatedDevice.Options;
import io.freshet.model.cuda.device.Product.Operand;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of the emulation of a CUDA device, with small kernels. */
class EmulatedDeviceTest {
    /** A pair of a thread in a warp and its value, which is the thread's number plus 100. */
    private static final String SHUFFLES =
            """
            template <class T>
            __global__ void shuffles(T* out, int argument, int width, unsigned mask) {
                const int thread = threadIdx.x, threads = blockDim.x;
                if (!(mask >> (thread & 31) & 1)) return;
                const T value = thread + 100;
                out[thread] = __shfl_sync(mask, value, argument, width);
                out[threads + thread] = __shfl_up_sync(mask, value, argument, width);
                out[2 * threads + thread] = __shfl_down_sync(mask, value, argument, width);
                out[3 * threads + thread] = __shfl_xor_sync(mask, value, argument, width);
            }
            """;

    private static final String SUM =
            """
            __global__ void sum(const float* in, float* out, int n) {
                __shared__ float sums[32];
                const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
                float s = 0;
                for (int i = blockIdx.x * n + threadIdx.x; i < (blockIdx.x + 1) * n; i += blockDim.x) s += in[i];
                #pragma unroll
                for (int o = 16; o; o >>= 1) s += __shfl_xor_sync(0xffffffffu, s, o);
                if (lane == 0) sums[warp] = s;
                __syncthreads();
                if (threadIdx.x == 0) {
                    for (int w = 1; w < blockDim.x / 32; w++) s += sums[w];
                    out[blockIdx.y * gridDim.x + blockIdx.x] = s;
                }
            }
            """;

    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    @ParameterizedTest
    @ValueSource(strings = {"float", "double", "int", "unsigned", "long long"})
    void shuffles_readTheLaneThatTheDeviceReads(String type) {
        int size = type.equals("double") || type.equals("long long") ? 8 : 4;
        try (EmulatedDevice device = new EmulatedDevice()) {
            Kernel kernel = device.compile(SHUFFLES, List.of("shuffles<" + type + ">")).get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory out = device.allocate(4L * 64 * size);
            PinnedMemory host = device.allocatePinned(4 * 64 * size);
            IntFunction<Double> read =
                    i ->
                            switch (type) {
                                case "float" -> (double) host.buffer().getFloat(i * 4);
                                case "double" -> host.buffer().getDouble(i * 8);
                                case "long long" -> (double) host.buffer().getLong(i * 8);
                                default -> (double) host.buffer().getInt(i * 4);
                            };
            for (int width : new int[] {32, 16, 8, 1}) {
                for (int argument : new int[] {0, 1, 5, 16, 31}) {
                    stream.launch(
                            kernel,
                            1,
                            1,
                            64,
                            0,
                            new Arguments().add(out).add(argument).add(width).add(-1));
                    stream.copyToHost(out, host, 0);
                    stream.synchronize();
                    for (int thread = 0; thread < 64; thread++) {
                        int lane = thread % 32;
                        int begin = lane / width * width;
                        int end = begin + width;
                        int up = lane - argument >= begin ? lane - argument : lane;
                        int down = lane + argument < end ? lane + argument : lane;
                        int xor = (lane ^ argument) < end ? lane ^ argument : lane;
                        int[] lanes = {begin + argument % width, up, down, xor};
                        for (int kind = 0; kind < 4; kind++) {
                            assertThat(read.apply(kind * 64 + thread))
                                    .as("kind %d, width %d, %d", kind, width, argument)
                                    .isEqualTo(thread / 32 * 32 + lanes[kind] + 100.0);
                        }
                    }
                }
            }
        }
    }

    @Test
    void shuffleFromALaneOutsideTheMask_isAnError() {
        try (EmulatedDevice device = new EmulatedDevice()) {
            Kernel kernel = device.compile(SHUFFLES, List.of("shuffles<float>")).get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory out = device.allocate(4L * 32 * 4);
            stream.launch(
                    kernel, 1, 1, 32, 0, new Arguments().add(out).add(0).add(8).add(0x01010101));
            assertThatThrownBy(
                            () ->
                                    stream.launch(
                                            kernel,
                                            1,
                                            1,
                                            32,
                                            0,
                                            new Arguments().add(out).add(9).add(32).add(0xff)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("shuffles<float>: block (0, 0)")
                    .hasMessageContaining(
                            "in line 6 lane 0 reads from lane 9, which is not in the mask");
            assertThatThrownBy(device::freeBytes).hasMessageContaining("reads from lane 9");
        }
    }

    @Test
    void votes_areThoseOfTheLanesInTheMask() {
        String source =
                """
                __global__ void votes(unsigned* out) {
                    const int lane = threadIdx.x;
                    const unsigned mask = lane < 8 ? 0xffu : 0xffffff00u;
                    out[lane] = __ballot_sync(mask, lane % 3 == 0);
                    out[32 + lane] = __any_sync(mask, lane == 20);
                    out[64 + lane] = __all_sync(mask, lane < 8);
                    out[96 + lane] = __syncthreads_count(lane & 1);
                }
                """;
        try (EmulatedDevice device = new EmulatedDevice()) {
            int[] out = run(device, source, "votes", 32, 0, 128);
            for (int lane = 0; lane < 32; lane++) {
                assertThat(out[lane]).isEqualTo(0x49249249 & (lane < 8 ? 0xff : 0xffffff00));
                assertThat(out[32 + lane]).isEqualTo(lane < 8 ? 0 : 1);
                assertThat(out[64 + lane]).isEqualTo(lane < 8 ? 1 : 0);
                assertThat(out[96 + lane]).isEqualTo(16);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"32, false", "256, false", "1024, false", "1024, true"})
    void blocks_sumOverTheirWarps(int threads, boolean isReversed) {
        Options options = isReversed ? Options.DEFAULT.reversed() : Options.DEFAULT;
        int n = 1500;
        try (EmulatedDevice device = new EmulatedDevice(options)) {
            Kernel kernel = device.compile(SUM, List.of("sum")).get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory in = device.allocate(4L * 3 * n);
            DeviceMemory out = device.allocate(4L * 3 * 2);
            PinnedMemory host = device.allocatePinned(4 * 3 * n);
            for (int i = 0; i < 3 * n; i++) {
                host.buffer().putFloat(4 * i, i % 7);
            }
            stream.copyToDevice(host, 0, in);
            stream.launch(kernel, 3, 2, threads, 0, new Arguments().add(in).add(out).add(n));
            stream.copyToHost(out, host, 16);
            stream.synchronize();
            for (int block = 0; block < 6; block++) {
                float sum = 0;
                for (int i = block % 3 * n; i < (block % 3 + 1) * n; i++) {
                    sum += i % 7;
                }
                assertThat(host.buffer().getFloat(16 + 4 * block)).isEqualTo(sum);
            }
        }
    }

    @Test
    void missingBarrier_makesTheResultNotANumber() {
        String source =
                """
                __global__ void withoutBarrier(float* out) {
                    __shared__ float sums[2];
                    if ((threadIdx.x & 31) == 0) sums[threadIdx.x >> 5] = 1;
                    if (threadIdx.x == 0) *out = sums[0] + sums[1];
                }
                """;
        try (EmulatedDevice device = new EmulatedDevice()) {
            int[] out = run(device, source, "withoutBarrier", 64, 0, 1);
            assertThat(Float.intBitsToFloat(out[0])).isNaN();
        }
    }

    @Test
    void devicesOfSeveralThreads_doNotDisturbEachOther() throws Exception {
        String source =
                """
                __global__ void rotate(int* out) {
                    int x = threadIdx.x;
                    for (int i = 0; i < 1000; i++) x = __shfl_sync(0xffffffffu, x, threadIdx.x + 1);
                    out[threadIdx.x] = x;
                }
                """;
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Callable<int[]>> runs =
                    Collections.nCopies(
                            3,
                            () -> {
                                try (EmulatedDevice device = new EmulatedDevice()) {
                                    int[] out = {};
                                    for (int i = 0; i < 20; i++) {
                                        out = run(device, source, "rotate", 64, 0, 64);
                                    }
                                    return out;
                                }
                            });
            int[] expected =
                    IntStream.range(0, 64).map(i -> i / 32 * 32 + (i + 1000) % 32).toArray();
            for (Future<int[]> out : threads.invokeAll(runs)) {
                assertThat(out.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void dynamicSharedMemory_hasAnyTypeAndIsNotANumberAtFirst() {
        String source =
                """
                __device__ int code(float x) { return isnan(x); }
                template <int N> __global__ void floats(int* out) {
                    extern __shared__ __align__(16) float values[];
                    __shared__ float fixed[N];
                    const bool before = code(values[threadIdx.x]) && code(fixed[threadIdx.x % N]);
                    __syncthreads();
                    values[threadIdx.x] = threadIdx.x;
                    fixed[threadIdx.x % N] = 1;
                    __syncthreads();
                    out[threadIdx.x] = before ? (int) values[blockDim.x - 1 - threadIdx.x] : -1;
                }
                __global__ void doubles(int* out) {
                    extern __shared__ double more[];
                    out[threadIdx.x] = isnan(more[threadIdx.x]);
                    more[threadIdx.x] = 1;
                }
                __global__ void beyond(int* out) {
                    extern __shared__ float4 quads[];
                    quads[threadIdx.x].w = 1;
                }
                """;
        try (EmulatedDevice device = new EmulatedDevice()) {
            int[] floats = run(device, source, "floats<5>", 64, 256, 64);
            int[] doubles = run(device, source, "doubles", 64, 512, 64);
            for (int i = 0; i < 64; i++) {
                assertThat(floats[i]).isEqualTo(63 - i);
                assertThat(doubles[i]).isEqualTo(1);
            }
            assertThatThrownBy(() -> run(device, source, "beyond", 64, 1020, 1))
                    .hasMessageContaining(
                            "block (0, 0): written to byte 1020 of the dynamic shared memory of"
                                    + " 1020");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    if (t < 40) __syncthreads(); | threads 0 to 39 wait at __syncthreads in line 3, 40 to 63 have ended
                    if (t < 32) { __syncthreads(); } else { __syncwarp(t < 40 ? 255 : ~255); if (t == 40) __shfl_sync(-1, 1, 0); } | in line 3 lane 8 reads from lane 0, which has ended
                    if (t & 1) __syncwarp(); else __any_sync(-1, 1); | is at
                    if (t < 2) __syncwarp(t ? 6 : 3); else if (t == 2) __syncwarp(7); | the threads wait for each other
                    __shfl_sync(2, t, 1); | the mask 00000002 in line 3 leaves out its own lane 0
                    __shfl_xor_sync(-1, t, 1, 12); | width 12 of a shuffle in line 3
                    out[t / (int) (blockDim.x - 64)] = 1; | division by zero
                    __shared__ int a[32]; a[t] = 1; __syncthreads(); out[t] = a[t / 2]; | thread 32: a trap
                    if (t == 3) __trap(); | thread 3: a trap
                    ((volatile int*) 16)[t] = 1; | bad address 0x10
                    volatile char big[200000]; big[0] = 1; out[0] = big[0]; | bytes of stack
                    """)
    void kernelThatIsUndefined_isAnErrorThatSaysWhy(String line, String message) {
        String source =
                "__global__ void wrong(int* out) {\nconst int t = threadIdx.x;\n" + line + "\n}";
        try (EmulatedDevice device = new EmulatedDevice()) {
            assertThatThrownBy(() -> run(device, source, "wrong", 64, 0, 64))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageStartingWith("wrong: block (0, 0), thread ")
                    .hasMessageContaining(message);
        }
        try (EmulatedDevice device = new EmulatedDevice()) {
            assertThat(
                            run(
                                    device,
                                    "__global__ void right(int* out) { *out = 7; }",
                                    "right",
                                    1,
                                    0,
                                    1))
                    .containsExactly(7);
        }
    }

    @Test
    void barriersInDifferentLines_areAnError() {
        String source =
                """
                __global__ void wrong(int* out) {
                    if (threadIdx.x < 32) {
                        __syncthreads();
                    } else {
                        __syncthreads();
                    }
                }
                """;
        try (EmulatedDevice device = new EmulatedDevice()) {
            assertThatThrownBy(() -> run(device, source, "wrong", 64, 0, 1))
                    .hasMessageContaining(
                            "__syncthreads in line 5, but thread 0 is at that in line 3");
        }
    }

    @Test
    void endedLanes_takeNoPartInTheWarpsOperations() {
        String source =
                """
                __global__ void some(int* out) {
                    if (threadIdx.x >= 20) return;
                    int sum = 1;
                    for (int o = 1; o < 4; o++) sum += __shfl_sync(0xffffffffu, sum, o);
                    __syncwarp();
                    out[threadIdx.x] = sum;
                }
                """;
        try (EmulatedDevice device = new EmulatedDevice()) {
            assertThat(run(device, source, "some", 32, 0, 20)).containsOnly(8);
            assertThat(run(device, source, "some", 21, 0, 20)).containsOnly(8);
        }
    }

    @Test
    void atomicsAndBits_areThoseOfTheDevice() {
        String source =
                """
                __global__ void atomics(int* out) {
                    atomicAdd(out, 2);
                    atomicMax(out + 1, (int) threadIdx.x);
                    atomicMin(reinterpret_cast<unsigned*>(out) + 2, 5u - threadIdx.x % 4);
                    atomicAdd(reinterpret_cast<float*>(out) + 3, 0.5f);
                    atomicAdd(reinterpret_cast<unsigned long long*>(out) + 2, 1ull << 32);
                    atomicAdd(reinterpret_cast<double*>(out) + 3, 0.25);
                    out[8] = __float_as_int(__fdividef(1.f, 2e38f));
                    out[9] = __float_as_int(fmaf(1.00000012f, 1.00000012f, -1.f));
                    out[10] = __float_as_int(__int_as_float(0x7f800000));
                    out[11] = min(3, (int) blockDim.x) + max(1, 2) + __popc(255) + __clz(1) + __ffs(8);
                }
                """;
        try (EmulatedDevice device = new EmulatedDevice()) {
            int[] out = run(device, source, "atomics", 64, 0, 12);
            assertThat(out[0]).isEqualTo(128);
            assertThat(out[1]).isEqualTo(63);
            assertThat(out[2]).isZero();
            assertThat(Float.intBitsToFloat(out[3])).isEqualTo(32f);
            assertThat(out[5]).isEqualTo(64);
            assertThat(Double.longBitsToDouble((long) out[7] << 32 | out[6])).isEqualTo(16.0);
            assertThat(Float.intBitsToFloat(out[8])).isZero();
            assertThat(Float.intBitsToFloat(out[9]))
                    .isEqualTo(Math.fma(Math.nextUp(1f), Math.nextUp(1f), -1f));
            assertThat(Float.intBitsToFloat(out[10])).isInfinite();
            assertThat(out[11]).isEqualTo(3 + 2 + 8 + 31 + 4);
        }
    }

    @Test
    void kernelThatWritesOutsideItsMemory_isAnErrorThatNamesBoth() {
        String source = "__global__ void at(int* out, int i) { out[i] = 1; }";
        for (int i : new int[] {-1, 10}) {
            EmulatedDevice device = new EmulatedDevice();
            Kernel kernel = device.compile(source, List.of("at")).get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory memory = device.allocate(40);
            Arguments arguments = new Arguments().add(memory).add(i);
            assertThatThrownBy(() -> stream.launch(kernel, 1, 1, 1, 0, arguments))
                    .hasMessage(
                            i < 0
                                    ? "at: written 4 bytes before memory 0 of 40 bytes"
                                    : "at: written to byte 40 of memory 0 of 40 bytes");
            device.close();
            assertThat(device.liveAllocations()).isZero();
        }
    }

    @Test
    void pinnedMemoryThatTheHostOverruns_isAnErrorAtClose() {
        EmulatedDevice device = new EmulatedDevice();
        PinnedMemory memory = device.allocatePinned(8);
        EmulationBridge.fill(memory.address(), 1, 9);
        assertThatThrownBy(device::close)
                .hasMessage("close: written to byte 8 of pinned memory 0 of 8 bytes");
    }

    @Test
    void callsThatCannotBeRight_areErrors() {
        try (EmulatedDevice device = new EmulatedDevice(Options.DEFAULT.withTotalBytes(1000))) {
            Kernel kernel = device.compile("__global__ void none(int*) {}", List.of("none")).get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory memory = device.allocate(600);
            PinnedMemory host = device.allocatePinned(100);
            assertThat(device.freeBytes()).isEqualTo(400);
            assertThatThrownBy(() -> device.allocate(401))
                    .hasMessageStartingWith("allocate: out of memory: 401 bytes, 400 free;");
            assertThatThrownBy(() -> stream.copyToHost(memory.part(0, 60), host, 41))
                    .hasMessage("copyToHost: 60 bytes from 41 on of 100");
            assertThatThrownBy(() -> stream.clear(new DeviceMemory(memory.address() + 1, 600)))
                    .hasMessage("clear: 600 bytes that are not within one range of memory");
            assertThatThrownBy(() -> device.compile("__global__ void f() { x; }", List.of("f")))
                    .hasMessageContaining("kernels.cu:1:23: error: ‘x’ was not declared");
            assertThatThrownBy(
                            () ->
                                    stream.multiply(
                                            new Product(
                                                    2,
                                                    3,
                                                    4,
                                                    5,
                                                    Operand.of(memory, 4, 12),
                                                    Operand.of(memory.part(0, 156), 5, 20),
                                                    0,
                                                    Operand.of(memory, 5, 15))))
                    .hasMessage("multiply: B ends after 160 bytes of 156");
            assertThatThrownBy(() -> stream.capture(stream::synchronize))
                    .hasMessage("synchronize: not permitted in a capture");
            stream.launch(kernel, 1, 1, 1, 0, new Arguments().add(memory));
            assertThatThrownBy(() -> stream.launch(kernel, 1, 1, 1, 0, new Arguments()))
                    .hasMessage("none: 0 arguments for 1 parameters");
        }
    }

    @Test
    void close_freesEverything() {
        int open = EmulatedDevice.openDevices();
        EmulatedDevice device = new EmulatedDevice();
        device.allocate(100);
        device.allocatePinned(10);
        DeviceStream stream = device.newStream();
        device.newEvent();
        assertThat(device.liveAllocations()).isEqualTo(2);
        assertThat(device.allocatedBytes()).isEqualTo(100);
        assertThat(device.liveStreams()).isEqualTo(1);
        assertThat(device.liveEvents()).isEqualTo(1);
        assertThat(EmulatedDevice.openDevices()).isEqualTo(open + 1);

        device.close();

        assertThat(device.liveAllocations()).isZero();
        assertThat(device.allocatedBytes()).isZero();
        assertThat(device.liveStreams()).isZero();
        assertThat(device.liveEvents()).isZero();
        assertThat(EmulatedDevice.openDevices()).isEqualTo(open);
        assertThatThrownBy(stream::synchronize).hasMessage("the device is closed");
    }

    @ParameterizedTest
    @CsvSource({
        "1, false, false, 0",
        "3, false, false, 1",
        "3, true, false, 0",
        "3, false, true, 1",
        "2, true, true, 0.5"
    })
    void products_equalPlainLoops(
            int count, boolean isTransposedA, boolean isTransposedB, float beta) {
        int rows = 7;
        int inner = 19;
        int columns = 12;
        int strideA = 23;
        int strideB = 21;
        int strideC = 14;
        int each = 600;
        Random random = new Random(3);
        float[] a = gaussians(random, count * each);
        float[] b = gaussians(random, count * each);
        float[] c = gaussians(random, count * each);
        if (beta == 0) {
            c[0] = Float.NaN;
        }
        try (EmulatedDevice device = new EmulatedDevice()) {
            DeviceStream stream = device.newStream();
            DeviceMemory onDevice = device.allocate(3L * 4 * count * each);
            PinnedMemory host = device.allocatePinned(3 * 4 * count * each);
            host.buffer().asFloatBuffer().put(a).put(b).put(c);
            stream.copyToDevice(host, 0, onDevice);
            long size = 4L * count * each;
            Operand operandA = Operand.of(onDevice.part(0, size), strideA, each);
            Operand operandB = Operand.of(onDevice.part(size, size), strideB, each);
            Operand operandC = Operand.of(onDevice.from(2 * size), strideC, each);
            stream.multiply(
                    new Product(
                            count,
                            rows,
                            inner,
                            columns,
                            isTransposedA ? operandA.transposed() : operandA,
                            isTransposedB ? operandB.transposed() : operandB,
                            beta,
                            operandC));
            stream.copyToHost(onDevice, host, 0);
            stream.synchronize();
            for (int m = 0; m < count; m++) {
                for (int i = 0; i < each; i++) {
                    int row = i / strideC;
                    int column = i % strideC;
                    float actual = host.buffer().getFloat((int) (2 * size) + 4 * (m * each + i));
                    if (row >= rows || column >= columns) {
                        assertThat(actual).isEqualTo(c[m * each + i]);
                        continue;
                    }
                    double sum = beta == 0 ? 0 : beta * c[m * each + i];
                    for (int k = 0; k < inner; k++) {
                        sum +=
                                (double)
                                                a[
                                                        m * each
                                                                + (isTransposedA
                                                                        ? k * strideA + row
                                                                        : row * strideA + k)]
                                        * b[
                                                m * each
                                                        + (isTransposedB
                                                                ? column * strideB + k
                                                                : k * strideB + column)];
                    }
                    assertThat((double) actual).isCloseTo(sum, within(1e-5));
                }
            }
        }
    }

    @Test
    void graph_isTheSameWorkEachTime() {
        try (EmulatedDevice device = new EmulatedDevice()) {
            Kernel kernel =
                    device.compile(
                                    "__global__ void twice(int* x) { x[threadIdx.x] *= 2; }",
                                    List.of("twice"))
                            .get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory memory = device.allocate(128);
            PinnedMemory host = device.allocatePinned(128);
            host.buffer().putInt(124, 3);
            DeviceGraph graph =
                    stream.capture(
                            () -> {
                                stream.copyToDevice(host, 0, memory);
                                stream.launch(kernel, 1, 1, 32, 0, new Arguments().add(memory));
                                stream.copyToHost(memory, host, 0);
                            });
            assertThat(host.buffer().getInt(124)).isEqualTo(3);
            for (int i = 0; i < 4; i++) {
                stream.launch(graph);
            }
            stream.synchronize();
            assertThat(host.buffer().getInt(124)).isEqualTo(48);
        }
    }

    @Test
    void lateWork_isDoneWhenSomebodyWaitsForIt() {
        try (EmulatedDevice device = new EmulatedDevice(Options.DEFAULT.late())) {
            DeviceStream first = device.newStream();
            DeviceStream second = device.newStream();
            DeviceEvent event = device.newEvent();
            DeviceMemory memory = device.allocate(4);
            PinnedMemory from = device.allocatePinned(4);
            PinnedMemory to = device.allocatePinned(8);
            from.buffer().putInt(0, 5);
            event.synchronize();
            first.copyToDevice(from, 0, memory);
            first.record(event);
            second.copyToHost(memory, to, 0);
            second.await(event);
            second.copyToHost(memory, to, 4);
            assertThat(to.buffer().getInt(4)).isZero();
            second.synchronize();
            assertThat(to.buffer().getInt(0)).as("without a wait").isZero();
            assertThat(to.buffer().getInt(4)).isEqualTo(5);
        }
    }

    /** Exact stochastic gradient descent on a block, against one event after the other. */
    @Test
    void recursionOfABlock_equalsEventByEvent() {
        String source =
                """
                // A thread has a row of z = X W; k = X X'. Each row's gradient goes to all later rows.
                template <int C>
                __global__ void recursion(float* z, const float* k, const int* labels, float step) {
                    extern __shared__ float gradient[];
                    const int row = threadIdx.x;
                    for (int t = 0; t < blockDim.x; t++) {
                        if (row == t) {
                            float s = 0, m = z[t * C];
                            for (int c = 1; c < C; c++) m = fmaxf(m, z[t * C + c]);
                            for (int c = 0; c < C; c++) s += gradient[c] = __expf(z[t * C + c] - m);
                            for (int c = 0; c < C; c++) {
                                gradient[c] = step * (__fdividef(gradient[c], s) - (c == labels[t]));
                            }
                        }
                        __syncthreads();
                        if (row > t) {
                            const float factor = -k[t * blockDim.x + row];
                            #pragma unroll
                            for (int c = 0; c < C; c++) z[row * C + c] = fmaf(factor, gradient[c], z[row * C + c]);
                        }
                        __syncthreads();
                    }
                }
                """;
        int events = 96;
        int features = 6;
        int classes = 5;
        float step = 0.1f;
        Random random = new Random(11);
        float[] x = gaussians(random, events * features);
        float[] w = gaussians(random, features * classes);
        int[] labels = random.ints(events, 0, classes).toArray();
        try (EmulatedDevice device = new EmulatedDevice()) {
            Kernel kernel = device.compile(source, List.of("recursion<5>")).get(0);
            DeviceStream stream = device.newStream();
            DeviceMemory onDevice = device.allocate(4L * (x.length + w.length + events));
            PinnedMemory host = device.allocatePinned((int) onDevice.bytes());
            host.buffer().asFloatBuffer().put(x).put(w);
            host.buffer().position(4 * (x.length + w.length)).slice();
            for (int i = 0; i < events; i++) {
                host.buffer().putInt(4 * (x.length + w.length + i), labels[i]);
            }
            stream.copyToDevice(host, 0, onDevice);
            Operand rows = Operand.of(onDevice.part(0, 4L * x.length), features, 0);
            Operand weights = Operand.of(onDevice.part(4L * x.length, 4L * w.length), classes, 0);
            DeviceMemory k = device.allocate(4L * events * events);
            DeviceMemory z = device.allocate(4L * events * classes);
            stream.multiply(
                    new Product(
                            1,
                            events,
                            features,
                            events,
                            rows,
                            rows.transposed(),
                            0,
                            Operand.of(k, events, 0)));
            stream.multiply(
                    new Product(
                            1,
                            events,
                            features,
                            classes,
                            rows,
                            weights,
                            0,
                            Operand.of(z, classes, 0)));
            stream.launch(
                    kernel,
                    1,
                    1,
                    events,
                    4 * classes,
                    new Arguments()
                            .add(z)
                            .add(k)
                            .add(onDevice.from(4L * (x.length + w.length)))
                            .add(step));
            stream.copyToHost(z, host, 0);
            stream.synchronize();

            double[] plain = new double[w.length];
            for (int i = 0; i < w.length; i++) {
                plain[i] = w[i];
            }
            for (int t = 0; t < events; t++) {
                double[] logits = new double[classes];
                double sum = 0;
                for (int c = 0; c < classes; c++) {
                    for (int f = 0; f < features; f++) {
                        logits[c] += x[t * features + f] * plain[f * classes + c];
                    }
                    assertThat((double) host.buffer().getFloat(4 * (t * classes + c)))
                            .as("event %d, class %d", t, c)
                            .isCloseTo(logits[c], within(1e-5));
                    sum += Math.exp(logits[c]);
                }
                for (int c = 0; c < classes; c++) {
                    double g = Math.exp(logits[c]) / sum - (c == labels[t] ? 1 : 0);
                    for (int f = 0; f < features; f++) {
                        plain[f * classes + c] -= step * g * x[t * features + f];
                    }
                }
            }
        }
    }

    private static float[] gaussians(Random random, int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Runs a block of threads of a kernel whose parameter is its result. */
    private static int[] run(
            Device device, String source, String name, int threads, int sharedBytes, int results) {
        Kernel kernel = device.compile(source, List.of(name)).get(0);
        DeviceStream stream = device.newStream();
        DeviceMemory out = device.allocate(4L * results);
        PinnedMemory host = device.allocatePinned(4 * results);
        stream.launch(kernel, 1, 1, threads, sharedBytes, new Arguments().add(out));
        stream.copyToHost(out, host, 0);
        stream.synchronize();
        int[] values = new int[results];
        host.buffer().asIntBuffer().get(values);
        return values;
    }
}
