package io.freshet.model.check;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Other programs on this machine. */
final class Programs {
    private Programs() {}

    /**
     * The end of a program.
     *
     * @param status exit code
     * @param output what it printed
     */
    record Ended(int status, String output) {}

    /** Returns a program on the PATH. */
    static Optional<Path> find(String name) {
        String path = System.getenv("PATH");
        if (path == null) {
            return Optional.empty();
        }
        for (String folder : path.split(File.pathSeparator, -1)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
                return Optional.of(Path.of(folder, name));
            }
        }
        return Optional.empty();
    }

    /**
     * Runs a program to its end.
     *
     * @param minutes time after which it is killed, and its status is -1
     */
    static Ended run(List<String> command, int minutes) {
        try {
            Path output = Files.createTempFile("gpu-check", ".txt");
            try {
                Process process =
                        new ProcessBuilder(command)
                                .redirectErrorStream(true)
                                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                                .redirectOutput(output.toFile())
                                .start();
                boolean ended = process.waitFor(minutes, TimeUnit.MINUTES);
                if (!ended) {
                    process.destroyForcibly().waitFor();
                }
                return new Ended(
                        ended ? process.exitValue() : -1,
                        new String(Files.readAllBytes(output), UTF_8));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
