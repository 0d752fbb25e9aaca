package io.freshet.model.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.device.DeviceDecision.Outcome;
import io.freshet.model.linalg.OpenBlasCore;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.cpu.nativecpu.CpuBackend;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.factory.Nd4jBackend;

class BackendTest {
    @Test
    void describe_namesBackendDeviceCoreThreadsAndLimits() {
        assertThat(Backend.describe())
                .contains("CpuBackend", " processors", " thread", "MiB")
                .containsPattern("OpenBLAS [0-9.]+ with kernels for " + OpenBlasCore.name())
                .doesNotContain("\n");
    }

    @Test
    void allocatedBytes_riseByTheBytesOfAnArray_andFallWhenItIsClosed() throws Exception {
        Backend.start(DevicePreference.AUTO, DeviceFallback.CPU);
        long before = Backend.allocatedBytes();
        INDArray array = Nd4j.createUninitializedDetached(DataType.FLOAT, 16 << 20);
        long during = Backend.allocatedBytes();
        array.close();

        // The arrays of other tests, which are small, may be freed at the same time.
        assertThat(during - before).isCloseTo(64L << 20, within(8L << 20));
        assertThat(during - Backend.allocatedBytes()).isCloseTo(64L << 20, within(8L << 20));
        assertThat(Backend.processBytes())
                .isGreaterThan(during)
                .isLessThan(Backend.maxProcessBytes());
    }

    @Test
    void nativeBuild_startsOnTheCpu_whateverTheFallback() throws Exception {
        for (DeviceFallback fallback : DeviceFallback.values()) {
            assertThat(Backend.start(DevicePreference.AUTO, fallback))
                    .isEqualTo(new DeviceDecision(Outcome.CPU, ""));
        }
    }

    @Test
    void gpus_areNamedWithCapabilityAndMemory() {
        Properties environment = new Properties();
        environment.put(
                Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY,
                List.of(gpu("Tesla T4", 7, 5, 15_843_721_216L), gpu("A10", 8, 6, 1L << 30)));

        assertThat(Backend.gpus(environment))
                .isEqualTo(
                        "Tesla T4 (compute capability 7.5, 15109 MiB) and A10 (compute capability"
                                + " 8.6, 1024 MiB)");
    }

    private static Map<String, Object> gpu(String name, long major, long minor, long memory) {
        return Map.of(
                Nd4jEnvironment.CUDA_DEVICE_NAME_KEY, name,
                Nd4jEnvironment.CUDA_DEVICE_MAJOR_VERSION_KEY, major,
                Nd4jEnvironment.CUDA_DEVICE_MINOR_VERSION_KEY, minor,
                Nd4jEnvironment.CUDA_TOTAL_MEMORY_KEY, memory);
    }

    /** Uses a directory with the files by which ND4J finds its CUDA backend. */
    @Test
    void hiddenBackend_isNotLoaded_butTheOtherIs(@TempDir Path folder) throws Exception {
        Path backend = folder.resolve(DeviceProbe.CUDA_BACKEND);
        Files.createDirectories(backend.getParent());
        Files.createFile(backend);
        String service = "META-INF/services/" + Nd4jBackend.class.getName();
        Files.createDirectories(folder.resolve(service).getParent());
        Files.writeString(folder.resolve(service), "org.nd4j.linalg.jcublas.JCublasBackend\n");
        URL[] cuda = {folder.toUri().toURL()};
        try (URLClassLoader both = new URLClassLoader(cuda, getClass().getClassLoader())) {
            assertThat(Collections.list(both.getResources(service))).hasSize(2);

            HiddenServices shown = new HiddenServices(both, DeviceProbe.CUDA_BACKEND);

            assertThat(ServiceLoader.load(Nd4jBackend.class, shown))
                    .singleElement()
                    .isInstanceOf(CpuBackend.class);
            assertThat(shown.getResource(DeviceProbe.CUDA_BACKEND)).isNotNull();
        }
    }

    @Test
    void limitOfTheProcess_lessTheHeap_isLeftForModels() {
        assertThat(Backend.maxProcessBytes()).isPositive();
        assertThat(Backend.maxBytesBesideHeap())
                .isEqualTo(Backend.maxProcessBytes() - Runtime.getRuntime().maxMemory());
    }
}
