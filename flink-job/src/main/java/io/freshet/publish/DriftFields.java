package io.freshet.publish;

import io.freshet.config.Key;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.drift.DetectorReport;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.schemas.ClassChange;
import io.freshet.schemas.DetectorState;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.DriftWindow;
import io.freshet.schemas.OffsetRange;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Conversion of drift alerts and detector reports to Avro records. */
final class DriftFields {
    private DriftFields() {}

    /** Returns the event of a detected drift. */
    static DriftAlertEvent event(DriftAlert alert, JobIdentity job) {
        return DriftAlertEvent.newBuilder()
                .setModelId(alert.modelId())
                .setSequence(alert.sequence())
                .setTimestamp(Instant.ofEpochMilli(alert.timestamp()))
                .setDetector(alert.detector())
                .setExamplesSeen(alert.examplesSeen())
                .setModelVersion(alert.modelVersion())
                .setStatistic(alert.statistic())
                .setThreshold(alert.threshold())
                .setSignal(Key.kebab(alert.signal()))
                .setWarningExamplesSeen(alert.warningExamplesSeen())
                .setBefore(window(alert.before()))
                .setAfter(window(alert.after()))
                .setClasses(Arrays.stream(alert.classes()).map(DriftFields::change).toList())
                .setReaction(Key.kebab(alert.reaction()))
                .setJob(job.name())
                .setEpoch(job.epoch())
                .build();
    }

    private static DriftWindow window(io.freshet.learn.drift.DriftWindow window) {
        return new DriftWindow(
                (long) window.examples(),
                Arrays.stream(window.offsets())
                        .map(
                                range ->
                                        new OffsetRange(
                                                range.topic(),
                                                range.partition(),
                                                range.firstOffset(),
                                                range.lastOffset()))
                        .toList(),
                instant(window.firstTimestamp()),
                instant(window.lastTimestamp()),
                window.loss(),
                window.accuracy());
    }

    private static @Nullable Instant instant(@Nullable Long millis) {
        return millis == null ? null : Instant.ofEpochMilli(millis);
    }

    private static ClassChange change(io.freshet.learn.drift.ClassChange change) {
        return new ClassChange(
                change.classIndex(),
                change.className(),
                (long) change.labelsBefore(),
                (long) change.labelsAfter(),
                change.recallBefore(),
                change.recallAfter(),
                change.lossBefore(),
                change.lossAfter());
    }

    /** Returns the reports of a model's detectors. */
    static List<DetectorState> detectors(ModelProgress progress) {
        return Arrays.stream(progress.detectors()).map(DriftFields::detector).toList();
    }

    private static DetectorState detector(DetectorReport report) {
        return new DetectorState(
                report.name(),
                Key.kebab(report.signal()),
                report.status(),
                ProgressFields.finite(report.statistic()),
                ProgressFields.finite(report.threshold()),
                report.drifts());
    }
}
