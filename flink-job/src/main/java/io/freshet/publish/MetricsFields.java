package io.freshet.publish;

import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.IgnoredReason;
import io.freshet.learn.FeatureCounts;
import io.freshet.learn.ModelProgress;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.RollingMetrics;
import io.freshet.monitor.Score;
import io.freshet.schemas.CalibrationBin;
import io.freshet.schemas.ClassCounts;
import io.freshet.schemas.ClassScores;
import io.freshet.schemas.Confusion;
import io.freshet.schemas.ConfusionCell;
import io.freshet.schemas.FeatureCount;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.RunningLoss;
import io.freshet.schemas.Scores;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** Conversion of rolling metrics to Avro events. */
final class MetricsFields {
    /** Position of each score's field in the Avro record. */
    private static final Map<Score, Integer> SCORE_POSITIONS = new EnumMap<>(Score.class);

    static {
        for (Score score : Score.values()) {
            Schema.Field field = Scores.getClassSchema().getField(score.fieldName());
            SCORE_POSITIONS.put(score, field.pos());
        }
    }

    private MetricsFields() {}

    /** Returns the event of a model's metrics. */
    static MetricsEvent event(RollingMetrics metrics, MonitorConfig config, JobIdentity job) {
        ModelProgress progress = metrics.progress();
        io.freshet.monitor.Scores fading = metrics.fading();
        return MetricsEvent.newBuilder()
                .setModelId(metrics.modelId())
                .setSequence(metrics.sequence())
                .setAttempt(metrics.attempt())
                .setTimestamp(ProgressFields.timestamp(progress))
                .setModelVersion(progress.modelVersion())
                .setExamplesSeen(progress.examplesSeen())
                .setAudit(ProgressFields.audit(progress.audit()))
                .setIgnoredByReason(ignoredByReason(progress.audit()))
                .setDeadLettersByReason(deadLettersByReason(progress.audit()))
                .setOffsets(ProgressFields.offsets(progress))
                .setWindowSize(config.windowSize())
                .setRolling(scores(metrics.rolling()))
                .setPrequential(scores(metrics.prequential()))
                .setLearningRate(progress.learningRate())
                .setSkippedSteps(progress.skippedSteps())
                .setExperts(ProgressFields.experts(progress))
                .setCombinations(ProgressFields.combinations(progress))
                .setRollBacks(progress.rollBacks())
                .setFading(fading == null ? null : scores(fading))
                .setFadingFactor(fading == null ? null : config.fadingFactor())
                .setTopK(config.topK())
                .setRunningLoss(metrics.runningLoss())
                .setRunningLossMiniBatches(config.runningLossMiniBatches())
                .setRunningLosses(runningLosses(metrics))
                .setClasses(classes(metrics, progress.classes(config.classes())))
                .setOtherClasses(metrics.otherClasses())
                .setConfusion(confusion(metrics.confusion()))
                .setCalibration(calibration(metrics))
                .setExpectedAccuracy(metrics.averageConfidence())
                .setExpectedAccuracyEvents(metrics.averageConfidenceEvents())
                .setGradientNorm(ProgressFields.finite(progress.gradientNorm()))
                .setParameterNorm(ProgressFields.finite(progress.parameterNorm()))
                .setToldAt(Instant.ofEpochMilli(metrics.emittedAt()))
                .setThroughput(metrics.throughput())
                .setEventTimeLag(metrics.eventTimeLag())
                .setDrifts(progress.alerts())
                .setClippedValues(progress.clipped().total())
                .setClipped(featureCounts(progress.clipped()))
                .setMissingValues(progress.missing().total())
                .setMissing(featureCounts(progress.missing()))
                .setRoundedValues(progress.rounded().total())
                .setRounded(featureCounts(progress.rounded()))
                .setColumns(progress.columns())
                .setDevice(progress.device())
                .setDetectors(DriftFields.detectors(progress))
                .setJob(job.name())
                .setEpoch(job.epoch())
                .setPartitions(ProgressFields.partitions(progress, job))
                .build();
    }

    private static List<RunningLoss> runningLosses(RollingMetrics metrics) {
        return Arrays.stream(metrics.runningLosses())
                .map(running -> new RunningLoss(running.miniBatches(), running.loss()))
                .toList();
    }

    private static List<FeatureCount> featureCounts(FeatureCounts counts) {
        return Arrays.stream(counts.largest())
                .map(count -> new FeatureCount(count.feature(), count.count()))
                .toList();
    }

    private static Map<String, Long> ignoredByReason(io.freshet.ingest.Audit audit) {
        Map<String, Long> counts = new TreeMap<>();
        for (IgnoredReason reason : IgnoredReason.values()) {
            if (audit.count(reason) > 0) {
                counts.put(reason.name(), audit.count(reason));
            }
        }
        return counts;
    }

    private static Map<String, Long> deadLettersByReason(io.freshet.ingest.Audit audit) {
        Map<String, Long> counts = new TreeMap<>();
        for (DeadLetterReason reason : DeadLetterReason.values()) {
            if (audit.count(reason) > 0) {
                counts.put(reason.name(), audit.count(reason));
            }
        }
        return counts;
    }

    private static Scores scores(io.freshet.monitor.Scores scores) {
        Scores fields = new Scores();
        fields.setExamples(scores.examples());
        fields.setWeight(scores.weight());
        SCORE_POSITIONS.forEach((score, position) -> fields.put(position, scores.get(score)));
        return fields;
    }

    private static List<ClassScores> classes(RollingMetrics metrics, List<String> names) {
        return Arrays.stream(metrics.classes())
                .map(
                        scores ->
                                new ClassScores(
                                        scores.classIndex(),
                                        names.get(scores.classIndex()),
                                        counts(scores.rolling()),
                                        counts(scores.prequential())))
                .toList();
    }

    private static ClassCounts counts(io.freshet.monitor.ClassCounts counts) {
        return new ClassCounts(
                counts.labels(),
                counts.predictions(),
                counts.hits(),
                counts.precision(),
                counts.recall(),
                counts.f1());
    }

    private static @Nullable Confusion confusion(
            io.freshet.monitor.@Nullable ConfusionMatrix matrix) {
        return matrix == null
                ? null
                : new Confusion(
                        Arrays.stream(matrix.cells())
                                .map(
                                        cell ->
                                                new ConfusionCell(
                                                        cell.label(),
                                                        cell.predictedClass(),
                                                        cell.count()))
                                .toList(),
                        matrix.otherCells(),
                        matrix.otherExamples());
    }

    private static List<CalibrationBin> calibration(RollingMetrics metrics) {
        return Arrays.stream(metrics.calibration())
                .map(
                        bin ->
                                new CalibrationBin(
                                        bin.lower(),
                                        bin.upper(),
                                        bin.examples(),
                                        bin.meanConfidence(),
                                        bin.accuracy()))
                .toList();
    }
}
