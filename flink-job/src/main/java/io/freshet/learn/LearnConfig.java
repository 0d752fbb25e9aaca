package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.DeviceFallback;
import io.freshet.model.LearnerSettings;
import io.freshet.model.Reduction;
import io.freshet.model.ScalerType;
import io.freshet.model.Sgd;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How models learn, how many live at once, and how often they are published.
 *
 * @param learner what a learner does
 * @param classes class names by index; as many as the learner has classes
 * @param miniBatchMaxWait after which a short mini-batch is closed; null: never
 * @param maxModels models that live at once; the least recently used of more is kept in state only
 * @param publishInterval the least time between two snapshots of a model
 * @param deviceFallback what to do where the build is for a GPU and none can be used
 */
public record LearnConfig(
        LearnerSettings learner,
        List<String> classes,
        @Nullable Duration miniBatchMaxWait,
        int maxModels,
        Duration publishInterval,
        DeviceFallback deviceFallback)
        implements Serializable {

    public static final Key<Integer> MINI_BATCH_SIZE =
            Key.ofInt(
                    "mini-batch.size",
                    32,
                    1,
                    65_536,
                    "examples",
                    "The examples behind one SGD step; all are scored by the parameters before"
                            + " it.");
    public static final Key<Optional<Duration>> MINI_BATCH_MAX_WAIT =
            Key.ofOptionalDuration(
                    "mini-batch.max-wait",
                    "off",
                    Duration.ofMillis(1),
                    "After which wait a mini-batch is closed though it is short. Off: only the"
                            + " count and the end of input close one, and replays are exact.");
    public static final Key<Double> LEARNING_RATE =
            Key.ofDouble(
                    "training.learning-rate",
                    0.01,
                    Double.MIN_VALUE,
                    Float.MAX_VALUE,
                    "The learning rate of SGD.");
    public static final Key<Double> MOMENTUM =
            Key.ofDouble(
                    "training.momentum",
                    0.9,
                    0,
                    Math.nextDown(1.0),
                    "Momentum m, as PyTorch's: v = m v + gradient; parameters -= learning rate v.");
    public static final Key<Reduction> REDUCTION =
            Key.ofEnum(
                    "training.reduction",
                    Reduction.EXAMPLES,
                    "What the gradient's sum of weighted examples is divided by: the number of"
                            + " examples, or the sum of their weights as in PyTorch.");
    public static final Key<ScalerType> SCALER_TYPE =
            Key.ofEnum(
                    "scaler.type",
                    ScalerType.WELFORD,
                    "Online standardisation of the features to mean 0 and variance 1, or none.");
    public static final Key<Integer> MODELS_MAX =
            Key.ofInt(
                    "models.max",
                    1000,
                    1,
                    10_000_000,
                    "models",
                    "Models that a subtask keeps in memory; the least recently used of more waits"
                            + " in state and is reloaded at its next event.");
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
            List.of(
                    MINI_BATCH_SIZE,
                    MINI_BATCH_MAX_WAIT,
                    LEARNING_RATE,
                    MOMENTUM,
                    REDUCTION,
                    SCALER_TYPE,
                    MODELS_MAX,
                    MODELS_PUBLISH_INTERVAL,
                    DEVICE_FALLBACK);

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

    /** Reads the keys; problems are left in the settings. */
    public static LearnConfig from(Settings settings, IngestConfig ingest) {
        return new LearnConfig(
                new LearnerSettings(
                        ingest.numFeatures(),
                        ingest.classes().size(),
                        settings.get(MINI_BATCH_SIZE),
                        new Sgd(settings.get(LEARNING_RATE), settings.get(MOMENTUM)),
                        settings.get(REDUCTION),
                        settings.get(SCALER_TYPE)),
                ingest.classes(),
                settings.get(MINI_BATCH_MAX_WAIT).orElse(null),
                settings.get(MODELS_MAX),
                settings.get(MODELS_PUBLISH_INTERVAL),
                settings.get(DEVICE_FALLBACK));
    }

    /** The configuration that shaped the parameters, by key, for a snapshot's provenance. */
    public Map<String, String> hyperParameters() {
        return Map.of(
                MINI_BATCH_SIZE.name(), Integer.toString(learner.miniBatchSize()),
                MINI_BATCH_MAX_WAIT.name(),
                        miniBatchMaxWait == null ? "off" : miniBatchMaxWait.toMillis() + " ms",
                LEARNING_RATE.name(), Double.toString(learner.sgd().learningRate()),
                MOMENTUM.name(), Double.toString(learner.sgd().momentum()),
                REDUCTION.name(), Key.kebab(learner.reduction()),
                SCALER_TYPE.name(), Key.kebab(learner.scaler()));
    }
}
