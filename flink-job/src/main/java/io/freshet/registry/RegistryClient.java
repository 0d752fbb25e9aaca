package io.freshet.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLException;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.jspecify.annotations.Nullable;

/**
 * HTTP client of a schema registry that waits until the registry answers.
 *
 * <p>Everything but an answer of a registry counts as an outage: no connection, a time-out, status
 * 429 or 5xx, and also the page of a proxy or of another server. The client then asks the next
 * address, and after the last one waits, 100 ms at first and up to 10 s, or as long as the registry
 * asks for, up to a minute. An interrupt ends the request and the wait at once.
 *
 * <p>Not thread-safe.
 *
 * <p>Source: Confluent Schema Registry API reference; RFC 7617 for basic authentication.
 */
final class RegistryClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(5);
    private static final long FIRST_DELAY_MILLIS = 100;
    private static final long MAX_DELAY_MILLIS = 10_000;
    private static final long MAX_RETRY_AFTER_SECONDS = 60;

    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int UNPROCESSABLE = 422;
    private static final int TOO_MANY_REQUESTS = 429;

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Answer of a registry.
     *
     * @param code error code, such as 40403 for an unknown schema; 0 for a success
     * @param body the answer as JSON
     */
    record Answer(int code, JsonNode body) {
        String message() {
            return body.path("message").asText("no message") + " (" + code + ")";
        }
    }

    /** User name and HTTP header of a login. */
    private record Login(String user, String header) {}

    /** Failure of one address to answer as a registry. */
    private static final class OutageException extends Exception {
        private static final long serialVersionUID = 1;

        final long retryAfterMillis;

        OutageException(String message, long retryAfterMillis) {
            super(message);
            this.retryAfterMillis = retryAfterMillis;
        }
    }

    private final RegistryConfig config;
    private final UnaryOperator<String> secrets;
    private final Consumer<String> log;
    private final RegistryHealth health;
    private final ExecutorService executor;
    private final HttpClient http;

    /** Time of {@link System#nanoTime} from which on an address has not answered. */
    private final Map<URI, Long> outages = new HashMap<>();

    private int current;
    private @Nullable Login login;

    /**
     * @param secrets reader of a text with references; called once for the login, and again when
     *     the registry rejects it
     * @param log receives a sentence when an address stops answering, and when it answers again
     * @param health receives what becomes of the requests
     */
    RegistryClient(
            RegistryConfig config,
            UnaryOperator<String> secrets,
            Consumer<String> log,
            RegistryHealth health) {
        this.config = config;
        this.secrets = secrets;
        this.log = log;
        this.health = health;
        login = readLogin();
        // Threads of the client must not hold the job's class loader after the job has ended.
        executor =
                Executors.newCachedThreadPool(
                        task -> {
                            Thread thread = new Thread(task, "schema-registry-client");
                            thread.setDaemon(true);
                            thread.setContextClassLoader(null);
                            return thread;
                        });
        http = withoutContextClassLoader(executor);
    }

    private static HttpClient withoutContextClassLoader(ExecutorService executor) {
        Thread thread = Thread.currentThread();
        ClassLoader context = thread.getContextClassLoader();
        thread.setContextClassLoader(null);
        try {
            return HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(CONNECT_TIMEOUT)
                    .executor(executor)
                    .build();
        } finally {
            thread.setContextClassLoader(context);
        }
    }

    private @Nullable Login readLogin() {
        if (config.user() == null || config.password() == null) {
            return null;
        }
        // A file that holds only a secret often ends with a line break.
        String user = secrets.apply(config.user()).replaceAll("\\R+$", "");
        String password = secrets.apply(config.password()).replaceAll("\\R+$", "");
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return new Login(user, "Basic " + Base64.getEncoder().encodeToString(pair));
    }

    /**
     * Requests a resource, and waits until the registry answers.
     *
     * @param path path below the registry's address, with a query if any
     * @param field name of a field without which a success is not an answer of a registry
     * @throws RegistryRefusedException if the registry rejects the login or refuses the request
     */
    Answer get(String path, String field) throws InterruptedException, RegistryRefusedException {
        return ask("GET", path, null, field);
    }

    /** Sends JSON like {@link #get}. */
    Answer post(String path, JsonNode body, String field)
            throws InterruptedException, RegistryRefusedException {
        return ask("POST", path, body, field);
    }

    /**
     * Requests a resource of each address once, without waiting, until one answers. That this
     * resource is forbidden is an answer, too.
     *
     * @return the reason why none answers, with its address; empty if one does
     */
    Optional<String> outage(String path, String field)
            throws InterruptedException, RegistryRefusedException {
        List<String> reasons = new ArrayList<>();
        try {
            Answer answer =
                    askAny(
                            "GET",
                            path,
                            null,
                            field,
                            PROBE_TIMEOUT,
                            (url, e) -> reasons.add(at(url) + " " + e.getMessage()));
            return answer == null ? Optional.of(String.join("; ", reasons)) : Optional.empty();
        } catch (RegistryRefusedException.Forbidden e) {
            return Optional.empty();
        }
    }

    private Answer ask(String method, String path, @Nullable JsonNode body, String field)
            throws InterruptedException, RegistryRefusedException {
        long delay = FIRST_DELAY_MILLIS;
        while (true) {
            AtomicLong wait = new AtomicLong(delay);
            Answer answer =
                    askAny(
                            method,
                            path,
                            body,
                            field,
                            REQUEST_TIMEOUT,
                            (url, e) -> {
                                wait.accumulateAndGet(e.retryAfterMillis, Math::max);
                                logOutage(url, String.valueOf(e.getMessage()));
                            });
            if (answer != null) {
                return answer;
            }
            TimeUnit.MILLISECONDS.sleep(wait.get());
            delay = Math.min(2 * delay, MAX_DELAY_MILLIS);
        }
    }

    /**
     * Asks one address after the other, beginning with the one that answered last.
     *
     * @param failed receives every address that does not answer
     * @return the answer, or null if no address answers
     */
    private @Nullable Answer askAny(
            String method,
            String path,
            @Nullable JsonNode body,
            String field,
            Duration timeout,
            BiConsumer<URI, OutageException> failed)
            throws InterruptedException, RegistryRefusedException {
        List<URI> urls = config.urls();
        for (int i = 0; i < urls.size(); i++) {
            URI url = urls.get(current);
            try {
                Answer answer = askOne(url, method, path, body, field, timeout);
                health.answered();
                logEndOfOutage(url);
                return answer;
            } catch (RegistryRefusedException.Forbidden e) {
                health.answered();
                throw e;
            } catch (RegistryRefusedException e) {
                health.unusable();
                throw e;
            } catch (OutageException e) {
                health.failed();
                failed.accept(url, e);
                current = (current + 1) % urls.size();
            }
        }
        health.unusable();
        return null;
    }

    private static String at(URI url) {
        return "the schema registry at " + url;
    }

    private void logOutage(URI url, String reason) {
        if (outages.putIfAbsent(url, System.nanoTime()) == null) {
            boolean last = outages.size() == config.urls().size();
            log.accept(
                    at(url)
                            + " "
                            + reason
                            + (last
                                    ? "; the task waits until it answers"
                                    : "; another address of " + RegistryConfig.URLS + " is asked"));
        }
    }

    private void logEndOfOutage(URI url) {
        Long since = outages.remove(url);
        if (since != null) {
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since);
            log.accept("the schema registry at " + url + " answers again, after " + seconds + " s");
        }
    }

    private Answer askOne(
            URI url,
            String method,
            String path,
            @Nullable JsonNode body,
            String field,
            Duration timeout)
            throws InterruptedException, OutageException, RegistryRefusedException {
        Login sent = login;
        HttpResponse<byte[]> response = send(request(url, method, path, body, sent), timeout);
        if (response.statusCode() == UNAUTHORIZED && sent != null) {
            login = readLogin();
            if (!sent.equals(login)) { // the password was changed in its file
                sent = login;
                response = send(request(url, method, path, body, sent), timeout);
            }
        }
        int status = response.statusCode();
        JsonNode answer = parse(response.body());
        if (status == UNAUTHORIZED) {
            throw new RegistryRefusedException(
                    at(url)
                            + (sent == null
                                    ? " expects a login: set "
                                            + RegistryConfig.USER
                                            + " and "
                                            + RegistryConfig.PASSWORD
                                    : " rejects the login of user "
                                            + sent.user()
                                            + " ("
                                            + RegistryConfig.PASSWORD
                                            + ")"));
        }
        if (status == FORBIDDEN) {
            throw new RegistryRefusedException.Forbidden(
                    at(url)
                            + " does not allow "
                            + (sent == null ? "a user without login" : "user " + sent.user())
                            + " to "
                            + method
                            + " "
                            + path);
        }
        if (status / 100 == 2 && answer.has(field)) {
            return new Answer(0, answer);
        }
        int code = answer.path("error_code").asInt();
        if (isRegistrys(status, code)) {
            return new Answer(code, answer);
        }
        String message = answer.path("message").asText("");
        throw new OutageException(
                status / 100 == 5 || status == TOO_MANY_REQUESTS
                        ? "answers with HTTP status "
                                + status
                                + (message.isEmpty() ? "" : " (" + message + ")")
                        : "does not answer like a schema registry (HTTP status "
                                + status
                                + " for "
                                + path
                                + "; is the path in "
                                + RegistryConfig.URLS
                                + " right?)",
                retryAfterMillis(response.headers().firstValue("Retry-After")));
    }

    /**
     * Returns whether an error is a registry's own about a schema: that it is unknown, incompatible
     * or invalid. Other servers answer with the status alone.
     */
    private static boolean isRegistrys(int status, int code) {
        return switch (status) {
            case NOT_FOUND, UNPROCESSABLE -> code / 100 == status;
            case CONFLICT -> code / 100 == status || code == status;
            default -> false;
        };
    }

    /**
     * Returns the time to wait that a registry asks for, at most a minute; 0 if it asks for none.
     *
     * @param header value of the header Retry-After, in seconds
     */
    static long retryAfterMillis(Optional<String> header) {
        return header.filter(seconds -> seconds.matches("[0-9]{1,9}"))
                .map(seconds -> Math.min(Long.parseLong(seconds), MAX_RETRY_AFTER_SECONDS) * 1000)
                .orElse(0L);
    }

    private static JsonNode parse(byte[] body) {
        try {
            JsonNode parsed = JSON.readTree(body);
            return parsed == null ? JSON.missingNode() : parsed;
        } catch (IOException e) {
            return JSON.missingNode(); // the page of a proxy: reported by its status
        }
    }

    private static HttpRequest request(
            URI url, String method, String path, @Nullable JsonNode body, @Nullable Login login) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url + path))
                        .header(
                                "Accept",
                                "application/vnd.schemaregistry.v1+json, application/json")
                        .method(
                                method,
                                body == null
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString(body.toString()));
        if (body != null) {
            request.header("Content-Type", "application/vnd.schemaregistry.v1+json");
        }
        if (login != null) {
            request.header("Authorization", login.header());
        }
        return request.build();
    }

    /** Sends a request. A time-out of the request itself would not cover the response's body. */
    private HttpResponse<byte[]> send(HttpRequest request, Duration timeout)
            throws InterruptedException, OutageException {
        health.requested();
        CompletableFuture<HttpResponse<byte[]>> response =
                http.sendAsync(request, BodyHandlers.ofByteArray());
        try {
            return response.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new OutageException(reason(e.getCause() == null ? e : e.getCause()), 0);
        } catch (TimeoutException e) {
            throw new OutageException("does not answer within " + timeout.toSeconds() + " s", 0);
        } finally {
            response.cancel(true);
        }
    }

    private static String reason(Throwable failure) {
        Throwable root = ExceptionUtils.getRootCause(failure);
        if (root instanceof UnresolvedAddressException) {
            return "cannot be reached: the name of its host is unknown";
        }
        if (failure instanceof ConnectException) {
            return "cannot be reached: the connection is refused";
        }
        if (failure instanceof SSLException) {
            return String.valueOf(root.getMessage())
                            .contains("unable to find valid certification path")
                    ? "has a certificate that no authority in the JVM's trust store has signed"
                            + " (javax.net.ssl.trustStore)"
                    : "cannot be reached by TLS: " + root.getMessage();
        }
        return "cannot be reached: " + root;
    }

    @Override
    public void close() {
        try {
            if (http instanceof AutoCloseable closeable) { // from JDK 21 on
                closeable.close();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e); // its close() declares none
        } finally {
            executor.shutdownNow();
        }
    }
}
