package io.freshet.local.dashboard;

import io.freshet.local.prometheus.MetricFamilies;
import io.freshet.local.prometheus.MetricsPage;
import io.freshet.local.watch.ReaderState;
import io.freshet.local.watch.ReaderState.Kind;
import io.freshet.local.watch.ResultsListener;
import io.freshet.monitor.Score;
import io.freshet.publish.Publisher;
import io.freshet.schemas.Audit;
import io.freshet.schemas.DetectorState;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ExpertCombination;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.Scores;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Newest results of a job's models as metrics for Prometheus, in the text format or, if the client
 * asks for it, in that of OpenMetrics.
 *
 * <p>Every value comes from the newest records on the job's topics, so it does not matter where the
 * job runs. A counter goes on after a failure of the job or of this process; it falls if the job
 * goes on from an earlier state. Until the records that existed at the start have been read, there
 * are no metrics of models: while old records are read, counters would seem to rise.
 *
 * <p>The number of series is bounded: there are metrics of the {@value #MAX_MODELS} most recently
 * updated models, and offsets of {@value #MAX_PARTITIONS} partitions of each. A value that is not
 * defined, and a reason that never occurred, make no series.
 *
 * <p>Names follow <a href="https://prometheus.io/docs/practices/naming/">Prometheus'
 * conventions</a>. Thread-safe.
 */
final class PrometheusMetrics implements ResultsListener {
    static final int MAX_MODELS = 256;
    static final int MAX_PARTITIONS = 64;

    private static final double MILLIS_PER_SECOND = 1000;

    /** Model id in metrics of the dead letters whose model is unknown. */
    private static final String UNATTRIBUTED = "";

    private record Counter(String name, String help, ToLongFunction<MetricsEvent> value) {}

    private record Gauge(
            String name, String help, Function<MetricsEvent, @Nullable Number> value) {}

    private record Span(
            String name, String meaning, Function<MetricsEvent, @Nullable Scores> scores) {}

    private static final List<Counter> COUNTERS =
            List.of(
                    new Counter(
                            "freshet_skipped_steps",
                            "Training steps not taken because a number was not finite.",
                            MetricsEvent::getSkippedSteps),
                    new Counter(
                            "freshet_roll_backs",
                            "Returns to the last good parameters after several skipped steps.",
                            MetricsEvent::getRollBacks),
                    new Counter(
                            "freshet_clipped_values",
                            "Outliers among the values of features that the scaler clipped.",
                            MetricsEvent::getClippedValues),
                    new Counter(
                            "freshet_missing_values",
                            "Values of features that were missing.",
                            MetricsEvent::getMissingValues),
                    new Counter(
                            "freshet_rounded_values",
                            "Values of features that one float does not hold.",
                            MetricsEvent::getRoundedValues),
                    new Counter(
                            "freshet_drift_alerts",
                            "Drift alerts of all detectors.",
                            MetricsEvent::getDrifts));

    private static final List<Gauge> GAUGES =
            List.of(
                    new Gauge(
                            "freshet_model_version",
                            "Version of the model: number of changes of its parameters.",
                            MetricsEvent::getModelVersion),
                    new Gauge(
                            "freshet_running_loss_nats",
                            "Mean loss of the last mini-batches.",
                            MetricsEvent::getRunningLoss),
                    new Gauge(
                            "freshet_average_confidence_ratio",
                            "Mean probability of the predicted class, for the latest events without"
                                    + " a label.",
                            MetricsEvent::getExpectedAccuracy),
                    new Gauge(
                            "freshet_learning_rate",
                            "Current learning rate; of a mixture, the weighted mean.",
                            MetricsEvent::getLearningRate),
                    new Gauge(
                            "freshet_gradient_norm",
                            "Euclidean norm of the mean gradient of the last mini-batch.",
                            MetricsEvent::getGradientNorm),
                    new Gauge(
                            "freshet_parameter_norm",
                            "Euclidean norm of the parameters.",
                            MetricsEvent::getParameterNorm),
                    new Gauge(
                            "freshet_columns",
                            "Columns of a sparse model that have parameters.",
                            MetricsEvent::getColumns),
                    new Gauge(
                            "freshet_event_time_lag_seconds",
                            "Emission time of the newest metrics record minus the newest event"
                                    + " time.",
                            event -> seconds(event.getEventTimeLag())));

    private static final List<Span> SPANS =
            List.of(
                    new Span("rolling", "over the window", MetricsEvent::getRolling),
                    new Span("fading", "with fading weights", MetricsEvent::getFading),
                    new Span(
                            "prequential",
                            "since the model was created",
                            MetricsEvent::getPrequential));

    /** Newest records of one model; times are in milliseconds since 1970-01-01T00:00Z. */
    private static final class Model {
        @Nullable MetricsEvent metrics;
        long metricsEmittedAt;
        @Nullable Long snapshotVersion;
        long snapshotEmittedAt;

        /** Time of the newest alert, by detector. */
        final Map<String, Long> alertEmittedAt = new TreeMap<>();
    }

    /** By model id; the most recently updated is last. */
    private final Map<String, Model> models = new LinkedHashMap<>();

    private final Model unattributed = new Model();
    private boolean live;
    private boolean caughtUp;
    private long unreadable;
    private long dropped;
    private @Nullable DoubleSupplier registryOutage;

    @Override
    public synchronized void onMetrics(MetricsEvent event, long emittedAt) {
        Model model =
                event.getModelId().equals(UNATTRIBUTED) ? unattributed : model(event.getModelId());
        MetricsEvent newest = model.metrics;
        if (newest == null || !ModelData.isOlderAttempt(event, newest)) {
            model.metrics = event;
            model.metricsEmittedAt = emittedAt;
        }
    }

    @Override
    public synchronized void onDriftAlert(DriftAlertEvent event, long emittedAt) {
        model(event.getModelId()).alertEmittedAt.put(event.getDetector(), emittedAt);
    }

    @Override
    public synchronized void onSnapshot(ModelSnapshotEvent event, long emittedAt) {
        Model model = model(event.getModelId());
        model.snapshotVersion = event.getModelVersion();
        model.snapshotEmittedAt = emittedAt;
    }

    @Override
    public synchronized void onUnreadableRecord(String topic) {
        unreadable++;
    }

    @Override
    public synchronized void onStateChange(ReaderState state) {
        live = state.kind() == Kind.LIVE;
        caughtUp |= live;
    }

    /**
     * Adds the schema registry.
     *
     * @param outageSeconds seconds since which it has not answered; 0 if it does
     */
    synchronized void registry(DoubleSupplier outageSeconds) {
        registryOutage = outageSeconds;
    }

    private Model model(String id) {
        Model known = models.remove(id);
        Model model = known == null ? new Model() : known;
        models.put(id, model);
        if (models.size() > MAX_MODELS) {
            Iterator<Model> oldest = models.values().iterator();
            oldest.next();
            oldest.remove();
            dropped++;
        }
        return model;
    }

    /**
     * Returns all metrics.
     *
     * @param accept the request's header {@code Accept}; null if there is none
     */
    MetricsPage page(@Nullable String accept) {
        return MetricsPage.of(collect(), accept);
    }

    private synchronized MetricSnapshots collect() {
        MetricFamilies families = new MetricFamilies();
        families.gauge(
                "freshet_reader_live",
                "1 if the job's topics are being read; 0 at the start, and if Kafka fails.",
                live ? 1 : 0);
        if (registryOutage != null) {
            families.gauge(
                    "freshet_schema_registry_outage_seconds",
                    "Seconds since which the schema registry has not answered this process, or has"
                            + " rejected its login; 0 if it answers.",
                    registryOutage.getAsDouble());
        }
        families.counter(
                "freshet_unreadable_records",
                "Records on the job's topics that cannot be decoded.",
                unreadable);
        families.gauge(
                "freshet_models",
                "Models with metrics here, at most " + MAX_MODELS + ".",
                models.size());
        families.counter(
                "freshet_models_dropped",
                "Models whose metrics were left out because others were updated later.",
                dropped);
        if (caughtUp) {
            addUnattributed(families);
            new TreeMap<>(models).forEach((id, model) -> add(families, id, model));
        }
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        metrics.metricSnapshot(
                InfoSnapshot.builder()
                        .name("freshet_build")
                        .help("Version of Freshet that serves these metrics.")
                        .dataPoint(
                                InfoDataPointSnapshot.builder()
                                        .labels(Labels.of("version", Publisher.jobVersion()))
                                        .build())
                        .build());
        families.addTo(metrics);
        return metrics.build();
    }

    /**
     * Adds the dead letters of unknown models, also while there are none: 0 is what rises later.
     */
    private void addUnattributed(MetricFamilies families) {
        MetricsEvent event = unattributed.metrics;
        long count = event == null ? 0 : event.getAudit().getDeadLetters().getCount();
        addOutcome(families, UNATTRIBUTED, "dead_letter", count);
        if (event != null) {
            addDeadLetters(families, event);
        }
    }

    private static void add(MetricFamilies families, String id, Model model) {
        MetricsEvent event = model.metrics;
        if (event != null) {
            add(families, event);
            families.gauge(
                    "freshet_metrics_timestamp_seconds",
                    "Emission time of the newest metrics record, in seconds since 1970.",
                    model.metricsEmittedAt / MILLIS_PER_SECOND,
                    "model",
                    id);
        }
        if (model.snapshotVersion != null) {
            families.gauge(
                    "freshet_snapshot_version",
                    "Version of the model in its newest snapshot.",
                    model.snapshotVersion,
                    "model",
                    id);
            families.gauge(
                    "freshet_snapshot_timestamp_seconds",
                    "Emission time of the newest snapshot, in seconds since 1970.",
                    model.snapshotEmittedAt / MILLIS_PER_SECOND,
                    "model",
                    id);
        }
        model.alertEmittedAt.forEach(
                (detector, emittedAt) ->
                        families.gauge(
                                "freshet_drift_alert_timestamp_seconds",
                                "Emission time of the detector's newest drift alert, in seconds"
                                        + " since 1970.",
                                emittedAt / MILLIS_PER_SECOND,
                                "model",
                                id,
                                "detector",
                                detector));
    }

    private static void add(MetricFamilies families, MetricsEvent event) {
        String id = event.getModelId();
        Audit audit = event.getAudit();
        addOutcome(families, id, "accepted", audit.getAccepted().getCount());
        addOutcome(families, id, "unlabelled", audit.getUnlabelled().getCount());
        addOutcome(families, id, "ignored", audit.getIgnored().getCount());
        addOutcome(families, id, "dead_letter", audit.getDeadLetters().getCount());
        addDeadLetters(families, event);
        event.getIgnoredByReason()
                .forEach(
                        (reason, count) ->
                                families.counter(
                                        "freshet_ignored_events",
                                        "Valid events that were not trained on, by reason.",
                                        count,
                                        "model",
                                        id,
                                        "reason",
                                        lowerCase(reason)));
        for (Counter counter : COUNTERS) {
            families.counter(
                    counter.name(),
                    counter.help(),
                    counter.value().applyAsLong(event),
                    "model",
                    id);
        }
        for (Gauge gauge : GAUGES) {
            families.gauge(gauge.name(), gauge.help(), gauge.value().apply(event), "model", id);
        }
        addScores(families, event);
        addExperts(families, event);
        addDetectors(families, event);
        event.getOffsets().stream()
                .limit(MAX_PARTITIONS)
                .forEach(position -> addOffset(families, id, position));
    }

    private static void addOutcome(MetricFamilies families, String id, String outcome, long count) {
        families.counter(
                "freshet_events",
                "Events of the input topic by outcome.",
                count,
                "model",
                id,
                "outcome",
                outcome);
    }

    private static void addDeadLetters(MetricFamilies families, MetricsEvent event) {
        event.getDeadLettersByReason()
                .forEach(
                        (reason, count) ->
                                families.counter(
                                        "freshet_dead_letters",
                                        "Messages that could not be used, by reason.",
                                        count,
                                        "model",
                                        event.getModelId(),
                                        "reason",
                                        lowerCase(reason)));
    }

    private static void addScores(MetricFamilies families, MetricsEvent event) {
        for (Span span : SPANS) {
            Scores scores = span.scores().apply(event);
            if (scores == null) {
                continue;
            }
            for (Score score : Score.values()) {
                families.gauge(
                        "freshet_" + span.name() + "_" + name(score),
                        capitalised(score.meaning()) + "; " + span.meaning() + ".",
                        (Number) scores.get(score.fieldName()),
                        "model",
                        event.getModelId());
            }
        }
    }

    private static void addExperts(MetricFamilies families, MetricsEvent event) {
        for (Expert expert : event.getExperts()) {
            String[] labels = {"model", event.getModelId(), "expert", expert.getName()};
            families.gauge(
                    "freshet_expert_weight_ratio",
                    "Weight of an expert in the mixture.",
                    expert.getWeight(),
                    labels);
            families.counter(
                    "freshet_expert_restarts",
                    "Restarts of an expert because one of its own steps was not finite.",
                    expert.getRestarts(),
                    labels);
            families.gauge(
                    "freshet_expert_loss_nats",
                    "Fading mean of the loss of an expert's own predictions.",
                    expert.getLoss(),
                    labels);
            families.gauge(
                    "freshet_expert_stack_weight",
                    "Weight of an expert in the stack of an ensemble.",
                    expert.getStackWeight(),
                    labels);
            families.gauge(
                    "freshet_expert_correction_weight",
                    "Weight of an expert in the correction of an ensemble.",
                    expert.getCorrectionWeight(),
                    labels);
        }
        for (ExpertCombination combination : event.getCombinations()) {
            String[] labels = {"model", event.getModelId(), "combination", combination.getName()};
            families.gauge(
                    "freshet_combination_weight_ratio",
                    "Weight of a combination of the experts in the answer of an ensemble.",
                    combination.getWeight(),
                    labels);
            families.gauge(
                    "freshet_combination_loss_nats",
                    "Fading mean of the loss of a combination of the experts.",
                    combination.getLoss(),
                    labels);
        }
    }

    private static void addDetectors(MetricFamilies families, MetricsEvent event) {
        for (DetectorState detector : event.getDetectors()) {
            String[] labels = {"model", event.getModelId(), "detector", detector.getName()};
            families.counter(
                    "freshet_detector_drifts",
                    "Drifts that a detector found, including those during a cool-down.",
                    detector.getDrifts(),
                    labels);
            families.gauge(
                    "freshet_detector_statistic",
                    "Statistic of a drift detector, in its own unit.",
                    detector.getStatistic(),
                    labels);
            families.gauge(
                    "freshet_detector_threshold",
                    "Value of the statistic at which the detector finds a drift.",
                    detector.getThreshold(),
                    labels);
        }
    }

    private static void addOffset(MetricFamilies families, String id, PartitionOffset position) {
        families.gauge(
                "freshet_trained_offset",
                "Offset of the last event that the model was trained on.",
                position.getOffset(),
                "model",
                id,
                "topic",
                position.getTopic(),
                "partition",
                Integer.toString(position.getPartition()));
    }

    /** Returns the score's name in metrics: {@code promtool} takes {@code _m} for metres. */
    private static String name(Score score) {
        return score == Score.KAPPA_M ? "kappa_majority" : score.gaugeName();
    }

    private static @Nullable Double seconds(@Nullable Long millis) {
        return millis == null ? null : millis / MILLIS_PER_SECOND;
    }

    private static String lowerCase(String reason) {
        return reason.toLowerCase(Locale.ROOT);
    }

    private static String capitalised(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
