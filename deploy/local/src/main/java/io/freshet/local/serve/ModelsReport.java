package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelInfo;
import io.freshet.follow.FollowerStatus;
import io.freshet.follow.ModelProblem;
import io.freshet.follow.SnapshotFollower;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Report on the models that a server has, as JSON and as a page.
 *
 * @param models models of the topic
 */
record ModelsReport(SnapshotFollower models) {
    static final String STYLE =
            """
            body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1b1b }
            table { border-collapse: collapse }
            th, td { padding: .3rem 1rem .3rem 0; text-align: left; border-bottom: 1px solid #ccc }
            .problem { color: #a11 }
            """;

    private List<Classifier> versions(String id) {
        return models.versions(id);
    }

    /** Writes the models with their versions. */
    void write(JsonGenerator json) throws IOException {
        FollowerStatus status = models.status();
        json.writeStartObject();
        json.writeBooleanField("ready", status.hasReachedEnd());
        if (!status.failure().isEmpty()) {
            json.writeStringField("failure", status.failure());
        }
        json.writeArrayFieldStart("models");
        for (String id : new TreeSet<>(models.modelIds())) {
            writeModel(json, id);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("problems");
        for (Map.Entry<String, ModelProblem> problem : problems().entrySet()) {
            writeProblem(json, problem.getKey(), problem.getValue());
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private Map<String, ModelProblem> problems() {
        return new TreeMap<>(models.problems());
    }

    private static void writeProblem(JsonGenerator json, String id, ModelProblem problem)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("model", id);
        json.writeStringField("kind", problem.kind().name());
        json.writeStringField("message", problem.message());
        json.writeStringField("since", problem.since().toString());
        json.writeEndObject();
    }

    private void writeModel(JsonGenerator json, String id) throws IOException {
        List<Classifier> versions = versions(id);
        if (versions.isEmpty()) {
            return; // removed meanwhile
        }
        Classifier newest = versions.get(0);
        json.writeStartObject();
        json.writeStringField("id", id);
        json.writeNumberField("numFeatures", newest.numFeatures());
        json.writeBooleanField("sparse", newest.isSparse());
        json.writeBooleanField("multiLabel", newest.isMultiLabel());
        json.writeArrayFieldStart("classes");
        for (String name : newest.info().classes()) {
            json.writeString(name);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("versions");
        for (Classifier version : versions) {
            writeVersion(json, version.info());
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeVersion(JsonGenerator json, ModelInfo info) throws IOException {
        json.writeStartObject();
        json.writeNumberField("version", info.version());
        json.writeNumberField("examplesSeen", info.examplesSeen());
        Instant timestamp = info.timestamp();
        json.writeStringField("timestamp", timestamp == null ? null : timestamp.toString());
        json.writeStringField("contentHash", info.contentHash());
        json.writeStringField("job", info.job());
        json.writeNumberField("epoch", info.epoch());
        json.writeEndObject();
    }

    /** Returns the page. */
    String page() {
        FollowerStatus status = models.status();
        StringBuilder html = new StringBuilder();
        html.append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta http-equiv=\"refresh\" content=\"5\"><title>Freshet models</title>")
                .append("<link rel=\"stylesheet\" href=\"/serve.css\"></head><body>")
                .append("<h1>Models</h1>");
        if (!status.hasReachedEnd()) {
            html.append("<p class=\"problem\">The models are still being read.</p>");
        }
        if (!status.failure().isEmpty()) {
            html.append("<p class=\"problem\">")
                    .append(escape(status.failure()))
                    .append(" The last models stay.</p>");
        }
        html.append("<table><tr><th>model</th><th>version</th><th>examples seen</th>")
                .append("<th>latest event</th><th>classes</th></tr>");
        for (String id : new TreeSet<>(models.modelIds())) {
            models.newest(id).ifPresent(newest -> addRow(html, newest.info()));
        }
        html.append("</table>");
        problems()
                .forEach(
                        (id, problem) ->
                                html.append("<p class=\"problem\">Model \"")
                                        .append(escape(id))
                                        .append("\": ")
                                        .append(escape(problem.message()))
                                        .append("</p>"));
        return html.append("</body></html>\n").toString();
    }

    private static void addRow(StringBuilder html, ModelInfo info) {
        html.append("<tr><td>")
                .append(escape(info.modelId()))
                .append("</td><td>")
                .append(info.version())
                .append("</td><td>")
                .append(info.examplesSeen())
                .append("</td><td>")
                .append(info.timestamp() == null ? "" : escape(String.valueOf(info.timestamp())))
                .append("</td><td>")
                .append(info.classes().size())
                .append("</td></tr>");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
