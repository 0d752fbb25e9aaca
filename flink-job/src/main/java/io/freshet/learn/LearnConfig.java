package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.training.TrainingConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How models learn, how many live at once, and how often they are published.
 *
 * @param learner what a learner does
 * @param classes class names by index; as many as the learner has classes
 * @param labelType what labels say about the classes
 * @param miniBatchMaxWait after which a short mini-batch is closed; null: never
 * @param maxModels models that live at once; the least recently used of more is kept in state only
 * @param publishInterval the least time between two snapshots of a model
 * @param drift how drift is looked for
 * @param deviceFallback what to do where the build is for a GPU and none can be used
 */
public record LearnConfig(
        LearnerSettings learner,
        List<String> classes,
        LabelType labelType,
        @Nullable Duration miniBatchMaxWait,
        int maxModels,
        Duration publishInterval,
        DriftConfig drift,
        DeviceFallback deviceFallback)
        implements Serializable {

    public static final Key<Optional<Duration>> MINI_BATCH_MAX_WAIT =
            Key.ofOptionalDuration(
                    "mini-batch.max-wait",
                    "off",
                    Duration.ofMillis(1),
                    "After which wait a mini-batch is closed though it is short. Off: only the"
                            + " count and the end of input close one, and a replay cuts the same"
                            + " ones.");
    public static final Key<Integer> MODELS_MAX =
            Key.ofInt(
                    "models.max",
                    1000,
                    1,
                    10_000_000,
                    "models",
                    "Models that a subtask keeps in memory; beyond that the least recently used is"
                        + " written to state and reloaded at its next event. With defaults, 10"
                        + " features and 5 classes, a model whose windows are full takes some 75 kB"
                        + " of the heap and 10 kB outside it. A warning is logged at start where"
                        + " this many do not fit. Where the heap fills, models are evicted earlier,"
                        + " and the job ends where that frees too little;"
                        + " flink.state.backend.type=rocksdb keeps state out of the heap.");
    public static final Key<Duration> MODELS_PUBLISH_INTERVAL =
            Key.ofDuration(
                    "models.publish-interval",
                    "10 s",
                    Duration.ZERO,
                    "The least time between two snapshots of a model. Snapshots are taken at"
                            + " checkpoints, if the model changed, and at the end of input.");
    public static final Key<DeviceFallback> DEVICE_FALLBACK =
            Key.ofEnum(
                    "device.fallback",
                    DeviceFallback.CPU,
                    "What a build for CUDA does where it finds no GPU that it can run on: learn on"
                            + " the CPU, or stop. The other builds always learn on the CPU.");

    /** The keys read here. */
    public static final List<Key<?>> KEYS =
            Stream.concat(
                            TrainingConfig.KEYS.stream(),
                            Stream.of(
                                    MINI_BATCH_MAX_WAIT,
                                    MODELS_MAX,
                                    MODELS_PUBLISH_INTERVAL,
                                    DEVICE_FALLBACK))
                    .toList();

    public LearnConfig {
        if (classes.size() != learner.numClasses() || maxModels < 1) {
            throw new IllegalArgumentException(
                    classes.size()
                            + " class names for "
                            + learner.numClasses()
                            + " classes, models.max "
                            + maxModels);
        }
        classes = List.copyOf(classes);
    }

    /** Returns how many values a label has beside its class: one per class, or 0. */
    int numTargets() {
        return labelType == LabelType.CLASS ? 0 : classes.size();
    }

    /** Reads the keys; problems are left in the settings. */
    public static LearnConfig from(Settings settings, IngestConfig ingest) {
        LearnerSettings learner = TrainingConfig.read(settings, ingest);
        return new LearnConfig(
                learner,
                ingest.classes(),
                ingest.labelType(),
                settings.get(MINI_BATCH_MAX_WAIT).orElse(null),
                settings.get(MODELS_MAX),
                settings.get(MODELS_PUBLISH_INTERVAL),
                DriftConfig.from(settings, learner),
                settings.get(DEVICE_FALLBACK));
    }

    /** The configuration that shaped the parameters, by key, for a snapshot's provenance. */
    public Map<String, String> hyperParameters() {
        Map<String, String> values = TrainingConfig.hyperParameters(learner);
        values.put(IngestConfig.LABEL_TYPE.name(), Key.kebab(labelType));
        values.put(
                MINI_BATCH_MAX_WAIT.name(),
                miniBatchMaxWait == null ? "off" : miniBatchMaxWait.toMillis() + " ms");
        return values;
    }
}
