package io.freshet.local;

import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The job, in this process, against any Kafka. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs the job in this process, against any Kafka, until Ctrl-C.")
final class RunCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--ui-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Port of Flink's web page (default: any free one).")
    private int uiPort;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        JobConfig config = JobConfig.parse(settingsOptions.read());
        KafkaPreflight.check(config);
        PrintWriter out = spec.commandLine().getOut();
        try (Closer closer = new Closer()) {
            LocalCluster cluster = closer.add(LocalCluster.start(config, uiPort));
            cluster.awaitRunning();
            out.println(
                    "learning from "
                            + config.kafka().labelledEvents()
                            + " at "
                            + config.kafka().bootstrapServers()
                            + ", Flink at "
                            + cluster.webPage());
            out.flush();
            cluster.result();
        }
        return 0;
    }
}
