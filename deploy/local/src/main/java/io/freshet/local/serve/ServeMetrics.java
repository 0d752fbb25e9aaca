package io.freshet.local.serve;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelInfo;
import io.freshet.follow.FollowerStatus;
import io.freshet.follow.SnapshotFollower;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.local.prometheus.MetricFamilies;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts of a server's requests, and the state of its models, as metrics for Prometheus.
 * Thread-safe.
 */
final class ServeMetrics {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MILLIS_PER_SECOND = 1e3;

    /** Upper bounds of the histogram's buckets in seconds. */
    private static final double[] BOUNDS = {
        0.0001,
        0.00025,
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        Double.POSITIVE_INFINITY
    };

    private final SnapshotFollower models;
    private final Map<Integer, LongAdder> responses = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> predictions = new ConcurrentHashMap<>();
    private final Map<DeadLetterReason, LongAdder> refused = new ConcurrentHashMap<>();
    private final AtomicLongArray durations = new AtomicLongArray(BOUNDS.length);
    private final DoubleAdder seconds = new DoubleAdder();
    private final LongAdder inProgress = new LongAdder();

    ServeMetrics(SnapshotFollower models) {
        this.models = models;
    }

    void begin() {
        inProgress.increment();
    }

    /** Counts a response. */
    void end(int status) {
        inProgress.decrement();
        responses.computeIfAbsent(status, code -> new LongAdder()).increment();
    }

    void addPredictions(String modelId, long count) {
        predictions.computeIfAbsent(modelId, id -> new LongAdder()).add(count);
    }

    void addRefused(DeadLetterReason reason) {
        refused.computeIfAbsent(reason, any -> new LongAdder()).increment();
    }

    /** Adds the time that the answer to a request to predict took. */
    void addDuration(long nanos) {
        double duration = nanos / NANOS_PER_SECOND;
        int found = Arrays.binarySearch(BOUNDS, duration);
        durations.incrementAndGet(found < 0 ? -found - 1 : found);
        seconds.add(duration);
    }

    MetricSnapshots collect() {
        MetricFamilies families = new MetricFamilies();
        responses.forEach(
                (status, count) ->
                        families.counter(
                                "freshet_serve_responses",
                                "Responses by HTTP status.",
                                count.sum(),
                                "status",
                                Integer.toString(status)));
        predictions.forEach(
                (model, count) ->
                        families.counter(
                                "freshet_serve_predictions",
                                "Predictions of events.",
                                count.sum(),
                                "model",
                                model));
        refused.forEach(
                (reason, count) ->
                        families.counter(
                                "freshet_serve_refused_events",
                                "Events that could not be used, by reason.",
                                count.sum(),
                                "reason",
                                reason.name()));
        families.gauge(
                "freshet_serve_requests_in_progress",
                "Requests that are being answered.",
                inProgress.sum());
        addFollower(families);
        addModels(families);
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        families.addTo(metrics);
        metrics.metricSnapshot(histogram());
        return metrics.build();
    }

    private void addFollower(MetricFamilies families) {
        FollowerStatus status = models.status();
        families.gauge(
                "freshet_serve_ready",
                "1 once the topic of snapshots has been read to the end that it had at the start.",
                status.hasReachedEnd() ? 1 : 0);
        families.gauge(
                "freshet_serve_topic_followed",
                "1 if the topic of snapshots is being read; 0 if Kafka fails.",
                status.failure().isEmpty() ? 1 : 0);
        if (status.lag().isPresent()) {
            families.gauge(
                    "freshet_serve_topic_lag_offsets",
                    "Offsets of the topic of snapshots that have not been read.",
                    status.lag().getAsLong());
        }
        families.counter(
                "freshet_serve_snapshot_records",
                "Records of snapshots that have been read.",
                status.records());
        status.problems()
                .forEach(
                        (kind, count) ->
                                families.counter(
                                        "freshet_serve_snapshot_problems",
                                        "Records and snapshots that could not be used, by kind.",
                                        count,
                                        "kind",
                                        kind.name()));
    }

    private void addModels(MetricFamilies families) {
        for (String id : new TreeSet<>(models.modelIds())) {
            models.newest(id)
                    .map(Classifier::info)
                    .ifPresent(info -> addModel(families, info, models.problem(id).isPresent()));
        }
    }

    private static void addModel(MetricFamilies families, ModelInfo info, boolean stale) {
        families.gauge(
                "freshet_serve_model_version",
                "Version of the model that is served.",
                info.version(),
                "model",
                info.modelId());
        families.gauge(
                "freshet_serve_model_examples_seen",
                "Examples that the version was trained on.",
                info.examplesSeen(),
                "model",
                info.modelId());
        Instant timestamp = info.timestamp();
        families.gauge(
                "freshet_serve_model_timestamp_seconds",
                "Latest event time of these examples, since 1970.",
                timestamp == null ? null : timestamp.toEpochMilli() / MILLIS_PER_SECOND,
                "model",
                info.modelId());
        families.gauge(
                "freshet_serve_model_stale",
                "1 if newer records of the model cannot be used, so that an older version is"
                        + " served.",
                stale ? 1 : 0,
                "model",
                info.modelId());
    }

    private HistogramSnapshot histogram() {
        long[] counts = new long[BOUNDS.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = durations.get(i);
        }
        return HistogramSnapshot.builder()
                .name("freshet_serve_request_seconds")
                .help("Time from a request to predict to the end of its answer.")
                .dataPoint(
                        HistogramDataPointSnapshot.builder()
                                .classicHistogramBuckets(ClassicHistogramBuckets.of(BOUNDS, counts))
                                .sum(seconds.sum())
                                .build())
                .build();
    }
}
