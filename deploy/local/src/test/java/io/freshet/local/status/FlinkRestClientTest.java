package io.freshet.local.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FlinkRestClientTest {
    private static final String CHECKPOINTS =
            """
            {"counts": {"restored": 1, "total": 9, "completed": 7, "failed": 2},
             "latest": {"completed": {"id": 8, "latest_ack_timestamp": 1700000005000}}}
            """;
    private static final String FAILURES =
            """
            {"exceptionHistory": {"entries": [{"exceptionName": "java.lang.Exception",
             "stacktrace": "java.lang.Exception: task failed\\n\\tat x.Y\\nCaused by: java.io.IOException: disk full\\n\\tat z"}]}}
            """;

    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private FlinkRestClient client;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        client = new FlinkRestClient("http://localhost:" + server.getAddress().getPort());
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        String answer = answers.get(exchange.getRequestURI().toString());
        byte[] body = (answer == null ? "" : answer).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(
                answer == null ? 404 : 200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private void jobs(String... jobs) {
        List<String> all = new ArrayList<>();
        for (String job : jobs) {
            String[] parts = job.split(" ", -1);
            all.add(
                    String.format(
                            "{\"jid\": \"%s\", \"name\": \"%s\", \"state\": \"%s\","
                                    + " \"start-time\": %s, \"end-time\": %s,"
                                    + " \"last-modification\": 1700000001000}",
                            (Object[]) parts));
            answers.put("/jobs/" + parts[0] + "/checkpoints", CHECKPOINTS);
            answers.put(
                    "/jobs/" + parts[0] + "/metrics?get=numRestarts",
                    "[{\"id\": \"numRestarts\", \"value\": \"3\"}]");
            answers.put("/jobs/" + parts[0] + "/exceptions?maxExceptions=1", FAILURES);
        }
        answers.put("/jobs/overview", "{\"jobs\": [" + String.join(",", all) + "]}");
    }

    @Test
    void job_hasItsFiguresFromFourRequests_whichOnlyRead() throws Exception {
        jobs("a freshet RUNNING 1 -1", "b other RUNNING 2 -1");

        assertThat(client.job("freshet"))
                .isEqualTo(
                        new FlinkJob(
                                "a",
                                "freshet",
                                "RUNNING",
                                1_700_000_001_000L,
                                OptionalLong.of(3),
                                7,
                                2,
                                OptionalLong.of(1_700_000_005_000L),
                                "java.io.IOException: disk full"));
        assertThat(requests).hasSize(4).allMatch(request -> request.startsWith("GET /jobs/"));
    }

    @Test
    void ofJobsWithTheName_theOneThatRunsIsTaken_elseTheNewest() throws Exception {
        jobs("a freshet RUNNING 1 -1", "b freshet FAILED 2 3", "c other RUNNING 9 -1");
        assertThat(client.job("freshet").id()).isEqualTo("a");

        jobs("a freshet CANCELED 1 2", "b freshet FAILED 2 3");
        assertThat(client.job("freshet").state()).isEqualTo("FAILED");
    }

    @Test
    void onlyJob_isTakenWhateverItsName() throws Exception {
        jobs("a another RUNNING 1 -1");

        assertThat(client.job("freshet").name()).isEqualTo("another");
    }

    @Test
    void jobWithoutCheckpoints_restartsOrFailures_isRead() throws Exception {
        jobs("a freshet CREATED 1 -1");
        answers.put("/jobs/a/checkpoints", "{\"counts\": {}, \"latest\": {\"completed\": null}}");
        answers.put("/jobs/a/metrics?get=numRestarts", "[]");
        answers.put(
                "/jobs/a/exceptions?maxExceptions=1", "{\"exceptionHistory\": {\"entries\": []}}");

        FlinkJob job = client.job("freshet");

        assertThat(job.newestCheckpoint()).isEmpty();
        assertThat(job.restarts()).isEmpty();
        assertThat(job.failure()).isEmpty();
    }

    @Test
    void missingJob_isReportedWithTheOthers() {
        jobs("a one RUNNING 1 -1", "b two RUNNING 1 -1");

        assertThatThrownBy(() -> client.job("freshet"))
                .isInstanceOf(UserException.class)
                .hasMessageEndingWith(" has no job freshet (job.name); its jobs: one, two");
    }

    @Test
    void answerOfAnotherServer_isAnIOException() {
        assertThatThrownBy(() -> client.job("freshet"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("answered with status 404 to /jobs/overview");
    }
}
