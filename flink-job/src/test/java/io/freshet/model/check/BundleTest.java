package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.zip.ZipFile;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleTest {
    private static final int MINUTES = 2;

    @TempDir private Path directory;

    @Test
    void bundle_isSmall_andRunsWithoutJava() throws IOException {
        assumeTrue(ToolProvider.findFirst("jlink").isPresent(), "skipped: no jlink");
        Path script = Files.writeString(directory.resolve("gpu_baselines.py"), "print()\n");
        Path bundle = directory.resolve("bundle");

        long bytes = Bundle.write(bundle, script);

        assertThat(bytes).isBetween(20_000_000L, Bundle.MAX_BYTES);
        assertThat(bundle.resolve(Bundle.BASELINES)).hasSameTextualContentAs(script);
        try (ZipFile jar = new ZipFile(bundle.resolve("gpu-check.jar").toFile())) {
            assertThat(jar.stream().map(entry -> entry.getName()))
                    .contains(
                            "io/freshet/model/cuda/recursion.cu",
                            "org/bytedeco/cuda/" + Loader.getPlatform() + "/libjnicublas.so")
                    .noneMatch(name -> name.contains("nd4j") || name.contains("flink"));
        }
        Programs.Ended help = run(bundle, "--help");
        assertThat(help.output()).startsWith("Usage: gpu-check");
        assertThat(help.status()).isZero();
    }

    @Test
    void bundle_saysWhatTheMachineLacks() throws IOException {
        assumeTrue(ToolProvider.findFirst("jlink").isPresent(), "skipped: no jlink");
        assumeTrue(!Files.exists(Path.of("/dev/nvidiactl")), "skipped: this machine has a GPU");
        Path bundle = directory.resolve("bundle");
        Bundle.write(bundle, null);

        Programs.Ended ended = run(bundle, "--quick");

        assertThat(ended.output())
                .startsWith("gpu-check: no usable device: no NVIDIA driver (libcuda.so.1")
                .hasLineCount(1);
        assertThat(ended.status()).isEqualTo(2);
    }

    /** Runs the bundle's script with nothing on the PATH but the system's own programs. */
    private static Programs.Ended run(Path bundle, String option) {
        Path script = bundle.resolve(Bundle.SCRIPT);
        return Programs.run(List.of("env", "-i", "PATH=/bin", script.toString(), option), MINUTES);
    }

    @Test
    void directoryWithFiles_isRefused() throws IOException {
        Files.writeString(directory.resolve("mine"), "");

        assertThatThrownBy(() -> Bundle.write(directory, null))
                .isInstanceOf(IOException.class)
                .hasMessage(directory + " is not empty");
    }
}
