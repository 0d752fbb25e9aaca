package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCacheTest {
    private static final byte[] CUBIN = "machine code".getBytes(StandardCharsets.UTF_8);
    private static final CompiledKernels KERNELS =
            new CompiledKernels(CUBIN, List.of("_Z5scaleILi7EEvv", "_Z4stepv"));

    private final List<String> warnings = new ArrayList<>();

    @TempDir private Path folder;

    private KernelCache cache(Path place) {
        return new KernelCache(place, warnings::add);
    }

    @Test
    void kernels_areReadAsTheyWereWritten() throws IOException {
        Path place = folder.resolve("state/kernels");
        cache(place).write("a.kernels", KERNELS);

        CompiledKernels read = cache(place).read("a.kernels").orElseThrow();

        assertThat(read.cubin()).isEqualTo(CUBIN);
        assertThat(read.loweredNames()).isEqualTo(KERNELS.loweredNames());
        assertThat(warnings).isEmpty();
        try (Stream<Path> files = Files.list(place)) {
            assertThat(files).containsExactly(place.resolve("a.kernels"));
        }
    }

    @Test
    void fileThatDoesNotExist_isNoWarning() {
        assertThat(cache(folder.resolve("nothing")).read("a.kernels")).isEmpty();
        assertThat(warnings).isEmpty();
    }

    @Test
    void damagedFile_isNotRead_andIsReplaced() throws IOException {
        Path file = folder.resolve("a.kernels");
        cache(folder).write("a.kernels", KERNELS);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= 1;
            Files.write(file, damaged);
            assertThat(cache(folder).read("a.kernels")).as("byte %d", i).isEmpty();
            Files.write(file, Arrays.copyOf(whole, i));
            assertThat(cache(folder).read("a.kernels")).as("%d bytes", i).isEmpty();
        }
        assertThat(warnings)
                .hasSize(2 * whole.length)
                .allMatch(line -> line.contains(file + " is damaged"));

        cache(folder).write("a.kernels", KERNELS);

        assertThat(cache(folder).read("a.kernels")).isPresent();
    }

    @Test
    void folderThatCannotBeWritten_isAWarning() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        cache(file).write("a.kernels", KERNELS);

        assertThat(warnings)
                .singleElement()
                .asString()
                .startsWith("compiled kernels cannot be kept")
                .contains(file.toString());
    }

    @Test
    void fileName_dependsOnEachPart() {
        List<String> names =
                List.of(
                        KernelCache.fileName("source", List.of("a", "b"), "sm_90", "NVRTC 13.0"),
                        KernelCache.fileName("Source", List.of("a", "b"), "sm_90", "NVRTC 13.0"),
                        KernelCache.fileName("source", List.of("b", "a"), "sm_90", "NVRTC 13.0"),
                        KernelCache.fileName("source", List.of("ab"), "sm_90", "NVRTC 13.0"),
                        KernelCache.fileName("sourcea", List.of("b"), "sm_90", "NVRTC 13.0"),
                        KernelCache.fileName("source", List.of("a", "b"), "sm_80", "NVRTC 13.0"),
                        KernelCache.fileName("source", List.of("a", "b"), "sm_90", "NVRTC 13.1"));

        assertThat(new HashSet<>(names)).hasSameSizeAs(names);
        assertThat(names).allMatch(name -> name.matches("[0-9a-f]{64}\\.kernels"));
        assertThat(KernelCache.fileName("source", List.of("a", "b"), "sm_90", "NVRTC 13.0"))
                .isEqualTo(names.get(0));
    }
}
