package io.freshet.local;

import io.freshet.config.ConfigurationException;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cluster.JobSupervisor;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet run}: the job in this process, against any Kafka. */
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
            description = "Port of Flink's web UI (default: any free port).")
    private int uiPort;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        JobConfig config = JobConfig.parse(settingsOptions.read());
        KafkaPreflight.check(config);
        PrintWriter out = spec.commandLine().getOut();
        config.memoryShortage(Runtime.getRuntime().maxMemory())
                .ifPresent(shortage -> print(out, "warning: " + shortage));
        try (ShutdownStack open = new ShutdownStack()) {
            LocalCluster cluster = open.add(LocalCluster.start(config, uiPort));
            JobSupervisor supervisor = new JobSupervisor(cluster, line -> print(out, line));
            supervisor.awaitRunning();
            print(
                    out,
                    "learning from "
                            + config.kafka().labelledEvents()
                            + " at "
                            + config.kafka().bootstrapServers()
                            + ", Flink at "
                            + cluster.webPage());
            supervisor.awaitEnd();
            print(out, "the job has ended");
        }
        return 0;
    }

    private static void print(PrintWriter out, String line) {
        out.println(line);
        out.flush();
    }

    /**
     * Returns the job's name, or "" if there is none or the settings cannot be read; the command
     * itself reports that error.
     */
    String jobName() {
        String key = JobConfig.JOB_NAME.toString();
        try {
            return settingsOptions.read().getOrDefault(key, "");
        } catch (ConfigurationException e) {
            return "";
        }
    }
}
