package io.freshet.monitor;

import io.freshet.config.Key;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.ModelProgress;
import io.freshet.model.example.ScoredColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of one model: over a window of its last examples, over all examples with exponential
 * forgetting, and over all examples since the model was created.
 *
 * <p>Independent of Flink; the caller provides the time. Not thread-safe.
 */
final class ModelMonitor implements AutoCloseable {
    private static final ClassScores[] NO_CLASSES = {};
    private static final int[] NONE = {};
    private static final CalibrationBin[] NO_BINS = {};
    private static final RunningLoss[] NO_LOSSES = {};
    private static final double MILLIS_PER_SECOND = 1000;
    private static final long NEVER = -1;

    /** Number of running losses at which metrics are due, so that no record grows without bound. */
    private static final int MAX_RUNNING_LOSSES = 1000;

    private final String modelId;
    private final MonitorConfig config;

    private final ExampleWindow window;
    private final FadingTallies fading;
    private final Tallies total;
    private final RollingMean miniBatchLosses;
    private final RollingMean unlabelledConfidences;
    private long examples;
    private long miniBatches;
    private int lastLabel = ScoredExample.NONE;
    private int majorityLabel;

    private final long attempt;
    private long sequence;
    private long emittedExamples;
    private long emittedAt;
    private boolean changed;

    /** Running losses since the last record. */
    private final List<RunningLoss> runningLosses = new ArrayList<>();

    /** Newest progress of the model; null if it has been emitted. */
    private @Nullable ModelProgress progress;

    /**
     * Creates the monitor of a new model.
     *
     * @param attempt attempt of its records under at-least-once delivery
     */
    ModelMonitor(String modelId, MonitorConfig config, long attempt) {
        this.modelId = modelId;
        this.config = config;
        this.attempt = attempt;
        emittedAt = NEVER;
        window = new ExampleWindow(config);
        fading = new FadingTallies(config);
        total = new Tallies(config);
        miniBatchLosses = new RollingMean(config.runningLossMiniBatches());
        unlabelledConfidences = new RollingMean(config.windowSize());
    }

    /**
     * Restores a saved monitor; its attempt is higher than the saved one.
     *
     * @param attempt minimum attempt of its records under at-least-once delivery
     * @param state state of the saved monitor, not modified, perhaps with other settings; {@link
     *     #changes} says what becomes of it
     */
    static ModelMonitor restore(
            String modelId, MonitorConfig config, long attempt, MonitorState state) {
        ModelMonitor monitor =
                new ModelMonitor(modelId, config, Math.max(attempt, state.attempt() + 1));
        monitor.emittedAt = state.emittedAt();
        monitor.sequence = state.sequence();
        monitor.examples = state.examples();
        monitor.miniBatches = state.miniBatches();
        monitor.emittedExamples = state.examples();
        monitor.lastLabel = state.lastLabel();
        monitor.total.restore(state.prequential());
        if (state.fading().length > 0) {
            monitor.fading.restore(state.fading(), state.fadingMultiplicity());
        } else if (monitor.includes(MetricPart.FADING)) {
            for (int i = 0; i < state.window().scored().length(); i++) {
                monitor.fading.add(state.window().example(i));
            }
        }
        monitor.window.restore(state.window());
        for (double loss : state.miniBatchLosses()) {
            monitor.miniBatchLosses.add(loss);
        }
        for (double confidence : state.unlabelledConfidences()) {
            monitor.unlabelledConfidences.add(confidence);
        }
        for (int k = 1; k < config.numClasses(); k++) {
            if (monitor.total.labels(k) > monitor.total.labels(monitor.majorityLabel)) {
                monitor.majorityLabel = k;
            }
        }
        return monitor;
    }

    /**
     * Returns what becomes of the figures that were saved with other settings than the configured
     * ones: one sentence for each, which names the key.
     *
     * @param state state of the saved monitor. Not modified.
     */
    static List<String> changes(MonitorConfig config, MonitorState state) {
        List<String> changes = new ArrayList<>();
        int topK = Tallies.savedTopK(state.prequential());
        if (topK != config.topK()) {
            changes.add(
                    changed(MonitorConfig.TOP_K, topK, config.topK())
                            + "the top-k accuracy of the window is computed anew from its examples;"
                            + " the one since the start of a model is left out, and the fading one"
                            + " until it has forgotten the examples so far");
        }
        int bins = Tallies.savedBins(state.prequential(), config.numClasses());
        if (bins != config.calibrationBins()) {
            changes.add(
                    changed(MonitorConfig.CALIBRATION_BINS, bins, config.calibrationBins())
                            + "the calibration error and the bins of the window are computed anew"
                            + " from its examples; the error since the start of a model is left"
                            + " out, and the fading one until it has forgotten the examples so"
                            + " far");
        }
        int examples = state.window().scored().length();
        if (examples > config.windowSize()) {
            changes.add(
                    MonitorConfig.WINDOW_SIZE
                            + " is "
                            + config.windowSize()
                            + ": of the "
                            + examples
                            + " examples in a model's window, the newest are kept");
        }
        if (state.fading().length == 0
                && state.examples() > 0
                && config.parts().contains(MetricPart.FADING)) {
            changes.add(
                    MonitorConfig.INCLUDE
                            + " has fading, and had not when the state was saved: the fading scores"
                            + " begin with the examples of the window");
        }
        return changes;
    }

    private static String changed(Key<?> key, int saved, int configured) {
        return key + " is " + configured + ", and was " + saved + " when the state was saved: ";
    }

    /** Adds the scores of a block. */
    void add(BlockEvaluation evaluation) {
        progress = evaluation.progress();
        boolean fades = config.parts().contains(MetricPart.FADING);
        ScoredColumns scored = evaluation.scored();
        for (int i = 0; i < scored.length(); i++) {
            ScoredExample example = new ScoredExample(scored, i, lastLabel, majorityLabel);
            window.add(example);
            total.add(example, 1);
            if (fades) {
                fading.add(example);
            }
            noteLabel(example.label());
        }
        examples += scored.length();
        for (double loss : evaluation.miniBatchLosses()) {
            addMiniBatch(loss);
        }
        for (float confidence : evaluation.unlabelledConfidences()) {
            unlabelledConfidences.add(confidence);
        }
        changed = true;
    }

    private void addMiniBatch(double loss) {
        miniBatchLosses.add(loss);
        miniBatches++;
        int group = config.runningLossMiniBatches();
        Double mean = miniBatches % group == 0 ? miniBatchLosses.mean() : null;
        // After a restart with a larger number, the first groups are not known as a whole.
        if (mean != null && miniBatchLosses.size() == group) {
            runningLosses.add(new RunningLoss(miniBatches, mean));
        }
    }

    private void noteLabel(int label) {
        lastLabel = label;
        double lead = total.labels(label) - total.labels(majorityLabel);
        if (lead > 0 || (lead == 0 && label < majorityLabel)) {
            majorityLabel = label;
        }
    }

    /** Returns whether something has changed since the metrics were last emitted. */
    boolean hasUnemittedChanges() {
        return progress != null;
    }

    /**
     * Returns whether {@code metrics.every} examples, or many running losses, were added since
     * metrics were last emitted.
     */
    boolean isDue() {
        return examples - emittedExamples >= config.every()
                || runningLosses.size() >= MAX_RUNNING_LOSSES;
    }

    /**
     * Returns the next metrics record; there must be unemitted changes.
     *
     * @param now processing time, milliseconds since 1970-01-01T00:00Z
     */
    RollingMetrics emit(long now) {
        ModelProgress newest = progress;
        if (newest == null) {
            throw new IllegalStateException("nothing has changed since metrics were last emitted");
        }
        Double throughput =
                emittedAt != NEVER && now > emittedAt
                        ? (examples - emittedExamples) * MILLIS_PER_SECOND / (now - emittedAt)
                        : null;
        emittedAt = now;
        emittedExamples = examples;
        progress = null;
        changed = true;
        RunningLoss[] newLosses = runningLosses.toArray(NO_LOSSES);
        runningLosses.clear();
        Tallies recent = window.tallies();
        int numClasses =
                config.classes().isEmpty() ? newest.openClasses().length : config.numClasses();
        int[] classes = includes(MetricPart.CLASSES) ? mostFrequentClasses(numClasses) : NONE;
        return new RollingMetrics(
                modelId,
                sequence++,
                config.delivery() == MetricsDelivery.AT_LEAST_ONCE ? attempt : null,
                now,
                throughput,
                newest,
                Scores.of(recent, window.size()),
                includes(MetricPart.FADING) ? Scores.of(fading.tallies(), examples) : null,
                Scores.of(total, examples),
                miniBatchLosses.mean(),
                newLosses,
                classScores(classes, recent),
                includes(MetricPart.CLASSES) ? numClasses - classes.length : 0,
                includes(MetricPart.CONFUSION)
                        ? window.confusion().matrix(config.maxConfusionCells())
                        : null,
                includes(MetricPart.CALIBRATION) ? recent.calibration() : NO_BINS,
                unlabelledConfidences.mean(),
                unlabelledConfidences.size());
    }

    private boolean includes(MetricPart part) {
        return config.parts().contains(part);
    }

    /** Returns the classes with most labels, ties to the lowest index, in ascending order. */
    private int[] mostFrequentClasses(int numClasses) {
        IntStream all = IntStream.range(0, numClasses);
        if (numClasses <= config.maxClasses()) {
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

    /** Returns whether something has changed since the last {@link #markSaved()}. */
    boolean hasUnsavedChanges() {
        return changed;
    }

    /** Records that the current state has been saved. */
    void markSaved() {
        changed = false;
    }

    /** Returns the state of the monitor, in new arrays. */
    MonitorState state() {
        return new MonitorState(
                sequence,
                config.delivery() == MetricsDelivery.AT_LEAST_ONCE ? attempt : 0,
                emittedAt,
                examples,
                lastLabel,
                total.state(),
                includes(MetricPart.FADING) ? fading.state() : new double[0],
                window.state(),
                miniBatchLosses.values(),
                unlabelledConfidences.values(),
                fading.multiplicity(),
                config.numClasses(),
                miniBatches);
    }

    /** Does nothing: a monitor holds no resources. */
    @Override
    public void close() {}
}
