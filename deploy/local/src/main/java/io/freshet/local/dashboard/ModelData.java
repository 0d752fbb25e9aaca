package io.freshet.local.dashboard;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.EventJson;
import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.Scores;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Data of one model for the dashboard: newest metrics, history, latest alerts, latest snapshots.
 *
 * <p>A job that is restarted from an older savepoint, or from the beginning, repeats sequence
 * numbers. When a record repeats a sequence number, the earlier data from that number on is
 * superseded and is removed.
 */
final class ModelData {
    static final int MAX_ALERTS = 100;
    static final int MAX_VERSIONS = 50;

    /**
     * Source of generation numbers. They are unique in the process, not only in a model, because a
     * model may be dropped and added again.
     */
    private static final AtomicLong GENERATIONS = new AtomicLong();

    private record Alert(DriftAlertEvent event, long emittedAt) {}

    private record Version(
            long version,
            long examples,
            long emittedAt,
            int chunks,
            int numFeatures,
            String contentHash) {}

    private final String id;
    private final ChartHistory history = new ChartHistory();
    private final Deque<Alert> alerts = new ArrayDeque<>();
    private final Deque<Version> versions = new ArrayDeque<>();
    private List<String> experts = List.of();
    private @Nullable MetricsEvent latest;
    private long emittedAt;
    private long generation = GENERATIONS.incrementAndGet();
    private long rewoundAt = Long.MIN_VALUE;
    private long rewoundTo;
    private long changes;
    private long alertChanges;
    private long versionChanges;

    ModelData(String id) {
        this.id = id;
    }

    void metrics(MetricsEvent event, long recordEmittedAt) {
        MetricsEvent before = latest;
        if (before != null && isOlderAttempt(event, before)) {
            return;
        }
        if (before != null && event.getSequence() <= before.getSequence()) {
            rewind(event);
        }
        List<String> expertsNow = event.getExperts().stream().map(Expert::getName).toList();
        if (!expertsNow.equals(experts)) {
            experts = expertsNow;
            history.dropExperts();
            generation = GENERATIONS.incrementAndGet();
        }
        emittedAt = Math.max(emittedAt, recordEmittedAt);
        history.add(
                new ChartPoint(
                        event.getSequence(),
                        event.getExamplesSeen(),
                        emittedAt,
                        1,
                        ChartSeries.of(event),
                        ExpertSeries.of(event)));
        latest = event;
        changes++;
    }

    /**
     * Returns whether a record with a repeated sequence number has to be ignored. Under
     * at-least-once delivery the records of the highest attempt are valid, in whatever order the
     * records of the attempts arrive.
     */
    static boolean isOlderAttempt(MetricsEvent event, MetricsEvent newest) {
        return event.getSequence() <= newest.getSequence()
                && event.getAttempt() != null
                && newest.getAttempt() != null
                && event.getAttempt() <= newest.getAttempt();
    }

    private void rewind(MetricsEvent event) {
        history.removeFrom(event.getSequence());
        generation = GENERATIONS.incrementAndGet();
        rewoundAt = emittedAt;
        rewoundTo = event.getExamplesSeen();
        alerts.removeIf(alert -> isSuperseded(alert.event().getExamplesSeen(), alert.emittedAt()));
        versions.removeIf(version -> isSuperseded(version.examples(), version.emittedAt()));
        alertChanges++;
        versionChanges++;
    }

    private boolean isSuperseded(long examples, long emittedAt) {
        return emittedAt <= rewoundAt && examples > rewoundTo;
    }

    void driftAlert(DriftAlertEvent event, long emittedAt) {
        if (isSuperseded(event.getExamplesSeen(), emittedAt)) {
            return;
        }
        alerts.removeIf(alert -> alert.event().getSequence() >= event.getSequence());
        alerts.addLast(new Alert(event, emittedAt));
        if (alerts.size() > MAX_ALERTS) {
            alerts.removeFirst();
        }
        alertChanges++;
        changes++;
    }

    void snapshot(ModelSnapshotEvent event, long emittedAt) {
        Provenance provenance = event.getProvenance();
        long examples = provenance == null ? 0 : provenance.getExamplesSeen();
        if (isSuperseded(examples, emittedAt)) {
            return;
        }
        versions.removeIf(version -> version.version() >= event.getModelVersion());
        versions.addLast(
                new Version(
                        event.getModelVersion(),
                        examples,
                        emittedAt,
                        event.getChunks(),
                        event.getNumFeatures(),
                        event.getContentHash()));
        if (versions.size() > MAX_VERSIONS) {
            versions.removeFirst();
        }
        versionChanges++;
        changes++;
    }

    /** Returns the number of changes so far. */
    long changes() {
        return changes;
    }

    /** Writes the model's entry in the list of models. */
    void writeSummary(JsonGenerator json) throws IOException {
        MetricsEvent newest = latest;
        Scores rolling = newest == null ? null : newest.getRolling();
        json.writeStartObject();
        json.writeStringField("id", id);
        json.writeNumberField("examples", newest == null ? 0 : newest.getExamplesSeen());
        json.writeNumberField("emittedAt", emittedAt);
        json.writeNumberField("drifts", newest == null ? 0 : newest.getDrifts());
        json.writeFieldName("accuracy");
        Double accuracy = rolling == null ? null : rolling.getAccuracy();
        if (accuracy == null || !Double.isFinite(accuracy)) {
            json.writeNull();
        } else {
            json.writeNumber(accuracy);
        }
        json.writeEndObject();
    }

    /** Writes a number with the precision of a float, or null if it is not finite. */
    private static void number(JsonGenerator json, float number) throws IOException {
        if (Float.isFinite(number)) {
            json.writeNumber(number);
        } else {
            json.writeNull();
        }
    }

    /** Writes what a client at this position does not have yet, and advances the position. */
    void write(JsonGenerator json, StreamPosition position) throws IOException {
        List<ChartPoint> points =
                position.generation == generation ? history.addedSince(position.pointsSent) : null;
        boolean full = points == null;
        json.writeStartObject();
        json.writeStringField("id", id);
        json.writeNumberField("emittedAt", emittedAt);
        json.writeBooleanField("full", full);
        writePoints(json, points == null ? history.all() : points);
        MetricsEvent newest = latest;
        if (newest != null) {
            json.writeFieldName("latest");
            EventJson.write(json, newest);
        }
        if (position.alertChanges != alertChanges) {
            writeAlerts(json);
        }
        if (position.versionChanges != versionChanges) {
            writeVersions(json);
        }
        json.writeEndObject();
        position.generation = generation;
        position.pointsSent = history.added();
        position.modelChanges = changes;
        position.alertChanges = alertChanges;
        position.versionChanges = versionChanges;
    }

    private void writePoints(JsonGenerator json, List<ChartPoint> points) throws IOException {
        json.writeObjectFieldStart("points");
        json.writeArrayFieldStart("examples");
        for (ChartPoint point : points) {
            json.writeNumber(point.examples());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("emittedAt");
        for (ChartPoint point : points) {
            json.writeNumber(point.emittedAt());
        }
        json.writeEndArray();
        for (int i = 0; i < ChartSeries.ALL.size(); i++) {
            json.writeArrayFieldStart(ChartSeries.ALL.get(i).name());
            for (ChartPoint point : points) {
                number(json, point.values()[i]);
            }
            json.writeEndArray();
        }
        json.writeObjectFieldStart("experts");
        for (int i = 0; i < ExpertSeries.ALL.size(); i++) {
            json.writeArrayFieldStart(ExpertSeries.ALL.get(i).name());
            for (int expert = 0; expert < experts.size(); expert++) {
                writeExpert(json, points, i * experts.size() + expert);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void writeExpert(JsonGenerator json, List<ChartPoint> points, int at)
            throws IOException {
        json.writeStartArray();
        for (ChartPoint point : points) {
            number(json, at < point.experts().length ? point.experts()[at] : Float.NaN);
        }
        json.writeEndArray();
    }

    private void writeAlerts(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("alerts");
        for (Alert alert : alerts) {
            json.writeStartObject();
            json.writeNumberField("emittedAt", alert.emittedAt());
            json.writeFieldName("event");
            EventJson.write(json, alert.event());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void writeVersions(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("versions");
        for (Version version : versions) {
            json.writeStartObject();
            json.writeNumberField("version", version.version());
            json.writeNumberField("examples", version.examples());
            json.writeNumberField("emittedAt", version.emittedAt());
            json.writeNumberField("chunks", version.chunks());
            json.writeNumberField("numFeatures", version.numFeatures());
            json.writeStringField("hash", version.contentHash());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
