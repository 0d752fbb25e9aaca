package io.freshet.local.dashboard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.watch.ReaderState;
import io.freshet.schemas.DriftAlertEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DashboardTest {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final String HOSTILE = "</script><img src=x onerror=alert(1)>\n\ndata: {}";

    private final HttpClient client = HttpClient.newHttpClient();
    private final DashboardData data = new DashboardData();
    private Dashboard dashboard;

    @BeforeEach
    void start() throws IOException {
        dashboard = Dashboard.start(data, "localhost", Dashboard.ANY_PORT);
    }

    @AfterEach
    void stop() throws IOException {
        dashboard.close();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(dashboard.address().resolve(path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Sends a raw request; Java's HTTP client would refuse some of these. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("localhost", dashboard.address().getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Iterator<JsonNode> events(String query) throws Exception {
        HttpResponse<Stream<String>> response =
                client.send(
                        HttpRequest.newBuilder(dashboard.address().resolve("/events" + query))
                                .build(),
                        HttpResponse.BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type"))
                .contains("text/event-stream; charset=utf-8");
        return response.body()
                .filter(line -> line.startsWith("data: "))
                .map(line -> parse(line.substring("data: ".length())))
                .iterator();
    }

    private static JsonNode parse(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new AssertionError(json, e);
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    @Test
    void everyFile_isServed_withSecurityHeaders() throws Exception {
        for (String path : PageFiles.load().paths()) {
            HttpResponse<String> response = get(path);

            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.body()).as(path).isNotBlank();
            assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .startsWith("default-src 'none'; script-src 'self'; style-src 'self'")
                    .doesNotContain("unsafe");
            assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(response.headers().firstValue("Referrer-Policy")).contains("no-referrer");
            assertThat(response.headers().firstValue("Server")).isEmpty();
        }
    }

    @Test
    void metrics_areServedToPrometheus_underTheServersNamesOnly() throws Exception {
        HttpResponse<String> response = get("/metrics");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type").orElseThrow())
                .startsWith("text/plain; version=0.0.4");
        assertThat(response.body()).contains("# TYPE freshet_build_info gauge");
        String prometheus =
                String.join(
                        "\r\n",
                        "GET /metrics HTTP/1.1",
                        "Host: %s",
                        "User-Agent: Prometheus/3.5.0",
                        "Accept: application/openmetrics-text;version=1.0.0,text/plain",
                        "Connection: close",
                        "",
                        "");
        assertThat(raw(prometheus.formatted("127.0.0.1:8099")))
                .startsWith("HTTP/1.1 200")
                .contains("application/openmetrics-text", "# EOF");
        assertThat(raw(prometheus.formatted("metrics.example:8099"))).startsWith("HTTP/1.1 421");
    }

    @Test
    void page_loadsNothingFromOtherServers_andHasNoInlineScriptOrStyle() throws Exception {
        String page = get("/").body();

        assertThat(page).doesNotContain("http://").doesNotContain("https://");
        assertThat(page).doesNotContain("<style").doesNotContain(" style=").doesNotContain(" on");
        for (String path : PageFiles.load().paths()) {
            if (path.endsWith(".js") && !path.startsWith("/uplot")) {
                assertThat(get(path).body())
                        .as(path)
                        .doesNotContain("innerHTML")
                        .doesNotContain("insertAdjacentHTML")
                        .doesNotContain("https://");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nothing",
                "/index.html",
                "/page/index.html",
                "/uplot/",
                "/..%2f..%2fetc/passwd",
                "/Dashboard.class"
            })
    void unknownPath_isNotFound(String path) throws Exception {
        HttpResponse<String> response = get(path);

        assertThat(response.statusCode()).isIn(400, 404);
        assertThat(response.body()).doesNotContain("root:").doesNotContain("<html lang");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "NONSENSE"})
    void otherMethods_areNotAllowed(String method) throws Exception {
        for (String path : List.of("/", "/events")) {
            assertThat(
                            raw(
                                    method
                                            + " "
                                            + path
                                            + " HTTP/1.1\r\nHost: localhost\r\nContent-Length:"
                                            + " 0\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 405 ")
                    .contains("Allow: GET, HEAD\r\n");
        }
    }

    @Test
    void head_isAnsweredAsGet_withoutABody_andOpensNoStream() throws Exception {
        for (String path : List.of("/", "/app.js", "/nothing", "/events")) {
            String head =
                    raw(
                            "HEAD "
                                    + path
                                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

            assertThat(head)
                    .as(path)
                    .startsWith(path.equals("/nothing") ? "HTTP/1.1 404 " : "HTTP/1.1 200 ")
                    .contains("Content-Security-Policy: ")
                    .contains("Content-Type: ")
                    .endsWith("\r\n\r\n")
                    .containsOnlyOnce("\r\n\r\n");
        }
        assertThat(dashboard.numConnections()).isZero();
        assertThat(raw("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .contains("Content-Length: " + get("/").body().getBytes(UTF_8).length + "\r\n");
        assertThat(raw("HEAD / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 421 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: evil.example",
                "Host: evil.example:80",
                "Host: localhost.evil.example",
                "Host: 127.0.0.1.evil.example",
                "Host: 10.0.0.1",
                "Host: [::2]",
                "Host: ",
            })
    void foreignHost_isRefused(String header) throws Exception {
        for (String path : List.of("/", "/events", "/nothing")) {
            assertThat(
                            raw(
                                    "GET "
                                            + path
                                            + " HTTP/1.1\r\n"
                                            + header
                                            + "\r\nConnection: close\r\n\r\n"))
                    .containsPattern("^HTTP/1.1 4(00|21) ")
                    .doesNotContain("text/event-stream")
                    .doesNotContain("<html");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.0\r\n\r\n",
                "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
                "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection:"
                        + " close\r\n\r\n",
                "GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\nConnection:"
                        + " close\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection:"
                        + " close\r\n\r\n"
            })
    void requestWithoutHostOrWithTwo_isRefused(String request) throws Exception {
        assertThat(raw(request)).containsPattern("^HTTP/1.[01] 4(00|21) ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST:80", "127.0.0.1:8099", "[::1]:8099"})
    void namesOfThisMachine_areAccepted(String host) throws Exception {
        assertThat(raw("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cross-site", "same-site"})
    void requestOfAnotherPage_isRefused_unlessItFollowsALink(String site) throws Exception {
        String request = "GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: " + site + "\r\n";

        assertThat(raw(request + "Sec-Fetch-Mode: no-cors\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403 ");
        assertThat(raw(request + "Sec-Fetch-Mode: navigate\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
    }

    @Test
    void stream_sendsTheHistoryFirst_thenUpdates() throws Exception {
        data.onMetrics(MinimalEvents.metrics("m", 0, 0.5).build(), 1);
        Iterator<JsonNode> events = events("?model=m");

        assertThat(events.next().at("/model/points/examples")).hasSize(1);
        data.onMetrics(MinimalEvents.metrics("m", 1, 0.5).build(), 2);
        JsonNode next = events.next();
        assertThat(next.at("/model/full").asBoolean()).isFalse();
        assertThat(next.at("/model/points/examples/0").asLong()).isEqualTo(200);
    }

    @Test
    void textFromTheData_staysInItsEvent() throws Exception {
        data.onMetrics(MinimalEvents.metrics(HOSTILE, 0, 0.5).build(), 1);

        JsonNode event = events("").next();

        assertThat(event.at("/models/0/id").asText()).isEqualTo(HOSTILE);
        assertThat(event.at("/model/id").asText()).isEqualTo(HOSTILE);
    }

    @Test
    void clientThatDoesNotRead_delaysNobody_andHasNoQueue() throws Exception {
        data.onMetrics(MinimalEvents.metrics("m", 0, 0.5).build(), 0);
        data.onMetrics(MinimalEvents.metrics("n", 0, 0.5).build(), 0);
        // Larger than the buffers of any socket.
        DriftAlertEvent large = MinimalEvents.alert("m", 0, 100);
        large.setDetector("x".repeat(16 << 20));
        data.onDriftAlert(large, 0);
        try (Socket stuck = new Socket()) {
            stuck.setReceiveBufferSize(1024);
            stuck.connect(new InetSocketAddress("localhost", dashboard.address().getPort()));
            stuck.getOutputStream()
                    .write(
                            "GET /events?model=m HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    .getBytes(StandardCharsets.UTF_8));
            await("the one that is stuck", () -> dashboard.numConnections() == 1);
            Iterator<JsonNode> other = events("?model=n");
            other.next();
            for (int i = 1; i <= 20; i++) {
                data.onMetrics(MinimalEvents.metrics("n", i, 0.5).build(), i);
                assertThat(other.next().at("/model/points/examples/0").asLong())
                        .isEqualTo((i + 1) * 100L);
            }
            for (int i = 1; i <= 5_000; i++) {
                data.onMetrics(MinimalEvents.metrics("m", i, 0.5).build(), i);
            }
            data.onStateChange(new ReaderState(ReaderState.Kind.ENDED, ""));

            // Now it reads the message that was being written, and then the current state.
            BufferedReader lines =
                    new BufferedReader(
                            new InputStreamReader(stuck.getInputStream(), StandardCharsets.UTF_8));
            List<JsonNode> read = new ArrayList<>();
            while (read.isEmpty()
                    || !read.get(read.size() - 1).at("/feed/state").asText().equals("ended")) {
                String line = lines.readLine();
                if (line.startsWith("data: ")) {
                    read.add(parse(line.substring("data: ".length())));
                }
            }
            assertThat(read).hasSize(2);
            assertThat(read.get(1).at("/model/full").asBoolean()).isTrue();
            assertThat(read.get(1).at("/model/latest/examplesSeen").asLong()).isEqualTo(500_100);
        }
    }

    @Test
    void closedConnection_isRemoved() throws Exception {
        try (Socket socket = new Socket("localhost", dashboard.address().getPort())) {
            socket.getOutputStream()
                    .write(
                            "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    .getBytes(StandardCharsets.UTF_8));
            await("the reader", () -> dashboard.numConnections() == 1);
        }
        await(
                "the reader to be forgotten",
                () -> {
                    data.onUnreadableRecord("metrics"); // an update to send
                    return dashboard.numConnections() == 0;
                });
    }

    @Test
    void connectionsAboveTheMaximum_areRefused() throws Exception {
        List<Iterator<JsonNode>> readers = new ArrayList<>();
        for (int i = 0; i < Dashboard.MAX_CONNECTIONS; i++) {
            readers.add(events(""));
        }

        assertThat(get("/events").statusCode()).isEqualTo(503);
        assertThat(get("/").statusCode()).isEqualTo(200);
        data.onUnreadableRecord("metrics");
        readers.forEach(Iterator::next);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%zz", "%ff%fe", "%00", "%", "a&model=b"})
    void malformedModelId_isNoFailure(String id) throws Exception {
        try (Socket socket = new Socket("localhost", dashboard.address().getPort())) {
            socket.getOutputStream()
                    .write(
                            ("GET /events?model=" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                    .getBytes(StandardCharsets.UTF_8));
            assertThat(
                            new BufferedReader(
                                            new InputStreamReader(
                                                    socket.getInputStream(),
                                                    StandardCharsets.UTF_8))
                                    .readLine())
                    .matches("HTTP/1.1 (200|400) .*");
        }
    }

    @Test
    void tooLongModelId_isRefused() throws Exception {
        assertThat(get("/events?model=" + "x".repeat(256)).statusCode()).isEqualTo(400);
    }

    @Test
    void close_sendsTheLastUpdate_andEndsTheStreams() throws Exception {
        Iterator<JsonNode> events = events("");
        events.next();
        data.onStateChange(new ReaderState(ReaderState.Kind.ENDED, "over"));

        URI address = dashboard.address();
        dashboard.close();

        assertThat(events.next().at("/feed/state").asText()).isEqualTo("ended");
        assertThat(events.hasNext()).isFalse();
        assertThatThrownBy(() -> new Socket("localhost", address.getPort()).close())
                .isInstanceOf(IOException.class);
    }

    @Test
    void portInUse_isReported() {
        assertThatThrownBy(() -> Dashboard.start(data, "localhost", dashboard.address().getPort()))
                .isInstanceOf(BindException.class);
    }
}
