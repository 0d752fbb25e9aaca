package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Integration test of the line that names the log, in processes as the script starts them. */
class LogLineITCase {
    @TempDir private Path directory;

    private List<String> output(String... arguments) throws Exception {
        try (JavaProcess process = JavaProcess.freshet(directory, List.of(), arguments)) {
            process.awaitExit();
            return process.output().lines().toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "watch"})
    void firstLine_namesTheLog_evenIfTheCommandCannotStart(String command) throws Exception {
        List<String> lines = output(command);

        Path log = directory.resolve("freshet-" + command + ".log");
        assertThat(lines).first().isEqualTo("log in " + log);
        assertThat(lines).anyMatch(line -> line.contains("kafka.bootstrap.servers"));
        assertThat(Files.exists(log)).isTrue();
    }

    @Test
    void commandThatPrintsAResult_doesNotNameTheLog() throws Exception {
        assertThat(output("topics")).noneMatch(line -> line.contains(".log"));
    }
}
