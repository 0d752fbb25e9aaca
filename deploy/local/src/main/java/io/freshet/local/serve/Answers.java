package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Responses of the server that are written at once. */
final class Answers {
    static final String JSON_TYPE = "application/json";
    static final JsonFactory JSON = new JsonFactory();

    private static final List<HttpField> HEADERS =
            List.of(
                    new HttpField(
                            "Content-Security-Policy",
                            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action"
                                    + " 'none'; frame-ancestors 'none'"),
                    new HttpField("X-Content-Type-Options", "nosniff"),
                    new HttpField("Referrer-Policy", "no-referrer"),
                    new HttpField("Cross-Origin-Resource-Policy", "same-origin"),
                    new HttpField(HttpHeader.CACHE_CONTROL, "no-store"));

    /** Writer of a JSON text. */
    @FunctionalInterface
    interface JsonWriter {
        void write(JsonGenerator json) throws IOException;
    }

    private Answers() {}

    /** Adds the headers that every response has. */
    static void addHeaders(Response response) {
        HEADERS.forEach(response.getHeaders()::put);
    }

    static void send(
            Response response, Callback callback, int status, String type, ByteBuffer content) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, content.remaining());
        response.write(true, content, callback);
    }

    static void sendText(Response response, Callback callback, String type, String text) {
        ByteBuffer content = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        send(response, callback, HttpStatus.OK_200, type + "; charset=utf-8", content);
    }

    static void sendJson(Response response, Callback callback, int status, JsonWriter writer) {
        send(response, callback, status, JSON_TYPE, json(writer));
    }

    /** Returns a JSON text and a line feed, in UTF-8. */
    static ByteBuffer json(JsonWriter writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            writer.write(json);
            json.writeRaw('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e); // cannot happen: it writes to memory
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    static void sendProblem(Response response, Callback callback, HttpProblem problem) {
        if (problem.status() == HttpStatus.SERVICE_UNAVAILABLE_503) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, "1");
        }
        sendJson(
                response,
                callback,
                problem.status(),
                json -> {
                    json.writeStartObject();
                    writeError(json, problem.reason(), problem.sentence());
                    json.writeEndObject();
                });
    }

    /** Writes the member {@code error} of an object. */
    static void writeError(JsonGenerator json, String reason, String message) throws IOException {
        json.writeObjectFieldStart("error");
        json.writeStringField("reason", reason);
        json.writeStringField("message", message);
        json.writeEndObject();
    }
}
