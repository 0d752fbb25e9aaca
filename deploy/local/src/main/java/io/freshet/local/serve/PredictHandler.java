package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.follow.ModelProblem;
import io.freshet.follow.SnapshotFollower;
import io.freshet.ingest.IngestConfig;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Handler of requests to predict. A limited number of them is answered at once, each with a {@link
 * Predictor} of its own; all events of a request are predicted by the same version.
 */
final class PredictHandler {
    private static final int BUFFER_BYTES = 32 << 10;
    private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final SnapshotFollower models;
    private final @Nullable IngestConfig events;
    private final int maxBodyBytes;
    private final int maxRequests;
    private final ServeMetrics metrics;
    private final Semaphore free;
    private final Queue<Predictor> predictors = new ConcurrentLinkedQueue<>();

    PredictHandler(
            SnapshotFollower models,
            @Nullable IngestConfig events,
            int maxBodyBytes,
            int maxRequests,
            ServeMetrics metrics) {
        this.models = models;
        this.events = events;
        this.maxBodyBytes = maxBodyBytes;
        this.maxRequests = maxRequests;
        this.metrics = metrics;
        free = new Semaphore(maxRequests);
    }

    void handle(String modelId, Request request, Response response, Callback callback)
            throws IOException, HttpProblem {
        long start = System.nanoTime();
        PredictParameters parameters =
                PredictParameters.of(Request.extractQueryParameters(request));
        PredictionWriter writer =
                new PredictionWriter(model(modelId, parameters.version()), parameters.topK());
        if (!free.tryAcquire()) {
            throw new HttpProblem(
                    HttpStatus.SERVICE_UNAVAILABLE_503,
                    "TOO_MANY_REQUESTS",
                    "At most " + maxRequests + " requests are answered at once (--max-requests).");
        }
        try (Place place = new Place()) {
            EventSpans spans = RequestBody.events(request, maxBodyBytes);
            if (spans.isSingle()) {
                answerOne(spans.event(0), place, writer, response, callback);
            } else {
                answerMany(spans, place, writer, response, callback);
            }
        } finally {
            metrics.addDuration(System.nanoTime() - start);
        }
    }

    /**
     * Place of a request among those that are answered at once, with a predictor. It is given back
     * before the end of the answer is sent, so that a client that has read its answer is not
     * refused because of it.
     */
    private final class Place implements AutoCloseable {
        final Predictor predictor;
        private boolean taken = true;

        /** Takes a place, for which {@link #free} has been asked. */
        Place() {
            Predictor known = predictors.poll();
            predictor = known == null ? new Predictor(events) : known;
        }

        @Override
        public void close() {
            if (taken) {
                taken = false;
                predictors.add(predictor);
                free.release();
            }
        }
    }

    private Classifier model(String modelId, @Nullable Long version) throws HttpProblem {
        if (!models.status().hasReachedEnd()) {
            throw new HttpProblem(
                    HttpStatus.SERVICE_UNAVAILABLE_503,
                    "NOT_READY",
                    "The models are still being read.");
        }
        Optional<Classifier> model =
                version == null ? models.newest(modelId) : models.version(modelId, version);
        if (model.isPresent()) {
            return model.get();
        }
        String kept =
                models.versions(modelId).stream()
                        .map(known -> Long.toString(known.info().version()))
                        .collect(Collectors.joining(", "));
        throw kept.isEmpty()
                ? new HttpProblem(
                        HttpStatus.NOT_FOUND_404,
                        "UNKNOWN_MODEL",
                        "There is no model \""
                                + modelId
                                + "\". "
                                + models.problem(modelId)
                                        .map(ModelProblem::message)
                                        .orElse("GET /models lists those that are."))
                : new HttpProblem(
                        HttpStatus.NOT_FOUND_404,
                        "UNKNOWN_VERSION",
                        "Version "
                                + version
                                + " of model \""
                                + modelId
                                + "\" is not kept; these are: "
                                + kept
                                + ".");
    }

    private void answerOne(
            byte[] event,
            Place place,
            PredictionWriter writer,
            Response response,
            Callback callback)
            throws HttpProblem {
        Classification found;
        try {
            found = place.predictor.predict(event, writer.model());
        } catch (Refusal e) {
            metrics.addRefused(e.reason());
            throw new HttpProblem(HttpStatus.BAD_REQUEST_400, e.reason().name(), e.detail());
        }
        metrics.addPredictions(writer.model().info().modelId(), 1);
        ByteBuffer answer =
                Answers.json(
                        json -> {
                            json.writeStartObject();
                            writer.writeVersion(json);
                            writer.write(json, found);
                            json.writeEndObject();
                        });
        place.close();
        Answers.send(response, callback, HttpStatus.OK_200, Answers.JSON_TYPE, answer);
    }

    /**
     * Writes the answer while the events are predicted, so that its size takes no memory. After a
     * failure the answer breaks off.
     */
    private void answerMany(
            EventSpans spans,
            Place place,
            PredictionWriter writer,
            Response response,
            Callback callback)
            throws IOException {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Answers.JSON_TYPE);
        long deadline = System.nanoTime() + ANSWER_NANOS;
        JsonGenerator json =
                Answers.JSON.createGenerator(
                        new BufferedOutputStream(
                                Content.Sink.asOutputStream(response), BUFFER_BYTES));
        json.writeStartObject();
        writer.writeVersion(json);
        json.writeArrayFieldStart("predictions");
        long predicted = 0;
        for (int i = 0; i < spans.size(); i++) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("the client does not read the answer");
            }
            json.writeStartObject();
            try {
                writer.write(json, place.predictor.predict(spans.event(i), writer.model()));
                predicted++;
            } catch (Refusal e) {
                metrics.addRefused(e.reason());
                Answers.writeError(json, e.reason().name(), e.detail());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeRaw('\n');
        metrics.addPredictions(writer.model().info().modelId(), predicted);
        place.close();
        json.close();
        callback.succeeded();
    }
}
