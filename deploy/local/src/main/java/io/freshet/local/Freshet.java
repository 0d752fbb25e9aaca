package io.freshet.local;

import io.freshet.config.ConfigurationException;
import io.freshet.pipeline.PreflightException;
import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command {@code freshet}. */
@Command(
        name = "freshet",
        mixinStandardHelpOptions = true,
        description = "An online softmax learner for Apache Flink and Apache Kafka.",
        subcommands = {
            DemoCommand.class,
            ReplayCommand.class,
            TopicsCommand.class,
            RunCommand.class,
            WatchCommand.class,
            BenchCommand.class,
            DriftBenchCommand.class
        })
public final class Freshet implements Runnable {
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Shows where an error comes from.")
    private boolean debug;

    /** Runs a command and exits with its code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The command line; its output and error writers may be set. */
    static CommandLine commandLine() {
        Freshet freshet = new Freshet();
        return new CommandLine(freshet)
                .setExecutionExceptionHandler(
                        (e, command, parsed) -> freshet.tell(e, command.getErr()));
    }

    private int tell(Exception e, PrintWriter err) {
        boolean mendable =
                e instanceof UserException
                        || e instanceof ConfigurationException
                        || e instanceof PreflightException;
        for (String line :
                (mendable ? String.valueOf(e.getMessage()) : e.toString()).lines().toList()) {
            err.println("freshet: " + TerminalText.printable(line));
        }
        if (debug) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace, true));
            trace.toString()
                    .replace("\t", "    ")
                    .lines()
                    .map(TerminalText::printable)
                    .forEach(err::println);
        } else if (!mendable) {
            err.println("freshet: --debug shows where it comes from");
        }
        err.flush();
        return mendable ? MISUSED : FAILED;
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
