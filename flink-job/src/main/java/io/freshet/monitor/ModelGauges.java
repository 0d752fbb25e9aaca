package io.freshet.monitor;

import io.freshet.ingest.Audit;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.IgnoredReason;
import io.freshet.learn.Expert;
import io.freshet.learn.ExpertCombination;
import io.freshet.learn.drift.DetectorReport;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;

/**
 * Flink gauges of the newest metrics of each model, for Flink's metric reporters.
 *
 * <p>The gauges belong to the group {@code freshet} and have the variables {@code model}, {@code
 * class}, {@code reason}, {@code detector}, {@code expert} and {@code combination}, which Flink's
 * Prometheus reporter turns into labels; their names follow the conventions of Prometheus. Their
 * values come from state, so that, unlike Flink's own counters, counts are preserved after a
 * failure. A value that is not defined is NaN. A reason has no gauge before it first occurs.
 *
 * <p>Gauges cannot be removed, so their number is limited to {@code metrics.max-gauge-models}
 * models per subtask and {@code metrics.max-classes} classes per model.
 */
final class ModelGauges {
    private static final double MILLIS_PER_SECOND = 1000;

    private final MetricGroup group;
    private final MonitorConfig config;
    private final Map<String, SingleModelGauges> models = new HashMap<>();

    /**
     * @param group metric group of the operator
     */
    ModelGauges(MetricGroup group, MonitorConfig config) {
        this.group = group.addGroup("freshet");
        this.config = config;
    }

    /** Updates the gauges of a model; ignores further models once the limit is reached. */
    void update(RollingMetrics metrics) {
        SingleModelGauges model = models.get(metrics.modelId());
        if (model != null) {
            model.update(metrics);
        } else if (models.size() < config.maxGaugeModels()) {
            models.put(metrics.modelId(), new SingleModelGauges(metrics));
        }
    }

    private final class SingleModelGauges {
        private final MetricGroup modelGroup;
        private final BitSet classes = new BitSet();
        private final Set<DeadLetterReason> deadLetters = EnumSet.noneOf(DeadLetterReason.class);
        private final Set<IgnoredReason> ignored = EnumSet.noneOf(IgnoredReason.class);
        private volatile RollingMetrics newest;

        SingleModelGauges(RollingMetrics first) {
            newest = first;
            modelGroup = group.addGroup("model", first.modelId());
            addScores("rolling", RollingMetrics::rolling);
            addScores("prequential", RollingMetrics::prequential);
            if (config.parts().contains(MetricPart.FADING)) {
                addScores("fading", RollingMetrics::fading);
            }
            add("running_loss_nats", RollingMetrics::runningLoss);
            add("expected_accuracy_ratio", RollingMetrics::averageConfidence);
            add("examples_per_second", RollingMetrics::throughput);
            add("told_timestamp_seconds", metrics -> metrics.emittedAt() / MILLIS_PER_SECOND);
            add(
                    "event_time_lag_seconds",
                    metrics -> {
                        Long lag = metrics.eventTimeLag();
                        return lag == null ? null : lag / MILLIS_PER_SECOND;
                    });
            add("examples_seen_total", metrics -> metrics.progress().examplesSeen());
            add("model_version", metrics -> metrics.progress().modelVersion());
            add("skipped_steps_total", metrics -> metrics.progress().skippedSteps());
            add("clipped_values_total", metrics -> metrics.progress().clipped().total());
            add("missing_values_total", metrics -> metrics.progress().missing().total());
            add("rounded_values_total", metrics -> metrics.progress().rounded().total());
            add("columns", metrics -> metrics.progress().columns());
            add("roll_backs_total", metrics -> metrics.progress().rollBacks());
            add("gradient_norm", metrics -> metrics.progress().gradientNorm());
            add("parameter_norm", metrics -> metrics.progress().parameterNorm());
            add("drift_alerts_total", metrics -> metrics.progress().alerts());
            add("learning_rate", metrics -> metrics.progress().learningRate());
            DetectorReport[] detectors = first.progress().detectors();
            for (int d = 0; d < detectors.length; d++) {
                int detector = d;
                MetricGroup detectorGroup = modelGroup.addGroup("detector", detectors[d].name());
                add(
                        detectorGroup,
                        "statistic",
                        metrics -> metrics.progress().detectors()[detector].statistic());
                add(
                        detectorGroup,
                        "threshold",
                        metrics -> metrics.progress().detectors()[detector].threshold());
            }
            Expert[] experts = first.progress().experts();
            for (int k = 0; k < experts.length; k++) {
                addExpert(modelGroup.addGroup("expert", experts[k].name()), k);
            }
            ExpertCombination[] combinations = first.progress().combinations();
            for (int k = 0; k < combinations.length; k++) {
                addCombination(modelGroup.addGroup("combination", combinations[k].name()), k);
            }
            update(first);
        }

        private void addExpert(MetricGroup expertGroup, int k) {
            add(expertGroup, "weight_ratio", metrics -> expert(metrics, k).weight());
            add(expertGroup, "loss_nats", metrics -> expert(metrics, k).loss());
            if (newest.progress().combinations().length > 0) {
                add(expertGroup, "stack_weight", metrics -> expert(metrics, k).stackWeight());
                add(
                        expertGroup,
                        "correction_weight",
                        metrics -> expert(metrics, k).correctionWeight());
            }
        }

        private void addCombination(MetricGroup combinationGroup, int k) {
            add(
                    combinationGroup,
                    "weight_ratio",
                    metrics -> metrics.progress().combinations()[k].weight());
            add(
                    combinationGroup,
                    "loss_nats",
                    metrics -> metrics.progress().combinations()[k].loss());
        }

        void update(RollingMetrics metrics) {
            newest = metrics;
            addReasons(metrics.progress().audit());
            List<String> names = metrics.progress().classes(config.classes());
            for (ClassScores scores : metrics.classes()) {
                int k = scores.classIndex();
                if (!classes.get(k) && classes.cardinality() < config.maxClasses()) {
                    classes.set(k);
                    MetricGroup classGroup = modelGroup.addGroup("class", names.get(k));
                    addClassGauge(classGroup, k, "precision_ratio", ClassCounts::precision);
                    addClassGauge(classGroup, k, "recall_ratio", ClassCounts::recall);
                    addClassGauge(classGroup, k, "f1_ratio", ClassCounts::f1);
                }
            }
        }

        /** Adds the gauges of reasons that occurred for the first time. */
        private void addReasons(Audit audit) {
            for (DeadLetterReason reason : DeadLetterReason.values()) {
                if (audit.count(reason) > 0 && deadLetters.add(reason)) {
                    add(
                            modelGroup.addGroup("reason", lowerCase(reason)),
                            "dead_letters_total",
                            metrics -> metrics.progress().audit().count(reason));
                }
            }
            for (IgnoredReason reason : IgnoredReason.values()) {
                if (audit.count(reason) > 0 && ignored.add(reason)) {
                    add(
                            modelGroup.addGroup("reason", lowerCase(reason)),
                            "ignored_total",
                            metrics -> metrics.progress().audit().count(reason));
                }
            }
        }

        private void addScores(String span, Function<RollingMetrics, @Nullable Scores> scores) {
            for (Score score : Score.values()) {
                add(
                        span + "_" + score.gaugeName(),
                        metrics -> {
                            Scores newestScores = scores.apply(metrics);
                            return newestScores == null ? null : newestScores.get(score);
                        });
            }
        }

        private void addClassGauge(
                MetricGroup classGroup,
                int k,
                String name,
                Function<ClassCounts, @Nullable Double> ratio) {
            add(
                    classGroup,
                    name,
                    metrics -> {
                        for (ClassScores scores : metrics.classes()) {
                            if (scores.classIndex() == k) {
                                return ratio.apply(scores.rolling());
                            }
                        }
                        return null;
                    });
        }

        private void add(String name, Function<RollingMetrics, @Nullable Number> value) {
            add(modelGroup, name, value);
        }

        private void add(
                MetricGroup parent, String name, Function<RollingMetrics, @Nullable Number> value) {
            parent.gauge(
                    name,
                    (Gauge<Double>)
                            () -> {
                                Number current = value.apply(newest);
                                return current == null ? Double.NaN : current.doubleValue();
                            });
        }
    }

    private static Expert expert(RollingMetrics metrics, int k) {
        return metrics.progress().experts()[k];
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
