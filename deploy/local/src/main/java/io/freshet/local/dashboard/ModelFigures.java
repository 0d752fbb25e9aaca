package io.freshet.local.dashboard;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.schemas.DriftAlertEvent;
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
 * What one model's records told: the newest, a history, its last alerts and snapshots.
 *
 * <p>A job that goes back, to an older savepoint or to the beginning, tells sequences again. Then
 * what is known from there on is of a past that did not happen, and is forgotten.
 */
final class ModelFigures {
    static final int MOST_ALERTS = 100;
    static final int MOST_VERSIONS = 50;

    /** Told apart in the whole process: a model may be forgotten and come again. */
    private static final AtomicLong LIVES = new AtomicLong();

    private record Alert(DriftAlertEvent event, long told) {}

    private record Version(
            long version, long examples, long told, int chunks, int numFeatures, String hash) {}

    private final String id;
    private final History history = new History();
    private final Deque<Alert> alerts = new ArrayDeque<>();
    private final Deque<Version> versions = new ArrayDeque<>();
    private List<String> members = List.of();
    private @Nullable MetricsEvent latest;
    private long told;
    private long life = LIVES.incrementAndGet();
    private long goneBackAt = Long.MIN_VALUE;
    private long goneBackTo;
    private long changes;
    private long changesOfAlerts;
    private long changesOfVersions;

    ModelFigures(String id) {
        this.id = id;
    }

    void metrics(MetricsEvent event, long toldNow) {
        MetricsEvent before = latest;
        if (before != null && event.getSequence() <= before.getSequence()) {
            if (isOfAnOlderAttempt(event, before)) {
                return;
            }
            goBack(event);
        }
        List<String> membersNow = event.getExperts().stream().map(Expert::getName).toList();
        if (!membersNow.equals(members)) {
            members = membersNow;
            history.forgetWeights();
            life = LIVES.incrementAndGet();
        }
        float[] weights = new float[members.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) event.getExperts().get(i).getWeight();
        }
        told = Math.max(told, toldNow);
        history.add(
                new Point(
                        event.getSequence(),
                        event.getExamplesSeen(),
                        told,
                        1,
                        Figure.of(event),
                        weights));
        latest = event;
        changes++;
    }

    /** Under at-least-once delivery the highest attempt wins, in whatever order they come. */
    private static boolean isOfAnOlderAttempt(MetricsEvent event, MetricsEvent newest) {
        return event.getAttempt() != null
                && newest.getAttempt() != null
                && event.getAttempt() <= newest.getAttempt();
    }

    private void goBack(MetricsEvent event) {
        history.cutBackTo(event.getSequence());
        life = LIVES.incrementAndGet();
        goneBackAt = told;
        goneBackTo = event.getExamplesSeen();
        alerts.removeIf(alert -> isUndone(alert.event().getExamplesSeen(), alert.told()));
        versions.removeIf(version -> isUndone(version.examples(), version.told()));
        changesOfAlerts++;
        changesOfVersions++;
    }

    private boolean isUndone(long examples, long when) {
        return when <= goneBackAt && examples > goneBackTo;
    }

    void driftAlert(DriftAlertEvent event, long when) {
        if (isUndone(event.getExamplesSeen(), when)) {
            return;
        }
        alerts.removeIf(alert -> alert.event().getSequence() >= event.getSequence());
        alerts.addLast(new Alert(event, when));
        if (alerts.size() > MOST_ALERTS) {
            alerts.removeFirst();
        }
        changesOfAlerts++;
        changes++;
    }

    void snapshot(ModelSnapshotEvent event, long when) {
        Provenance provenance = event.getProvenance();
        long examples = provenance == null ? 0 : provenance.getExamplesSeen();
        if (isUndone(examples, when)) {
            return;
        }
        versions.removeIf(version -> version.version() >= event.getModelVersion());
        versions.addLast(
                new Version(
                        event.getModelVersion(),
                        examples,
                        when,
                        event.getChunks(),
                        event.getNumFeatures(),
                        event.getContentHash()));
        if (versions.size() > MOST_VERSIONS) {
            versions.removeFirst();
        }
        changesOfVersions++;
        changes++;
    }

    /** How often anything changed. */
    long changes() {
        return changes;
    }

    /** Writes the line of the list of models. */
    void writeSummary(JsonGenerator json) throws IOException {
        MetricsEvent newest = latest;
        Scores rolling = newest == null ? null : newest.getRolling();
        json.writeStartObject();
        json.writeStringField("id", id);
        json.writeNumberField("examples", newest == null ? 0 : newest.getExamplesSeen());
        json.writeNumberField("told", told);
        json.writeNumberField("drifts", newest == null ? 0 : newest.getDrifts());
        json.writeFieldName("accuracy");
        AvroJson.number(json, orNaN(rolling == null ? null : rolling.getAccuracy()));
        json.writeEndObject();
    }

    private static double orNaN(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }

    /**
     * Writes what a reader lacks who has been told everything up to a place, and moves the place
     * here.
     */
    void write(JsonGenerator json, Cursor cursor) throws IOException {
        List<Point> points = cursor.life == life ? history.since(cursor.added) : null;
        boolean whole = points == null;
        json.writeStartObject();
        json.writeStringField("id", id);
        json.writeNumberField("told", told);
        json.writeBooleanField("whole", whole);
        writePoints(json, points == null ? history.all() : points);
        MetricsEvent newest = latest;
        if (newest != null) {
            json.writeFieldName("latest");
            AvroJson.write(json, newest);
        }
        if (cursor.changesOfAlerts != changesOfAlerts) {
            writeAlerts(json);
        }
        if (cursor.changesOfVersions != changesOfVersions) {
            writeVersions(json);
        }
        json.writeEndObject();
        cursor.life = life;
        cursor.added = history.added();
        cursor.changesOfModel = changes;
        cursor.changesOfAlerts = changesOfAlerts;
        cursor.changesOfVersions = changesOfVersions;
    }

    private void writePoints(JsonGenerator json, List<Point> points) throws IOException {
        json.writeObjectFieldStart("points");
        json.writeArrayFieldStart("examples");
        for (Point point : points) {
            json.writeNumber(point.examples());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("told");
        for (Point point : points) {
            json.writeNumber(point.told());
        }
        json.writeEndArray();
        for (int i = 0; i < Figure.ALL.size(); i++) {
            json.writeArrayFieldStart(Figure.ALL.get(i).name());
            for (Point point : points) {
                AvroJson.number(json, point.figures()[i]);
            }
            json.writeEndArray();
        }
        json.writeArrayFieldStart("weights");
        for (int member = 0; member < members.size(); member++) {
            json.writeStartArray();
            for (Point point : points) {
                AvroJson.number(
                        json,
                        member < point.weights().length ? point.weights()[member] : Float.NaN);
            }
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void writeAlerts(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("alerts");
        for (Alert alert : alerts) {
            json.writeStartObject();
            json.writeNumberField("told", alert.told());
            json.writeFieldName("event");
            AvroJson.write(json, alert.event());
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
            json.writeNumberField("told", version.told());
            json.writeNumberField("chunks", version.chunks());
            json.writeNumberField("numFeatures", version.numFeatures());
            json.writeStringField("hash", version.hash());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
