package io.freshet.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** Exit code, output and errors of a command {@code freshet}, run in the test's process. */
public record CommandResult(int code, String out, String err) {
    /**
     * Runs a command.
     *
     * @param settings settings of the job, which are given with {@code --set}
     * @param arguments name of the command, with its arguments
     */
    public static CommandResult of(Map<String, String> settings, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        List<String> all = new ArrayList<>(List.of(arguments));
        settings.forEach((key, value) -> all.addAll(List.of("--set", key + "=" + value)));
        int code = command.execute(all.toArray(String[]::new));
        return new CommandResult(code, out.toString(), err.toString());
    }

    /** Returns the lines of the output. */
    public List<String> lines() {
        return out.lines().toList();
    }

    /** Returns the output as JSON. */
    JsonNode json() throws IOException {
        return new ObjectMapper().readTree(out);
    }
}
