package io.freshet.local.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import io.freshet.schemas.Expert;
import java.time.Instant;
import java.util.TreeMap;

/** JSON of published models, one object in one line each. Times are in UTC. */
public final class ModelJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private ModelJson() {}

    /** Returns what a list tells of a snapshot. */
    public static String writeShort(StoredSnapshot snapshot) {
        return summary(snapshot).toString();
    }

    private static ObjectNode summary(StoredSnapshot snapshot) {
        ModelInfo info = snapshot.info();
        ObjectNode json = MAPPER.createObjectNode();
        json.put("modelId", info.modelId());
        json.put("version", info.version());
        json.put("job", info.job());
        json.put("epoch", info.epoch());
        json.put("examplesSeen", info.examplesSeen());
        json.put("timestamp", info.timestamp() == null ? null : info.timestamp().toString());
        json.put("publishedAt", Instant.ofEpochMilli(snapshot.publishedAt()).toString());
        json.put("contentHash", info.contentHash());
        json.put("bytes", snapshot.bytes());
        json.put("records", snapshot.records().size());
        json.put("numFeatures", info.numFeatures());
        json.put("sparse", snapshot.classifier().isSparse());
        json.put("numColumns", snapshot.classifier().numColumns());
        info.classes().forEach(json.putArray("classes")::add);
        return json;
    }

    /** Returns everything about a snapshot but its parameters. */
    public static String writeLong(StoredSnapshot snapshot) {
        ModelContent content = snapshot.content();
        ObjectNode json = summary(snapshot);
        json.put("numOutputs", content.numOutputs());
        json.put("activation", content.activation());
        ArrayNode experts = json.putArray("experts");
        for (Expert expert : snapshot.experts()) {
            ObjectNode each = experts.addObject();
            each.put("name", expert.getName());
            each.put("learningRate", expert.getLearningRate());
            each.put("weight", expert.getWeight());
            each.put("restarts", expert.getRestarts());
            each.put("stackWeight", expert.getStackWeight());
            each.put("correctionWeight", expert.getCorrectionWeight());
            each.put("loss", expert.getLoss());
        }
        ModelContent.Scaler scaler = content.scaler();
        if (scaler == null) {
            json.putNull("scaler");
        } else {
            ObjectNode each = json.putObject("scaler");
            each.put("count", scaler.count());
            each.put("clips", scaler.limit().length > 0);
        }
        ObjectNode settings = json.putObject("hyperParameters");
        new TreeMap<>(snapshot.info().hyperParameters()).forEach(settings::put);
        return json.toString();
    }

    /** Returns what differs between two snapshots. */
    public static String write(ModelDifference difference) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("modelId", difference.second().info().modelId());
        json.set("first", summary(difference.first()));
        json.set("second", summary(difference.second()));
        ArrayNode rates = json.putArray("rates");
        for (ModelDifference.Rate rate : difference.rates()) {
            ObjectNode each = rates.addObject();
            putNumber(each, "learningRate", rate.learningRate());
            each.put("firstWeight", rate.firstWeight());
            each.put("secondWeight", rate.secondWeight());
            each.put("firstNorm", rate.firstNorm());
            each.put("secondNorm", rate.secondNorm());
            each.put("distance", rate.distance());
        }
        putNumber(json, "dominantRate", difference.dominantRate());
        ArrayNode changes = json.putArray("changes");
        for (ModelDifference.Change change : difference.changes()) {
            ObjectNode each = changes.addObject();
            each.put("feature", change.feature());
            each.put("output", change.output());
            each.put("first", change.first());
            each.put("second", change.second());
        }
        ObjectNode settings = json.putObject("hyperParameters");
        difference
                .settings()
                .forEach(
                        (key, values) ->
                                settings.putObject(key)
                                        .put("first", values.first())
                                        .put("second", values.second()));
        EnsembleDifference ensemble = difference.ensemble();
        json.set("ensemble", ensemble == null ? null : write(ensemble));
        return json.toString();
    }

    private static ObjectNode write(EnsembleDifference ensemble) {
        ObjectNode json = MAPPER.createObjectNode();
        ArrayNode experts = json.putArray("experts");
        for (EnsembleDifference.ExpertWeights expert : ensemble.experts()) {
            ObjectNode each = experts.addObject();
            each.put("name", expert.name());
            put(each, "mixture", expert.mixture());
            put(each, "stack", expert.stack());
            put(each, "correction", expert.correction());
        }
        ObjectNode answers = json.putObject("answers");
        put(answers, "mixture", ensemble.answers().get(0));
        put(answers, "stack", ensemble.answers().get(1));
        put(answers, "correction", ensemble.answers().get(2));
        EnsembleDifference.Ferns ferns = ensemble.ferns();
        if (ferns == null) {
            json.putNull("fernCells");
        } else {
            json.putObject("fernCells").put("changed", ferns.changed()).put("all", ferns.cells());
        }
        EnsembleDifference.Window window = ensemble.window();
        if (window == null) {
            json.putNull("window");
        } else {
            json.putObject("window")
                    .put("first", window.first())
                    .put("second", window.second())
                    .put("common", window.common());
        }
        return json;
    }

    private static void put(ObjectNode json, String name, EnsembleDifference.Change change) {
        json.putObject(name).put("first", change.first()).put("second", change.second());
    }

    private static void putNumber(ObjectNode json, String name, double value) {
        json.put(name, Double.isNaN(value) ? null : (Double) value);
    }
}
