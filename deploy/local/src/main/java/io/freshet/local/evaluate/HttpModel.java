package io.freshet.local.evaluate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.cli.UserException;
import io.freshet.local.stream.LabelledStream.Example;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Model behind a running {@code freshet serve}. All examples are predicted by the same version, the
 * newest when this was opened.
 */
public final class HttpModel implements ServedModel {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final int OK = 200;

    /** Largest body of a request, below the default of {@code freshet serve --max-body}. */
    private static final int MAX_BODY_BYTES = 1 << 19;

    private final URI predict;
    private final @Nullable String token;
    private final String description;
    private final List<String> classes;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final JsonFactory factory = new JsonFactory();
    private final ObjectMapper json = new ObjectMapper();

    private HttpModel(String server, String modelId, @Nullable Long version, @Nullable String token)
            throws IOException {
        this.token = token;
        JsonNode model = find(get(URI.create(server + "/models")), modelId);
        long used =
                version == null ? model.path("versions").path(0).path("version").asLong() : version;
        List<String> names = new ArrayList<>();
        model.path("classes").forEach(name -> names.add(name.asText()));
        classes = List.copyOf(names);
        String id = URLEncoder.encode(modelId, StandardCharsets.UTF_8).replace("+", "%20");
        predict = URI.create(server + "/models/" + id + "/predict?version=" + used);
        description = "version " + used + " of model \"" + modelId + "\", " + server;
    }

    /**
     * Connects to a server.
     *
     * @param address of the server, such as {@code http://localhost:8090}
     * @param version null for the newest
     * @param token token of the server; null if it needs none
     * @throws UserException if it is not an http address, or the server has no such model
     * @throws IOException if the server does not answer as expected
     */
    public static HttpModel open(
            String address, String modelId, @Nullable Long version, @Nullable String token)
            throws IOException {
        String server =
                address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
        if (!server.matches("https?://[^/?#]+")) {
            throw new UserException(
                    "--server " + address + ": must be an address such as http://localhost:8090");
        }
        return new HttpModel(server, modelId, version, token);
    }

    private static JsonNode find(JsonNode answer, String modelId) {
        List<String> known = new ArrayList<>();
        for (JsonNode model : answer.path("models")) {
            String id = model.path("id").asText();
            if (id.equals(modelId)) {
                return model;
            }
            known.add(id);
        }
        throw new UserException("the server has no model \"" + modelId + "\", but " + known);
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public Map<String, String> featureSettings() {
        return Map.of();
    }

    @Override
    public List<Prediction> predict(List<Example> examples) throws IOException {
        List<Prediction> predictions = new ArrayList<>();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Example example : examples) {
            byte[] event = event(example);
            if (body.size() > 0 && body.size() + event.length > MAX_BODY_BYTES) {
                predictions.addAll(post(body.toByteArray()));
                body.reset();
            }
            body.write(event);
        }
        if (body.size() > 0) {
            predictions.addAll(post(body.toByteArray()));
        }
        return predictions;
    }

    /** Returns an example as a line of JSON. */
    private byte[] event(Example example) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator generator = factory.createGenerator(bytes)) {
            generator.writeStartObject();
            int[] columns = example.columns();
            if (columns != null) {
                generator.writeFieldName("columns");
                generator.writeArray(columns, 0, columns.length);
            }
            generator.writeArrayFieldStart(columns == null ? "features" : "values");
            for (float value : example.features()) {
                if (Float.isNaN(value)) {
                    generator.writeNull();
                } else {
                    generator.writeNumber(value);
                }
            }
            generator.writeEndArray();
            generator.writeEndObject();
            generator.writeRaw('\n');
        }
        return bytes.toByteArray();
    }

    private List<Prediction> post(byte[] lines) throws IOException {
        JsonNode answer =
                send(
                        HttpRequest.newBuilder(predict)
                                .header("Content-Type", "application/x-ndjson")
                                .POST(BodyPublishers.ofByteArray(lines)));
        List<Prediction> predictions = new ArrayList<>();
        for (JsonNode prediction : answer.path("predictions")) {
            JsonNode error = prediction.path("error").path("message");
            predictions.add(
                    error.isMissingNode()
                            ? new Prediction(probabilities(prediction), null)
                            : new Prediction(null, error.asText()));
        }
        return predictions;
    }

    private float[] probabilities(JsonNode prediction) {
        float[] probabilities = new float[classes.size()];
        for (int c = 0; c < probabilities.length; c++) {
            probabilities[c] = prediction.path("probabilities").path(classes.get(c)).floatValue();
        }
        return probabilities;
    }

    private JsonNode get(URI address) throws IOException {
        return send(HttpRequest.newBuilder(address).GET());
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException {
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpRequest built = request.timeout(TIMEOUT).build();
        HttpResponse<byte[]> response;
        try {
            response = http.send(built, BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        String text = new String(response.body(), StandardCharsets.UTF_8);
        if (response.statusCode() != OK) {
            throw new IOException(
                    built.uri() + " answers " + response.statusCode() + ": " + text.strip());
        }
        return json.readTree(text);
    }

    @Override
    public void close() {}
}
