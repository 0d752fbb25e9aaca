package io.freshet.local;

import static java.net.HttpURLConnection.HTTP_UNAVAILABLE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Flink session cluster: a JobManager and a TaskManager, each in its own process with Flink and the
 * jars that {@code freshet jars} copies on its class path. Each submission loads the job from its
 * jar in a new class loader.
 */
final class SessionCluster implements AutoCloseable {

    private static final Pattern RPC =
            Pattern.compile("Actor system started at pekko\\.tcp://flink@localhost:(\\d+)");
    private static final Pattern REST = Pattern.compile("Rest endpoint listening at (\\S+:\\d+)");

    private final JavaProcess jobManager;
    private final JavaProcess taskManager;
    private final URI rest;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    private SessionCluster(JavaProcess jobManager, JavaProcess taskManager, URI rest) {
        this.jobManager = jobManager;
        this.taskManager = taskManager;
        this.rest = rest;
    }

    /**
     * Starts both processes on free loopback ports, with as much memory as Flink's scripts assign.
     *
     * @param directory empty directory for everything that they write
     * @param settings Flink's settings
     */
    static SessionCluster start(Path directory, Map<String, String> settings) throws IOException {
        Map<String, String> all = new TreeMap<>(settings);
        all.put("jobmanager.rpc.port", "0");
        all.put("web.refresh-interval", "50 ms");
        all.put("execution.checkpointing.dir", directory.resolve("checkpoints").toUri().toString());
        FlinkProcesses processes = FlinkProcesses.prepare(directory, all);
        JavaProcess jobManager = processes.jobManager("jobmanager");
        JavaProcess taskManager = null;
        try {
            String rpcPort = jobManager.awaitOutput(RPC);
            URI rest = URI.create("http://" + jobManager.awaitOutput(REST));
            taskManager =
                    processes.taskManager("taskmanager", Map.of("jobmanager.rpc.port", rpcPort));
            SessionCluster cluster = new SessionCluster(jobManager, taskManager, rest);
            cluster.awaitSlot();
            return cluster;
        } catch (IOException | RuntimeException | Error e) {
            if (taskManager != null) {
                taskManager.close();
            }
            jobManager.close();
            throw e;
        }
    }

    JavaProcess jobManager() {
        return jobManager;
    }

    JavaProcess taskManager() {
        return taskManager;
    }

    /** Returns the address of Flink's REST interface. */
    URI rest() {
        return rest;
    }

    /** Uploads the job's jar to the JobManager, and returns its id. */
    String upload() throws IOException {
        String boundary = "the-jar";
        byte[] head =
                ("--"
                                + boundary
                                + "\r\nContent-Disposition: form-data; name=\"jarfile\";"
                                + " filename=\"job.jar\"\r\n"
                                + "Content-Type: application/x-java-archive\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8);
        byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8);
        JsonNode answer =
                ask(
                        HttpRequest.newBuilder(rest.resolve("/jars/upload"))
                                .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                                .POST(
                                        BodyPublishers.concat(
                                                BodyPublishers.ofByteArray(head),
                                                BodyPublishers.ofFile(FlinkProcesses.JOB_JAR),
                                                BodyPublishers.ofByteArray(tail))));
        return Path.of(answer.path("filename").asText()).getFileName().toString();
    }

    /** Runs the jar in the JobManager, and returns the job's id. */
    String run(String jar, List<String> arguments) throws IOException {
        String body = json.writeValueAsString(Map.of("programArgsList", arguments));
        return ask(HttpRequest.newBuilder(rest.resolve("/jars/" + jar + "/run"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body)))
                .path("jobid")
                .asText();
    }

    /** Cancels the job and waits for its end. */
    void cancel(String job) {
        ask(
                HttpRequest.newBuilder(rest.resolve("/jobs/" + job + "?mode=cancel"))
                        .method("PATCH", BodyPublishers.noBody()));
        JobOnKafka.await(
                "the job's end",
                () -> get("/jobs/" + job).path("state").asText().equals("CANCELED"));
        awaitSlot();
    }

    private void awaitSlot() {
        HttpRequest.Builder overview = HttpRequest.newBuilder(rest.resolve("/overview"));
        JobOnKafka.await(
                "a free slot",
                () -> {
                    HttpResponse<String> answer = send(overview);
                    // The JobManager answers 503 until it has elected itself the leader.
                    return answer.statusCode() != HTTP_UNAVAILABLE
                            && content(answer).path("slots-available").asInt() == 1;
                });
    }

    private JsonNode get(String path) {
        return ask(HttpRequest.newBuilder(rest.resolve(path)));
    }

    private JsonNode ask(HttpRequest.Builder request) {
        return content(send(request));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        for (JavaProcess process : List.of(jobManager, taskManager)) {
            if (!process.isAlive()) {
                throw new AssertionError("ended:\n" + process.output());
            }
        }
        try {
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private JsonNode content(HttpResponse<String> answer) {
        if (answer.statusCode() / 100 != 2) {
            throw new AssertionError(answer + ": " + answer.body());
        }
        try {
            return json.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        taskManager.close();
        jobManager.close();
    }
}
