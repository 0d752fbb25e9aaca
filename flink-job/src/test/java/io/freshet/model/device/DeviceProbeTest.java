package io.freshet.model.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.device.DeviceFacts.ComputeCapability;
import io.freshet.model.device.DeviceFacts.Gpu;
import io.freshet.model.device.DeviceProbe.GpuList;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceProbeTest {
    private static final ClassLoader CLASS_PATH = DeviceProbeTest.class.getClassLoader();

    @Test
    void severalGpus_areAllRead() {
        GpuList list =
                DeviceProbe.parse(
                        0,
                        """
                        NVIDIA A100-SXM4-40GB, 8.0, 535.104.05
                        NVIDIA GeForce RTX 4090, Ti, 8.9, 535.104.05

                        NVIDIA RTX PRO 6000, 12.0, 570.86.10
                        """);

        assertThat(list.problem()).isEmpty();
        assertThat(list.gpus())
                .containsExactly(
                        gpu("NVIDIA A100-SXM4-40GB", 8, 0, "535.104.05"),
                        gpu("NVIDIA GeForce RTX 4090, Ti", 8, 9, "535.104.05"),
                        gpu("NVIDIA RTX PRO 6000", 12, 0, "570.86.10"));
    }

    @Test
    void errorOfNvidiaSmi_isTheProblem() {
        assertThat(DeviceProbe.parse(6, "No devices were found\n").problem())
                .contains("nvidia-smi ended with 6: No devices were found");
        assertThat(DeviceProbe.parse(9, "").problem()).contains("nvidia-smi ended with 9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NVIDIA A100, [N/A], 535.104.05", "NVIDIA A100, 8.0", "Tea, 8, 5.3"})
    void outputThatCannotBeParsed_isTheProblem(String output) {
        assertThat(DeviceProbe.parse(0, "NVIDIA A100, 8.0, 535.104.05\n" + output))
                .isEqualTo(GpuList.failed("nvidia-smi answered: " + output));
    }

    @Test
    void commandThatIsMissing_isNamed() throws Exception {
        GpuList list = new DeviceProbe(CLASS_PATH, "/no/nvidia-smi", Map.of()).gpus();

        assertThat(list.gpus()).isEmpty();
        assertThat(list.problem())
                .hasValueSatisfying(p -> assertThat(p).contains("/no/nvidia-smi"));
    }

    /** Stand-in for nvidia-smi that prints its arguments. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            textBlock =
                    """
                    -,         -,          ''
                    0,         -,          ''
                    '0,2',     PCI_BUS_ID, '--id=0,2'
                    GPU-1a2b,  -,          '--id=GPU-1a2b'
                    """)
    void command_asksForTheGpusThatAreVisibleToCuda(
            String visible, String order, String filter, @TempDir Path folder) throws Exception {
        String command =
                script(
                        folder,
                        """
                        [ "$1" = --query-gpu=name,compute_cap,driver_version ] || exit 3
                        [ "$2" = --format=csv,noheader ] || exit 4
                        echo "[$3], 8.6, 470.57.02"
                        """);
        Map<String, String> environment =
                visible == null
                        ? Map.of()
                        : order == null
                                ? Map.of("CUDA_VISIBLE_DEVICES", visible)
                                : Map.of(
                                        "CUDA_VISIBLE_DEVICES",
                                        visible,
                                        "CUDA_DEVICE_ORDER",
                                        order);

        assertThat(new DeviceProbe(CLASS_PATH, command, environment).gpus())
                .isEqualTo(
                        new GpuList(
                                List.of(gpu("[" + filter + "]", 8, 6, "470.57.02")),
                                Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "-1"})
    void gpusHiddenFromCuda_areNotListed(String visible) throws Exception {
        Map<String, String> environment = Map.of("CUDA_VISIBLE_DEVICES", visible);

        assertThat(new DeviceProbe(CLASS_PATH, "/no/nvidia-smi", environment).gpus())
                .isEqualTo(new GpuList(List.of(), Optional.empty()));
    }

    @Test
    void failingCommand_isQuoted(@TempDir Path folder) throws Exception {
        String command = script(folder, "echo 'Failed to initialize NVML' >&2; exit 18\n");

        assertThat(new DeviceProbe(CLASS_PATH, command, Map.of()).gpus().problem())
                .contains("nvidia-smi ended with 18: Failed to initialize NVML");
    }

    @Test
    void library_isLoaded_orTheLoadersMessageIsReturned() {
        assertThat(DeviceProbe.loadProblem("libc.so.6")).isEmpty();
        assertThat(DeviceProbe.loadProblem("libfreshet-has-none.so.11"))
                .hasValueSatisfying(p -> assertThat(p).contains("libfreshet-has-none.so.11: "));
    }

    @Test
    void withoutTheBackendOnTheClassPath_nothingIsProbed(@TempDir Path folder) throws Exception {
        try (URLClassLoader empty = new URLClassLoader(new URL[] {folder.toUri().toURL()}, null)) {
            assertThat(new DeviceProbe(empty, "/no/nvidia-smi", Map.of()).probe())
                    .isEqualTo(DeviceFacts.WITHOUT_CUDA);
        }
    }

    @Test
    void backendOnTheClassPath_isFound(@TempDir Path folder) throws Exception {
        Path backend = folder.resolve(DeviceProbe.CUDA_BACKEND);
        Files.createDirectories(backend.getParent());
        Files.createFile(backend);
        try (URLClassLoader cuda = new URLClassLoader(new URL[] {folder.toUri().toURL()}, null)) {
            assertThat(new DeviceProbe(cuda, "/no/nvidia-smi", Map.of()).probe().cudaBackend())
                    .isTrue();
        }
    }

    private static String script(Path folder, String body) throws IOException {
        Path file = folder.resolve("nvidia-smi");
        Files.writeString(file, "#!/bin/sh\n" + body);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file.toString();
    }

    private static Gpu gpu(String name, int major, int minor, String driver) {
        return new Gpu(name, new ComputeCapability(major, minor), driver);
    }
}
