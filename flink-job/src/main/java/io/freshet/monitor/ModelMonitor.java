package io.freshet.monitor;

import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.ModelProgress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one model: over a window of its last examples, exactly, over all with older ones
 * fading, and since it began.
 *
 * <p>Knows no Flink; the time is handed in. Not thread-safe.
 */
final class ModelMonitor implements AutoCloseable {
    private static final ClassScores[] NO_CLASSES = {};
    private static final CalibrationBin[] NO_BINS = {};
    private static final double MILLIS_PER_SECOND = 1000;
    private static final long NEVER = -1;

    private final String modelId;
    private final MonitorConfig config;

    private final ExampleWindow window;
    private final FadingTallies fading;
    private final Tallies total;
    private final RollingMean miniBatchLosses;
    private final RollingMean unlabelledConfidences;
    private long examples;
    private int lastLabel = ScoredExample.NONE;
    private int majorityLabel;

    private final long attempt;
    private long sequence;
    private long examplesTold;
    private long toldAt;
    private boolean changed;
    private @Nullable ModelProgress progress;

    /**
     * A monitor of a model that begins.
     *
     * @param attempt of its records, under at-least-once delivery
     */
    ModelMonitor(String modelId, MonitorConfig config, long attempt) {
        this.modelId = modelId;
        this.config = config;
        this.attempt = attempt;
        toldAt = NEVER;
        window = new ExampleWindow(config);
        fading = new FadingTallies(config);
        total = new Tallies(config);
        miniBatchLosses = new RollingMean(config.runningLossMiniBatches());
        unlabelledConfidences = new RollingMean(config.windowSize());
    }

    /**
     * A monitor that goes on where another was saved; its attempt is later than the other's.
     *
     * @param memory not modified; of a larger window the newest examples are kept
     */
    static ModelMonitor restore(
            String modelId, MonitorConfig config, long attempt, MonitorState memory) {
        ModelMonitor monitor =
                new ModelMonitor(modelId, config, Math.max(attempt, memory.attempt() + 1));
        monitor.toldAt = memory.toldAt();
        monitor.sequence = memory.sequence();
        monitor.examples = memory.examples();
        monitor.examplesTold = memory.examples();
        monitor.lastLabel = memory.lastLabel();
        monitor.total.restore(memory.prequential());
        if (memory.fading().length > 0) {
            monitor.fading.restore(memory.fading());
        }
        monitor.window.restore(memory.window());
        for (double loss : memory.miniBatchLosses()) {
            monitor.miniBatchLosses.add(loss);
        }
        for (double confidence : memory.unlabelledConfidences()) {
            monitor.unlabelledConfidences.add(confidence);
        }
        for (int k = 1; k < config.numClasses(); k++) {
            if (monitor.total.labels(k) > monitor.total.labels(monitor.majorityLabel)) {
                monitor.majorityLabel = k;
            }
        }
        return monitor;
    }

    /** Takes what was found about a block. */
    void add(BlockEvaluation evaluation) {
        progress = evaluation.progress();
        boolean fades = config.parts().contains(MetricPart.FADING);
        for (int i = 0; i < evaluation.labels().length; i++) {
            ScoredExample example =
                    new ScoredExample(
                            evaluation.labels()[i],
                            evaluation.predictedClasses()[i],
                            lastLabel,
                            majorityLabel,
                            evaluation.losses()[i],
                            evaluation.weights()[i],
                            evaluation.confidences()[i],
                            evaluation.briers()[i],
                            evaluation.ranks()[i]);
            window.add(example);
            total.add(example, 1);
            if (fades) {
                fading.add(example);
            }
            noteLabel(example.label());
        }
        examples += evaluation.labels().length;
        addMiniBatches(evaluation);
        for (float confidence : evaluation.unlabelledConfidences()) {
            unlabelledConfidences.add(confidence);
        }
        changed = true;
    }

    private void noteLabel(int label) {
        lastLabel = label;
        double lead = total.labels(label) - total.labels(majorityLabel);
        if (lead > 0 || (lead == 0 && label < majorityLabel)) {
            majorityLabel = label;
        }
    }

    private void addMiniBatches(BlockEvaluation evaluation) {
        int from = 0;
        for (int end : evaluation.miniBatchEnds()) {
            double weight = 0;
            double weightedLoss = 0;
            for (int i = from; i < end; i++) {
                weight += evaluation.weights()[i];
                weightedLoss += (double) evaluation.weights()[i] * evaluation.losses()[i];
            }
            miniBatchLosses.add(weightedLoss / weight);
            from = end;
        }
    }

    /** Whether something changed since the metrics were last told. */
    boolean hasNews() {
        return progress != null;
    }

    /** Whether so many examples came since the metrics were last told that it is time again. */
    boolean isDue() {
        return examples - examplesTold >= config.every();
    }

    /**
     * The metrics now; there must be news.
     *
     * @param now time, milliseconds since 1970-01-01T00:00Z
     */
    RollingMetrics tell(long now) {
        ModelProgress news = progress;
        if (news == null) {
            throw new IllegalStateException("nothing changed since the metrics were last told");
        }
        Double throughput =
                toldAt != NEVER && now > toldAt
                        ? (examples - examplesTold) * MILLIS_PER_SECOND / (now - toldAt)
                        : null;
        toldAt = now;
        examplesTold = examples;
        progress = null;
        changed = true;
        Tallies recent = window.tallies();
        int[] classes = told(MetricPart.CLASSES) ? mostFrequentClasses() : new int[0];
        return new RollingMetrics(
                modelId,
                sequence++,
                config.delivery() == MetricsDelivery.AT_LEAST_ONCE ? attempt : null,
                now,
                throughput,
                news,
                recent.scores(window.size()),
                told(MetricPart.FADING) ? fading.now().scores(examples) : null,
                total.scores(examples),
                miniBatchLosses.mean(),
                classScores(classes, recent),
                told(MetricPart.CLASSES) ? config.numClasses() - classes.length : 0,
                told(MetricPart.CONFUSION)
                        ? window.confusion().tell(config.maxConfusionCells())
                        : null,
                told(MetricPart.CALIBRATION) ? recent.calibration() : NO_BINS,
                unlabelledConfidences.mean(),
                unlabelledConfidences.size());
    }

    private boolean told(MetricPart part) {
        return config.parts().contains(part);
    }

    /** Those that were the label of most examples, ties to the lowest, by index. */
    private int[] mostFrequentClasses() {
        IntStream all = IntStream.range(0, config.numClasses());
        if (config.numClasses() <= config.maxClasses()) {
            return all.toArray();
        }
        return all.boxed()
                .sorted(Comparator.comparingDouble(total::labels).reversed())
                .limit(config.maxClasses())
                .mapToInt(k -> k)
                .sorted()
                .toArray();
    }

    private ClassScores[] classScores(int[] classes, Tallies recent) {
        return classes.length == 0
                ? NO_CLASSES
                : Arrays.stream(classes)
                        .mapToObj(k -> new ClassScores(k, recent.ofClass(k), total.ofClass(k)))
                        .toArray(ClassScores[]::new);
    }

    /** Whether there is something to save since the last {@link #saved()}. */
    boolean changed() {
        return changed;
    }

    /** Notes that everything is in state. */
    void saved() {
        changed = false;
    }

    /** Everything, in new arrays. */
    MonitorState memory() {
        return new MonitorState(
                sequence,
                config.delivery() == MetricsDelivery.AT_LEAST_ONCE ? attempt : 0,
                toldAt,
                examples,
                lastLabel,
                total.memory(),
                told(MetricPart.FADING) ? fading.memory() : new double[0],
                window.memory(),
                miniBatchLosses.memory(),
                unlabelledConfidences.memory());
    }

    /** Nothing is held that would have to be given back. */
    @Override
    public void close() {}
}
