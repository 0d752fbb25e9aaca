package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkDriver;
import static io.freshet.model.cuda.device.CudaStatus.checkRuntime;
import static org.bytedeco.cuda.global.cudart.cuModuleGetFunction;
import static org.bytedeco.cuda.global.cudart.cuModuleLoadData;
import static org.bytedeco.cuda.global.cudart.cuModuleUnload;
import static org.bytedeco.cuda.global.cudart.cudaDeviceSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaFree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A device of CUDA's libraries: runtime, driver, cuBLAS and NVRTC.
 *
 * <p>The device's context is that of the process and stays when this is closed; all else is freed.
 * Any thread may call, one at a time.
 */
public final class CudaDevice implements Device {
    private final CurrentDevice device;
    private final Releases releases = new Releases();
    private final DeviceProperties properties;
    private final KernelCompiler compiler;

    private CudaDevice(int ordinal, @Nullable Path kernelCache, Consumer<String> warnings) {
        device = new CurrentDevice(ordinal);
        properties = CudaBindings.properties(ordinal);
        compiler = new KernelCompiler(properties.architecture(), kernelCache, warnings);
        device.use();
        checkRuntime(cudaFree((Pointer) null), "cudaFree, which makes the context");
    }

    /**
     * Opens a device. {@link CudaLibraries#findObstacle} must have found none.
     *
     * @param ordinal number of the device among those that are visible to the process, from 0 on
     * @param kernelCache folder in which compiled kernels are kept; null to compile at each start
     * @param warnings takes a line when that folder cannot be read or written
     */
    public static CudaDevice open(
            int ordinal, @Nullable Path kernelCache, Consumer<String> warnings) {
        return new CudaDevice(ordinal, kernelCache, warnings);
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public long freeBytes() {
        device.use();
        return CudaMemory.freeBytes();
    }

    @Override
    public long allocatedBytes() {
        return releases.deviceBytes();
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        device.use();
        return CudaMemory.allocate(bytes, releases);
    }

    @Override
    public PinnedMemory allocatePinned(int bytes) {
        device.use();
        return CudaMemory.allocatePinned(bytes, releases);
    }

    @Override
    public DeviceStream newStream() {
        return new CudaStream(device, releases);
    }

    @Override
    public DeviceEvent newEvent() {
        return new CudaEvent(device, releases);
    }

    @Override
    public List<Kernel> compile(String source, List<String> names) {
        device.use();
        CompiledKernels compiled = compiler.compile(source, names);
        CUmod_st module = new CUmod_st();
        try (BytePointer cubin = new BytePointer(compiled.cubin())) {
            checkDriver(cuModuleLoadData(module, cubin), "cuModuleLoadData");
        }
        releases.add(() -> checkDriver(cuModuleUnload(module), "cuModuleUnload"));
        List<Kernel> kernels = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            CUfunc_st function = new CUfunc_st();
            checkDriver(
                    cuModuleGetFunction(function, module, compiled.loweredNames().get(i)),
                    "cuModuleGetFunction " + names.get(i));
            kernels.add(new Kernel(names.get(i), function.address()));
        }
        return kernels;
    }

    @Override
    public void close() {
        releases.addEarly(() -> checkRuntime(cudaDeviceSynchronize(), "cudaDeviceSynchronize"));
        releases.addEarly(device::use);
        releases.run();
    }
}
