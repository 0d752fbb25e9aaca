package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaLibrariesTest {
    private static final ClassLoader CLASS_PATH = CudaLibrariesTest.class.getClassLoader();

    @Test
    void machineWithoutADriver_hasOneLine_andPrintsNothing() {
        assumeTrue(!isLoaded("libcuda.so.1"), "a driver is installed");
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(printed, true, StandardCharsets.UTF_8);
        System.setOut(both);
        System.setErr(both);
        try {
            assertThat(CudaLibraries.findObstacle(null))
                    .contains(
                            "no NVIDIA driver (libcuda.so.1: cannot open shared object file: No"
                                    + " such file or directory); install driver 580 or newer");
            assertThat(CudaLibraries.findObstacle(null)).isSameAs(CudaLibraries.findObstacle(null));
            assertThat(CudaLibraries.findAbsence(null)).contains("there is no NVIDIA driver");
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void fileThatIsNoLibrary_isTheLoadersMessage(@TempDir Path folder) throws Exception {
        assumeTrue(!isLoaded("libnvrtc.so.13"), "NVRTC is installed");
        Files.writeString(folder.resolve("libnvrtc.so.13"), "no library");

        assertThat(new CudaLibraries(CLASS_PATH, folder, Map.of()).probeCompiler())
                .hasValueSatisfying(
                        line ->
                                assertThat(line)
                                        .startsWith(
                                                "libraries of CUDA 13 are missing ("
                                                        + folder.resolve("libnvrtc.so.13")
                                                        + ": file too short)")
                                        .contains("install cuda-nvrtc-13-0"));
    }

    @Test
    void buildWithNd4jsBindings_hasNoEngine(@TempDir Path folder) throws Exception {
        Path backend = folder.resolve(CudaLibraries.ND4J_BACKEND);
        Files.createDirectories(backend.getParent());
        Files.createFile(backend);
        try (URLClassLoader nd4j =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, CLASS_PATH)) {
            assertThat(new CudaLibraries(nd4j, null, Map.of()).probe())
                    .contains(
                            "this build has ND4J's bindings of CUDA 11.6; build without the profile"
                                    + " nd4j-cuda");
            assertThat(new CudaLibraries(nd4j, null, Map.of()).absence())
                    .isEqualTo(new CudaLibraries(nd4j, null, Map.of()).probe());
        }
    }

    @Test
    void platformWithoutBindings_isNamed(@TempDir Path folder) throws Exception {
        try (URLClassLoader empty = new URLClassLoader(new URL[] {folder.toUri().toURL()}, null)) {
            assertThat(new CudaLibraries(empty, null, Map.of()).probe())
                    .contains(CudaRequirements.noBindings(Loader.getPlatform()));
        }
    }

    private static boolean isLoaded(String library) {
        try {
            Loader.loadGlobal(library);
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }
}
