package io.freshet.local;

import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.UserException;
import io.freshet.local.watch.EventTotals;
import io.freshet.local.watch.ResultsReader;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobKind;
import io.freshet.pipeline.TopicSelection;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;

/** Command {@code freshet run}: the job in this process, against any Kafka. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs the job in this process, against any Kafka, until Ctrl-C.")
final class RunCommand extends JobCommand {
    /** Longest time for which the metrics are read at the end. */
    private static final Duration REPORT = Duration.ofSeconds(10);

    @Override
    Map<String, String> settings(Map<String, String> given) {
        return given;
    }

    @Override
    String activity(JobConfig config) {
        if (config.kind() == JobKind.SCORE) {
            return "predicting the events of " + config.kafka().input();
        }
        TopicSelection features = config.kafka().features();
        return "learning from "
                + config.kafka().labelled()
                + (features == null ? "" : ", predicting the events of " + features);
    }

    /**
     * Prints what became of the events.
     *
     * @return 1 if there were events, none of which could be used; else 0
     */
    @Override
    int report(JobConfig config, PrintWriter out) {
        if (config.kind() == JobKind.SCORE) {
            return 0; // it has no metrics, which count the events
        }
        EventTotals totals = new EventTotals();
        try (ResultsReader reader = ResultsReader.start(config.topics(), totals)) {
            reader.awaitCaughtUp(REPORT);
        } catch (UserException e) {
            print(out, "the events were not counted: " + e.getMessage());
            return 0;
        }
        totals.lines().forEach(line -> print(out, line));
        if (totals.events() > 0 && totals.usable() == 0) {
            print(out, "no event could be used, for the reasons above");
            return ProcessShutdown.FAILED;
        }
        return 0;
    }
}
