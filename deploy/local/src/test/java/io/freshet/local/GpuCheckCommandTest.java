package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class GpuCheckCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err, true));
        return command.execute(arguments);
    }

    @Test
    void options_areThoseOfTheCheck() {
        assertThat(run("gpu-check", "--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: gpu-check").contains("--bundle DIR");
        assertThat(run("gpu-check", "--fast")).isEqualTo(2);
        assertThat(err.toString())
                .isEqualTo("gpu-check: unknown option --fast; --help lists them\n");
    }

    @Test
    void machineWithoutAGpu_isToldWhatItLacks() {
        assumeTrue(!Files.exists(Path.of("/dev/nvidiactl")), "skipped: this machine has a GPU");

        assertThat(run("gpu-check", "--baselines", "gpu_baselines.py")).isEqualTo(2);

        assertThat(err.toString()).startsWith("gpu-check: no usable device: ").hasLineCount(1);
        assertThat(out.toString()).isEmpty();
    }
}
