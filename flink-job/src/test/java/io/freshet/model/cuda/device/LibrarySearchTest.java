package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibrarySearchTest {
    private static final String LIBRARY = "libcudart.so.13";

    @TempDir private Path root;

    @Test
    void library_isLookedForByTheLoader_thenInFolders() throws IOException {
        Path file = create("usr/local/cuda/lib64/" + LIBRARY);

        assertThat(search(null, Map.of()).candidates(LIBRARY))
                .containsExactly(LIBRARY, file.toString());
        assertThat(search(null, Map.of()).candidates("libnvrtc.so.13"))
                .containsExactly("libnvrtc.so.13");
    }

    @Test
    void givenFolder_isFirst() throws IOException {
        create("usr/local/cuda/lib64/" + LIBRARY);
        Path file = create("given/" + LIBRARY);

        assertThat(search(root.resolve("given"), Map.of()).candidates(LIBRARY))
                .containsExactly(file.toString(), LIBRARY);
    }

    @Test
    void givenFolder_isMissing_onlyIfThereIsNone() throws IOException {
        create("given/" + LIBRARY);

        assertThat(search(null, Map.of()).missingFolder()).isEmpty();
        assertThat(search(root.resolve("given"), Map.of()).missingFolder()).isEmpty();
        assertThat(search(root.resolve("other"), Map.of()).missingFolder())
                .contains(root.resolve("other"));
    }

    @Test
    void folders_haveAnOrder() throws IOException {
        Path system = create("usr/lib/x86_64-linux-gnu/" + LIBRARY);
        assertThat(search(null, Map.of()).find(LIBRARY)).contains(system);

        Path older = create("usr/local/cuda-13.0/targets/sbsa-linux/lib/" + LIBRARY);
        assertThat(search(null, Map.of()).find(LIBRARY)).contains(older);

        Path newer = create("usr/local/cuda-13.1/lib/" + LIBRARY);
        assertThat(search(null, Map.of()).find(LIBRARY)).contains(newer);

        Path usual = create("usr/local/cuda/lib64/" + LIBRARY);
        assertThat(search(null, Map.of()).find(LIBRARY)).contains(usual);

        Path cudaPath = create("opt/cuda/lib64/" + LIBRARY);
        Map<String, String> environment =
                Map.of(
                        "CUDA_PATH",
                        root.resolve("opt/cuda").toString(),
                        "LD_LIBRARY_PATH",
                        ":" + root.resolve("nothing") + ":" + root.resolve("mine"));
        assertThat(search(null, environment).find(LIBRARY)).contains(cudaPath);

        Path loader = create("mine/" + LIBRARY);
        assertThat(search(null, environment).find(LIBRARY)).contains(loader);

        Path given = create("given/" + LIBRARY);
        assertThat(search(root.resolve("given"), environment).find(LIBRARY)).contains(given);
    }

    @Test
    void folderWithTheNameOfALibrary_isNone() throws IOException {
        Files.createDirectories(root.resolve("usr/local/cuda/lib64").resolve(LIBRARY));

        assertThat(search(null, Map.of("CUDA_PATH", "", "LD_LIBRARY_PATH", "")).find(LIBRARY))
                .isEmpty();
    }

    @Test
    void partsOfTheCompiler_areBesideIt() throws IOException {
        Path compiler = create("lib/libnvrtc.so.13");
        Path part = create("lib/libnvrtc-builtins.so.13.0");
        create("lib/libnvrtc-builtins.so.13.0.88");
        create("lib/libnvrtc-builtins.so.12.9");
        create("lib/libnvrtc-builtins.so");

        assertThat(LibrarySearch.builtins(compiler)).containsExactly(part.toString());
        assertThat(LibrarySearch.builtins(Path.of("libnvrtc.so.13"))).isEmpty();
        assertThat(LibrarySearch.builtins(root.resolve("nothing/libnvrtc.so.13"))).isEmpty();
    }

    private LibrarySearch search(Path given, Map<String, String> environment) {
        return new LibrarySearch(given, environment, root);
    }

    private Path create(String file) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.createFile(path);
    }
}
