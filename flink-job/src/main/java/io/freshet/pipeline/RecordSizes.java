package io.freshet.pipeline;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.learn.LearnConfig;
import io.freshet.monitor.MonitorConfig;
import io.freshet.publish.PublishConfig;
import io.freshet.publish.PublishFormat;
import io.freshet.publish.RecordBounds;
import java.util.Comparator;

/**
 * Check that the records of a job, by upper bounds of their sizes, are not larger than what topics
 * accept.
 *
 * @param settings receives problems and warnings
 */
record RecordSizes(Settings settings, IngestConfig ingest, PublishConfig publish) {
    /** Kafka's default limit of a topic's records, less the overhead of a record batch. */
    private static final int MAX_RECORD_BYTES = 1_000_000;

    /**
     * Checks the size of a snapshot's first record, which also has all fields that are not split.
     *
     * @param kind kind of the job; only one that learns publishes snapshots
     * @return the configuration of the learn stage, without the list of features if the record
     *     would be too large with it
     */
    LearnConfig checkSnapshots(LearnConfig learn, JobKind kind) {
        if (snapshotBytes(learn) <= MAX_RECORD_BYTES) {
            return learn;
        }
        LearnConfig reduced = learn.withoutFeatureSettings();
        long bytes = snapshotBytes(reduced);
        if (bytes <= MAX_RECORD_BYTES) {
            if (kind == JobKind.LEARN) {
                settings.warn(
                        FieldMapping.FEATURES
                                + " is too long for a snapshot's first record: snapshots leave it"
                                + " out, and outside the job nothing can be classified by the names"
                                + " of its fields");
            }
            return reduced;
        }
        settings.problem(
                "num-features = "
                        + ingest.numFeatures()
                        + ", "
                        + (ingest.classesAreOpen()
                                ? settings.assignment(IngestConfig.CLASSES_CAPACITY)
                                : ingest.numClasses() + " classes")
                        + " and models.chunk-size = "
                        + publish.chunkSize()
                        + " make a snapshot's first record up to "
                        + bytes
                        + " bytes large"
                        + note()
                        + "; topics accept at most "
                        + MAX_RECORD_BYTES
                        + snapshotAdvice(reduced));
        return reduced;
    }

    /** Returns an upper bound of the bytes of a snapshot's first record. */
    private long snapshotBytes(LearnConfig learn) {
        long parameters =
                learn.learner().isSparse()
                        ? publish.rowBytesInFirstRecord(
                                learn.learner().numColumns(), learn.featureSettings())
                        : publish.parameterBytesInFirstRecord(
                                learn.learner(), moments(learn), learn.featureSettings());
        return parameters + otherBytes(learn);
    }

    /** Returns an upper bound of the bytes of the fields other than parameters. */
    private long otherBytes(LearnConfig learn) {
        RecordBounds bounds = publish.format().bounds();
        return (2L * bounds.moment() + bounds.parameter()) * moments(learn)
                + ingest.longestClassNames().stream().mapToLong(bounds::text).sum()
                + learn.hyperParameters().entrySet().stream()
                        .mapToLong(e -> bounds.text(e.getKey()) + bounds.text(e.getValue()))
                        .sum()
                + (long) bounds.expert() * learn.learner().numExperts()
                + bounds.envelope();
    }

    private int moments(LearnConfig learn) {
        return learn.learner().isSparse() ? 0 : ingest.numFeatures();
    }

    /** Returns what makes a snapshot's first record small enough. */
    private String snapshotAdvice(LearnConfig learn) {
        long left = MAX_RECORD_BYTES - otherBytes(learn);
        if (left >= publish.leastParameterBytesInFirstRecord(learn.learner())) {
            long room = publish.roomInFirstRecord(moments(learn), learn.featureSettings());
            return "; set models.chunk-size to at most " + (left + room) / Float.BYTES;
        }
        return publish.format() == PublishFormat.JSON ? "; in avro it is smaller" : "";
    }

    /** Checks the size of a metrics record. */
    void checkMetrics(LearnConfig learn, MonitorConfig monitor) {
        RecordBounds bounds = publish.format().bounds();
        long classBytes =
                ingest.longestClassNames().stream()
                        .map(name -> bounds.classScores() + bounds.text(name))
                        .sorted(Comparator.reverseOrder())
                        .limit(monitor.maxClasses())
                        .mapToLong(bytes -> bytes)
                        .sum();
        long bytes =
                classBytes
                        + (long) bounds.confusionCell() * monitor.maxConfusionCells()
                        + (long) bounds.calibrationBin() * monitor.calibrationBins()
                        + (long) bounds.expert() * learn.learner().numExperts()
                        + bounds.envelope();
        if (bytes > MAX_RECORD_BYTES) {
            settings.problem(
                    MonitorConfig.MAX_CLASSES
                            + " = "
                            + monitor.maxClasses()
                            + " and "
                            + MonitorConfig.MAX_CONFUSION_CELLS
                            + " = "
                            + monitor.maxConfusionCells()
                            + " make a record of metrics up to "
                            + bytes
                            + " bytes large"
                            + note()
                            + "; topics accept at most "
                            + MAX_RECORD_BYTES);
        }
    }

    private String note() {
        PublishFormat format = publish.format();
        return format == PublishFormat.AVRO ? "" : " (publish.format = " + Key.kebab(format) + ")";
    }
}
