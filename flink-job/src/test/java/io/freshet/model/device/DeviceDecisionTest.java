package io.freshet.model.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.device.DeviceDecision.Outcome;
import io.freshet.model.device.DeviceFacts.ComputeCapability;
import io.freshet.model.device.DeviceFacts.Gpu;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DeviceDecisionTest {
    private static final Gpu AMPERE = gpu("NVIDIA A100-SXM4-40GB", 8, 0);
    private static final Gpu HOPPER = gpu("NVIDIA H100 80GB HBM3", 9, 0);

    @ParameterizedTest
    @EnumSource
    void withoutTheCudaBackend_theCpuIsUsed_withoutAReason(DeviceFallback fallback) {
        assertThat(DeviceDecision.of(DeviceFacts.WITHOUT_CUDA, DevicePreference.AUTO, fallback))
                .isEqualTo(new DeviceDecision(Outcome.CPU, ""));
    }

    @ParameterizedTest
    @EnumSource
    void whereTheCpuIsPreferred_itIsUsed_withoutAReason(DeviceFallback fallback) {
        DeviceFacts facts =
                new DeviceFacts(
                        true, Optional.empty(), List.of(), List.of(AMPERE), Optional.empty());

        assertThat(DeviceDecision.of(facts, DevicePreference.CPU, fallback))
                .isEqualTo(new DeviceDecision(Outcome.CPU, ""));
    }

    /** The same table as in flink-job/README.md. */
    @ParameterizedTest
    @CsvSource({
        "Kepler,3,5,REFUSED",
        "Kepler,3,7,CUDA",
        "Maxwell,5,2,CUDA",
        "Pascal,6,1,CUDA",
        "Volta,7,0,CUDA",
        "Turing,7,5,CUDA",
        "Ampere,8,0,CUDA",
        "Ampere,8,6,CUDA",
        "Ada,8,9,CUDA",
        "Hopper,9,0,REFUSED",
        "Blackwell,10,0,REFUSED",
        "Blackwell,12,0,REFUSED",
    })
    void computeCapability_determinesTheDevice(String name, int major, int minor, Outcome outcome) {
        assertThat(decide(DeviceFallback.STOP, gpu(name, major, minor)).outcome())
                .isEqualTo(outcome);
    }

    @Test
    void gpuThatIsTooNew_isNamedWithItsCapability() {
        assertThat(decide(DeviceFallback.CPU, HOPPER))
                .isEqualTo(
                        new DeviceDecision(
                                Outcome.CPU,
                                "ND4J's CUDA backend cannot run: NVIDIA H100 80GB HBM3 (compute"
                                        + " capability 9.0, driver 535.104.05) is newer than its"
                                        + " kernels, which end at 8.9"));
    }

    @Test
    void gpuThatIsTooOld_isNamedWithItsCapability() {
        assertThat(decide(DeviceFallback.CPU, gpu("Tesla K40m", 3, 5)).reason())
                .contains("Tesla K40m (compute capability 3.5", "older", "begin at 3.7");
    }

    @Test
    void oneUnsupportedGpu_rulesOutCuda() {
        assertThat(decide(DeviceFallback.STOP, AMPERE, HOPPER).outcome())
                .isEqualTo(Outcome.REFUSED);
        assertThat(decide(DeviceFallback.STOP, AMPERE, AMPERE).outcome()).isEqualTo(Outcome.CUDA);
    }

    @Test
    void missingDriver_isTheOnlyReasonGiven() {
        String linkerMessage = "libcuda.so.1: cannot open shared object file";
        DeviceFacts facts =
                new DeviceFacts(
                        true,
                        Optional.of(linkerMessage),
                        List.of("libcublas.so.11: cannot open shared object file"),
                        List.of(),
                        Optional.of("nvidia-smi not found"));

        assertThat(DeviceDecision.of(facts, DevicePreference.AUTO, DeviceFallback.CPU))
                .isEqualTo(
                        new DeviceDecision(
                                Outcome.CPU,
                                "ND4J's CUDA backend cannot run: no NVIDIA driver ("
                                        + linkerMessage
                                        + ")"));
    }

    @Test
    void missingLibraries_areAllNamed() {
        DeviceFacts facts =
                new DeviceFacts(
                        true,
                        Optional.empty(),
                        List.of("libcublas.so.11: no such file", "libcusolver.so.11: no such file"),
                        List.of(AMPERE),
                        Optional.empty());

        assertThat(DeviceDecision.of(facts, DevicePreference.AUTO, DeviceFallback.STOP))
                .isEqualTo(
                        new DeviceDecision(
                                Outcome.REFUSED,
                                "ND4J's CUDA backend cannot run: libraries of CUDA 11 are missing"
                                        + " (libcublas.so.11: no such file; libcusolver.so.11: no"
                                        + " such file)"));
    }

    @Test
    void gpusThatCannotBeListed_areAReasonOfTheirOwn() {
        DeviceFacts facts =
                new DeviceFacts(
                        true, Optional.empty(), List.of(), List.of(), Optional.of("no answer"));

        assertThat(DeviceDecision.of(facts, DevicePreference.AUTO, DeviceFallback.CPU).reason())
                .endsWith("the GPUs cannot be listed (no answer)");
        assertThat(decide(DeviceFallback.CPU).reason()).endsWith("no GPU is visible");
    }

    private static DeviceDecision decide(DeviceFallback fallback, Gpu... gpus) {
        return DeviceDecision.of(
                new DeviceFacts(
                        true, Optional.empty(), List.of(), Arrays.asList(gpus), Optional.empty()),
                DevicePreference.AUTO,
                fallback);
    }

    private static Gpu gpu(String name, int major, int minor) {
        return new Gpu(name, new ComputeCapability(major, minor), "535.104.05");
    }
}
