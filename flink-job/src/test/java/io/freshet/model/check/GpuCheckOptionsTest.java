package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class GpuCheckOptionsTest {
    @Test
    void defaults_checkEverythingAndWriteNothing() {
        assertThat(GpuCheckOptions.parse(List.of()))
                .isEqualTo(new GpuCheckOptions(null, false, null, null, null, false, false));
    }

    @Test
    void everyOption_isRead() {
        GpuCheckOptions options =
                GpuCheckOptions.parse(
                        List.of(
                                "--quick",
                                "--out",
                                "report.json",
                                "--bundle",
                                "dir",
                                "--baselines",
                                "script.py",
                                "--libraries",
                                "/opt/cuda",
                                "--under-sanitizer",
                                "--help"));

        assertThat(options)
                .isEqualTo(
                        new GpuCheckOptions(
                                Path.of("report.json"),
                                true,
                                Path.of("dir"),
                                Path.of("script.py"),
                                Path.of("/opt/cuda"),
                                true,
                                true));
    }

    @Test
    void invalidArguments_areToldInOneLine() {
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--fast")))
                .hasMessage("unknown option --fast; --help lists them");
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--out")))
                .hasMessage("option --out needs a path");
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--out", "--quick")))
                .hasMessage("option --out needs a path");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int status =
                GpuCheck.run(List.of("--fast"), new PrintWriter(out), new PrintWriter(err, true));

        assertThat(status).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString())
                .isEqualTo("gpu-check: unknown option --fast; --help lists them\n");
    }

    @Test
    void usage_namesTheOptions_andFitsATerminal() {
        StringWriter out = new StringWriter();
        PrintWriter err = new PrintWriter(new StringWriter());

        assertThat(GpuCheck.run(List.of("--help"), new PrintWriter(out), err)).isZero();

        assertThat(out.toString())
                .contains("--quick", "--out", "--libraries", "--baselines", "--bundle");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    }
}
