package io.freshet.local.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Snapshots;
import io.freshet.follow.SnapshotFollower;
import io.freshet.local.SnapshotTopic;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.pipeline.JobConfig;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Integration test of the server of models, with a real broker and HTTP. */
class ModelServerITCase {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int MAX_BODY = 10_000;
    private static final String VECTOR = "{\"features\": [1, -2, 0.5]}";
    private static final String PREDICT = "/models/m/predict";
    private static final String TYPE = "Content-Type: application/json";
    private static final String CLOSE = "Connection: close";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static EmbeddedKafka kafka;

    @TempDir private Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private SnapshotTopic topic;
    private SnapshotFollower models;
    private ModelServer server;

    @BeforeAll
    static void startBroker() throws Exception {
        kafka = EmbeddedKafka.start();
    }

    @AfterAll
    static void stopBroker() throws Exception {
        kafka.close();
    }

    @BeforeEach
    void start() throws Exception {
        topic = new SnapshotTopic(kafka.bootstrapServers()).create(1, Map.of());
        topic.send(records(1));
        models =
                SnapshotFollower.of(
                                SnapshotTopic.NAME,
                                Map.of("bootstrap.servers", kafka.bootstrapServers()))
                        .start();
        assertThat(models.awaitEnd(Duration.ofSeconds(30))).isTrue();
        server = serve(4, null, Map.of());
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        models.close();
        topic.close();
        topic.delete();
    }

    private ModelServer serve(int maxRequests, BearerToken token, Map<String, String> settings)
            throws IOException {
        Map<String, String> values = new HashMap<>(settings);
        values.put("kafka.bootstrap.servers", kafka.bootstrapServers());
        return ModelServer.start(
                new ServerSettings(
                        "localhost",
                        0,
                        MAX_BODY,
                        maxRequests,
                        JobConfig.parseServing(values).events(),
                        null,
                        token),
                models);
    }

    private void restart(Map<String, String> settings) throws IOException {
        server.close();
        server = serve(4, null, settings);
    }

    private static List<ModelSnapshotEvent> records(long version) {
        return new ArrayList<>(
                new Snapshots(version, 3, 3, 3, "softmax", 2, true).version(version).records(10));
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for %s", what).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private void publish(long version) {
        topic.send(records(version));
        await("the version", () -> models.newest("m").orElseThrow().info().version() == version);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.address() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String type, String body) throws Exception {
        return send(
                request(path)
                        .header("Content-Type", type)
                        .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return post(path, "application/json", body);
    }

    private JsonNode predict(String path, String body) throws Exception {
        HttpResponse<String> response = post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        return JSON.readTree(response.body());
    }

    private String get(String path) throws Exception {
        HttpResponse<String> response = send(request(path));
        assertThat(response.statusCode()).isEqualTo(200);
        return response.body();
    }

    /** Sends a raw request, and returns the whole answer. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("localhost", server.address().getPort())) {
            write(socket, request);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the head of a raw request; its path is that of a prediction for POST. */
    private static String head(String method, String host, String... headers) {
        String path = method.equals("POST") ? PREDICT : "/models";
        return method
                + " "
                + path
                + " HTTP/1.1\r\nHost: "
                + host
                + "\r\n"
                + String.join("\r\n", headers)
                + "\r\n\r\n";
    }

    private void assertPrediction(JsonNode answer, Classification expected) {
        assertThat(answer.path("predictedClass").asInt()).isEqualTo(expected.predictedClass());
        assertThat(answer.path("predictedLabel").asText()).isEqualTo(expected.predictedLabel());
        for (int c = 0; c < 3; c++) {
            assertThat(answer.path("probabilities").path("class " + c).floatValue())
                    .isEqualTo(expected.probabilities()[c]);
        }
        double entropy = 0;
        for (float p : expected.probabilities()) {
            entropy -= p * Math.log(p);
        }
        assertThat(answer.path("entropy").asDouble()).isCloseTo(entropy, within(1e-12));
    }

    @Test
    void oneEvent_isPredicted() throws Exception {
        JsonNode answer = predict(PREDICT, VECTOR);
        assertThat(answer.path("modelId").asText()).isEqualTo("m");
        assertThat(answer.path("modelVersion").asLong()).isEqualTo(1);
        assertThat(answer.path("examplesSeen").asLong()).isEqualTo(900);
        assertPrediction(
                answer, models.newest("m").orElseThrow().classify(new float[] {1, -2, 0.5f}));
    }

    @Test
    void manyEvents_arePredictedInTheirOrder_andTheInvalidOnesNamed() throws Exception {
        Random random = new Random(4);
        StringBuilder list = new StringBuilder("[{\"columns\":[5],\"values\":[1]}");
        StringBuilder lines = new StringBuilder("nonsense\n");
        List<Classification> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            float[] features = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
            expected.add(models.newest("m").orElseThrow().classify(features));
            String event = "{\"features\":" + Arrays.toString(features) + "}";
            list.append(',').append(event);
            lines.append(event).append('\n');
        }
        HttpResponse<String> ofLines = post(PREDICT, "application/x-ndjson", lines.toString());
        for (JsonNode answer :
                List.of(predict(PREDICT, list + "]"), JSON.readTree(ofLines.body()))) {
            assertThat(answer.path("modelVersion").asLong()).isEqualTo(1);
            JsonNode predictions = answer.path("predictions");
            assertThat(predictions).hasSize(101);
            assertThat(predictions.get(0).path("error").path("reason").asText())
                    .isIn("WRONG_NUM_FEATURES", "INVALID_JSON");
            for (int i = 0; i < 100; i++) {
                assertPrediction(predictions.get(i + 1), expected.get(i));
            }
        }
        assertThat(predict(PREDICT, "[]").path("predictions")).isEmpty();
    }

    @Test
    void newVersion_givesAnotherPrediction_andTheOldOneIsKept() throws Exception {
        JsonNode first = predict(PREDICT, VECTOR);
        for (long version = 2; version < 5; version++) {
            publish(version);
        }
        JsonNode fourth = predict(PREDICT, VECTOR);
        assertThat(fourth.path("modelVersion").asLong()).isEqualTo(4);
        assertThat(fourth.path("probabilities")).isNotEqualTo(first.path("probabilities"));
        JsonNode second = predict(PREDICT + "?version=2", VECTOR);
        assertThat(second.path("modelVersion").asLong()).isEqualTo(2);
        assertThat(second.path("probabilities")).isNotEqualTo(fourth.path("probabilities"));
        assertThat(post(PREDICT + "?version=1", VECTOR).body())
                .contains("UNKNOWN_VERSION")
                .contains("Version 1 of model \\\"m\\\" is not kept; these are: 4, 3, 2.");
    }

    @Test
    void topK_hasTheMostProbableClasses() throws Exception {
        Classification all = models.newest("m").orElseThrow().classify(new float[] {1, -2, 0.5f});
        JsonNode answer = predict(PREDICT + "?top-k=2", VECTOR).path("probabilities");
        assertThat(answer).hasSize(2);
        List<Float> found = new ArrayList<>();
        answer.forEach(probability -> found.add(probability.floatValue()));
        assertThat(found.get(0)).isEqualTo(all.confidence()).isGreaterThanOrEqualTo(found.get(1));
        assertThat(predict(PREDICT + "?top-k=9", VECTOR).path("probabilities")).hasSize(3);
    }

    @Test
    void mappedEvents_areDecodedAsInTheJob() throws Exception {
        restart(
                Map.of(
                        "features", "age,city:categorical(Oslo|Rome)",
                        "label", "y",
                        "model", "segment",
                        "classes", "class 0,class 1,class 2"));
        Classification expected = models.newest("m").orElseThrow().classify(new float[] {3, 0, 1});
        assertPrediction(predict(PREDICT, "{\"age\": 3, \"city\": \"Rome\"}"), expected);
        assertPrediction(predict(PREDICT, "{\"features\": [3, 0, 1]}"), expected);
        JsonNode many =
                predict(
                        PREDICT,
                        "[{\"age\": \"x\", \"city\": \"Rome\"}, {\"city\": \"Rome\"},"
                                + " {\"age\": 3, \"city\": \"Rome\", \"segment\": \"n\"},"
                                + " {\"segment\": \"m\", \"age\": 3, \"city\": \"Rome\"}]");
        List<String> problems = new ArrayList<>();
        many.path("predictions")
                .forEach(
                        one ->
                                problems.add(
                                        one.path("error").path("reason").asText()
                                                + ": "
                                                + one.path("error").path("message").asText()));
        assertThat(problems)
                .containsExactly(
                        "WRONG_TYPE: age is \"x\", not a number",
                        "MISSING_FEATURE: age is missing, and the model takes no missing values",
                        "MODEL_NOT_ALLOWED: segment is \"n\"; the path says \"m\"",
                        ": ");
        assertPrediction(many.path("predictions").get(3), expected);
    }

    @Test
    void settingsOfAnotherModel_areRefused() throws Exception {
        restart(Map.of("features", "a,b"));
        assertThat(post(PREDICT, "{\"a\": 1, \"b\": 2}").body())
                .contains("WRONG_NUM_FEATURES")
                .contains("an event has 2 features by the settings of this server")
                .contains("has 3");
        assertThat(post(PREDICT, VECTOR).statusCode()).isEqualTo(200);
    }

    @Test
    void hashedEvents_arePredicted() throws Exception {
        Random random = new Random(1);
        Snapshots sparse =
                new Snapshots(8, 256, 2, 2, "softmax", 1, false)
                        .model("hashed")
                        .sparse(random, IntStream.rangeClosed(0, 256).toArray(), false, 0);
        topic.send(sparse.records(1000));
        await("the model", () -> models.newest("hashed").isPresent());
        restart(Map.of("features", "*", "features.encoding", "hashed", "features.hash-bits", "8"));
        JsonNode one = predict("/models/hashed/predict", "{\"a\": 1, \"b\": \"x\"}");
        JsonNode other = predict("/models/hashed/predict", "{\"a\": -1, \"b\": \"y\"}");
        assertThat(one.path("probabilities")).isNotEqualTo(other.path("probabilities"));
        assertThat(
                        predict("/models/hashed/predict", "{\"columns\": [3], \"values\": [2]}")
                                .path("probabilities")
                                .path("class 0")
                                .floatValue())
                .isEqualTo(
                        models.newest("hashed")
                                .orElseThrow()
                                .classify(new int[] {3}, new float[] {2})
                                .probabilities()[0]);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST | /models/m/predict | application/json | nonsense | 400 | it is neither.",
                "POST | /models/m/predict | application/json | {\"features\":[1,2]} | 400 | the"
                        + " example has 2 features; the model has 3",
                "POST | /models/m/predict | application/json | [{} | 400 | The body is no JSON"
                        + " list",
                "POST | /models/m/predict?version=x | application/json | {} | 400 | version=x: must"
                        + " be one whole number",
                "POST | /models/m/predict?version=-1 | application/json | {} | 400 | at least 0",
                "POST | /models/m/predict?top-k=0 | application/json | {} | 400 | top-k=0: must be"
                        + " one whole number, at least 1",
                "POST | /models/m/predict?top-k=1&top-k=2 | application/json | {} | 400 |"
                        + " top-k=1,2",
                "POST | /models/m/predict?verison=1 | application/json | {} | 400 | The query has"
                        + " verison",
                "POST | /models/n/predict | application/json | {} | 404 | There is no model",
                "POST | /models//predict | application/json | {} | 404 | The path must be",
                "POST | /models/m;n/predict | application/json | {} | 404 | and ; as %3B",
                "POST | /models/%FF/predict | application/json | {} | 400 | Bad Request",
                "POST | /models/m/n/predict | application/json | {} | 404 | The path must be",
                "POST | /else | application/json | {} | 404 | There are /models",
                "GET | /models/m/predict | application/json | | 405 | The method must be POST",
                "POST | /models | application/json | {} | 405 | The method must be GET",
                "DELETE | /metrics | application/json | | 405 | The method must be GET",
                "POST | /models/m/predict | text/plain | {} | 415 | The content type must be"
                        + " application/json",
                "POST | /models/m/predict | application/json; charset=latin1 | {} | 415 | must be"
                        + " in UTF-8",
            })
    void badRequest_isRefusedWithTheReason(
            String method, String path, String type, String body, int status, String message)
            throws Exception {
        HttpResponse<String> response =
                send(
                        request(path)
                                .header("Content-Type", type)
                                .method(
                                        method,
                                        HttpRequest.BodyPublishers.ofString(
                                                body == null ? "" : body)));
        assertThat(response.statusCode()).isEqualTo(status);
        JsonNode error = JSON.readTree(response.body()).path("error");
        assertThat(error.path("message").asText()).contains(message);
        assertThat(error.path("reason").asText()).matches("[A-Z_]+");
        if (status == 405) {
            assertThat(response.headers().firstValue("Allow")).isPresent();
        }
    }

    @Test
    void compressedBody_isRefused() throws Exception {
        assertThat(
                        send(request(PREDICT)
                                        .header("Content-Type", "application/json")
                                        .header("Content-Encoding", "gzip")
                                        .POST(HttpRequest.BodyPublishers.ofString("x")))
                                .statusCode())
                .isEqualTo(415);
    }

    @Test
    void largeBody_isRefused_whetherItsSizeIsDeclaredOrNot() throws Exception {
        String declared = head("POST", "localhost", CLOSE, TYPE, "Content-Length: 999999999");
        assertThat(raw(declared + "{}")).startsWith("HTTP/1.1 413");
        String chunked = head("POST", "localhost", CLOSE, TYPE, "Transfer-Encoding: chunked");
        String chunk = "1000\r\n" + " ".repeat(4096) + "\r\n";
        assertThat(raw(chunked + chunk.repeat(3) + "0\r\n\r\n"))
                .startsWith("HTTP/1.1 413")
                .contains("at most 10000 bytes");
        assertThat(post(PREDICT, " ".repeat(MAX_BODY - VECTOR.length()) + VECTOR).statusCode())
                .isEqualTo(200);
    }

    @Test
    void idOfAModel_mayHaveAnyCharacters() throws Exception {
        String id = "a/b é?&#\"%;..";
        topic.send(new Snapshots(1, 3, 3, 3, "softmax", 1, false).model(id).records(100));
        await("the model", () -> models.newest(id).isPresent());
        JsonNode answer = predict("/models/a%2Fb%20%C3%A9%3F%26%23%22%25%3B../predict", VECTOR);
        assertThat(answer.path("modelId").asText()).isEqualTo(id);
        assertThat(get("/metrics")).contains("model=\"a/b é?&#\\\"%;..\"");
        assertThat(get("/")).contains("a/b é?&amp;#&quot;%;..");
    }

    @Test
    void tooManyRequestsAtOnce_areRefused_andAnsweredAgainLater() throws Exception {
        server.close();
        server = serve(1, null, Map.of());
        try (Socket slow = new Socket("localhost", server.address().getPort())) {
            String length = "Content-Length: " + VECTOR.length();
            write(slow, head("POST", "localhost", CLOSE, TYPE, length) + "{");
            await("the slow request", () -> inProgress() == 2);
            HttpResponse<String> refused = post(PREDICT, VECTOR);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            assertThat(refused.body()).contains("TOO_MANY_REQUESTS");
            write(slow, VECTOR.substring(1));
            assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 200");
        }
        assertThat(post(PREDICT, VECTOR).statusCode()).isEqualTo(200);
    }

    /** Returns the number of requests that are being answered, with this one. */
    private int inProgress() {
        try {
            return (int) metric("freshet_serve_requests_in_progress");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private double metric(String series) throws Exception {
        return get("/metrics")
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }

    @Test
    void invalidSnapshot_leavesTheLastGoodVersion_andEveryoneIsTold() throws Exception {
        JsonNode before = predict(PREDICT, VECTOR);
        assertThat(metric("freshet_serve_model_stale{model=\"m\"}")).isZero();
        List<ModelSnapshotEvent> broken = records(2);
        broken.get(1).getParameters().set(0, 0.5f);
        topic.send(broken);
        await("the refusal", () -> models.problem("m").isPresent());

        assertThat(predict(PREDICT, VECTOR)).isEqualTo(before);
        assertThat(metric("freshet_serve_model_stale{model=\"m\"}")).isEqualTo(1);
        assertThat(metric("freshet_serve_snapshot_problems_total{kind=\"INVALID_SNAPSHOT\"}"))
                .isEqualTo(1);
        assertThat(get("/models"))
                .contains("INVALID_SNAPSHOT")
                .contains("Version 2 of model \\\"m\\\" cannot be used: its content has the hash");
        assertThat(get("/")).contains("cannot be used: its content has the hash");
        assertThat(get("/healthz")).contains("\"ready\":true");

        publish(3);
        assertThat(metric("freshet_serve_model_stale{model=\"m\"}")).isZero();
        assertThat(get("/models")).doesNotContain("cannot be used");
        assertThat(predict(PREDICT, VECTOR).path("modelVersion").asLong()).isEqualTo(3);
    }

    @Test
    void modelWithoutAGoodVersion_isUnknown_withTheReason() throws Exception {
        List<ModelSnapshotEvent> broken =
                new Snapshots(1, 3, 3, 3, "softmax", 1, false).model("n").records(1000);
        broken.get(0).setNumFeatures(4);
        topic.send(broken);
        await("the refusal", () -> models.problem("n").isPresent());
        HttpResponse<String> response = post("/models/n/predict", VECTOR);
        assertThat(response.statusCode()).isEqualTo(404);
        String reason = "cannot be used: it has 12 parameters; 15 are expected.";
        assertThat(response.body()).contains("UNKNOWN_MODEL").contains(reason);
        JsonNode problem = JSON.readTree(get("/models")).path("problems").get(0);
        assertThat(problem.path("model").asText()).isEqualTo("n");
        assertThat(problem.path("kind").asText()).isEqualTo("INVALID_SNAPSHOT");
        assertThat(problem.path("message").asText()).contains(reason);
        assertThat(get("/")).contains(reason);
    }

    @Test
    void models_areListed_withTheirVersions() throws Exception {
        publish(2);
        JsonNode model = JSON.readTree(get("/models")).path("models").get(0);
        assertThat(model.path("id").asText()).isEqualTo("m");
        assertThat(model.path("numFeatures").asInt()).isEqualTo(3);
        assertThat(model.path("classes")).hasSize(3);
        assertThat(model.path("versions").get(0).path("version").asLong()).isEqualTo(2);
        assertThat(model.path("versions").get(1).path("version").asLong()).isEqualTo(1);
        assertThat(model.path("versions").get(1).path("examplesSeen").asLong()).isEqualTo(900);
        assertThat(model.path("versions").get(1).path("timestamp").asText())
                .isEqualTo("1970-01-01T00:00:01Z");
        assertThat(model.path("versions").get(1).path("contentHash").asText())
                .isEqualTo(models.version("m", 1).orElseThrow().info().contentHash());
        assertThat(get("/")).contains("<td>m</td><td>2</td><td>900</td>");
    }

    @Test
    void metrics_countRequestsPredictionsAndRefusals() throws Exception {
        predict(PREDICT, VECTOR);
        predict(PREDICT, "[" + VECTOR + "," + VECTOR + ",{}]");
        post(PREDICT, "{}");
        await(
                "the responses to be counted",
                () -> {
                    try {
                        return metric("freshet_serve_responses_total{status=\"400\"}") == 1;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
        assertThat(metric("freshet_serve_responses_total{status=\"200\"}"))
                .isGreaterThanOrEqualTo(2);
        assertThat(metric("freshet_serve_predictions_total{model=\"m\"}")).isEqualTo(3);
        assertThat(metric("freshet_serve_refused_events_total{reason=\"MISSING_FEATURE\"}"))
                .isEqualTo(2);
        assertThat(metric("freshet_serve_request_seconds_count")).isEqualTo(3);
        assertThat(metric("freshet_serve_request_seconds_bucket{le=\"+Inf\"}")).isEqualTo(3);
        assertThat(metric("freshet_serve_request_seconds_sum")).isPositive();
        assertThat(metric("freshet_serve_model_version{model=\"m\"}")).isEqualTo(1);
        assertThat(metric("freshet_serve_model_examples_seen{model=\"m\"}")).isEqualTo(900);
        assertThat(metric("freshet_serve_model_timestamp_seconds{model=\"m\"}")).isEqualTo(1);
        assertThat(metric("freshet_serve_ready")).isEqualTo(1);
        assertThat(metric("freshet_serve_topic_followed")).isEqualTo(1);
        assertThat(metric("freshet_serve_topic_lag_offsets")).isZero();
        assertThat(metric("freshet_serve_snapshot_records_total")).isEqualTo(3);

        String documentation = Files.readString(Path.of("../prometheus/README.md"));
        List<String> families =
                get("/metrics")
                        .lines()
                        .filter(line -> line.startsWith("# TYPE "))
                        .map(line -> line.split(" ", -1)[2])
                        .toList();
        assertThat(families).hasSize(14);
        assertThat(families).allMatch(family -> documentation.contains("`" + family + "`"));
    }

    @Test
    void untilTheModelsAreRead_nothingIsPredicted() throws Exception {
        server.close();
        models.close();
        models =
                SnapshotFollower.of("absent", Map.of("bootstrap.servers", kafka.bootstrapServers()))
                        .start();
        server = serve(4, null, Map.of());
        HttpResponse<String> early = post(PREDICT, VECTOR);
        assertThat(early.statusCode()).isEqualTo(503);
        assertThat(early.body()).contains("NOT_READY");
        await("the failure", () -> !models.status().failure().isEmpty());
        HttpResponse<String> health = send(request("/healthz"));
        assertThat(health.statusCode()).isEqualTo(503);
        assertThat(health.body()).contains("Topic absent does not exist.");
        assertThat(get("/")).contains("The models are still being read.");
        assertThat(metric("freshet_serve_topic_followed")).isZero();
    }

    @Test
    void otherHostsAndOrigins_areRefused() throws Exception {
        assertThat(raw(head("GET", "evil", CLOSE))).startsWith("HTTP/1.1 421");
        assertThat(raw(head("GET", "localhost", CLOSE, "Origin: http://evil")))
                .startsWith("HTTP/1.1 403")
                .contains("Only pages of this server");
        assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400").contains("\"error\"");
    }

    @Test
    void token_isRequired_exceptForTheHealth() throws Exception {
        Path file = directory.resolve("token");
        Files.writeString(file, "0123456789abcdef\n");
        server.close();
        server = serve(4, BearerToken.read(file), Map.of());
        for (String path : List.of("/", "/models", "/metrics", PREDICT)) {
            HttpResponse<String> refused = send(request(path));
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            assertThat(
                            send(request(path).header("Authorization", "Bearer 0123456789abcdeg"))
                                    .statusCode())
                    .isEqualTo(401);
        }
        assertThat(send(request("/healthz")).statusCode()).isEqualTo(200);
        HttpResponse<String> allowed =
                send(
                        request(PREDICT)
                                .header("Authorization", "bearer 0123456789abcdef")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(VECTOR)));
        assertThat(allowed.statusCode()).isEqualTo(200);
        String authorization = "Authorization: Bearer 0123456789abcdef";
        assertThat(raw(head("GET", "any.name", CLOSE, authorization))).startsWith("HTTP/1.1 200");
    }

    @Test
    void clientThatBreaksOff_holdsNothing() throws Exception {
        server.close();
        server = serve(1, null, Map.of());
        for (int i = 0; i < 5; i++) {
            try (Socket socket = new Socket("localhost", server.address().getPort())) {
                write(socket, head("POST", "localhost", TYPE, "Content-Length: 5000") + "{");
                await("the request", () -> inProgress() == 2);
            }
            await("its end", () -> inProgress() == 1);
        }
        assertThat(post(PREDICT, VECTOR).statusCode()).isEqualTo(200);
    }
}
