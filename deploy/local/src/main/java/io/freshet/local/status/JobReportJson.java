package io.freshet.local.status;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.config.Key;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.SourcePosition;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** JSON of a {@link JobReport}. Times are in UTC, and what is unknown is null. */
public final class JobReportJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private JobReportJson() {}

    /** Returns a report as a JSON object of several lines. */
    public static String write(JobReport report) {
        return of(report).toPrettyString();
    }

    static ObjectNode of(JobReport report) {
        JobActivity activity = report.activity();
        SourcePosition source = activity.source();
        ObjectNode json = MAPPER.createObjectNode();
        json.put("time", Instant.ofEpochMilli(report.now()).toString());
        json.put("state", Key.kebab(report.condition().state()));
        json.put("text", report.condition().text());
        json.put("fresh", report.isFresh());
        putNewest(
                json.putObject("metrics"),
                activity.newestMetrics(),
                activity.metricsInterval(),
                report.now());
        putNewest(
                json.putObject("checkpoint"),
                source.newestCheckpoint(),
                source.checkpointInterval(),
                report.now());
        var lags = json.putArray("lag");
        for (SourcePosition.Lag lag : source.lags()) {
            lags.addObject()
                    .put("topic", lag.topic())
                    .put("events", lag.events())
                    .put("exact", lag.exact());
        }
        json.put("trainedOn", report.accepted());
        json.put("predictedOnly", report.unlabelled());
        putAll(json.putObject("ignored"), report.ignored());
        putAll(json.putObject("deadLetters"), report.deadLetters());
        ObjectNode models = json.putObject("models");
        models.put("count", report.models());
        models.put("complete", report.allModels());
        models.put("examples", report.examples());
        MetricsEvent newest = report.newestModel();
        models.put("highestVersion", newest == null ? null : newest.getModelVersion());
        models.put("modelId", newest == null ? null : newest.getModelId());
        ObjectNode drifts = json.putObject("drifts");
        drifts.put("count", report.drifts());
        DriftAlertEvent alert = report.newestAlert();
        drifts.put(
                "newestAt",
                alert == null ? null : Instant.ofEpochMilli(report.newestAlertAt()).toString());
        drifts.put("modelId", alert == null ? null : alert.getModelId());
        drifts.put("detector", alert == null ? null : alert.getDetector());
        putFlink(json, report.flink());
        report.problems().forEach(json.putArray("unknown")::add);
        return json;
    }

    private static void putFlink(ObjectNode json, @Nullable FlinkJob job) {
        if (job == null) {
            json.putNull("flink");
            return;
        }
        ObjectNode flink = json.putObject("flink");
        flink.put("jobId", job.id());
        flink.put("name", job.name());
        flink.put("state", job.state());
        flink.put("since", Instant.ofEpochMilli(job.since()).toString());
        putOrNull(flink, "restarts", job.restarts());
        flink.put("completedCheckpoints", job.completedCheckpoints());
        flink.put("failedCheckpoints", job.failedCheckpoints());
        flink.put("lastFailure", job.failure().isEmpty() ? null : job.failure());
    }

    private static void putNewest(ObjectNode json, OptionalLong at, long interval, long now) {
        json.put("newestAt", at.isEmpty() ? null : Instant.ofEpochMilli(at.getAsLong()).toString());
        json.put("ageMillis", at.isEmpty() ? null : (Long) Math.max(0, now - at.getAsLong()));
        json.put("intervalMillis", interval == 0 ? null : (Long) interval);
    }

    private static void putOrNull(ObjectNode json, String name, OptionalLong value) {
        json.put(name, value.isEmpty() ? null : (Long) value.getAsLong());
    }

    private static void putAll(ObjectNode json, Map<String, Long> numbers) {
        numbers.forEach(json::put);
    }
}
