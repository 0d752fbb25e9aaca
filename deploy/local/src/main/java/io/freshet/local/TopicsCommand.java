package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet topics}: creates the missing topics of a job. */
@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        description = "Creates those topics of the job that do not exist.")
final class TopicsCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Partitions of the topic of labelled events (default: ${DEFAULT-VALUE}).")
    private int partitions = 1;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (partitions < 1) {
            throw new UserException("--partitions " + partitions + ": must be at least 1");
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        PrintWriter out = spec.commandLine().getOut();
        Topics.create(topics, partitions).forEach(out::println);
        out.flush();
        return 0;
    }
}
