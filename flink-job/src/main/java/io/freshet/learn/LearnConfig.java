package io.freshet.learn;

import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.SnapshotFile;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.PredictedEvents;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.training.TrainingConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.core.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the learn stage: training, number of models in memory, publication and drift.
 *
 * @param learner settings of each model's learner
 * @param classes class names by index, one per class of the learner; empty if classes are open, so
 *     that a model has the classes of its labels, up to as many as the learner's settings have
 * @param labelType meaning of the labels
 * @param miniBatchMaxWait longest time that an incomplete mini-batch waits; null for no limit, as
 *     it must be if {@code blocksByCount}
 * @param blocksByCount whether examples wait until they fill an execution block, so that blocks are
 *     cut by count alone; else those that have arrived are executed
 * @param maxModels maximum number of models in memory per subtask; beyond it the least recently
 *     used one is kept in state only
 * @param publishInterval minimum time between two snapshots of a model
 * @param drift configuration of drift detection
 * @param device the device on which models learn
 * @param missing treatment of missing values; {@link MissingValues#MEAN} requires a scaler that
 *     accepts them
 * @param encoding encoding of the features
 * @param missingIndicator whether some of the features say which others are missing
 * @param featureSettings settings that say which fields of a message are features, by key; empty if
 *     snapshots leave them out
 * @param predictions events whose predictions are emitted
 * @param start parameters from which new models begin to learn; null for zeros
 */
public record LearnConfig(
        LearnerSettings learner,
        List<String> classes,
        LabelType labelType,
        @Nullable Duration miniBatchMaxWait,
        boolean blocksByCount,
        int maxModels,
        Duration publishInterval,
        DriftConfig drift,
        DeviceConfig device,
        MissingValues missing,
        FeatureEncoding encoding,
        boolean missingIndicator,
        Map<String, String> featureSettings,
        PredictedEvents predictions,
        @Nullable ModelStart start)
        implements Serializable {

    public static final Key<Optional<Duration>> MINI_BATCH_MAX_WAIT =
            Key.ofOptionalDuration(
                    "mini-batch.max-wait",
                    "off",
                    Duration.ofMillis(1),
                    "Maximum time for which an incomplete mini-batch waits for more examples; then"
                        + " the model is trained on it as it is. Off: a mini-batch ends only when"
                        + " it is full or at the end of the input, so that a replay forms the same"
                        + " mini-batches.");
    private static final int MAX_MODELS = 1000;
    private static final int MAX_ENSEMBLES = 100;

    public static final Key<Optional<Integer>> MODELS_MAX =
            Key.ofIntOr(
                            "auto",
                            "models.max",
                            1,
                            10_000_000,
                            "models",
                            "Maximum number of models that a subtask keeps in memory. Beyond it,"
                                + " the least recently used model is written to state and reloaded"
                                + " at its next event. Auto: "
                                    + MAX_MODELS
                                    + ", or "
                                    + MAX_ENSEMBLES
                                    + " ensembles of dense features. With defaults, 10 features and"
                                    + " 5 classes, a model whose windows are full takes about 75 kB"
                                    + " of the heap and 10 kB outside it, and an ensemble about 3"
                                    + " MB. If the memory is too small for this many models, a"
                                    + " warning is logged when the job starts. When the heap is"
                                    + " full, models are evicted earlier, and the job fails if that"
                                    + " frees too little memory; flink.state.backend.type=rocksdb"
                                    + " keeps state out of the heap.")
                    .changeable();
    public static final Key<Long> MODELS_MAX_BYTES =
            Key.ofBytes(
                            "models.max-bytes",
                            "1 gb",
                            "Largest memory that one model may take, as estimated from the"
                                + " settings. The job does not start if a model could take more: a"
                                + " sparse one takes memory for each column that occurs, at most"
                                + " for all.")
                    .changeable();
    public static final Key<Duration> MODELS_PUBLISH_INTERVAL =
            Key.ofDuration(
                            "models.publish-interval",
                            "10 s",
                            Duration.ZERO,
                            "Minimum time between two snapshots of a model. Snapshots are published"
                                + " at checkpoints, if the model changed, and at the end of input.")
                    .changeable();
    public static final Key<Optional<String>> MODELS_START =
            Key.ofOptionalText(
                            "models.start",
                            "Snapshot file, as freshet models import and export write it, from"
                                + " which new models begin to learn, instead of from zeros: a path"
                                + " or a URI, read through Flink's file systems where the job is"
                                + " submitted. Features, classes, loss and scaling must be those of"
                                + " the job. All learning rates begin with its parameters or, if it"
                                + " has as many, each with its own. An ensemble begins with the"
                                + " snapshot of an ensemble, and goes on as that one would have;"
                                + " linear models with that of linear models. Off: zeros.")
                    .changeable();

    /** The keys of the learn stage, without those of drift detection. */
    public static final List<Key<?>> KEYS =
            Stream.of(
                            TrainingConfig.KEYS,
                            List.of(
                                    MINI_BATCH_MAX_WAIT,
                                    MODELS_MAX,
                                    MODELS_MAX_BYTES,
                                    MODELS_PUBLISH_INTERVAL,
                                    MODELS_START),
                            DeviceConfig.KEYS)
                    .<Key<?>>flatMap(List::stream)
                    .toList();

    public LearnConfig {
        boolean classesFit = classes.isEmpty() || classes.size() == learner.numClasses();
        if (!classesFit || maxModels < 1) {
            throw new IllegalArgumentException(
                    classes.size()
                            + " class names for "
                            + learner.numClasses()
                            + " classes, models.max "
                            + maxModels);
        }
        if (blocksByCount && miniBatchMaxWait != null) {
            throw new IllegalArgumentException(
                    "blocks by count, mini-batch.max-wait " + miniBatchMaxWait);
        }
        if (learner.isSparse() != (encoding != FeatureEncoding.COLUMNS)) {
            throw new IllegalArgumentException(
                    "a " + (learner.isSparse() ? "sparse" : "dense") + " learner for " + encoding);
        }
        classes = List.copyOf(classes);
        featureSettings = Map.copyOf(featureSettings);
    }

    /** Creates a configuration of features that have a column each, and of learning on the CPU. */
    public LearnConfig(
            LearnerSettings learner,
            List<String> classes,
            LabelType labelType,
            @Nullable Duration miniBatchMaxWait,
            boolean blocksByCount,
            int maxModels,
            Duration publishInterval,
            DriftConfig drift,
            DeviceFallback deviceFallback,
            MissingValues missing) {
        this(
                learner,
                classes,
                labelType,
                miniBatchMaxWait,
                blocksByCount,
                maxModels,
                publishInterval,
                drift,
                DeviceConfig.cpu(deviceFallback),
                missing,
                FeatureEncoding.COLUMNS,
                false,
                FieldMapping.NONE.featureSettings(),
                PredictedEvents.UNLABELLED,
                null);
    }

    /** Creates a configuration under which no value is missing, and of learning on the CPU. */
    public LearnConfig(
            LearnerSettings learner,
            List<String> classes,
            LabelType labelType,
            @Nullable Duration miniBatchMaxWait,
            boolean blocksByCount,
            int maxModels,
            Duration publishInterval,
            DriftConfig drift,
            DeviceFallback deviceFallback) {
        this(
                learner,
                classes,
                labelType,
                miniBatchMaxWait,
                blocksByCount,
                maxModels,
                publishInterval,
                drift,
                deviceFallback,
                MissingValues.DEAD_LETTER);
    }

    /** Returns whether the classes of a model are those of its labels. */
    public boolean classesAreOpen() {
        return classes.isEmpty();
    }

    /** Returns this configuration with snapshots that do not say which fields are features. */
    public LearnConfig withoutFeatureSettings() {
        return new LearnConfig(
                learner,
                classes,
                labelType,
                miniBatchMaxWait,
                blocksByCount,
                maxModels,
                publishInterval,
                drift,
                device,
                missing,
                encoding,
                missingIndicator,
                Map.of(),
                predictions,
                start);
    }

    /** Returns the number of values of a label in addition to its class: one per class, or 0. */
    int numTargets() {
        return labelType == LabelType.CLASS ? 0 : learner.numClasses();
    }

    /**
     * Reads the keys. Problems are recorded in the settings.
     *
     * @param lossSpan span of the experts' losses, in examples, at least 1
     */
    public static LearnConfig from(Settings settings, IngestConfig ingest, int lossSpan) {
        LearnerSettings learner = TrainingConfig.read(settings, ingest).withLossSpan(lossSpan);
        boolean blocksByCount = ingest.blockMaxWait() == null;
        return new LearnConfig(
                learner,
                ingest.classes(),
                ingest.labelType(),
                miniBatchMaxWait(settings, blocksByCount),
                blocksByCount,
                settings.get(MODELS_MAX)
                        .orElse(
                                learner.ensemble() == null || learner.isSparse()
                                        ? MAX_MODELS
                                        : MAX_ENSEMBLES),
                settings.get(MODELS_PUBLISH_INTERVAL),
                DriftConfig.from(settings, learner),
                DeviceConfig.from(settings),
                ingest.missing(),
                ingest.encoding(),
                ingest.missingIndicator(),
                ingest.source().mapping().featureSettings(),
                ingest.predictions(),
                start(settings, learner, ingest.classes()));
    }

    private static @Nullable ModelStart start(
            Settings settings, LearnerSettings learner, List<String> classes) {
        String file = settings.get(MODELS_START).orElse(null);
        if (file == null) {
            return null;
        }
        try {
            ModelContent content = readStart(file);
            List<String> mismatches = ModelStart.mismatches(content, learner, classes);
            for (String mismatch : mismatches) {
                settings.problem(settings.assignment(MODELS_START) + ": " + mismatch);
            }
            return mismatches.isEmpty() ? ModelStart.of(content) : null;
        } catch (IOException | IllegalArgumentException e) {
            settings.problem(
                    settings.assignment(MODELS_START) + ": cannot be read: " + e.getMessage());
            return null;
        }
    }

    private static ModelContent readStart(String file) throws IOException {
        Path path = new Path(file);
        try (InputStream in = path.getFileSystem().open(path)) {
            return ClassifierReader.content(SnapshotFile.read(in, file));
        }
    }

    private static @Nullable Duration miniBatchMaxWait(Settings settings, boolean blocksByCount) {
        Duration wait = settings.get(MINI_BATCH_MAX_WAIT).orElse(null);
        if (wait == null || !blocksByCount) {
            return wait;
        }
        // A value that cannot be parsed is a problem already.
        if (!settings.isDefault(IngestConfig.BLOCK_MAX_WAIT)) {
            settings.problem(
                    settings.assignment(MINI_BATCH_MAX_WAIT)
                            + " with "
                            + settings.assignment(IngestConfig.BLOCK_MAX_WAIT)
                            + ": the first ends mini-batches after a time, the second forms blocks"
                            + " by count alone; set "
                            + MINI_BATCH_MAX_WAIT
                            + " to off, or "
                            + IngestConfig.BLOCK_MAX_WAIT
                            + " to a time such as 200 ms");
        }
        return null;
    }

    /** Returns the configuration that determined the parameters, by key, for provenance. */
    public Map<String, String> hyperParameters() {
        Map<String, String> values = TrainingConfig.hyperParameters(learner);
        values.putAll(drift.hyperParameters());
        values.put(IngestConfig.LABEL_TYPE.name(), Key.kebab(labelType));
        values.put(IngestConfig.MISSING.name(), Key.kebab(missing));
        values.putAll(IngestConfig.encodingParameters(encoding, learner.numFeatures()));
        values.put(IngestConfig.MISSING_INDICATOR.name(), Key.text(missingIndicator));
        values.putAll(featureSettings);
        if (start != null) {
            values.put(MODELS_START.name(), start.contentHash());
        }
        values.put(
                MINI_BATCH_MAX_WAIT.name(),
                miniBatchMaxWait == null ? "off" : miniBatchMaxWait.toMillis() + " ms");
        return values;
    }
}
