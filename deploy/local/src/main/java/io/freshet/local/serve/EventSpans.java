package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.freshet.ingest.mapping.JsonLimits;
import io.freshet.local.cli.JsonProblems;
import java.io.IOException;
import java.util.Arrays;

/** Places of the events in the body of a request: one object, a list of events, or lines. */
final class EventSpans {
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .streamReadConstraints(JsonLimits.CONSTRAINTS)
                    .build();

    private static final int FIRST_CAPACITY = 16;

    private final byte[] body;
    private final boolean single;

    /** First byte of each event, and the one after its last, alternately. */
    private int[] bounds = new int[FIRST_CAPACITY];

    private int numBounds;

    private EventSpans(byte[] body, boolean single) {
        this.body = body;
        this.single = single;
    }

    /** Returns the places of the events in lines; blank lines are no events. */
    static EventSpans ofLines(byte[] body) throws HttpProblem {
        EventSpans spans = new EventSpans(body, false);
        int from = 0;
        for (int at = 0; at <= body.length; at++) {
            if (at == body.length || body[at] == '\n') {
                if (firstVisible(body, from, at) < at) {
                    spans.add(from, at);
                }
                from = at + 1;
            }
        }
        if (spans.size() == 0) {
            throw HttpProblem.badRequest("The body has no events.");
        }
        return spans;
    }

    /**
     * Returns the place of one event, or of those in a list.
     *
     * @throws HttpProblem if the body is neither an object nor a list
     */
    static EventSpans ofJson(byte[] body) throws HttpProblem {
        int first = firstVisible(body, 0, body.length);
        if (first < body.length && body[first] == '{') {
            EventSpans spans = new EventSpans(body, true);
            spans.add(0, body.length);
            return spans;
        }
        if (first == body.length || body[first] != '[') {
            throw HttpProblem.badRequest(
                    "The body must be a JSON object, or a list of objects, in UTF-8; it is "
                            + (first == body.length ? "empty." : "neither."));
        }
        EventSpans spans = new EventSpans(body, false);
        try (JsonParser parser = JSON.createParser(body)) {
            parser.nextToken();
            for (JsonToken token = parser.nextToken();
                    token != JsonToken.END_ARRAY;
                    token = parser.nextToken()) {
                int from = (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                parser.finishToken();
                spans.add(from, (int) parser.currentLocation().getByteOffset());
            }
            if (parser.nextToken() != null) {
                throw HttpProblem.badRequest(
                        "Another value follows the list of events; lines of events have the type"
                                + " application/x-ndjson.");
            }
        } catch (JsonProcessingException e) {
            throw HttpProblem.badRequest(
                    "The body is no JSON list, from byte "
                            + (e.getLocation() == null ? 0 : e.getLocation().getByteOffset())
                            + " on, after "
                            + spans.size()
                            + " events: "
                            + JsonProblems.describe(e));
        } catch (IOException e) {
            throw HttpProblem.badRequest("The body cannot be read: " + e.getMessage());
        }
        return spans;
    }

    private static int firstVisible(byte[] body, int from, int to) {
        int at = from;
        while (at < to && (body[at] == ' ' || body[at] == '\t' || isLineEnd(body[at]))) {
            at++;
        }
        return at;
    }

    private static boolean isLineEnd(byte character) {
        return character == '\r' || character == '\n';
    }

    private void add(int from, int to) {
        if (numBounds == bounds.length) {
            bounds = Arrays.copyOf(bounds, 2 * numBounds);
        }
        bounds[numBounds++] = from;
        bounds[numBounds++] = to;
    }

    /** Returns whether the body is one event, not a list of them. */
    boolean isSingle() {
        return single;
    }

    /** Returns the number of events. */
    int size() {
        return numBounds / 2;
    }

    /** Returns the bytes of an event. */
    byte[] event(int index) {
        return Arrays.copyOfRange(body, bounds[2 * index], bounds[2 * index + 1]);
    }
}
