package io.freshet.monitor;

import io.freshet.model.example.ScoredColumns;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Configurations and examples for tests of the metrics. */
final class Monitors {
    static final int WINDOW = 1000;

    private Monitors() {}

    /** Settings that tests vary. */
    record Settings(
            int numClasses,
            int windowSize,
            double fadingFactor,
            int bins,
            int topK,
            Set<MetricPart> parts,
            int maxClasses,
            int maxCells,
            MetricsDelivery delivery,
            int runningLossMiniBatches) {
        static Settings of(int numClasses, int windowSize) {
            return new Settings(
                    numClasses,
                    windowSize,
                    0.99,
                    10,
                    2,
                    EnumSet.allOf(MetricPart.class),
                    100,
                    2500,
                    MetricsDelivery.EXACTLY_ONCE,
                    3);
        }

        Settings with(int newBins, int newTopK) {
            return new Settings(
                    numClasses,
                    windowSize,
                    fadingFactor,
                    newBins,
                    newTopK,
                    parts,
                    maxClasses,
                    maxCells,
                    delivery,
                    runningLossMiniBatches);
        }

        Settings including(Set<MetricPart> newParts, int newMaxClasses, int newMaxCells) {
            return new Settings(
                    numClasses,
                    windowSize,
                    fadingFactor,
                    bins,
                    topK,
                    newParts,
                    newMaxClasses,
                    newMaxCells,
                    delivery,
                    runningLossMiniBatches);
        }

        Settings delivering(MetricsDelivery newDelivery) {
            return new Settings(
                    numClasses,
                    windowSize,
                    fadingFactor,
                    bins,
                    topK,
                    parts,
                    maxClasses,
                    maxCells,
                    newDelivery,
                    runningLossMiniBatches);
        }

        Settings runningLossOver(int miniBatches) {
            return new Settings(
                    numClasses,
                    windowSize,
                    fadingFactor,
                    bins,
                    topK,
                    parts,
                    maxClasses,
                    maxCells,
                    delivery,
                    miniBatches);
        }

        MonitorConfig config() {
            List<String> classes =
                    IntStream.range(0, numClasses).mapToObj(k -> "class " + k).toList();
            return new MonitorConfig(
                    classes,
                    numClasses,
                    windowSize,
                    fadingFactor,
                    runningLossMiniBatches,
                    topK,
                    bins,
                    parts,
                    maxClasses,
                    maxCells,
                    1000,
                    Duration.ofSeconds(1),
                    delivery,
                    20,
                    10);
        }
    }

    /** Returns an example in columns of length 1. */
    static ScoredExample example(
            int label,
            int predictedClass,
            int previousLabel,
            int majorityLabel,
            float loss,
            float weight,
            float confidence,
            float brier,
            int rank) {
        ScoredColumns columns =
                new ScoredColumns(
                        new int[] {label},
                        new int[] {predictedClass},
                        new float[] {loss},
                        new float[] {weight},
                        new float[] {confidence},
                        new float[] {brier},
                        new int[] {rank});
        return new ScoredExample(columns, 0, previousLabel, majorityLabel);
    }

    /** Returns seeded random examples. */
    static List<ScoredExample> examples(long seed, int count, int numClasses) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToObj(
                        i ->
                                example(
                                        random.nextInt(numClasses),
                                        random.nextInt(numClasses),
                                        random.nextInt(numClasses + 1) - 1,
                                        random.nextInt(numClasses),
                                        random.nextFloat() * 3,
                                        1 + random.nextInt(3),
                                        random.nextFloat(),
                                        random.nextFloat() * 2,
                                        random.nextInt(numClasses)))
                .toList();
    }
}
