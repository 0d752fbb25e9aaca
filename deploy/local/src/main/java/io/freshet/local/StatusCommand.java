package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.status.FlinkRestClient;
import io.freshet.local.status.JobReport;
import io.freshet.local.status.JobReportJson;
import io.freshet.local.status.JobReportText;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet status}: tells whether a job works, from its topics. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = {
            "Tells whether a job works, wherever it runs, from what it has written to Kafka.",
            "The exit code is 0 if it does, 1 if its metrics are late or it has ended, and 2 if"
                    + " Kafka or the settings prevent an answer."
        })
final class StatusCommand implements Callable<Integer> {
    private static final int NOT_FRESH = 1;

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(names = "--json", description = "Prints a JSON object.")
    private boolean json;

    @Option(
            names = "--flink",
            paramLabel = "URL",
            description =
                    "Address of Flink's web UI, which run prints: adds the job's state, restarts"
                            + " and checkpoints in Flink.")
    private @Nullable String flink;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Map<String, String> settings = settingsOptions.read();
        JobTopics topics = JobConfig.parseTopics(settings);
        FlinkRestClient client = flink == null ? null : new FlinkRestClient(flink);
        KafkaPreflight.requireTopic(topics.kafka(), topics.publish().topic(Topic.METRICS));
        JobReport report =
                JobReport.read(
                        topics,
                        client,
                        settings.getOrDefault(
                                JobConfig.JOB_NAME.name(),
                                JobConfig.JOB_NAME.defaultText().orElse("")));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JobReportJson.write(report));
            out.flush();
        } else {
            JobReportText.print(out, report);
        }
        return report.isFresh() ? 0 : NOT_FRESH;
    }
}
