package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.entrypoint.component.DispatcherResourceManagerComponent;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.rest.RestServerEndpoint;
import org.apache.flink.runtime.rest.handler.RestHandlerSpecification;
import org.apache.flink.runtime.rest.versioning.RestAPIVersion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Integration test of the access rules of Flink's REST endpoint against hostile pages and programs.
 */
class FlinkRestITCase {
    private static final int TIMEOUT_MILLIS = (int) TimeUnit.SECONDS.toMillis(60);
    private static final String BROWSER =
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0\r\n";
    private static final String FLINKS_PAGE =
            BROWSER + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n";
    private static final Pattern ANY_ORIGIN_MAY_READ =
            Pattern.compile("(?im)^access-control-[a-z-]*:");
    private static final Set<Integer> REFUSED = Set.of(403, 421);

    @TempDir private static Path directory;

    private static EmbeddedKafka kafka;
    private static JobOnKafka job;
    private static int port;
    private static String jobId;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start();
        job = JobOnKafka.start(JobOnKafka.settings(kafka, "rest", 3, "2"));
        port = job.cluster().webPage().getPort();
        jobId = job.cluster().cluster().listJobs().get().iterator().next().getJobId().toString();
    }

    @AfterAll
    static void stop() throws IOException {
        job.close();
        kafka.close();
    }

    /**
     * Path of Flink's REST endpoint.
     *
     * @param path path with the id of the running job
     * @param handler class that handles it
     */
    private record Route(String method, String path, Class<?> handler) {}

    /** Returns all paths that the endpoint has registered. */
    private static List<Route> routes() throws ReflectiveOperationException {
        Collection<?> components =
                (Collection<?>)
                        value(
                                MiniCluster.class,
                                "dispatcherResourceManagerComponents",
                                job.cluster().cluster());
        Object endpoint =
                value(
                        DispatcherResourceManagerComponent.class,
                        "webMonitorEndpoint",
                        components.iterator().next());
        List<Route> routes = new ArrayList<>();
        for (Object handler :
                (Collection<?>) value(RestServerEndpoint.class, "handlers", endpoint)) {
            Tuple2<?, ?> registered = (Tuple2<?, ?>) handler;
            RestHandlerSpecification specification = (RestHandlerSpecification) registered.f0;
            String method = specification.getHttpMethod().name();
            String path =
                    specification
                            .getTargetRestEndpointURL()
                            .replace(":jobid", jobId)
                            .replace("/:*", "/index.html")
                            .replaceAll(":[a-z]+", "00000000000000000000000000000001");
            routes.add(new Route(method, path, registered.f1.getClass()));
            for (RestAPIVersion<?> version : specification.getSupportedAPIVersions()) {
                routes.add(
                        new Route(
                                method,
                                "/" + version.getURLVersionPrefix() + path,
                                registered.f1.getClass()));
            }
        }
        assertThat(routes).hasSizeGreaterThan(100);
        return routes;
    }

    private static Object value(Class<?> owner, String name, Object of)
            throws ReflectiveOperationException {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(of);
    }

    /**
     * Returns the paths that change something: those with a method other than GET, and those with
     * GET that have the same handler as one of them.
     *
     * <p>The paths of jar submission are added here, because Flink registers no handlers for it
     * while it is disabled.
     */
    private static List<Route> routesThatWrite() throws ReflectiveOperationException {
        List<Route> routes = routes();
        Set<Class<?>> writers =
                routes.stream()
                        .filter(route -> !route.method().equals("GET"))
                        .map(Route::handler)
                        .collect(Collectors.toSet());
        List<Route> writing = new ArrayList<>(routes);
        writing.removeIf(route -> !writers.contains(route.handler()));
        assertThat(writing)
                .extracting(route -> route.method() + " " + route.path())
                .contains(
                        "GET /jobs/" + jobId + "/yarn-cancel",
                        "GET /jobs/" + jobId + "/yarn-stop",
                        "PATCH /jobs/" + jobId,
                        "POST /jobs",
                        "POST /jobs/" + jobId + "/savepoints",
                        "POST /v1/jobs/" + jobId + "/stop",
                        "DELETE /cluster");
        for (String jars :
                List.of(
                        "POST /jars/upload",
                        "POST /jars/a.jar/run",
                        "POST /jars/a.jar/plan",
                        "DELETE /jars/a.jar")) {
            String[] methodAndPath = jars.split(" ", 2);
            writing.add(new Route(methodAndPath[0], methodAndPath[1], Object.class));
        }
        return writing;
    }

    /** Returns the headers that a browser sends for a page, by kind of request. */
    private static Map<String, String> requestsOfPages() {
        String ours = "Host: localhost:" + port + "\r\n";
        String rebound = "Host: evil.example:" + port + "\r\n";
        Map<String, String> requests = new TreeMap<>();
        requests.put(
                "script of another site",
                ours
                        + BROWSER
                        + "Origin: https://evil.example\r\nReferer: https://evil.example/\r\n"
                        + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"
                        + "Sec-Fetch-Dest: empty\r\n");
        requests.put(
                "image of another site",
                ours
                        + BROWSER
                        + "Referer: https://evil.example/\r\nSec-Fetch-Site: cross-site\r\n"
                        + "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n");
        requests.put(
                "form or link of another site",
                ours
                        + BROWSER
                        + "Origin: https://evil.example\r\nReferer: https://evil.example/\r\n"
                        + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                        + "Sec-Fetch-Dest: document\r\nSec-Fetch-User: ?1\r\n");
        requests.put(
                "link of another site",
                ours
                        + BROWSER
                        + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                        + "Sec-Fetch-Dest: iframe\r\n");
        requests.put(
                "sandboxed page or file",
                ours
                        + BROWSER
                        + "Origin: null\r\nSec-Fetch-Site: cross-site\r\n"
                        + "Sec-Fetch-Mode: cors\r\n");
        requests.put(
                "server on another port",
                ours
                        + BROWSER
                        + "Origin: http://localhost:1\r\nSec-Fetch-Site: same-site\r\n"
                        + "Sec-Fetch-Mode: cors\r\n");
        requests.put("old browser, script", ours + "Origin: http://evil.example\r\n");
        requests.put("old browser, file", ours + "Origin: null\r\n");
        requests.put("old browser, image", ours + BROWSER);
        requests.put("old browser, proxied", ours + "Referer: http://evil.example/\r\n");
        requests.put(
                "rebound name",
                rebound
                        + BROWSER
                        + "Origin: http://evil.example:"
                        + port
                        + "\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n");
        requests.put("rebound name, old browser", rebound);
        requests.put("rebound name, two hosts", "Host: localhost\r\nHost: evil.example\r\n");
        requests.put("no name", "");
        requests.put(
                "Flink's own page",
                ours + FLINKS_PAGE + "Origin: http://localhost:" + port + "\r\n");
        return requests;
    }

    private record Answer(int status, String text) {}

    /** Sends a raw request; Java's HTTP client would refuse some of these. */
    private static Answer ask(String method, String path, String headers, String body) {
        return ask(
                method
                        + " "
                        + path
                        + " HTTP/1.1\r\n"
                        + headers
                        + "Content-Type: text/plain\r\nContent-Length: "
                        + body.length()
                        + "\r\nConnection: close\r\n\r\n"
                        + body);
    }

    private static Answer ask(String request) {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            String text =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(text).as(request).startsWith("HTTP/1.1 ");
            assertThat(text).as(request).doesNotContainPattern(ANY_ORIGIN_MAY_READ);
            return new Answer(
                    Integer.parseInt(text, "HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3, 10),
                    text);
        } catch (IOException e) {
            throw new UncheckedIOException(request, e);
        }
    }

    private static Answer askAsFlinksPage(String method, String path) {
        return ask(method, path, "Host: localhost:" + port + "\r\n" + FLINKS_PAGE, "");
    }

    private static Answer askAsCurl(String method, String path, String body) {
        return ask(
                method,
                path,
                "Host: localhost:" + port + "\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n",
                body);
    }

    private static String savepointTo(String name) {
        String folder = directory.resolve(name).toUri().toString();
        return "{\"target-directory\":\"" + folder + "\",\"targetDirectory\":\"" + folder + "\"}";
    }

    private static void assertUntouched() throws Exception {
        assertThat(job.cluster().status()).isEqualTo(JobStatus.RUNNING);
        assertThat(job.cluster().execution().restarts()).isZero();
        assertThat(directory.resolve("stolen")).doesNotExist();
    }

    @Test
    void everyPathThatWrites_isRefusedToBrowsers() throws Exception {
        Map<String, Integer> answered = new HashMap<>();

        for (Route route : routesThatWrite()) {
            requestsOfPages()
                    .forEach(
                            (page, headers) ->
                                    answered.put(
                                            page + ": " + route.method() + " " + route.path(),
                                            ask(
                                                            route.method(),
                                                            route.path(),
                                                            headers,
                                                            route.method().equals("GET")
                                                                    ? ""
                                                                    : savepointTo("stolen"))
                                                    .status()));
        }

        answered.values().removeIf(REFUSED::contains);
        assertThat(answered).isEmpty();
        assertUntouched();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/jobs/JOB/yarn%2Dcancel",
                "/jobs/JOB/yarn%252Dcancel",
                "/jobs/JOB/%79arn-cancel?x=y",
                "/jobs/JOB/yarn-cancel%3Fx",
                "/jobs/JOB/yarn-cancel/",
                "//jobs/JOB/yarn-cancel",
                "%2F/jobs/JOB/yarn-cancel",
                "/%76%31/jobs/JOB/yarn-cancel",
                "/v1/jobs/JOB/yarn-stop#x",
                "http://localhost/jobs/JOB/yarn-cancel",
                "/jobs/JOB/yarn-cancel%"
            })
    void pathThatCancels_isRecognisedInEverySpelling(String path) throws Exception {
        assertThat(askAsFlinksPage("GET", path.replace("JOB", jobId)).status()).isIn(400, 403);
        assertUntouched();
    }

    @Test
    void uploadFromAPage_isRefusedBeforeItsBodyIsRead() {
        Answer answer =
                ask(
                        "POST /jobs HTTP/1.1\r\nHost: localhost:"
                                + port
                                + "\r\nOrigin: https://evil.example\r\nContent-Length: 1000000\r\n"
                                + "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
                                + "Content-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n"
                                + "\r\nthe first bytes of many");

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).containsIgnoringCase("connection: close");
    }

    @Test
    void requestsAfterARefusedOne_areNotAnswered() throws Exception {
        Answer answer =
                ask(
                        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n"
                                + "Content-Length: 2\r\n\r\n{}"
                                + "GET /jobs/"
                                + jobId
                                + "/yarn-cancel HTTP/1.1\r\nHost: localhost\r\n\r\n");

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text().split("HTTP/1.1 ", -1)).hasSize(2);
        assertUntouched();
    }

    @Test
    void flinksWebUi_canReadEverything() throws Exception {
        List<Route> reading = new ArrayList<>(routes());
        reading.removeAll(routesThatWrite());
        for (Route route : reading) {
            assertThat(route.method()).isEqualTo("GET");
            assertThat(askAsFlinksPage("GET", route.path()).status())
                    .as(route.path())
                    .isNotIn(REFUSED);
        }
        for (String path :
                List.of("/", "/config", "/overview", "/jobs/overview", "/jobs/" + jobId)) {
            assertThat(askAsFlinksPage("GET", path).status()).as(path).isEqualTo(200);
        }
        assertThat(askAsFlinksPage("GET", "/config").text())
                .contains("\"web-submit\":false", "\"web-cancel\":false", "\"web-rescale\":false");
        assertThat(askAsFlinksPage("GET", "/nothing").status()).isEqualTo(404);
        assertUntouched();
    }

    @Test
    void pageOfAnotherSite_canReadNothing_butMayLinkHere() {
        String page =
                "Host: localhost:" + port + "\r\n" + BROWSER + "Sec-Fetch-Site: cross-site\r\n";

        for (String path : List.of("/", "/jobs", "/jobmanager/config", "/nothing")) {
            assertThat(ask("GET", path, page + "Sec-Fetch-Mode: no-cors\r\n", "").status())
                    .as(path)
                    .isEqualTo(403);
            assertThat(ask("GET", path, "Host: evil.example\r\n", "").status())
                    .as(path)
                    .isEqualTo(421);
        }
        assertThat(ask("GET", "/", page + "Sec-Fetch-Mode: navigate\r\n", "").status())
                .isEqualTo(200);
    }

    @Test
    void otherProgram_canReadAndSaveTheJob_butNotSubmitOne() throws Exception {
        assertThat(askAsCurl("GET", "/jobs", "").text()).contains(jobId);
        for (String path : List.of("/jobs", "/v1/jobs", "/jobs?x", "/jobs/", "/%6Aobs")) {
            assertThat(askAsCurl("POST", path, "{}").status()).as(path).isEqualTo(403);
        }
        assertThat(askAsCurl("POST", "/jars/upload", "").status()).isEqualTo(404);
        assertThat(askAsCurl("GET", "/jars", "").status()).isEqualTo(404);

        Answer triggered =
                askAsCurl("POST", "/jobs/" + jobId + "/savepoints", savepointTo("saved"));
        assertThat(triggered.status()).isEqualTo(202);
        String text = triggered.text();
        String trigger =
                new ObjectMapper()
                        .readTree(text.substring(text.indexOf('{')))
                        .get("request-id")
                        .asText();
        JobOnKafka.await(
                "the savepoint",
                () ->
                        askAsCurl("GET", "/jobs/" + jobId + "/savepoints/" + trigger, "")
                                .text()
                                .contains("COMPLETED"));
        assertThat(directory.resolve("saved")).isNotEmptyDirectory();
        assertUntouched();
    }
}
