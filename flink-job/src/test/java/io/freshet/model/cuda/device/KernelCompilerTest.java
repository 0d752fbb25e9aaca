package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compilations where NVRTC is installed, which needs no GPU; elsewhere they are skipped. */
class KernelCompilerTest {
    private static final String SOURCE =
            "template <int N> __global__ void fill(float* x) { x[threadIdx.x] = N; }\n";
    private static final List<String> NAMES = List.of("fill<7>", "fill<2>");

    private final List<String> warnings = new ArrayList<>();

    @BeforeEach
    void requireCompiler() {
        Optional<String> obstacle = CudaLibraries.findCompilerObstacle(null);
        assumeTrue(obstacle.isEmpty(), () -> obstacle.orElse(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"})
    void source_isCompiledForEachArchitecture(String architecture) {
        CompiledKernels kernels =
                new KernelCompiler(architecture, null, warnings::add).compile(SOURCE, NAMES);

        assertThat(kernels.loweredNames()).hasSize(2).doesNotHaveDuplicates();
        assertThat(kernels.cubin()).startsWith(0x7f, 'E', 'L', 'F');
    }

    @Test
    void sourceWithAnError_isRefusedWithTheCompilersMessage() {
        assertThatExceptionOfType(DeviceException.class)
                .isThrownBy(
                        () ->
                                new KernelCompiler("sm_90", null, warnings::add)
                                        .compile(SOURCE + "undeclared x;", NAMES))
                .withMessageContaining("NVRTC_ERROR_COMPILATION")
                .withMessageContaining("undeclared")
                .withMessageNotContaining("\n");
    }

    @Test
    void secondCompilation_readsTheFile_unlessItIsDamaged(@TempDir Path folder) throws Exception {
        KernelCompiler compiler = new KernelCompiler("sm_90", folder, warnings::add);
        CompiledKernels first = compiler.compile(SOURCE, NAMES);
        Path file;
        try (Stream<Path> files = Files.list(folder)) {
            file = files.findFirst().orElseThrow();
        }
        assertThat(compiler.compile(SOURCE, NAMES).cubin()).isEqualTo(first.cubin());
        assertThat(warnings).isEmpty();

        Files.writeString(file, "damaged");

        assertThat(compiler.compile(SOURCE, NAMES).loweredNames()).isEqualTo(first.loweredNames());
        assertThat(warnings).hasSize(1);
        assertThat(compiler.compile(SOURCE, NAMES).cubin()).isEqualTo(first.cubin());
        assertThat(warnings).hasSize(1);
    }
}
