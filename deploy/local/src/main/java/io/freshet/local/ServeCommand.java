package io.freshet.local;

import io.freshet.follow.SnapshotFollower;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.serve.ModelServer;
import io.freshet.local.serve.ServeOptions;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.pipeline.ServingConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Command {@code freshet serve}: predictions over HTTP with the newest published models. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = {
            "Predicts over HTTP with the newest models of the topic of snapshots, until Ctrl-C.",
            "Reads the topic models, and writes nothing. If features is set, events have the fields"
                    + " of the job's; {\"features\": [...]} can be sent in any case."
        })
final class ServeCommand implements Callable<Integer> {
    private static final Duration READING = Duration.ofDays(365);

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
    @Mixin private ServeOptions serveOptions = new ServeOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        ServingConfig config = JobConfig.parseServing(settingsOptions.read());
        KafkaPreflight.requireTopic(config.kafka(), config.models());
        try (ShutdownStack open = new ShutdownStack()) {
            SnapshotFollower models = open.add(serveOptions.follow(config));
            ModelServer server = open.add(serveOptions.serve(config, models));
            ProcessShutdown.beforeShutdown(() -> end(server));
            if (serveOptions.isOpenToOthers()) {
                print(out, "warning: other machines need no token (--token-file)");
            }
            print(
                    out,
                    "serving the models of "
                            + config.models()
                            + " at "
                            + config.kafka().bootstrapServers()
                            + " on "
                            + server.address());
            if (models.awaitEnd(READING)) {
                int ready = models.modelIds().size();
                print(out, "ready with " + ready + (ready == 1 ? " model" : " models"));
            }
            server.awaitEnd();
        }
        return 0;
    }

    /** Answers the requests in flight, and ends the process with 0. */
    private static OptionalInt end(ModelServer server) {
        try {
            server.close();
            return OptionalInt.of(0);
        } catch (IOException e) {
            LoggerFactory.getLogger(ServeCommand.class).warn("some requests are not answered", e);
            return OptionalInt.of(ProcessShutdown.FAILED);
        }
    }

    private static void print(PrintWriter out, String line) {
        out.println(line);
        out.flush();
    }
}
