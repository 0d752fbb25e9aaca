package io.freshet.monitor;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Configuration of the metrics.
 *
 * @param classes names of the models' classes; empty if classes are open
 * @param numClasses largest number of classes of a model
 * @param windowSize number of examples that the rolling metrics cover
 * @param fadingFactor factor by which an example's weight decreases with each later example, above
 *     0 and below 1
 * @param runningLossMiniBatches number of mini-batches that the running loss covers
 * @param topK k of the top-k accuracy
 * @param calibrationBins number of bins of the calibration error
 * @param parts optional parts of the metrics to include
 * @param maxClasses maximum number of classes with scores of their own
 * @param maxConfusionCells maximum number of cells in the confusion matrix
 * @param every number of examples of a model after which its metrics are emitted
 * @param maxInterval maximum time after which a change of a model's metrics is emitted
 * @param delivery delivery guarantee of the metrics
 * @param maxGaugeModels maximum number of models per subtask whose metrics are also gauges
 * @param maxModels maximum number of live models per subtask
 */
public record MonitorConfig(
        List<String> classes,
        int numClasses,
        int windowSize,
        double fadingFactor,
        int runningLossMiniBatches,
        int topK,
        int calibrationBins,
        Set<MetricPart> parts,
        int maxClasses,
        int maxConfusionCells,
        int every,
        Duration maxInterval,
        MetricsDelivery delivery,
        int maxGaugeModels,
        int maxModels)
        implements Serializable {

    public static final Key<Integer> WINDOW_SIZE =
            Key.ofInt(
                    "metrics.window-size",
                    1000,
                    1,
                    10_000_000,
                    "examples",
                    "Number of a model's latest examples that the rolling metrics cover. Each"
                            + " example needs "
                            + ExampleWindow.BYTES_PER_EXAMPLE
                            + " bytes per model, including its copy in a checkpoint.");
    public static final Key<Double> FADING_FACTOR =
            Key.ofDouble(
                    "metrics.fading-factor",
                    0.999,
                    Double.MIN_VALUE,
                    Math.nextDown(1.0),
                    "Factor by which the weight of an example in the fading metrics decreases with"
                            + " each later example: 0.999 covers about the last 1000 examples.");
    public static final Key<Integer> RUNNING_LOSS_MINI_BATCHES =
            Key.ofInt(
                            "metrics.running-loss-mini-batches",
                            200,
                            1,
                            1_000_000,
                            "mini-batches",
                            "Number of mini-batches that the running loss covers. The running loss"
                                + " is the mean of the losses that training minimises, as PyTorch's"
                                + " training loops print it: with class weights, label smoothing"
                                + " and training.reduction. Other losses in the metrics have"
                                + " neither class weights nor label smoothing.")
                    .changeable();
    public static final Key<Integer> TOP_K =
            Key.ofInt(
                            "metrics.top-k",
                            3,
                            1,
                            1_000_000,
                            "classes",
                            "k of the top-k accuracy: the fraction of examples whose label is among"
                                    + " the k most probable classes.")
                    .changeable();
    public static final Key<Integer> CALIBRATION_BINS =
            Key.ofInt(
                            "metrics.calibration-bins",
                            10,
                            1,
                            1000,
                            "bins",
                            "Number of bins of equal width into which the confidence is divided for"
                                    + " the expected calibration error.")
                    .changeable();
    public static final Key<List<MetricPart>> INCLUDE =
            Key.ofEnums(
                            "metrics.include",
                            "fading, classes, confusion, calibration",
                            MetricPart.class,
                            "Optional parts of the metrics to include in addition to the scores.")
                    .changeable();
    public static final Key<Integer> MAX_CLASSES =
            Key.ofInt(
                            "metrics.max-classes",
                            100,
                            1,
                            2000,
                            "classes",
                            "Maximum number of classes for which the metrics contain precision,"
                                + " recall, F1 and counts: those with the most labels. The metrics"
                                + " also contain the number of omitted classes.")
                    .changeable();
    public static final Key<Integer> MAX_CONFUSION_CELLS =
            Key.ofInt(
                            "metrics.max-confusion-cells",
                            2500,
                            1,
                            20_000,
                            "cells",
                            "Maximum number of cells of the confusion matrix if there are more than"
                                    + " "
                                    + Confusion.DENSE_CLASSES
                                    + " classes: those with the most examples. The metrics also"
                                    + " contain the number of omitted cells.")
                    .changeable();
    public static final Key<Integer> EVERY =
            Key.ofInt(
                            "metrics.every",
                            5000,
                            1,
                            1_000_000_000,
                            "examples",
                            "Number of examples of a model after which its metrics are emitted."
                                    + " They are also emitted at checkpoints.")
                    .changeable();
    public static final Key<Duration> MAX_INTERVAL =
            Key.ofDuration(
                            "metrics.max-interval",
                            "1 s",
                            Duration.ofMillis(1),
                            "Maximum time after which a change of a model's metrics is emitted.")
                    .changeable();
    public static final Key<MetricsDelivery> DELIVERY =
            Key.ofEnum(
                            "metrics.delivery",
                            MetricsDelivery.EXACTLY_ONCE,
                            "Delivery guarantee of the metrics. With exactly-once, records become"
                                + " visible to read_committed readers when the next checkpoint"
                                + " completes. With at-least-once, they are visible immediately;"
                                + " after a failure some are repeated with the same sequence and a"
                                + " higher attempt, and the highest attempt is valid.")
                    .changeable();

    public static final Key<Integer> MAX_GAUGE_MODELS =
            Key.ofInt(
                            "metrics.max-gauge-models",
                            20,
                            0,
                            100_000,
                            "models",
                            "Maximum number of models per subtask whose metrics are available to"
                                + " Flink's metric reporters: the first ones that emit metrics. A"
                                + " model has about 100 gauges and 3 per class.")
                    .changeable();

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS =
            List.of(
                    WINDOW_SIZE,
                    FADING_FACTOR,
                    RUNNING_LOSS_MINI_BATCHES,
                    TOP_K,
                    CALIBRATION_BINS,
                    INCLUDE,
                    MAX_CLASSES,
                    MAX_CONFUSION_CELLS,
                    EVERY,
                    MAX_INTERVAL,
                    DELIVERY,
                    MAX_GAUGE_MODELS);

    public MonitorConfig {
        if (numClasses < 2
                || !(classes.isEmpty() || classes.size() == numClasses)
                || windowSize < 1
                || !(fadingFactor > 0 && fadingFactor < 1)
                || runningLossMiniBatches < 1
                || topK < 1
                || calibrationBins < 1
                || maxClasses < 1
                || maxConfusionCells < 1
                || every < 1
                || maxGaugeModels < 0
                || maxModels < 1) {
            throw new IllegalArgumentException(
                    "classes "
                            + classes
                            + " of "
                            + numClasses
                            + ", metrics.window-size "
                            + windowSize
                            + ", metrics.fading-factor "
                            + fadingFactor
                            + ", metrics.running-loss-mini-batches "
                            + runningLossMiniBatches
                            + ", metrics.top-k "
                            + topK
                            + ", metrics.calibration-bins "
                            + calibrationBins
                            + ", metrics.max-classes "
                            + maxClasses
                            + ", metrics.max-confusion-cells "
                            + maxConfusionCells
                            + ", metrics.every "
                            + every
                            + ", metrics.max-gauge-models "
                            + maxGaugeModels
                            + ", models.max "
                            + maxModels);
        }
        parts = Set.copyOf(parts);
        classes = List.copyOf(classes);
    }

    /**
     * Reads the configuration; adds problems to the settings.
     *
     * @param classes names of the models' classes; empty if classes are open
     * @param numClasses largest number of classes of a model
     */
    public static MonitorConfig from(
            Settings settings, List<String> classes, int numClasses, int maxModels) {
        return new MonitorConfig(
                classes,
                numClasses,
                settings.get(WINDOW_SIZE),
                settings.get(FADING_FACTOR),
                settings.get(RUNNING_LOSS_MINI_BATCHES),
                settings.get(TOP_K),
                settings.get(CALIBRATION_BINS),
                Set.copyOf(settings.get(INCLUDE)),
                settings.get(MAX_CLASSES),
                settings.get(MAX_CONFUSION_CELLS),
                settings.get(EVERY),
                settings.get(MAX_INTERVAL),
                settings.get(DELIVERY),
                settings.get(MAX_GAUGE_MODELS),
                maxModels);
    }
}
