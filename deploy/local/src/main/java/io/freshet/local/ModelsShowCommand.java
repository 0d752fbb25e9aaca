package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.models.ModelJson;
import io.freshet.local.models.ModelText;
import io.freshet.local.models.SnapshotFinder;
import io.freshet.local.models.StoredSnapshot;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command {@code freshet models show}: everything about a model but its parameters. */
@Command(
        name = "show",
        description = "Shows a version of a model with its origin and hyper-parameters.")
final class ModelsShowCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help message and exits.")
    @SuppressWarnings("UnusedVariable") // picocli sets and reads it
    private boolean help;

    @Parameters(paramLabel = "ID", description = "Id of the model.")
    private String modelId = "";

    @Option(
            names = "--version",
            paramLabel = "N",
            description = "Version of the model (default: the newest).")
    private @Nullable Long version;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        StoredSnapshot snapshot = new SnapshotFinder(topics, modelId).find(version);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(ModelJson.writeLong(snapshot));
        } else {
            ModelText.printLong(out, snapshot);
        }
        out.flush();
        return 0;
    }
}
