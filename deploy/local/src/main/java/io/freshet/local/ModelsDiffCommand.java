package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.models.ModelDifference;
import io.freshet.local.models.ModelJson;
import io.freshet.local.models.ModelText;
import io.freshet.local.models.SnapshotFinder;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command {@code freshet models diff}: what changed from one version of a model to another. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what changed from one version of a model to another: its parameters by learning"
                    + " rate, the largest changes by feature and class, and hyper-parameters.",
            "Of an ensemble, also the weights of its experts and answers, and how many cells of its"
                    + " ferns and examples of its window changed."
        })
final class ModelsDiffCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Parameters(index = "0", paramLabel = "ID", description = "Id of the model.")
    private String modelId = "";

    @Parameters(index = "1", paramLabel = "A", description = "Version to compare from.")
    private long first;

    @Parameters(index = "2", paramLabel = "B", description = "Version to compare to.")
    private long second;

    @Option(
            names = "--changes",
            paramLabel = "N",
            defaultValue = "10",
            description =
                    "Maximum number of changed parameters to show (default: ${DEFAULT-VALUE}).")
    private int changes = 10;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (changes < 0) {
            throw new UserException("--changes " + changes + ": must not be negative");
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        SnapshotFinder finder = new SnapshotFinder(topics, modelId);
        ModelDifference difference =
                ModelDifference.of(finder.find(first), finder.find(second), changes);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(ModelJson.write(difference));
        } else {
            ModelText.printDifference(out, difference);
        }
        out.flush();
        return 0;
    }
}
