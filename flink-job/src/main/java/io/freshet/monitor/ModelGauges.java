package io.freshet.monitor;

import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.IgnoredReason;
import io.freshet.learn.Expert;
import io.freshet.learn.drift.DetectorReport;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;

/**
 * The newest metrics of each model as Flink's gauges, for its reporters.
 *
 * <p>They are under the group {@code freshet}, with {@code model}, {@code class}, {@code reason},
 * {@code detector} and {@code expert} as variables, which Prometheus' reporter makes labels, and
 * are named by Prometheus' conventions. All come from state: a count goes on after a failure where
 * it was, which Flink's own counters do not. What is not defined is NaN.
 *
 * <p>Flink takes no gauge back, so their number is bounded: {@code metrics.max-gauge-models} models
 * a subtask, {@code metrics.max-classes} classes a model.
 */
final class ModelGauges {
    private static final double MILLIS_PER_SECOND = 1000;

    private final MetricGroup group;
    private final MonitorConfig config;
    private final Map<String, OfModel> models = new HashMap<>();

    /**
     * @param group the operator's
     */
    ModelGauges(MetricGroup group, MonitorConfig config) {
        this.group = group.addGroup("freshet");
        this.config = config;
    }

    /** Shows a model's newest metrics. */
    void show(RollingMetrics metrics) {
        OfModel model = models.get(metrics.modelId());
        if (model != null) {
            model.show(metrics);
        } else if (models.size() < config.maxGaugeModels()) {
            models.put(metrics.modelId(), new OfModel(metrics));
        }
    }

    private final class OfModel {
        private final MetricGroup ofModel;
        private final BitSet classes = new BitSet();
        private volatile RollingMetrics newest;

        OfModel(RollingMetrics first) {
            newest = first;
            ofModel = group.addGroup("model", first.modelId());
            addScores("rolling", RollingMetrics::rolling);
            addScores("prequential", RollingMetrics::prequential);
            if (config.parts().contains(MetricPart.FADING)) {
                addScores("fading", RollingMetrics::fading);
            }
            add("running_loss_nats", RollingMetrics::runningLoss);
            add("expected_accuracy_ratio", RollingMetrics::expectedAccuracy);
            add("examples_per_second", RollingMetrics::throughput);
            add("told_timestamp_seconds", metrics -> metrics.toldAt() / MILLIS_PER_SECOND);
            add(
                    "event_time_lag_seconds",
                    metrics -> {
                        Long lag = metrics.eventTimeLag();
                        return lag == null ? null : lag / MILLIS_PER_SECOND;
                    });
            add("examples_seen_total", metrics -> metrics.progress().examplesSeen());
            add("model_version", metrics -> metrics.progress().modelVersion());
            add("skipped_steps_total", metrics -> metrics.progress().skippedSteps());
            add("roll_backs_total", metrics -> metrics.progress().rollBacks());
            add("gradient_norm", metrics -> metrics.progress().gradientNorm());
            add("parameter_norm", metrics -> metrics.progress().parameterNorm());
            add("drift_alerts_total", metrics -> metrics.progress().drifts());
            add("learning_rate", metrics -> metrics.progress().learningRate());
            for (DeadLetterReason reason : DeadLetterReason.values()) {
                add(
                        ofModel.addGroup("reason", lower(reason)),
                        "dead_letters_total",
                        metrics -> metrics.progress().audit().count(reason));
            }
            for (IgnoredReason reason : IgnoredReason.values()) {
                add(
                        ofModel.addGroup("reason", lower(reason)),
                        "ignored_total",
                        metrics -> metrics.progress().audit().count(reason));
            }
            DetectorReport[] detectors = first.progress().detectors();
            for (int d = 0; d < detectors.length; d++) {
                int detector = d;
                MetricGroup ofDetector = ofModel.addGroup("detector", detectors[d].name());
                add(
                        ofDetector,
                        "statistic",
                        metrics -> metrics.progress().detectors()[detector].statistic());
                add(
                        ofDetector,
                        "threshold",
                        metrics -> metrics.progress().detectors()[detector].threshold());
            }
            Expert[] experts = first.progress().experts();
            for (int k = 0; k < experts.length; k++) {
                int expert = k;
                add(
                        ofModel.addGroup("expert", experts[k].name()),
                        "weight_ratio",
                        metrics -> metrics.progress().experts()[expert].weight());
            }
            show(first);
        }

        void show(RollingMetrics metrics) {
            newest = metrics;
            for (ClassScores scores : metrics.classes()) {
                int k = scores.classIndex();
                if (!classes.get(k) && classes.cardinality() < config.maxClasses()) {
                    classes.set(k);
                    MetricGroup ofClass = ofModel.addGroup("class", config.classes().get(k));
                    addOfClass(ofClass, k, "precision_ratio", ClassCounts::precision);
                    addOfClass(ofClass, k, "recall_ratio", ClassCounts::recall);
                    addOfClass(ofClass, k, "f1_ratio", ClassCounts::f1);
                }
            }
        }

        private void addScores(String span, Function<RollingMetrics, @Nullable Scores> scores) {
            addScore(span, "loss_nats", scores, Scores::loss);
            addScore(span, "accuracy_ratio", scores, Scores::accuracy);
            addScore(span, "no_change_accuracy_ratio", scores, Scores::noChangeAccuracy);
            addScore(span, "majority_accuracy_ratio", scores, Scores::majorityAccuracy);
            addScore(span, "kappa", scores, Scores::kappa);
            addScore(span, "kappa_m", scores, Scores::kappaM);
            addScore(span, "kappa_temporal", scores, Scores::kappaTemporal);
            addScore(span, "balanced_accuracy_ratio", scores, Scores::balancedAccuracy);
            addScore(span, "top_k_accuracy_ratio", scores, Scores::topKAccuracy);
            addScore(span, "brier_score", scores, Scores::brierScore);
            addScore(span, "confidence_ratio", scores, Scores::meanConfidence);
            addScore(span, "calibration_error_ratio", scores, Scores::calibrationError);
        }

        private void addScore(
                String span,
                String name,
                Function<RollingMetrics, @Nullable Scores> scores,
                Function<Scores, @Nullable Double> score) {
            add(
                    span + "_" + name,
                    metrics -> {
                        Scores found = scores.apply(metrics);
                        return found == null ? null : score.apply(found);
                    });
        }

        private void addOfClass(
                MetricGroup ofClass,
                int k,
                String name,
                Function<ClassCounts, @Nullable Double> figure) {
            add(
                    ofClass,
                    name,
                    metrics -> {
                        for (ClassScores scores : metrics.classes()) {
                            if (scores.classIndex() == k) {
                                return figure.apply(scores.rolling());
                            }
                        }
                        return null;
                    });
        }

        private void add(String name, Function<RollingMetrics, @Nullable Number> figure) {
            add(ofModel, name, figure);
        }

        private void add(
                MetricGroup under, String name, Function<RollingMetrics, @Nullable Number> figure) {
            under.gauge(
                    name,
                    (Gauge<Double>)
                            () -> {
                                Number value = figure.apply(newest);
                                return value == null ? Double.NaN : value.doubleValue();
                            });
        }
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
