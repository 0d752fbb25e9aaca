package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.follow.FollowerStatus;
import io.freshet.follow.SnapshotFollower;
import io.freshet.local.http.RequestRules;
import io.freshet.local.http.RequestRules.Refusal;
import io.freshet.local.prometheus.MetricsPage;
import java.io.IOException;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.URIUtil;
import org.jspecify.annotations.Nullable;

/**
 * Handler of all requests of the server: checks who asks, and passes the request on by its path.
 * Without a token the server accepts requests under its own names only, as {@link RequestRules}
 * says; with one, it accepts those that have the token, and {@code /healthz} from anybody.
 */
final class ServeHandler extends Handler.Abstract {
    private static final String MODELS = "/models";
    private static final String PREDICT = "/predict";
    private static final String HEALTH = "/healthz";

    private final SnapshotFollower models;
    private final ServeMetrics metrics;
    private final PredictHandler predictHandler;
    private final ModelsReport report;
    private final RequestRules rules;
    private final @Nullable BearerToken token;

    /**
     * @param host another name of this server, besides the loopback names
     * @param token token that requests must have; null for none
     */
    ServeHandler(
            SnapshotFollower models,
            ServeMetrics metrics,
            PredictHandler predictHandler,
            String host,
            @Nullable BearerToken token) {
        this.models = models;
        this.metrics = metrics;
        this.predictHandler = predictHandler;
        this.token = token;
        report = new ModelsReport(models);
        rules = new RequestRules(host);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        metrics.begin();
        Request.addCompletionListener(request, failure -> metrics.end(response.getStatus()));
        Answers.addHeaders(response);
        try {
            String path = request.getHttpURI().getPath();
            requireAccess(request, response, path == null ? "" : path);
            answer(path == null ? "" : path, request, response, callback);
        } catch (HttpProblem e) {
            Answers.sendProblem(response, callback, e);
        }
        return true;
    }

    private void requireAccess(Request request, Response response, String path) throws HttpProblem {
        if (token != null) {
            boolean allowed =
                    path.equals(HEALTH)
                            || token.isIn(
                                    request.getHeaders().getValuesList(HttpHeader.AUTHORIZATION));
            if (!allowed) {
                response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
                throw new HttpProblem(
                        HttpStatus.UNAUTHORIZED_401,
                        "UNAUTHORIZED",
                        "A request must have the header Authorization: Bearer, and the server's"
                                + " token.");
            }
            return;
        }
        Optional<Refusal> refusal =
                rules.refusal(request.getHeaders()::getValuesList)
                        // The host in the request line may differ from the header.
                        .or(() -> rules.refusalOfHost(Request.getServerName(request)));
        if (refusal.isPresent()) {
            throw new HttpProblem(refusal.get().status(), "NOT_ALLOWED", refusal.get().sentence());
        }
    }

    private void answer(String path, Request request, Response response, Callback callback)
            throws IOException, HttpProblem {
        if (path.startsWith(MODELS + "/") && path.endsWith(PREDICT)) {
            requireMethod(request, response, "POST");
            predictHandler.handle(modelId(path), request, response, callback);
            return;
        }
        switch (path) {
            case "/" -> {
                requireRead(request, response);
                Answers.sendText(response, callback, "text/html", report.page());
            }
            case "/serve.css" -> {
                requireRead(request, response);
                Answers.sendText(response, callback, "text/css", ModelsReport.STYLE);
            }
            case MODELS -> {
                requireRead(request, response);
                Answers.sendJson(response, callback, HttpStatus.OK_200, report::write);
            }
            case HEALTH -> {
                requireRead(request, response);
                FollowerStatus status = models.status();
                Answers.sendJson(
                        response,
                        callback,
                        status.hasReachedEnd()
                                ? HttpStatus.OK_200
                                : HttpStatus.SERVICE_UNAVAILABLE_503,
                        json -> writeHealth(json, status));
            }
            case "/metrics" -> {
                requireRead(request, response);
                MetricsPage page =
                        MetricsPage.of(
                                metrics.collect(), request.getHeaders().get(HttpHeader.ACCEPT));
                Answers.send(
                        response, callback, HttpStatus.OK_200, page.contentType(), page.content());
            }
            default ->
                    throw new HttpProblem(
                            HttpStatus.NOT_FOUND_404,
                            "NOT_FOUND",
                            "There are /models, /models/ID/predict, /healthz, /metrics and /.");
        }
    }

    private static void writeHealth(JsonGenerator json, FollowerStatus status) throws IOException {
        json.writeStartObject();
        json.writeBooleanField("ready", status.hasReachedEnd());
        if (!status.failure().isEmpty()) {
            json.writeStringField("failure", status.failure());
        }
        json.writeEndObject();
    }

    private static String modelId(String path) throws HttpProblem {
        String encoded = path.substring(MODELS.length() + 1, path.length() - PREDICT.length());
        if (encoded.isEmpty() || encoded.indexOf('/') >= 0 || encoded.indexOf(';') >= 0) {
            throw new HttpProblem(
                    HttpStatus.NOT_FOUND_404,
                    "NOT_FOUND",
                    "The path must be /models/ID/predict, with / in an id as %2F and ; as %3B.");
        }
        try {
            return URIUtil.decodePath(encoded);
        } catch (RuntimeException e) {
            throw HttpProblem.badRequest("The model id in the path is not percent-encoded UTF-8.");
        }
    }

    private static void requireRead(Request request, Response response) throws HttpProblem {
        if (!HttpMethod.HEAD.is(request.getMethod())) {
            requireMethod(request, response, "GET");
        }
    }

    private static void requireMethod(Request request, Response response, String method)
            throws HttpProblem {
        if (!request.getMethod().equals(method)) {
            response.getHeaders()
                    .put(HttpHeader.ALLOW, method.equals("GET") ? "GET, HEAD" : method);
            throw new HttpProblem(
                    HttpStatus.METHOD_NOT_ALLOWED_405,
                    "METHOD_NOT_ALLOWED",
                    "The method must be " + method + ", but is " + request.getMethod() + ".");
        }
    }
}
