package io.freshet.local;

import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobKind;
import io.freshet.pipeline.KafkaConfig;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;

/** Command {@code freshet score}: a job that only predicts, with the models of their topic. */
@Command(
        name = "score",
        mixinStandardHelpOptions = true,
        description = {
            "Predicts the events of topics.feature-events with the newest models that another job"
                    + " publishes, until Ctrl-C.",
            "Takes the settings of that job. Name, consumer group and transactional ids are"
                    + " freshet-score unless they are given with --set; each such job on a Kafka"
                    + " cluster needs its own."
        })
final class ScoreCommand extends JobCommand {
    private static final String NAME = "freshet-score";

    @Override
    Map<String, String> settings(Map<String, String> given) {
        Map<String, String> settings = new HashMap<>(given);
        settings.put(JobConfig.KIND.name(), JobKind.SCORE.name().toLowerCase(Locale.ROOT));
        overriddenOr(NAME, settings, JobConfig.JOB_NAME.name());
        overriddenOr(NAME, settings, KafkaConfig.GROUP_ID.name());
        overriddenOr(NAME, settings, KafkaConfig.TRANSACTIONAL_ID_PREFIX.name());
        return settings;
    }

    /**
     * Sets a key unless it is given with an option, since a file is that of the job that learns.
     */
    private void overriddenOr(String value, Map<String, String> settings, String key) {
        if (!isOverridden(key)) {
            settings.put(key, value);
        }
    }

    @Override
    String activity(JobConfig config) {
        return "predicting the events of " + config.kafka().input();
    }

    @Override
    int report(JobConfig config, PrintWriter out) {
        return 0; // freshet audit finds every event in the topics of predictions and dead letters
    }
}
