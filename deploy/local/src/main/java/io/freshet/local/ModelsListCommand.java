package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.models.ModelJson;
import io.freshet.local.models.ModelText;
import io.freshet.local.models.SnapshotTopic;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet models list}: the newest version of each model, or all versions. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = {
            "Lists the newest version of each model.",
            "The exit code is 1 if a snapshot cannot be used."
        })
final class ModelsListCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--history",
            description = "Lists all versions that the topic of all snapshots still has.")
    private boolean history;

    @Option(names = "--json", description = "Prints one JSON object for each version.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        SnapshotTopic topic =
                new SnapshotTopic(topics, history ? Topic.MODEL_HISTORY : Topic.MODELS);
        KafkaPreflight.requireTopic(topics.kafka(), topic.name());
        PrintWriter out = spec.commandLine().getOut();
        if (!json) {
            out.println(ModelText.header());
        }
        Map<String, String> newest = new TreeMap<>();
        topic.read(
                modelId -> true,
                snapshot -> {
                    String line = json ? ModelJson.writeShort(snapshot) : ModelText.line(snapshot);
                    if (history) {
                        out.println(line);
                    } else {
                        newest.put(snapshot.info().modelId(), line);
                    }
                });
        newest.values().forEach(out::println);
        out.flush();
        PrintWriter err = spec.commandLine().getErr();
        for (String problem : topic.problems()) {
            err.println("freshet: " + TerminalText.printable(problem));
        }
        err.flush();
        return topic.problems().isEmpty() ? 0 : 1;
    }
}
