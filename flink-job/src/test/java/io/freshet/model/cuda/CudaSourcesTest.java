package io.freshet.model.cuda;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.freshet.model.cuda.device.EmulationCompiler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Test that the kernels compile without a warning for the architectures that Freshet supports,
 * where {@code nvcc} is installed.
 */
class CudaSourcesTest {
    private static final Path SOURCES = Path.of("src", "main", "cuda");

    /** For each file the kernels to be compiled, with template arguments. */
    private static final Map<String, List<String>> KERNELS =
            Map.of(
                    "recursion",
                    List.of(
                            "fewClasses<3, OF_LABEL>",
                            "fewClasses<2, OF_SIGMOID>",
                            "manyClasses<1, 128, 32, OF_LABEL>",
                            "manyClasses<8, 512, 8, OF_TARGETS>"),
                    "scaling",
                    List.of("scaleFeatures", "copyFeatures"),
                    "scores",
                    List.of(
                            "likelihoods",
                            "baselinePredictions",
                            "relativeLikelihoods",
                            "mixtureWeights<8>",
                            "mixtureWeights<32>",
                            "answers"),
                    "state",
                    List.of("copyStates", "magnitudes"),
                    "steps",
                    List.of(
                            "plainSteps",
                            "normalisedSteps",
                            "couple",
                            "scaleGradients",
                            "takeSteps",
                            "gradientNorms"),
                    "experts",
                    List.of(
                            "linearExperts",
                            "learntTargets",
                            "fernCells",
                            "ferns<2>",
                            "ferns<7>",
                            "planWindow",
                            "spreads",
                            "weightsOfFeatures",
                            "weighFeatures",
                            "nearest",
                            "appendToWindow",
                            "labelExperts"),
                    "combination",
                    List.of(
                            "likelihoodsOf<float>",
                            "likelihoodsOf<double>",
                            "mixExperts",
                            "stacks<8, 2>",
                            "stacks<8, 7>",
                            "ensembleAnswers"));

    /** Kernels with large arguments, which take long to compile: for one architecture. */
    private static final Map<String, List<String>> LARGE_KERNELS =
            Map.of(
                    "recursion",
                    List.of("fewClasses<16, OF_SIGMOID>"),
                    "experts",
                    List.of("ferns<32>"),
                    "combination",
                    List.of("stacks<11, 32>"));

    private static final Pattern KERNEL =
            Pattern.compile(
                    "__global__\\s+void\\s+(?:__launch_bounds__\\s*\\([^()]*\\)\\s*)?(\\w+)\\s*\\(");

    private static final Pattern COMPILED = Pattern.compile("Compiling entry function");

    @TempDir private Path directory;

    @Test
    void everyKernel_isInTheList() throws IOException {
        Set<String> files = Set.of();
        if (Files.exists(SOURCES)) {
            try (Stream<Path> found = Files.list(SOURCES)) {
                files =
                        found.map(file -> file.getFileName().toString())
                                .filter(name -> name.endsWith(".cu"))
                                .map(name -> name.replace(".cu", ""))
                                .collect(toSet());
            }
        }

        assertThat(files).isEqualTo(KERNELS.keySet());
        for (String file : files) {
            assertThat(
                            KERNELS.get(file).stream()
                                    .map(name -> name.replaceAll("<.*", ""))
                                    .collect(toSet()))
                    .as(file)
                    .isEqualTo(namesIn(Files.readString(SOURCES.resolve(file + ".cu"))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"})
    void sources_compileForTheArchitecture(String architecture) throws IOException {
        assumeThat(hasCompiler()).as("skipped: no nvcc").isTrue();
        String proof =
                """
                template <int N> __global__ void __launch_bounds__(64) proof(float* x) {
                    extern __shared__ float shared[];
                    shared[threadIdx.x] = x[threadIdx.x];
                    __syncthreads();
                    x[threadIdx.x] = N * __shfl_xor_sync(0xffffffffu, shared[threadIdx.x], 1);
                }
                """;
        assertThat(problems(proof, List.of("proof<2>", "proof<3>"), architecture)).isEmpty();
        for (Map.Entry<String, List<String>> file : KERNELS.entrySet()) {
            String source = KernelSources.of(file.getKey());
            assertThat(problems(source, file.getValue(), architecture)).as(file.getKey()).isEmpty();
        }
    }

    @Test
    void kernelsWithLargeArguments_compile() throws IOException {
        assumeThat(hasCompiler()).as("skipped: no nvcc").isTrue();
        for (Map.Entry<String, List<String>> file : LARGE_KERNELS.entrySet()) {
            String source = KernelSources.of(file.getKey());
            List<String> kernels = new ArrayList<>(KERNELS.get(file.getKey()));
            kernels.addAll(file.getValue());
            assertThat(problems(source, kernels, "sm_90")).as(file.getKey()).isEmpty();
        }
    }

    @Test
    void sourceWithAnErrorOrAWarning_isFound() throws IOException {
        assumeThat(hasCompiler()).as("skipped: no nvcc").isTrue();
        String unused = "__global__ void kernel(int* x) { int unused; *x = 1; }";
        String wrong = "template <int N> __global__ void kernel(int* x) { *x = N + y; }";

        assertThat(problems(unused, List.of("kernel"), "sm_90")).contains("\"unused\"");
        assertThat(problems(wrong, List.of("kernel<1>"), "sm_90")).contains("\"y\" is undefined");
        assertThat(problems(unused.replace("int unused;", ""), List.of(), "sm_90"))
                .startsWith("1 kernels compiled, but 0 expected");
    }

    @Test
    void namesOfKernels_areFoundInASource() {
        assertThat(
                        namesIn(
                                """
                                template <int C> __global__ void __launch_bounds__(512) first(int x) {}
                                __global__ void second(const float* x,
                                """))
                .containsExactlyInAnyOrder("first", "second");
    }

    private static Set<String> namesIn(String source) {
        return KERNEL.matcher(source).results().map(found -> found.group(1)).collect(toSet());
    }

    private static boolean hasCompiler() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "nvcc")));
    }

    /** Returns the compiler's errors and warnings, or an empty text if there are none. */
    private String problems(String source, List<String> kernels, String architecture)
            throws IOException {
        StringBuilder program = new StringBuilder(source);
        // An address that is taken makes the compiler instantiate the template.
        program.append("\nextern const void* const kernels[] = {nullptr");
        for (String kernel : kernels) {
            program.append(", reinterpret_cast<const void*>(&").append(kernel).append(')');
        }
        program.append("};\n");
        Path file = Files.writeString(directory.resolve("program.cu"), program);
        List<String> command =
                new ArrayList<>(
                        List.of("nvcc", "--cubin", "-std=c++17", "-Werror", "all-warnings"));
        command.addAll(List.of("-Xptxas", "-v", "-arch=" + architecture));
        command.addAll(List.of("-o", directory.resolve("program.cubin").toString()));
        command.add(file.toString());
        EmulationCompiler.Output output = EmulationCompiler.run(command);
        if (output.status() != 0) {
            return "nvcc: " + output.text();
        }
        long compiled = COMPILED.matcher(output.text()).results().count();
        return compiled == kernels.size()
                ? ""
                : compiled + " kernels compiled, but " + kernels.size() + " expected";
    }
}
