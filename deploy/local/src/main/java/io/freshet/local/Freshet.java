package io.freshet.local;

import io.freshet.config.ConfigurationException;
import io.freshet.local.cli.Failures;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.LogFile;
import io.freshet.local.cli.ProcessDirectory;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.PreflightException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** Command line {@code freshet}, with all its subcommands. */
@Command(
        name = "freshet",
        mixinStandardHelpOptions = true,
        description = "An online learner for Apache Flink and Apache Kafka.",
        subcommands = {
            DemoCommand.class,
            InspectCommand.class,
            ReplayCommand.class,
            ImagesCommand.class,
            TopicsCommand.class,
            RunCommand.class,
            ScoreCommand.class,
            WatchCommand.class,
            StatusCommand.class,
            ServeCommand.class,
            EvaluateCommand.class,
            ArticleCommand.class,
            DeadLettersCommand.class,
            AuditCommand.class,
            ModelsCommand.class,
            JarsCommand.class,
            BenchCommand.class,
            DriftBenchCommand.class,
            GpuCheckCommand.class
        })
public final class Freshet implements Runnable {
    private static final int USAGE_ERROR = 2;

    /** Option for what some commands take as an argument. */
    private static final String FILE = "--file";

    /** Commands that run for long and log: their first line of output names the log. */
    private static final Set<String> LOGGING_COMMANDS =
            Set.of(
                    "demo", "article", "replay", "images", "run", "score", "watch", "serve",
                    "bench");

    /** Message of the operating system if a disk is full. */
    private static final String DISK_FULL = "No space left on device";

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Prints stack traces of errors.")
    private boolean debug;

    /** Runs a command and exits with its code. */
    public static void main(String[] args) {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try {
            ProcessDirectory directory = ProcessShutdown.openDirectory(temporary);
            directory.use();
        } catch (IOException e) {
            System.err.println(
                    "freshet: cannot create a directory in "
                            + temporary
                            + ": "
                            + Failures.reason(e));
            System.exit(USAGE_ERROR);
        }
        ProcessShutdown.handleSignals();
        CommandLine command = commandLine();
        command.setExecutionStrategy(
                parsed -> {
                    Integer helped = CommandLine.executeHelpRequest(parsed);
                    if (helped != null) {
                        return helped;
                    }
                    String name = commandName(parsed);
                    LogFile.configure(temporary, logName(parsed, name));
                    if (LOGGING_COMMANDS.contains(name)) {
                        PrintWriter out = command.getOut();
                        out.println("log in " + LogFile.path());
                        out.flush();
                    }
                    return new CommandLine.RunLast().execute(parsed);
                });
        System.exit(command.execute(args));
    }

    /** Returns the command's name, with those of its subcommands: {@code dead-letters-list}. */
    private static String commandName(ParseResult parsed) {
        List<String> names = new ArrayList<>();
        for (ParseResult last = parsed; last.hasSubcommand(); ) {
            last = last.subcommand();
            names.add(last.commandSpec().name());
        }
        return String.join("-", names);
    }

    /** Returns the log's name: one for each command, and for each job name of {@code run}. */
    private static String logName(ParseResult parsed, String commandName) {
        String jobName =
                parsed.hasSubcommand()
                                && parsed.subcommand().commandSpec().userObject()
                                        instanceof JobCommand run
                        ? run.jobName()
                        : "";
        return jobName.isEmpty() ? commandName : commandName + "-" + jobName;
    }

    /** Returns the command line; its output and error writers can be replaced. */
    static CommandLine commandLine() {
        Freshet freshet = new Freshet();
        return new CommandLine(freshet)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, arguments) -> reportUsage(e))
                .setExecutionExceptionHandler(
                        (e, command, parsed) -> freshet.report(e, command.getErr()));
    }

    /** Prints in one line why the arguments of a command are invalid. */
    private static int reportUsage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        List<String> meant = suggestions(e);
        String text =
                "freshet: "
                        + e.getMessage()
                        + (meant.isEmpty() ? ";" : "; is " + String.join(" or ", meant) + " meant?")
                        + " "
                        + command.getCommandSpec().qualifiedName()
                        + " --help says more";
        PrintWriter err = command.getErr();
        err.println(TerminalText.printable(text));
        err.flush();
        return USAGE_ERROR;
    }

    /** Returns the arguments that may have been meant by those that are unknown. */
    private static List<String> suggestions(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return List.of();
        }
        boolean isFile =
                !unmatched.getUnmatched().get(0).startsWith("-")
                        && e.getCommandLine().getCommandSpec().findOption(FILE) != null;
        return isFile ? List.of(FILE) : unmatched.getSuggestions();
    }

    private int report(Exception e, PrintWriter err) {
        if (ProcessShutdown.hasBegun() && !(e instanceof JobFailedException)) {
            return ProcessShutdown.FAILED; // probably a consequence of the shutdown
        }
        boolean userError =
                e instanceof UserException
                        || e instanceof ConfigurationException
                        || e instanceof PreflightException;
        String message = userError ? String.valueOf(e.getMessage()) : Failures.reason(e);
        if (message.contains(DISK_FULL)) {
            message += "; temporary files are in " + System.getProperty("java.io.tmpdir");
        }
        for (String line : message.lines().toList()) {
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
        } else if (!userError && !(e instanceof JobFailedException)) {
            err.println("freshet: --debug prints the stack trace");
        }
        err.flush();
        return userError ? USAGE_ERROR : ProcessShutdown.FAILED;
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
