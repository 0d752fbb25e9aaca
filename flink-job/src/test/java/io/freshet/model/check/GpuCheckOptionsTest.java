package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuCheckOptionsTest {
    @TempDir private Path directory;

    @Test
    void defaults_checkEverythingAndWriteNothing() {
        assertThat(GpuCheckOptions.parse(List.of()))
                .isEqualTo(new GpuCheckOptions(null, false, 0, null, null, null, false, false));
    }

    @Test
    void everyOption_isRead() {
        Path report = directory.resolve("report.json");
        GpuCheckOptions options =
                GpuCheckOptions.parse(
                        List.of(
                                "--quick",
                                "--events",
                                "100000000",
                                "--out",
                                report.toString(),
                                "--bundle",
                                "dir",
                                "--baselines",
                                "script.py",
                                "--libraries",
                                directory.toString(),
                                "--under-sanitizer",
                                "--help"));

        assertThat(options)
                .isEqualTo(
                        new GpuCheckOptions(
                                report,
                                true,
                                100_000_000,
                                Path.of("dir"),
                                Path.of("script.py"),
                                directory,
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
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--events")))
                .hasMessage("option --events needs a number");
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--events", "1e8")))
                .hasMessage("option --events needs a whole number from 1 on, not 1e8");
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--libraries", missing.toString())))
                .hasMessage("--libraries: there is no folder " + missing);
        assertThatThrownBy(() -> GpuCheckOptions.parse(List.of("--out", missing + "/report.json")))
                .hasMessage("--out: there is no folder " + missing);
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
    void bundleThatCannotBeWritten_isToldInOneLine() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        StringWriter err = new StringWriter();

        int status =
                GpuCheck.run(
                        List.of("--bundle", file.resolve("bundle").toString()),
                        new PrintWriter(new StringWriter()),
                        new PrintWriter(err, true));

        assertThat(status).isEqualTo(1);
        assertThat(err.toString()).startsWith("gpu-check: ").contains("xception: " + file);
        assertThat(err.toString().lines()).hasSize(1);
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
