package io.freshet.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Interpreter of Python 3 that has the libraries of a script. */
public final class Python {
    private final String command;

    private Python(String command) {
        this.command = command;
    }

    /**
     * Finds an interpreter: the first {@code python3} on the path, or that of the system.
     *
     * @param libraries names of the modules that it must have
     * @throws IOException if neither has them, with what they say
     */
    public static Python with(String... libraries) throws IOException, InterruptedException {
        List<String> reasons = new ArrayList<>();
        for (String candidate : List.of("python3", "/usr/bin/python3")) {
            Python python = new Python(candidate);
            try {
                python.run("-c", "import " + String.join(", ", libraries));
                return python;
            } catch (IOException e) {
                List<String> lines = e.getMessage().strip().lines().toList();
                reasons.add(candidate + ": " + lines.get(lines.size() - 1));
            }
        }
        throw new IOException(String.join("; ", reasons));
    }

    /**
     * Runs the interpreter and returns what it prints.
     *
     * @throws IOException if it ends with another code than 0, with what it printed
     */
    public String run(String... arguments) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add(0, command);
        Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(output);
            }
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
