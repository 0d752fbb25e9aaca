package io.freshet.local.serve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/** Body of a request to predict, of bounded size, that has to come within a bounded time. */
final class RequestBody {
    private static final long TIMEOUT_SECONDS = 30;
    private static final int PART_BYTES = 16 << 10;
    private static final String LINES = "application/x-ndjson";

    private RequestBody() {}

    /**
     * Reads the events of a request.
     *
     * @throws HttpProblem if the body has another type, is too large or too slow, or is no JSON
     */
    static EventSpans events(Request request, int maxBytes) throws IOException, HttpProblem {
        boolean lines = isLines(request);
        byte[] body = read(request, maxBytes);
        return lines ? EventSpans.ofLines(body) : EventSpans.ofJson(body);
    }

    private static boolean isLines(Request request) throws HttpProblem {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        String encoding = request.getHeaders().get(HttpHeader.CONTENT_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw unsupported("A body with the content encoding " + encoding + " is not read.");
        }
        String[] parts = (type == null ? "none" : type).split(";", 2);
        if (parts.length > 1
                && !parts[1].strip().replace("\"", "").equalsIgnoreCase("charset=utf-8")) {
            throw unsupported("The body must be in UTF-8; its content type is " + type + ".");
        }
        if (parts[0].strip().equalsIgnoreCase(LINES)) {
            return true;
        }
        if (!parts[0].strip().equalsIgnoreCase(Answers.JSON_TYPE)) {
            throw unsupported(
                    "The content type must be "
                            + Answers.JSON_TYPE
                            + ", or "
                            + LINES
                            + " for one event a line; it is "
                            + (type == null ? "missing" : type)
                            + ".");
        }
        return false;
    }

    private static HttpProblem unsupported(String message) {
        return new HttpProblem(
                HttpStatus.UNSUPPORTED_MEDIA_TYPE_415, "UNSUPPORTED_MEDIA_TYPE", message);
    }

    private static byte[] read(Request request, int maxBytes) throws IOException, HttpProblem {
        if (request.getLength() > maxBytes) {
            throw tooLarge(maxBytes);
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] part = new byte[PART_BYTES];
        try (InputStream in = Content.Source.asInputStream(request)) {
            for (int read = in.read(part); read >= 0; read = in.read(part)) {
                body.write(part, 0, read);
                if (body.size() > maxBytes) {
                    throw tooLarge(maxBytes);
                }
                if (System.nanoTime() - deadline > 0) {
                    throw new HttpProblem(
                            HttpStatus.REQUEST_TIMEOUT_408,
                            "TOO_SLOW",
                            "The body has not come within " + TIMEOUT_SECONDS + " s.");
                }
            }
        }
        return body.toByteArray();
    }

    private static HttpProblem tooLarge(int maxBytes) {
        return new HttpProblem(
                HttpStatus.PAYLOAD_TOO_LARGE_413,
                "TOO_LARGE",
                "The body must have at most " + maxBytes + " bytes (--max-body).");
    }
}
