package io.freshet.local.dashboard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.config.Key;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.JobCondition;
import io.freshet.local.watch.ReaderState;
import io.freshet.local.watch.ResultsListener;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Newest metrics and bounded history of a job's models, as JSON updates for any number of clients.
 * Each update contains what its client does not have yet. The {@value #MAX_MODELS} most recently
 * updated models are kept.
 *
 * <p>Thread-safe. An update is built from the current data when its client is ready to receive it,
 * so that a slow client does not delay others.
 */
public final class DashboardData implements ResultsListener {
    static final int MAX_MODELS = 64;

    /** Model id in metrics of the dead letters whose model is unknown. */
    private static final String UNATTRIBUTED = "";

    private final JsonFactory jsonFactory = new JsonFactory();

    /** By model id; the most recently updated is last. */
    private final Map<String, ModelData> models = new LinkedHashMap<>();

    private final PrometheusMetrics prometheus = new PrometheusMetrics();
    private ReaderState state = new ReaderState(ReaderState.Kind.STARTING, "");
    private Map<String, Long> unattributedDeadLetters = Map.of();
    private long droppedModels;
    private long unreadable;
    private long changes;
    private final Clock clock;
    private JobActivity activity = JobActivity.UNKNOWN;
    private OptionalLong stoppedAt = OptionalLong.empty();

    public DashboardData() {
        this(Clock.systemUTC());
    }

    DashboardData(Clock clock) {
        this.clock = clock;
    }

    @Override
    public synchronized void onMetrics(MetricsEvent event, long emittedAt) {
        prometheus.onMetrics(event, emittedAt);
        changes++;
        if (stoppedAt.isPresent() && emittedAt > stoppedAt.getAsLong()) {
            stoppedAt = OptionalLong.empty(); // it has been started again
        }
        if (event.getModelId().equals(UNATTRIBUTED)) {
            unattributedDeadLetters = new TreeMap<>(event.getDeadLettersByReason());
        } else {
            model(event.getModelId()).metrics(event, emittedAt);
        }
    }

    @Override
    public synchronized void onDriftAlert(DriftAlertEvent event, long emittedAt) {
        prometheus.onDriftAlert(event, emittedAt);
        changes++;
        model(event.getModelId()).driftAlert(event, emittedAt);
    }

    @Override
    public synchronized void onSnapshot(ModelSnapshotEvent event, long emittedAt) {
        prometheus.onSnapshot(event, emittedAt);
        changes++;
        model(event.getModelId()).snapshot(event, emittedAt);
    }

    @Override
    public synchronized void onUnreadableRecord(String topic) {
        prometheus.onUnreadableRecord(topic);
        changes++;
        unreadable++;
    }

    @Override
    public synchronized void onStateChange(ReaderState newState) {
        prometheus.onStateChange(newState);
        if (!newState.equals(state)) {
            changes++;
            state = newState;
        }
    }

    /**
     * Adds the schema registry to the metrics.
     *
     * @param outageSeconds seconds since which it has not answered; 0 if it does
     */
    public void registry(DoubleSupplier outageSeconds) {
        prometheus.registry(outageSeconds);
    }

    /** Returns the same results as metrics for Prometheus. */
    PrometheusMetrics prometheus() {
        return prometheus;
    }

    @Override
    public synchronized void onActivity(JobActivity newActivity) {
        activity = newActivity;
    }

    /**
     * Notes that the job has ended as requested. It counts as stopped until there are metrics that
     * were emitted later.
     *
     * @param at time of the end, by the clock that {@code emittedAt} of the metrics is from,
     *     milliseconds since 1970-01-01T00:00Z
     */
    public synchronized void stopped(long at) {
        stoppedAt = OptionalLong.of(at);
    }

    private JobCondition condition() {
        return stoppedAt.isPresent()
                ? JobActivity.stopped(stoppedAt.getAsLong(), clock.millis())
                : activity.at(clock.millis());
    }

    private ModelData model(String id) {
        ModelData known = models.remove(id);
        ModelData model = known == null ? new ModelData(id) : known;
        models.put(id, model);
        if (models.size() > MAX_MODELS) {
            Iterator<ModelData> oldest = models.values().iterator();
            oldest.next();
            oldest.remove();
            droppedModels++;
        }
        return model;
    }

    /**
     * Returns what a client does not have yet, and advances its position.
     *
     * @return a JSON object in UTF-8, without line breaks; null if there is nothing new
     */
    synchronized byte @Nullable [] nextUpdate(StreamPosition position) {
        JobCondition condition = condition();
        if (position.changes == changes && condition.equals(position.condition)) {
            return null;
        }
        position.condition = condition;
        position.changes = changes;
        if (position.modelId == null && !models.isEmpty()) {
            position.modelId = new TreeMap<>(models).firstKey();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = jsonFactory.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeObjectFieldStart("feed");
            json.writeStringField("state", Key.kebab(state.kind()));
            json.writeStringField("detail", state.detail());
            json.writeNumberField("unreadable", unreadable);
            json.writeNumberField("droppedModels", droppedModels);
            json.writeObjectFieldStart("job");
            json.writeStringField("state", Key.kebab(condition.state()));
            json.writeStringField("text", condition.text());
            json.writeEndObject();
            json.writeEndObject();
            json.writeObjectFieldStart("unattributedDeadLetters");
            for (Map.Entry<String, Long> reason : unattributedDeadLetters.entrySet()) {
                json.writeNumberField(reason.getKey(), reason.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("models");
            for (ModelData model : new TreeMap<>(models).values()) {
                model.writeSummary(json);
            }
            json.writeEndArray();
            ModelData selected = position.modelId == null ? null : models.get(position.modelId);
            json.writeStringField("modelId", position.modelId);
            if (selected != null && position.modelChanges != selected.changes()) {
                json.writeFieldName("model");
                selected.write(json, position);
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // cannot happen: it writes to memory
        }
        return bytes.toByteArray();
    }
}
