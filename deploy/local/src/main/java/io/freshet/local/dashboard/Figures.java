package io.freshet.local.dashboard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.config.Key;
import io.freshet.local.watch.FeedState;
import io.freshet.local.watch.Watcher;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The newest figures and a bounded history of the models that a job tells of, as JSON for any
 * number of readers, each of whom gets what it lacks. Of more than {@value #MOST_MODELS} models
 * those told of last are kept.
 *
 * <p>Thread-safe. A reader is served from what is here, so that a slow one makes nothing wait.
 */
public final class Figures implements Watcher {
    static final int MOST_MODELS = 64;

    /** The id under which dead letters count whose model could not be told. */
    private static final String NO_MODEL = "";

    private final JsonFactory jsonFactory = new JsonFactory();

    /** The one told of last is the last. */
    private final Map<String, ModelFigures> models = new LinkedHashMap<>();

    private FeedState state = new FeedState(FeedState.Kind.STARTING, "");
    private Map<String, Long> deadLettersOfNoModel = Map.of();
    private long forgottenModels;
    private long unreadable;
    private long changes;

    @Override
    public synchronized void metrics(MetricsEvent event, long told) {
        changes++;
        if (event.getModelId().equals(NO_MODEL)) {
            deadLettersOfNoModel = new TreeMap<>(event.getDeadLettersByReason());
        } else {
            model(event.getModelId()).metrics(event, told);
        }
    }

    @Override
    public synchronized void driftAlert(DriftAlertEvent event, long told) {
        changes++;
        model(event.getModelId()).driftAlert(event, told);
    }

    @Override
    public synchronized void snapshot(ModelSnapshotEvent event, long told) {
        changes++;
        model(event.getModelId()).snapshot(event, told);
    }

    @Override
    public synchronized void unreadable(String topic) {
        changes++;
        unreadable++;
    }

    @Override
    public synchronized void state(FeedState newState) {
        if (!newState.equals(state)) {
            changes++;
            state = newState;
        }
    }

    private ModelFigures model(String id) {
        ModelFigures known = models.remove(id);
        ModelFigures model = known == null ? new ModelFigures(id) : known;
        models.put(id, model);
        if (models.size() > MOST_MODELS) {
            Iterator<ModelFigures> oldest = models.values().iterator();
            oldest.next();
            oldest.remove();
            forgottenModels++;
        }
        return model;
    }

    /**
     * What a reader lacks, and moves its cursor here.
     *
     * @return a JSON object in UTF-8, without line breaks, or null if nothing is new
     */
    synchronized byte @Nullable [] news(Cursor cursor) {
        if (cursor.changes == changes) {
            return null;
        }
        cursor.changes = changes;
        if (cursor.modelId == null && !models.isEmpty()) {
            cursor.modelId = new TreeMap<>(models).firstKey();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = jsonFactory.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeObjectFieldStart("feed");
            json.writeStringField("state", Key.kebab(state.kind()));
            json.writeStringField("detail", state.detail());
            json.writeNumberField("unreadable", unreadable);
            json.writeNumberField("forgottenModels", forgottenModels);
            json.writeEndObject();
            json.writeObjectFieldStart("deadLettersOfNoModel");
            for (Map.Entry<String, Long> reason : deadLettersOfNoModel.entrySet()) {
                json.writeNumberField(reason.getKey(), reason.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("models");
            for (ModelFigures model : new TreeMap<>(models).values()) {
                model.writeSummary(json);
            }
            json.writeEndArray();
            ModelFigures chosen = cursor.modelId == null ? null : models.get(cursor.modelId);
            json.writeStringField("chosen", cursor.modelId);
            if (chosen != null && cursor.changesOfModel != chosen.changes()) {
                json.writeFieldName("model");
                chosen.write(json, cursor);
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is written but to memory
        }
        return bytes.toByteArray();
    }
}
