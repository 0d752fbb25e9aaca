package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkCompiler;
import static io.freshet.model.cuda.device.CudaStatus.compilerText;
import static java.util.function.Predicate.not;
import static org.bytedeco.cuda.global.nvrtc.nvrtcAddNameExpression;
import static org.bytedeco.cuda.global.nvrtc.nvrtcCompileProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcCreateProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcDestroyProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBIN;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBINSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetLoweredName;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLog;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLogSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcVersion;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * A compiler of CUDA C++ to machine code for one architecture, NVRTC, with a cache of what it
 * compiled.
 *
 * <p>It needs no device and no driver, only the libraries of {@link
 * CudaLibraries#findCompilerObstacle}.
 */
final class KernelCompiler {
    private final String architecture;
    private final @Nullable KernelCache cache;

    /**
     * @param architecture such as {@code sm_90}
     * @param cacheFolder folder of compiled kernels; null to compile each time
     * @param warnings takes a line when a file of that folder cannot be read or written
     */
    KernelCompiler(String architecture, @Nullable Path cacheFolder, Consumer<String> warnings) {
        this.architecture = architecture;
        this.cache = cacheFolder == null ? null : new KernelCache(cacheFolder, warnings);
    }

    /**
     * Compiles kernels, or reads them from the cache.
     *
     * @param source CUDA C++
     * @param names names of the kernels in {@code source}, with template arguments
     * @throws DeviceException if {@code source} has an error, with the compiler's messages
     */
    CompiledKernels compile(String source, List<String> names) {
        if (cache == null) {
            return compileAnew(source, names);
        }
        String file = KernelCache.fileName(source, names, architecture, version());
        Optional<CompiledKernels> cached = cache.read(file);
        if (cached.isPresent()) {
            return cached.get();
        }
        CompiledKernels compiled = compileAnew(source, names);
        cache.write(file, compiled);
        return compiled;
    }

    private static String version() {
        int[] major = new int[1];
        int[] minor = new int[1];
        checkCompiler(nvrtcVersion(major, minor), "nvrtcVersion");
        return "NVRTC " + major[0] + "." + minor[0];
    }

    private CompiledKernels compileAnew(String source, List<String> names) {
        _nvrtcProgram program = new _nvrtcProgram();
        try (BytePointer text = new BytePointer(source, StandardCharsets.UTF_8);
                BytePointer name = new BytePointer("freshet.cu", StandardCharsets.UTF_8)) {
            checkCompiler(
                    nvrtcCreateProgram(
                            program,
                            text,
                            name,
                            0,
                            (PointerPointer<?>) null,
                            (PointerPointer<?>) null),
                    "nvrtcCreateProgram");
        }
        try {
            for (String name : names) {
                checkCompiler(
                        nvrtcAddNameExpression(program, name), "nvrtcAddNameExpression " + name);
            }
            compile(program);
            List<String> loweredNames = new ArrayList<>();
            for (String name : names) {
                loweredNames.add(loweredName(program, name));
            }
            return new CompiledKernels(cubin(program), loweredNames);
        } finally {
            nvrtcDestroyProgram(program);
        }
    }

    private void compile(_nvrtcProgram program) {
        try (BytePointer target =
                        new BytePointer(
                                "--gpu-architecture=" + architecture, StandardCharsets.UTF_8);
                BytePointer language = new BytePointer("--std=c++17", StandardCharsets.UTF_8);
                PointerPointer<BytePointer> options = new PointerPointer<>(target, language)) {
            int status = nvrtcCompileProgram(program, 2, options);
            if (status != 0) {
                throw new DeviceException(
                        "nvrtcCompileProgram for "
                                + architecture
                                + ": "
                                + compilerText(status)
                                + ": "
                                + log(program));
            }
        }
    }

    /** Returns the compiler's messages in one line. */
    private static String log(_nvrtcProgram program) {
        try (SizeTPointer size = new SizeTPointer(1)) {
            checkCompiler(nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
            byte[] log = new byte[Math.toIntExact(size.get())];
            checkCompiler(nvrtcGetProgramLog(program, log), "nvrtcGetProgramLog");
            // The last byte is 0.
            return new String(log, 0, Math.max(0, log.length - 1), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(not(String::isEmpty))
                    .collect(Collectors.joining("; "));
        }
    }

    private static String loweredName(_nvrtcProgram program, String name) {
        try (BytePointer expression = new BytePointer(name, StandardCharsets.UTF_8);
                PointerPointer<BytePointer> lowered = new PointerPointer<>(1)) {
            checkCompiler(
                    nvrtcGetLoweredName(program, expression, lowered),
                    "nvrtcGetLoweredName " + name);
            return lowered.get(BytePointer.class, 0).getString();
        }
    }

    private static byte[] cubin(_nvrtcProgram program) {
        try (SizeTPointer size = new SizeTPointer(1)) {
            checkCompiler(nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
            byte[] cubin = new byte[Math.toIntExact(size.get())];
            checkCompiler(nvrtcGetCUBIN(program, cubin), "nvrtcGetCUBIN");
            return cubin;
        }
    }
}
