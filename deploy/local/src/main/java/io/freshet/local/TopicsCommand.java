package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
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
        Map<String, String> settings = new HashMap<>();
        // Required by the parser; the topics do not depend on them.
        settings.put("num-features", "1");
        settings.put("classes", "2");
        settings.putAll(settingsOptions.read());
        JobConfig config = JobConfig.parse(settings);
        PrintWriter out = spec.commandLine().getOut();
        Topics.create(config, partitions).forEach(out::println);
        out.flush();
        return 0;
    }
}
