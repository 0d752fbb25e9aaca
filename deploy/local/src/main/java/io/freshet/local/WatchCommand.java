package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.UserException;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardOptions;
import io.freshet.local.dashboard.Figures;
import io.freshet.local.watch.Display;
import io.freshet.local.watch.Feed;
import io.freshet.local.watch.TerminalWatch;
import io.freshet.local.watch.WatchedTopics;
import io.freshet.local.watch.Watcher;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows people how a job is doing that runs anywhere. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        description = {
            "Serves a page on which to watch a running job, wherever it runs, until Ctrl-C.",
            "It reads what the job publishes and writes nothing."
        })
final class WatchCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
    @Mixin private DashboardOptions dashboardOptions = new DashboardOptions();

    @Option(names = "--terminal", description = "Prints here instead of serving a page.")
    private boolean terminal;

    @Option(
            names = "--model",
            paramLabel = "ID",
            description = "With --terminal: the model to show (default: all).")
    private @Nullable String model;

    @Option(
            names = "--once",
            description = "With --terminal: shows what has been told so far and ends.")
    private boolean once;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (!terminal && (once || model != null)) {
            throw new UserException("--model and --once go with --terminal");
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        KafkaPreflight.requireTopic(topics.kafka(), topics.publish().topic(Topic.METRICS));
        PrintWriter out = spec.commandLine().getOut();
        return terminal ? inTheTerminal(topics, out) : onThePage(topics, out);
    }

    private int onThePage(JobTopics topics, PrintWriter out) throws Exception {
        Figures figures = new Figures();
        try (ShutdownStack open = new ShutdownStack()) {
            Dashboard dashboard = open.add(dashboardOptions.start(figures));
            Feed feed = open.add(feed(topics, figures));
            out.println(
                    "watching "
                            + topics.publish().topic(Topic.METRICS)
                            + " at "
                            + topics.kafka().bootstrapServers()
                            + " on "
                            + dashboard.address());
            out.flush();
            feed.awaitEnd();
        }
        return 0;
    }

    private int inTheTerminal(JobTopics topics, PrintWriter out) throws Exception {
        TerminalWatch watch = new TerminalWatch(Display.forTerminal(out), model);
        try (ShutdownStack open = new ShutdownStack()) {
            Feed feed = open.add(feed(topics, watch));
            if (once) {
                feed.awaitCaughtUp();
            } else {
                feed.awaitEnd();
            }
        }
        return 0;
    }

    private static Feed feed(JobTopics topics, Watcher watcher) {
        return Feed.start(topics.kafka().client(), WatchedTopics.of(topics.publish()), watcher);
    }
}
