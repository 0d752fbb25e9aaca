package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.cuda.device.CudaRequirements.MissingLibrary;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CudaRequirementsTest {
    @Test
    void missingLibraries_areNamedWithTheirPackages() {
        List<MissingLibrary> missing =
                List.of(
                        missing(CudaLibrary.RUNTIME, null),
                        missing(CudaLibrary.BLAS_LIGHT, null),
                        missing(CudaLibrary.BLAS, "/usr/lib64/libcublas.so.12"),
                        missing(CudaLibrary.COMPILER, null));

        assertThat(CudaRequirements.librariesObstacle(missing, Optional.of(Path.of("/none"))))
                .contains(
                        "libraries of CUDA 13 are missing (libcudart.so.13: not found;"
                            + " libcublasLt.so.13: not found; libcublas.so.13: there is only"
                            + " /usr/lib64/libcublas.so.12; libnvrtc.so.13: not found; there is no"
                            + " folder /none); install cuda-cudart-13-0, libcublas-13-0,"
                            + " cuda-nvrtc-13-0 (Debian, Ubuntu) or nvidia-cuda-runtime,"
                            + " nvidia-cublas, nvidia-cuda-nvrtc 13 (pip), and name their folder in"
                            + " device.libraries (gpu-check: --libraries) or LD_LIBRARY_PATH if the"
                            + " loader does not know it");
        assertThat(CudaRequirements.librariesObstacle(List.of(), Optional.empty())).isEmpty();
    }

    private static MissingLibrary missing(CudaLibrary library, String older) {
        return new MissingLibrary(
                library, library.soname() + ": not found", Optional.ofNullable(older));
    }

    @Test
    void driver_isOldOrNot() {
        assertThat(CudaRequirements.driverObstacle(12080))
                .contains(
                        "the NVIDIA driver supports CUDA up to 12.8; install driver 580 or newer");
        assertThat(CudaRequirements.driverObstacle(13000)).isEmpty();
        assertThat(CudaRequirements.driverObstacle(14010)).isEmpty();
        assertThat(CudaRequirements.noDriver("libcuda.so.1: not found"))
                .isEqualTo(
                        "no NVIDIA driver (libcuda.so.1: not found); install driver 580 or newer");
    }

    @ParameterizedTest
    @CsvSource({"13000, 13.0", "13010, 13.1", "12090, 12.9", "11060, 11.6"})
    void version_isWrittenWithAPoint(int version, String text) {
        assertThat(CudaRequirements.versionText(version)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "GPU-0"})
    void hiddenDevices_areSaidToBeHidden(String visible) {
        assertThat(CudaRequirements.visibilityObstacle(0, Map.of("CUDA_VISIBLE_DEVICES", visible)))
                .hasValueSatisfying(
                        line ->
                                assertThat(line)
                                        .contains("CUDA_VISIBLE_DEVICES is '" + visible + "'")
                                        .contains("unset it"));
    }

    @Test
    void noDevice_isNoObstacle_onlyIfThereIsOne() {
        assertThat(CudaRequirements.visibilityObstacle(0, Map.of()))
                .hasValueSatisfying(line -> assertThat(line).startsWith("no GPU is visible;"));
        assertThat(CudaRequirements.visibilityObstacle(1, Map.of("CUDA_VISIBLE_DEVICES", "0")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "6, 1, true",
        "7, 0, true",
        "7, 5, false",
        "8, 0, false",
        "9, 0, false",
        "12, 0, false"
    })
    void device_isTooOldBelow75(int major, int minor, boolean isTooOld) {
        DeviceProperties device = new DeviceProperties("Tesla", major, minor, "13.0", "13.0", 1);

        assertThat(CudaRequirements.deviceObstacle(device).isPresent()).isEqualTo(isTooOld);
    }

    @Test
    void oldDevice_isNamed() {
        assertThat(
                        CudaRequirements.deviceObstacle(
                                new DeviceProperties("Tesla V100", 7, 0, "13.0", "13.0", 1)))
                .contains(
                        "Tesla V100 has compute capability 7.0, and CUDA 13 begins at 7.5; name a"
                                + " newer one in CUDA_VISIBLE_DEVICES if the machine has one, or"
                                + " build with the profile nd4j-cuda for this one");
    }

    @Test
    void driverThatDoesNotWork_isToBeLookedAt() {
        assertThat(CudaRequirements.noAnswer(new DeviceException("cudaX: unknown error")))
                .isEqualTo(
                        "CUDA does not answer (cudaX: unknown error); see whether nvidia-smi lists"
                                + " the GPU, and after an update of the driver start the machine"
                                + " anew");
    }

    @Test
    void bindings_areSaidToBeMissingOrBroken() {
        assertThat(CudaRequirements.noBindings("macosx-arm64"))
                .startsWith("there are no bindings of CUDA for macosx-arm64 on the class path;");
        assertThat(CudaRequirements.brokenBindings(new UnsatisfiedLinkError("no jnicudart")))
                .isEqualTo("the bindings of CUDA cannot be loaded (no jnicudart)");
    }
}
