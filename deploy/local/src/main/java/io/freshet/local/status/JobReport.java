package io.freshet.local.status;

import io.freshet.local.cli.Failures;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.JobCondition;
import io.freshet.local.watch.JobState;
import io.freshet.local.watch.ResultsReader;
import io.freshet.local.watch.SourcePosition;
import io.freshet.local.watch.SourceProbe;
import io.freshet.local.watch.WatchedTopics;
import io.freshet.pipeline.JobTopics;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Report on a job at one moment.
 *
 * @param now time of the report, milliseconds since 1970-01-01T00:00Z
 * @param condition state of the job with its description
 * @param activity signs of life; the newest checkpoint is the newer of Kafka's and Flink's
 * @param allModels whether the metrics of every model were read; otherwise models and counts are
 *     lower bounds
 * @param accepted number of events that were trained on
 * @param unlabelled number of events that were only predicted
 * @param ignored number of ignored events by reason
 * @param deadLetters number of dead letters by reason
 * @param newestModel metrics of the model with the highest version; null if there is no model
 * @param newestAlert newest drift alert; null if there is none
 * @param newestAlertAt time of that alert, milliseconds since 1970-01-01T00:00Z
 * @param flink the job in Flink; null if Flink's address is not known or it does not answer
 * @param problems sentences that say what is unknown and why
 */
public record JobReport(
        long now,
        JobCondition condition,
        JobActivity activity,
        boolean allModels,
        long models,
        long examples,
        long accepted,
        long unlabelled,
        Map<String, Long> ignored,
        Map<String, Long> deadLetters,
        long drifts,
        @Nullable MetricsEvent newestModel,
        @Nullable DriftAlertEvent newestAlert,
        long newestAlertAt,
        @Nullable FlinkJob flink,
        List<String> problems) {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /**
     * Reads the newest results of a job.
     *
     * @param flink Flink's REST API; null if its address is not known
     * @param jobName name of the job in Flink
     * @throws io.freshet.local.cli.UserException if the topics cannot be read, or Flink has no such
     *     job
     */
    public static JobReport read(
            JobTopics topics, @Nullable FlinkRestClient flink, String jobName) {
        NewestResults results = new NewestResults();
        boolean allModels;
        try (ResultsReader reader =
                ResultsReader.start(
                        topics.kafka().client(), WatchedTopics.of(topics.publish()), results)) {
            reader.awaitCaughtUp(TIMEOUT);
            allModels = reader.hasReadAllMetrics();
        }
        SourcePosition source;
        try (SourceProbe probe = new SourceProbe(topics.kafka())) {
            source = probe.look(results.trained(), true);
        }
        Set<String> problems = new LinkedHashSet<>(results.problems());
        problems.addAll(source.problems());
        FlinkJob job = null;
        if (flink != null) {
            try {
                job = flink.job(jobName);
            } catch (IOException e) {
                problems.add("Flink's figures are unknown: " + Failures.reason(e));
            }
        }
        return of(
                results, source, allModels, job, List.copyOf(problems), System.currentTimeMillis());
    }

    static JobReport of(
            NewestResults results,
            SourcePosition source,
            boolean allModels,
            @Nullable FlinkJob flink,
            List<String> problems,
            long now) {
        JobActivity activity =
                new JobActivity(
                        results.activity().newestMetrics(),
                        results.activity().metricsInterval(),
                        withCheckpointOf(flink, source));
        return new JobReport(
                now,
                condition(activity, flink, now),
                activity,
                allModels,
                results.models(),
                results.sum(MetricsEvent::getExamplesSeen),
                results.sum(event -> event.getAudit().getAccepted().getCount()),
                results.sum(event -> event.getAudit().getUnlabelled().getCount()),
                results.sums(MetricsEvent::getIgnoredByReason),
                results.sums(MetricsEvent::getDeadLettersByReason),
                results.sum(MetricsEvent::getDrifts),
                results.newestVersion(),
                results.alert(),
                results.alertAt(),
                flink,
                new ArrayList<>(problems));
    }

    private static SourcePosition withCheckpointOf(
            @Nullable FlinkJob flink, SourcePosition source) {
        if (flink == null || flink.newestCheckpoint().isEmpty()) {
            return source;
        }
        long newest =
                Math.max(
                        flink.newestCheckpoint().getAsLong(),
                        source.newestCheckpoint().orElse(Long.MIN_VALUE));
        return new SourcePosition(
                source.lags(),
                OptionalLong.of(newest),
                source.checkpointInterval(),
                source.stoppedAt(),
                source.problems());
    }

    private static JobCondition condition(
            JobActivity activity, @Nullable FlinkJob flink, long now) {
        JobCondition seen = activity.at(now);
        if (flink == null || flink.isRunning()) {
            return seen;
        }
        if (flink.isFinished()) {
            return JobActivity.stopped(flink.since(), now);
        }
        JobState state = seen.state() == JobState.SILENT ? JobState.SILENT : JobState.LATE;
        return new JobCondition(state, "Flink reports the job as " + flink.state());
    }

    /** Returns whether the job works, as far as can be seen. */
    public boolean isFresh() {
        return condition.state() == JobState.LIVE || condition.state() == JobState.IDLE;
    }
}
