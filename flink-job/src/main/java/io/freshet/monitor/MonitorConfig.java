package io.freshet.monitor;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What the metrics cover and how often they are told.
 *
 * @param classes names of the models' classes
 * @param windowSize examples that the rolling metrics cover
 * @param fadingFactor how much an example counts at each example after it, above 0 and below 1
 * @param runningLossMiniBatches mini-batches that the running loss covers
 * @param topK the k of the top-k accuracy
 * @param calibrationBins bins of the calibration error
 * @param parts what is told beside the scores
 * @param maxClasses classes that are told by class
 * @param maxConfusionCells cells of the confusion matrix that are told
 * @param every examples of a model after which its metrics are told
 * @param maxInterval the longest that a change of a model's counts waits to be told
 * @param delivery when the metrics become visible
 * @param maxGaugeModels models whose metrics are gauges of a subtask
 * @param maxModels models that live at once in a subtask
 */
public record MonitorConfig(
        List<String> classes,
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
                    "How many of a model's latest examples the rolling metrics cover, exactly; each"
                            + " takes "
                            + ExampleWindow.BYTES_PER_EXAMPLE
                            + " bytes a model, its copy in a checkpoint included.");
    public static final Key<Double> FADING_FACTOR =
            Key.ofDouble(
                    "metrics.fading-factor",
                    0.999,
                    Double.MIN_VALUE,
                    Math.nextDown(1.0),
                    "In the fading metrics each example counts this much at every example after"
                            + " it: 0.999 looks back about 1000 examples.");
    public static final Key<Integer> RUNNING_LOSS_MINI_BATCHES =
            Key.ofInt(
                    "metrics.running-loss-mini-batches",
                    200,
                    1,
                    1_000_000,
                    "mini-batches",
                    "How many mini-batches the running loss covers: the mean of their mean losses,"
                            + " which PyTorch's training loops print.");
    public static final Key<Integer> TOP_K =
            Key.ofInt(
                    "metrics.top-k",
                    3,
                    1,
                    1_000_000,
                    "classes",
                    "Of how many most probable classes the label has to be one for the top-k"
                            + " accuracy.");
    public static final Key<Integer> CALIBRATION_BINS =
            Key.ofInt(
                    "metrics.calibration-bins",
                    10,
                    1,
                    1000,
                    "bins",
                    "Into how many bins of equal width the confidence is cut for the expected"
                            + " calibration error.");
    public static final Key<List<MetricPart>> INCLUDE =
            Key.ofEnums(
                    "metrics.include",
                    "fading, classes, confusion, calibration",
                    MetricPart.class,
                    "What the metrics tell beside the scores.");
    public static final Key<Integer> MAX_CLASSES =
            Key.ofInt(
                    "metrics.max-classes",
                    100,
                    1,
                    2000,
                    "classes",
                    "Of how many classes precision, recall, F1 and counts are told: those that were"
                            + " the label most often. The others are counted.");
    public static final Key<Integer> MAX_CONFUSION_CELLS =
            Key.ofInt(
                    "metrics.max-confusion-cells",
                    2500,
                    1,
                    20_000,
                    "cells",
                    "How many cells of the confusion matrix are told where there are more than "
                            + Confusion.DENSE_CLASSES
                            + " classes: the fullest. The others are counted.");
    public static final Key<Integer> EVERY =
            Key.ofInt(
                    "metrics.every",
                    5000,
                    1,
                    1_000_000_000,
                    "examples",
                    "After how many examples of a model its metrics are told; they are also told"
                            + " at checkpoints.");
    public static final Key<Duration> MAX_INTERVAL =
            Key.ofDuration(
                    "metrics.max-interval",
                    "1 s",
                    Duration.ofMillis(1),
                    "The longest that a change of a model's counts waits to be told.");
    public static final Key<MetricsDelivery> DELIVERY =
            Key.ofEnum(
                    "metrics.delivery",
                    MetricsDelivery.EXACTLY_ONCE,
                    "Metrics exactly-once become visible to read_committed readers with the next"
                            + " checkpoint. At-least-once they are visible at once; after a failure"
                            + " records come again with the same sequence and a higher attempt,"
                            + " and the highest attempt wins.");

    public static final Key<Integer> MAX_GAUGE_MODELS =
            Key.ofInt(
                    "metrics.max-gauge-models",
                    20,
                    0,
                    100_000,
                    "models",
                    "How many models of a subtask Flink's metric reporters see, the first ones; one"
                            + " has about 90 gauges and 3 a class.");

    /** The keys read here. */
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
        if (classes.size() < 2
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

    int numClasses() {
        return classes.size();
    }

    /** Reads the keys; problems are left in the settings. */
    public static MonitorConfig from(Settings settings, List<String> classes, int maxModels) {
        return new MonitorConfig(
                classes,
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
