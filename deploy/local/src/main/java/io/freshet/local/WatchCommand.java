package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.UserException;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.dashboard.DashboardOptions;
import io.freshet.local.watch.RegistryProbe;
import io.freshet.local.watch.ResultsReader;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.local.watch.TerminalReporter;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet watch}: the dashboard, or a view in the terminal, of a running job. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        description = {
            "Serves the dashboard of a running job, wherever it runs, until Ctrl-C.",
            "Reads the topics that the job publishes to, and writes nothing."
        })
final class WatchCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
    @Mixin private DashboardOptions dashboardOptions = new DashboardOptions();

    @Option(
            names = "--terminal",
            description = "Prints to the terminal instead of serving the dashboard.")
    private boolean terminal;

    @Option(
            names = "--model",
            paramLabel = "ID",
            description = "With --terminal: the model to show (default: all).")
    private @Nullable String model;

    @Option(
            names = "--once",
            description = "With --terminal: shows what has been published so far and ends.")
    private boolean once;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (!terminal && (once || model != null)) {
            throw new UserException("--model and --once need --terminal");
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        KafkaPreflight.requireTopic(topics.kafka(), topics.publish().topic(Topic.METRICS));
        PrintWriter out = spec.commandLine().getOut();
        return terminal ? watchInTerminal(topics, out) : serveDashboard(topics, out);
    }

    private int serveDashboard(JobTopics topics, PrintWriter out) throws Exception {
        DashboardData data = new DashboardData();
        try (ShutdownStack open = new ShutdownStack()) {
            Dashboard dashboard = open.add(dashboardOptions.start(data));
            ResultsReader reader = open.add(ResultsReader.start(topics, data));
            Optional<RegistryProbe> probe = RegistryProbe.start(topics);
            if (probe.isPresent()) {
                data.registry(open.add(probe.get())::outageSeconds);
            }
            out.println(
                    "watching "
                            + topics.publish().topic(Topic.METRICS)
                            + " at "
                            + topics.kafka().bootstrapServers()
                            + " on "
                            + dashboard.address());
            out.flush();
            reader.awaitEnd();
        }
        return 0;
    }

    private int watchInTerminal(JobTopics topics, PrintWriter out) throws Exception {
        TerminalReporter watch = new TerminalReporter(TerminalDisplay.forTerminal(out), model);
        try (ShutdownStack open = new ShutdownStack()) {
            open.add(watch::printTotals);
            ResultsReader reader = open.add(ResultsReader.start(topics, watch));
            if (once) {
                reader.awaitCaughtUp();
            } else {
                reader.awaitEnd();
            }
        }
        return 0;
    }
}
