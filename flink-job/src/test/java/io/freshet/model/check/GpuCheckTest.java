package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.check.GpuCheck.Plan;
import io.freshet.model.contract.EngineContract;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.EmulatedDevice;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test of the whole command on an emulated device, whose speed means nothing. */
class GpuCheckTest {
    @TempDir private Path directory;

    private static int check(
            GpuCheckOptions options, Supplier<Device> devices, StringWriter out, Plan plan)
            throws IOException {
        CardFacts facts;
        try (Device device = devices.get()) {
            facts = CardFacts.of(device);
        }
        return new GpuCheck(options, facts, devices, devices, new PrintWriter(out), plan).run();
    }

    @Test
    void command_checksMeasuresAndReports() throws IOException {
        EmulatedDevice.assumeAvailable();
        Path report = directory.resolve("report.json");
        GpuCheckOptions options =
                new GpuCheckOptions(report, true, 0, null, null, null, false, false);
        Plan plan =
                new Plan(
                        EngineContract.part(),
                        List.of(new Shape(64, 5, 3, 2, 0, 0), new Shape(64, 5, 3, 0, 0, 0)),
                        3,
                        0,
                        0);
        StringWriter out = new StringWriter();

        int status = check(options, EmulatedDevice::new, out, plan);

        assertThat(out.toString())
                .doesNotContain("FAILED")
                .contains(
                        "   64     5     3     2",
                        "   64     5     3  ens.",
                        "contract   held: ",
                        "leaks      held: ");
        assertThat(status).isZero();
        assertThat(Files.readString(report)).contains("\"held\": true");
    }

    @Test
    void partUnderASanitizer_isShort_andHolds() throws IOException {
        EmulatedDevice.assumeAvailable();
        GpuCheckOptions options =
                new GpuCheckOptions(null, false, 0, null, null, null, true, false);
        StringWriter out = new StringWriter();

        int status = check(options, EmulatedDevice::new, out, Plan.of(options));

        assertThat(out.toString().lines().count()).isBetween(10L, 25L);
        assertThat(status).isZero();
    }

    @Test
    void libraries_areReadFromTheProcess() {
        assertThat(
                        CardFacts.libraries(
                                List.of(
                                        "7f00-7f01 r--p 00000000 08:01 1   /usr/lib/libcuda.so.1",
                                        "7f01-7f02 r-xp 00000000 08:01 1   /usr/lib/libcuda.so.1",
                                        "7f02-7f03 r--p 00000000 08:01 2   /cuda/libnvrtc.so.13",
                                        "7f03-7f04 r--p 00000000 08:01 3   /usr/lib/libc.so.6")))
                .containsExactly("/cuda/libnvrtc.so.13", "/usr/lib/libcuda.so.1");
    }
}
