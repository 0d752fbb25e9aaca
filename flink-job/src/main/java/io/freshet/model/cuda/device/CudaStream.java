package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkDriver;
import static io.freshet.model.cuda.device.CudaStatus.checkRuntime;
import static org.bytedeco.cuda.global.cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static org.bytedeco.cuda.global.cudart.cuFuncSetAttribute;
import static org.bytedeco.cuda.global.cudart.cuLaunchKernel;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphInstantiateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToDevice;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeRelaxed;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaStreamWaitEvent;

import java.util.Objects;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A stream of CUDA with its own handle of cuBLAS.
 *
 * <p>Implementation note. The stream does not wait for the default stream, so that a capture is
 * disturbed by nothing that other threads do. The small objects that JavaCPP allocates are made
 * once: each allocation compares the memory of the process with JavaCPP's limit.
 */
final class CudaStream implements DeviceStream {
    /** Dynamic shared memory of a block that a kernel has without asking, in bytes. */
    private static final int SHARED_BYTES_OF_EVERY_KERNEL = 48 << 10;

    private final CurrentDevice device;
    private final Releases releases;
    private final CUstream_st handle = new CUstream_st();
    private final BytePointer arguments;
    private final PointerPointer<Pointer> argumentAddresses;
    private final CudaProducts products;

    /** Creates a stream, which is freed by {@code releases}. */
    CudaStream(CurrentDevice device, Releases releases) {
        this.device = device;
        this.releases = releases;
        device.use();
        checkRuntime(
                cudaStreamCreateWithFlags(handle, cudaStreamNonBlocking),
                "cudaStreamCreateWithFlags");
        releases.add(() -> checkRuntime(cudaStreamDestroy(handle), "cudaStreamDestroy"));
        arguments = new BytePointer((long) Arguments.MAX_ARGUMENTS * Long.BYTES);
        releases.add(arguments::close);
        argumentAddresses = new PointerPointer<>(Arguments.MAX_ARGUMENTS);
        releases.add(argumentAddresses::close);
        for (int i = 0; i < Arguments.MAX_ARGUMENTS; i++) {
            argumentAddresses.put(i, new Address(arguments.address() + (long) i * Long.BYTES));
        }
        products = new CudaProducts(handle, releases);
    }

    @Override
    public void copyToDevice(PinnedMemory from, int fromOffset, DeviceMemory to) {
        Objects.checkFromIndexSize(fromOffset, to.bytes(), from.bytes());
        copy(from.address() + fromOffset, to.address(), to.bytes(), cudaMemcpyHostToDevice);
    }

    @Override
    public void copyToHost(DeviceMemory from, PinnedMemory to, int toOffset) {
        Objects.checkFromIndexSize(toOffset, from.bytes(), to.bytes());
        copy(from.address(), to.address() + toOffset, from.bytes(), cudaMemcpyDeviceToHost);
    }

    @Override
    public void copy(DeviceMemory from, DeviceMemory to) {
        Objects.checkFromIndexSize(0, from.bytes(), to.bytes());
        copy(from.address(), to.address(), from.bytes(), cudaMemcpyDeviceToDevice);
    }

    private void copy(long from, long to, long bytes, int kind) {
        device.use();
        if (bytes > 0) {
            checkRuntime(
                    cudaMemcpyAsync(new Address(to), new Address(from), bytes, kind, handle),
                    "cudaMemcpyAsync");
        }
    }

    @Override
    public void clear(DeviceMemory memory) {
        device.use();
        if (memory.bytes() > 0) {
            checkRuntime(
                    cudaMemsetAsync(new Address(memory.address()), 0, memory.bytes(), handle),
                    "cudaMemsetAsync");
        }
    }

    @Override
    public void launch(
            Kernel kernel,
            int gridX,
            int gridY,
            int threads,
            int sharedBytes,
            Arguments kernelArguments) {
        device.use();
        CUfunc_st function = new CUfunc_st(new Address(kernel.handle()));
        if (sharedBytes > SHARED_BYTES_OF_EVERY_KERNEL) {
            checkDriver(
                    cuFuncSetAttribute(
                            function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes),
                    "cuFuncSetAttribute for " + sharedBytes + " bytes in " + kernel.name());
        }
        byte[] values = kernelArguments.toBytes();
        arguments.put(values, 0, values.length);
        checkDriver(
                cuLaunchKernel(
                        function,
                        gridX,
                        gridY,
                        1,
                        threads,
                        1,
                        1,
                        sharedBytes,
                        handle,
                        argumentAddresses,
                        (PointerPointer<?>) null),
                "cuLaunchKernel of " + kernel.name());
    }

    @Override
    public void multiply(Product product) {
        device.use();
        products.multiply(ColumnMajorProduct.of(product));
    }

    @Override
    public void record(DeviceEvent event) {
        device.use();
        checkRuntime(cudaEventRecord(((CudaEvent) event).handle(), handle), "cudaEventRecord");
    }

    @Override
    public void await(DeviceEvent event) {
        device.use();
        checkRuntime(
                cudaStreamWaitEvent(handle, ((CudaEvent) event).handle(), 0),
                "cudaStreamWaitEvent");
    }

    @Override
    public DeviceGraph capture(Runnable work) {
        device.use();
        checkRuntime(
                cudaStreamBeginCapture(handle, cudaStreamCaptureModeRelaxed),
                "cudaStreamBeginCapture");
        CUgraph_st graph = new CUgraph_st();
        boolean isComplete = false;
        try {
            work.run();
            isComplete = true;
        } finally {
            int status = cudaStreamEndCapture(handle, graph);
            // What the work threw says more than that its capture is incomplete.
            if (isComplete) {
                checkRuntime(status, "cudaStreamEndCapture");
            } else if (!graph.isNull()) {
                cudaGraphDestroy(graph);
            }
        }
        CUgraphExec_st executable = new CUgraphExec_st();
        try {
            checkRuntime(
                    cudaGraphInstantiateWithFlags(executable, graph, 0),
                    "cudaGraphInstantiateWithFlags");
            releases.addEarly(
                    () -> checkRuntime(cudaGraphExecDestroy(executable), "cudaGraphExecDestroy"));
        } finally {
            cudaGraphDestroy(graph);
        }
        return new CudaGraph(executable);
    }

    @Override
    public void launch(DeviceGraph graph) {
        device.use();
        checkRuntime(cudaGraphLaunch(((CudaGraph) graph).handle(), handle), "cudaGraphLaunch");
    }

    @Override
    public void synchronize() {
        device.use();
        checkRuntime(cudaStreamSynchronize(handle), "cudaStreamSynchronize");
    }
}
