package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.LabelType;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.Learner;
import io.freshet.learn.LearnerWorkspace;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.model.GoldenCase;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.monitor.Monitors.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Comparison of the running loss of learner and metrics with the one that PyTorch's training loop
 * prints, for every loss and reduction. {@code running_loss.py} wrote the golden values.
 */
class RunningLossTest {
    /** Tolerance: parameters and losses are floats, and steps add up their rounding errors. */
    private static final double TOLERANCE = 2e-6;

    private static final GoldenCase DATA = golden().get(0);
    private static final int EVERY = DATA.integers("every")[0];
    private static final int MINI_BATCH_SIZE = DATA.integers("batch_size")[0];
    private static final int STEPS = 60;

    private static List<GoldenCase> golden() {
        return GoldenCase.read(GoldenCase.class, "running_loss.txt");
    }

    static Stream<GoldenCase> cases() {
        return golden().stream().skip(1);
    }

    @Test
    void goldenFile_hasEveryLossAndReduction() {
        assertThat(cases()).hasSize(2 * 2 * (2 * (4 + 1 + 2 + 1) + 1));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void runningLoss_isWhatPyTorchPrints(GoldenCase golden) {
        String targets = golden.text("targets");
        Loss loss = golden.loss(targets.equals("binary") ? 1 : DATA.integers("shape")[2]);
        MiniBatchReduction reduction =
                MiniBatchReduction.valueOf(golden.text("reduction").toUpperCase(Locale.ROOT));
        double[] printed =
                runningLosses(
                        settings(loss, null, reduction),
                        targets,
                        Boolean.parseBoolean(golden.text("weighted")));

        assertThat(printed).containsExactly(golden.doubles("running_losses"), within(TOLERANCE));
    }

    @Test
    void mixtureOfASingleRate_hasTheRunningLossOfThatRate() {
        Loss loss = new CrossEntropy(3, OutputWeights.of(0.5, 1, 2.25), -100, 0.1);
        MiniBatchReduction reduction = MiniBatchReduction.WEIGHTS;
        double rate = DATA.number("learning_rate");
        Mixture mixture = new Mixture(List.of(rate), List.of(0.0), false);

        assertThat(runningLosses(settings(loss, mixture, reduction), "class", true))
                .containsExactly(
                        runningLosses(settings(loss, null, reduction), "class", true),
                        within(TOLERANCE));
    }

    private static LearnerSettings settings(
            Loss loss, @Nullable Mixture mixture, MiniBatchReduction reduction) {
        double rate = mixture == null ? DATA.number("learning_rate") : 1;
        return new LearnerSettings(
                DATA.integers("shape")[1],
                loss.numClasses(),
                MINI_BATCH_SIZE,
                loss,
                new Sgd(rate, 0),
                mixture,
                reduction,
                null,
                10);
    }

    /** Trains on the data, and returns the running loss after every {@code EVERY} steps. */
    private static double[] runningLosses(
            LearnerSettings settings, String targets, boolean weighted) {
        boolean single = settings.loss().numOutputs() == 1;
        LabelType labelType =
                single || targets.equals("class")
                        ? LabelType.CLASS
                        : settings.loss().activation() == Activation.SOFTMAX
                                ? LabelType.PROBABILITIES
                                : LabelType.MULTI_LABEL;
        LearnConfig config =
                new LearnConfig(
                        settings,
                        IntStream.range(0, settings.numClasses()).mapToObj(k -> "c" + k).toList(),
                        labelType,
                        null,
                        false,
                        10,
                        Duration.ZERO,
                        DriftConfig.NONE,
                        DeviceFallback.CPU);
        MonitorConfig metrics =
                Settings.of(settings.numClasses(), 10).runningLossOver(EVERY).config();
        double[] printed = new double[STEPS / EVERY];
        try (LearnerWorkspace workspace = new LearnerWorkspace(config);
                Learner learner = new Learner("m", workspace);
                ModelMonitor monitor = new ModelMonitor("m", metrics, 0)) {
            for (int i = 0; i < printed.length; i++) {
                ExampleBlock block = block(i, settings, labelType, targets, weighted);
                monitor.add(learner.process(block, prediction -> {}, alert -> {}));
                RollingMetrics emitted = monitor.emit(i);
                printed[i] = emitted.runningLoss();
                assertThat(emitted.runningLosses())
                        .containsExactly(new RunningLoss((i + 1L) * EVERY, printed[i]));
            }
        }
        return printed;
    }

    /** Returns the examples of {@code EVERY} steps. */
    private static ExampleBlock block(
            int index,
            LearnerSettings settings,
            LabelType labelType,
            String targets,
            boolean weighted) {
        int numFeatures = settings.numFeatures();
        int numTargets = labelType == LabelType.CLASS ? 0 : settings.loss().numOutputs();
        float[] features = DATA.floats("features");
        float[] weights = DATA.floats("example_weights");
        float[] values = DATA.floats(targets);
        Examples examples = new Examples(numFeatures, numTargets);
        int size = EVERY * MINI_BATCH_SIZE;
        for (int i = index * size; i < (index + 1) * size; i++) {
            int row = i % weights.length;
            int label = numTargets == 0 ? (int) values[row] : 0;
            examples.add(
                    features,
                    row * numFeatures,
                    label,
                    values,
                    row * numTargets,
                    weighted ? weights[row] : 1);
        }
        return Blocks.block("m", examples, (long) index * size);
    }
}
