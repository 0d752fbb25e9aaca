package io.freshet.monitor;

import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.Progress;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one model: over a window of its last examples, exactly, and since it began.
 *
 * <p>Knows no Flink and no clock. Not thread-safe.
 */
final class ModelMonitor implements AutoCloseable {
    private final String modelId;
    private final MonitorConfig config;

    private final Tallies total;
    private double weight;
    private double weightedLoss;
    private int lastLabel;
    private int majorityLabel;

    private final Tallies window;
    private final float[] losses;
    private final float[] weights;
    private final int[] labels;
    private final int[] predictions;
    private final int[] previousLabels;
    private final int[] majorityLabels;
    private int windowStart;
    private int windowFill;

    private long sequence;
    private long untold;
    private boolean changed;
    private @Nullable Progress progress;

    /** A monitor of a model that begins. */
    ModelMonitor(String modelId, MonitorConfig config) {
        this(modelId, config, new Tallies(config.numClasses()), Tallies.NONE);
    }

    private ModelMonitor(String modelId, MonitorConfig config, Tallies total, int lastLabel) {
        this.modelId = modelId;
        this.config = config;
        this.total = total;
        this.lastLabel = lastLabel;
        for (int k = 1; k < config.numClasses(); k++) {
            if (total.labels()[k] > total.labels()[majorityLabel]) {
                majorityLabel = k;
            }
        }
        int capacity = config.windowSize();
        window = new Tallies(config.numClasses());
        losses = new float[capacity];
        weights = new float[capacity];
        labels = new int[capacity];
        predictions = new int[capacity];
        previousLabels = new int[capacity];
        majorityLabels = new int[capacity];
    }

    /**
     * A monitor that goes on where another was saved.
     *
     * @param memory not modified; of a larger window the newest examples are kept
     */
    static ModelMonitor restore(String modelId, MonitorConfig config, MonitorMemory memory) {
        ModelMonitor monitor =
                new ModelMonitor(
                        modelId,
                        config,
                        new Tallies(
                                memory.labels().clone(),
                                memory.predictions().clone(),
                                memory.sums()),
                        memory.lastLabel());
        monitor.weight = memory.weight();
        monitor.weightedLoss = memory.weightedLoss();
        monitor.sequence = memory.sequence();
        for (int i = 0; i < memory.windowLabels().length; i++) {
            monitor.addToWindow(
                    memory.windowLabels()[i],
                    memory.windowPredictions()[i],
                    memory.windowLosses()[i],
                    memory.windowWeights()[i],
                    memory.windowPreviousLabels()[i],
                    memory.windowMajorityLabels()[i]);
        }
        return monitor;
    }

    /** Takes what was found about a block. */
    void add(BlockEvaluation evaluation) {
        progress = evaluation.progress();
        int examples = evaluation.labels().length;
        for (int i = 0; i < examples; i++) {
            int label = evaluation.labels()[i];
            int predicted = evaluation.predictedClasses()[i];
            float loss = evaluation.losses()[i];
            float exampleWeight = evaluation.weights()[i];
            addToWindow(label, predicted, loss, exampleWeight, lastLabel, majorityLabel);
            total.add(label, predicted, lastLabel, majorityLabel, 1);
            weight += exampleWeight;
            weightedLoss += (double) exampleWeight * loss;
            lastLabel = label;
            long[] counts = total.labels();
            if (counts[label] > counts[majorityLabel]
                    || (counts[label] == counts[majorityLabel] && label < majorityLabel)) {
                majorityLabel = label;
            }
        }
        untold += examples;
        changed = true;
    }

    private void addToWindow(
            int label, int predicted, float loss, float exampleWeight, int previous, int majority) {
        int at;
        if (windowFill == losses.length) {
            at = windowStart;
            window.add(labels[at], predictions[at], previousLabels[at], majorityLabels[at], -1);
            windowStart = (windowStart + 1) % losses.length;
        } else {
            at = (windowStart + windowFill) % losses.length;
            windowFill++;
        }
        labels[at] = label;
        predictions[at] = predicted;
        losses[at] = loss;
        weights[at] = exampleWeight;
        previousLabels[at] = previous;
        majorityLabels[at] = majority;
        window.add(label, predicted, previous, majority, 1);
    }

    /** Whether something changed since the metrics were last told. */
    boolean hasNews() {
        return progress != null;
    }

    /** Whether so many examples came since the metrics were last told that it is time again. */
    boolean isDue() {
        return untold >= config.every();
    }

    /** The metrics now; there must be news. */
    RollingMetrics tell() {
        Progress now = progress;
        if (now == null) {
            throw new IllegalStateException("nothing changed since the metrics were last told");
        }
        double windowWeight = 0;
        double windowLoss = 0;
        for (int i = 0; i < windowFill; i++) {
            windowWeight += weights[i];
            windowLoss += (double) weights[i] * losses[i];
        }
        untold = 0;
        progress = null;
        changed = true;
        return new RollingMetrics(
                modelId,
                sequence++,
                now,
                config.windowSize(),
                window.scores(windowWeight, windowLoss),
                total.scores(weight, weightedLoss));
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
    MonitorMemory memory() {
        return new MonitorMemory(
                sequence,
                lastLabel,
                total.labels().clone(),
                total.predictions().clone(),
                total.sums(),
                weight,
                weightedLoss,
                oldestFirst(losses),
                oldestFirst(weights),
                oldestFirst(labels),
                oldestFirst(predictions),
                oldestFirst(previousLabels),
                oldestFirst(majorityLabels));
    }

    private float[] oldestFirst(float[] ring) {
        float[] straight = new float[windowFill];
        for (int i = 0; i < windowFill; i++) {
            straight[i] = ring[(windowStart + i) % ring.length];
        }
        return straight;
    }

    private int[] oldestFirst(int[] ring) {
        int[] straight = new int[windowFill];
        for (int i = 0; i < windowFill; i++) {
            straight[i] = ring[(windowStart + i) % ring.length];
        }
        return straight;
    }

    /** Nothing is held that would have to be given back. */
    @Override
    public void close() {}
}
