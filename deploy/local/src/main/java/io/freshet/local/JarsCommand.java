package io.freshet.local;

import io.freshet.local.cli.Failures;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.FlinkLib;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet jars}: copies the jars that a Flink cluster needs in its lib/. */
@Command(
        name = "jars",
        mixinStandardHelpOptions = true,
        description = {
            "Copies the jars of ND4J, JavaCPP, OpenBLAS and CUDA's bindings, with the native"
                    + " libraries for this kind of machine, to the directory lib/ of a Flink"
                    + " cluster.",
            "Prints what else to set there."
        })
final class JarsCommand implements Callable<Integer> {
    private static final long MEGABYTE = 1_000_000;

    private static final String SETTINGS =
            """

            Set on every machine of the cluster, and restart Flink:
              in Flink's configuration
                env.java.opts.taskmanager: -Dorg.bytedeco.javacpp.maxphysicalbytes=SIZE
              in the environment
                OMP_NUM_THREADS=1
            SIZE is taskmanager.memory.process.size, such as 4g. Models need off-heap
            memory: leave room with taskmanager.memory.task.off-heap.size.
            From JDK 24 on, add to env.java.opts.all, or the JVM prints warnings:
              --enable-native-access=ALL-UNNAMED
              --sun-misc-unsafe-memory-access=allow\
            """;

    @Option(
            names = "--lib",
            paramLabel = "DIR",
            required = true,
            description = "Flink's lib/; created if it does not exist.")
    private Path lib = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        List<Path> jars = FlinkLib.onClassPath();
        if (jars.isEmpty()) {
            throw new IOException("there are no jars of ND4J on the class path of this process");
        }
        long bytes;
        try {
            Files.createDirectories(lib);
            List<String> others = FlinkLib.others(lib, jars);
            if (!others.isEmpty()) {
                throw new UserException(
                        lib
                                + " has these jars of other versions or for other machines; nothing"
                                + " was copied, remove them first:\n  "
                                + String.join("\n  ", others));
            }
            bytes = FlinkLib.copy(jars, lib);
        } catch (IOException e) {
            throw new UserException(
                    "--lib " + lib + ": the jars cannot be copied: " + Failures.reason(e), e);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%d jars, %d MB, are in %s:%n", jars.size(), bytes / MEGABYTE, lib);
        jars.forEach(jar -> out.println("  " + jar.getFileName()));
        SETTINGS.lines().forEach(out::println);
        out.flush();
        return 0;
    }
}
