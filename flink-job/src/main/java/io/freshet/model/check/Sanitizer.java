package io.freshet.model.check;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs of a part of the contract under NVIDIA's compute-sanitizer. */
final class Sanitizer {
    private static final List<String> TOOLS = List.of("memcheck", "racecheck", "initcheck");
    private static final int MINUTES = 10;
    private static final int ERROR_STATUS = 86;

    private Sanitizer() {}

    /**
     * The result of a tool.
     *
     * @param isClean whether it found nothing and all checks held
     * @param text its last line
     */
    record Result(String tool, boolean isClean, String text) {}

    /**
     * Runs all tools.
     *
     * @param main the class to run
     * @return empty if compute-sanitizer is not on the PATH
     */
    static List<Result> run(Class<?> main, Optional<Path> libraries) {
        Optional<Path> program = Programs.find("compute-sanitizer");
        List<Result> results = new ArrayList<>();
        for (String tool : program.isPresent() ? TOOLS : List.<String>of()) {
            Programs.Ended ended =
                    Programs.run(command(main, program.get().toString(), tool, libraries), MINUTES);
            String last =
                    ended.output()
                            .lines()
                            .filter(
                                    line ->
                                            line.contains("ERROR SUMMARY")
                                                    || line.contains("RACECHECK SUMMARY"))
                            .reduce("exit code " + ended.status(), (before, line) -> line);
            results.add(new Result(tool, ended.status() == 0, last.replaceAll("^=+ *", "")));
        }
        return results;
    }

    /** Returns the command line: this Java with this class path, under a tool. */
    private static List<String> command(
            Class<?> main, String program, String tool, Optional<Path> libraries) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                program,
                                "--tool",
                                tool,
                                "--error-exitcode",
                                String.valueOf(ERROR_STATUS),
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                main.getName(),
                                GpuCheckOptions.UNDER_SANITIZER));
        libraries.ifPresent(folder -> command.addAll(List.of("--libraries", folder.toString())));
        return command;
    }
}
