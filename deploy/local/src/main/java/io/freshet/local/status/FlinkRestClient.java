package io.freshet.local.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** Client of Flink's REST API that only reads. */
public final class FlinkRestClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final URI base;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final ObjectMapper json = new ObjectMapper();

    /**
     * @param address of Flink's web UI, such as {@code http://localhost:8081}
     * @throws UserException if it is not an http address
     */
    public FlinkRestClient(String address) {
        try {
            base = URI.create(address.endsWith("/") ? address : address + "/");
        } catch (IllegalArgumentException e) {
            throw invalid(address, e);
        }
        boolean isHttp = "http".equals(base.getScheme()) || "https".equals(base.getScheme());
        if (!isHttp || base.getHost() == null) {
            throw invalid(address, new IllegalArgumentException(address));
        }
    }

    private static UserException invalid(String address, Exception cause) {
        return new UserException(
                "--flink " + address + ": must be an address such as http://localhost:8081", cause);
    }

    /**
     * Returns the job with a name, or the only job whatever its name. Of several with the name, one
     * that has not ended is taken, else the newest.
     *
     * @throws IOException if Flink does not answer as expected
     * @throws UserException if there is no such job
     */
    public FlinkJob job(String name) throws IOException {
        List<JsonNode> jobs = new ArrayList<>();
        get("jobs/overview").path("jobs").forEach(jobs::add);
        JsonNode job =
                jobs.stream()
                        .filter(each -> jobs.size() == 1 || each.path("name").asText().equals(name))
                        .max(
                                Comparator.comparing(FlinkRestClient::hasNotEnded)
                                        .thenComparing(each -> each.path("start-time").asLong()))
                        .orElseThrow(() -> unknown(name, jobs));
        String id = job.path("jid").asText();
        JsonNode checkpoints = get("jobs/" + id + "/checkpoints");
        JsonNode newest = checkpoints.at("/latest/completed/latest_ack_timestamp");
        JsonNode failures = get("jobs/" + id + "/exceptions?maxExceptions=1");
        return new FlinkJob(
                id,
                job.path("name").asText(),
                job.path("state").asText(),
                job.path("last-modification").asLong(),
                restarts(id),
                checkpoints.at("/counts/completed").asLong(),
                checkpoints.at("/counts/failed").asLong(),
                newest.isNumber() ? OptionalLong.of(newest.asLong()) : OptionalLong.empty(),
                failure(failures.at("/exceptionHistory/entries/0")));
    }

    private static boolean hasNotEnded(JsonNode job) {
        return job.path("end-time").asLong() < 0;
    }

    private UserException unknown(String name, List<JsonNode> jobs) {
        String others =
                jobs.stream()
                        .map(job -> job.path("name").asText())
                        .distinct()
                        .collect(Collectors.joining(", "));
        return new UserException(
                "Flink at "
                        + base
                        + " has no job "
                        + name
                        + " (job.name); its jobs: "
                        + (others.isEmpty() ? "none" : others));
    }

    private OptionalLong restarts(String id) throws IOException {
        String value = get("jobs/" + id + "/metrics?get=numRestarts").at("/0/value").asText();
        return value.matches("[0-9]{1,18}")
                ? OptionalLong.of(Long.parseLong(value))
                : OptionalLong.empty();
    }

    /** Returns the innermost cause in a stack trace, which says most. */
    private static String failure(JsonNode entry) {
        List<String> lines = entry.path("stacktrace").asText().lines().toList();
        return lines.stream()
                .filter(line -> line.startsWith("Caused by: "))
                .reduce((first, last) -> last)
                .map(line -> line.substring("Caused by: ".length()))
                .orElse(entry.path("exceptionName").asText());
    }

    private JsonNode get(String path) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(base.resolve(path)).timeout(TIMEOUT).build();
        try {
            HttpResponse<String> response =
                    http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(
                        "Flink at "
                                + base
                                + " answered with status "
                                + response.statusCode()
                                + " to /"
                                + path);
            }
            return json.readTree(response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
