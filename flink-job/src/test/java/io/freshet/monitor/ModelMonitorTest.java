package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.freshet.ingest.Audit;
import io.freshet.ingest.PartitionTally;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.Expert;
import io.freshet.learn.ExpertCombination;
import io.freshet.learn.FeatureCounts;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.PartitionOffset;
import io.freshet.learn.drift.DetectorReport;
import io.freshet.model.example.ScoredColumns;
import io.freshet.monitor.Monitors.Settings;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ModelMonitorTest {
    private static final long NOW = 1_000_000;

    private static MonitorConfig config(int windowSize) {
        return Settings.of(3, windowSize).config();
    }

    private static ModelMonitor monitor(MonitorConfig config) {
        return new ModelMonitor("m", config, 7);
    }

    /** Returns an evaluation with mini-batches of one example, and predictions of confidence 1. */
    static BlockEvaluation evaluation(
            int[] labels, int[] predictions, float[] losses, float[] weights) {
        float[] confidences = new float[labels.length];
        Arrays.fill(confidences, 1);
        return evaluation(
                labels,
                predictions,
                losses,
                weights,
                confidences,
                IntStream.range(0, losses.length).mapToDouble(i -> losses[i]).toArray());
    }

    private static BlockEvaluation evaluation(
            int[] labels,
            int[] predictions,
            float[] losses,
            float[] weights,
            float[] unlabelledConfidences,
            double[] miniBatchLosses) {
        int examples = labels.length;
        return new BlockEvaluation(
                "m",
                new ScoredColumns(
                        labels,
                        predictions,
                        losses,
                        weights,
                        new float[examples],
                        new float[examples],
                        new int[examples]),
                unlabelledConfidences,
                miniBatchLosses,
                new ModelProgress(
                        1,
                        0,
                        NOW - 250,
                        new Audit(),
                        new PartitionOffset[0],
                        new PartitionTally[0],
                        0.01,
                        new Expert[] {
                            new Expert("rate 0.01", 0.01, 1, 0, Double.NaN, Double.NaN, Double.NaN)
                        },
                        new ExpertCombination[0],
                        0,
                        Double.NaN,
                        0,
                        0,
                        FeatureCounts.NONE,
                        FeatureCounts.NONE,
                        FeatureCounts.NONE,
                        0,
                        new DetectorReport[0],
                        "CPU",
                        new String[0]));
    }

    @Test
    void scores_equalThoseComputedByHand() {
        ModelMonitor monitor = monitor(config(4));
        monitor.add(
                evaluation(
                        new int[] {0, 1, 1, 2, 1, 1},
                        new int[] {0, 0, 1, 2, 2, 1},
                        new float[] {1, 2, 3, 4, 5, 6},
                        new float[] {1, 1, 1, 1, 2, 2}));
        RollingMetrics metrics = monitor.emit(NOW);

        Scores all = metrics.prequential();
        assertThat(all.examples()).isEqualTo(6);
        assertThat(all.weight()).isEqualTo(8);
        assertThat(all.get(Score.LOSS)).isEqualTo((1 + 2 + 3 + 4 + 10 + 12) / 8.0);
        assertThat(all.get(Score.ACCURACY)).isEqualTo(4 / 6.0);
        // The previous label is correct for the third and the sixth of the last five examples.
        assertThat(all.get(Score.NO_CHANGE_ACCURACY)).isEqualTo(2 / 5.0);
        // The most frequent label so far: 0 0 0 1 1 1 (ties to the lowest) against 0 1 1 2 1 1.
        assertThat(all.get(Score.MAJORITY_ACCURACY)).isEqualTo(3 / 6.0);
        // Labels 1, 4, 1 and predictions 2, 2, 2 of 6: chance (1*2 + 4*2 + 1*2) / 36 = 1/3.
        assertThat(all.get(Score.KAPPA)).isCloseTo((4 / 6.0 - 1 / 3.0) / (2 / 3.0), offset(1e-12));
        assertThat(all.get(Score.KAPPA_TEMPORAL)).isCloseTo((4 / 6.0 - 0.4) / 0.6, offset(1e-12));

        Scores last = metrics.rolling();
        assertThat(last.examples()).isEqualTo(4);
        assertThat(last.weight()).isEqualTo(6);
        assertThat(last.get(Score.LOSS)).isEqualTo((3 + 4 + 10 + 12) / 6.0);
        assertThat(last.get(Score.ACCURACY)).isEqualTo(3 / 4.0);
        assertThat(last.get(Score.NO_CHANGE_ACCURACY)).isEqualTo(2 / 4.0);
        assertThat(last.get(Score.MAJORITY_ACCURACY)).isEqualTo(2 / 4.0);
    }

    @Test
    void restoredMonitor_withAClassMore_goesOnAsIfTheClassHadBeenThere() {
        MonitorConfig two = Settings.of(2, 4).config();
        MonitorConfig three = Settings.of(3, 4).config();
        BlockEvaluation first =
                evaluation(
                        new int[] {0, 1, 1, 0, 1, 1},
                        new int[] {0, 0, 1, 1, 1, 1},
                        new float[] {1, 2, 3, 4, 5, 6},
                        new float[] {1, 1, 1, 1, 2, 2});
        BlockEvaluation second =
                evaluation(
                        new int[] {2, 1, 2},
                        new int[] {1, 2, 2},
                        new float[] {1, 2, 3},
                        new float[] {1, 1, 3});
        ModelMonitor expected = monitor(three);
        expected.add(first);
        expected.add(second);
        ModelMonitor saved = monitor(two);
        saved.add(first);

        ModelMonitor restored =
                ModelMonitor.restore("m", three, 7, saved.state().extended(three.numClasses()));
        restored.add(second);

        assertThat(restored.emit(NOW))
                .usingRecursiveComparison()
                .ignoringFields("attempt", "throughput", "runningLosses")
                .isEqualTo(expected.emit(NOW));
        assertThat(saved.state().extended(2)).usingRecursiveComparison().isEqualTo(saved.state());
    }

    @Test
    void modelWithoutExamples_hasNoScores() {
        ModelMonitor monitor = monitor(config(4));
        monitor.add(evaluation(new int[0], new int[0], new float[0], new float[0]));

        assertThat(monitor.emit(NOW).prequential()).isEqualTo(Scores.NONE);
    }

    @Test
    void kappaTemporal_isNotDefined_whenTheLabelNeverChanges() {
        ModelMonitor monitor = monitor(config(4));
        monitor.add(
                evaluation(
                        new int[] {1, 1},
                        new int[] {1, 0},
                        new float[] {1, 1},
                        new float[] {1, 1}));

        assertThat(monitor.emit(NOW).prequential().get(Score.KAPPA_TEMPORAL)).isNull();
    }

    @Test
    void window_equalsAMonitorOfOnlyItsExamples_exceptForTheBaselines() {
        Random random = new Random(5);
        int examples = 5000;
        int[] labels = random.ints(examples, 0, 3).toArray();
        int[] predictions = random.ints(examples, 0, 3).toArray();
        float[] losses = new float[examples];
        float[] weights = new float[examples];
        for (int i = 0; i < examples; i++) {
            losses[i] = random.nextFloat();
            weights[i] = 1 + random.nextInt(3);
        }
        ModelMonitor all = monitor(config(700));
        all.add(evaluation(labels, predictions, losses, weights));
        int from = examples - 700;
        ModelMonitor tail = monitor(config(700));
        tail.add(
                evaluation(
                        Arrays.copyOfRange(labels, from, examples),
                        Arrays.copyOfRange(predictions, from, examples),
                        Arrays.copyOfRange(losses, from, examples),
                        Arrays.copyOfRange(weights, from, examples)));

        Scores rolling = all.emit(NOW).rolling();
        Scores expected = tail.emit(NOW).prequential();
        assertThat(rolling.weight()).isEqualTo(expected.weight());
        assertThat(rolling.get(Score.LOSS)).isCloseTo(expected.get(Score.LOSS), offset(1e-9));
        assertThat(rolling.get(Score.ACCURACY)).isEqualTo(expected.get(Score.ACCURACY));
        assertThat(rolling.get(Score.KAPPA)).isCloseTo(expected.get(Score.KAPPA), offset(1e-12));
    }

    @Test
    void restoredMonitor_emitsTheSameAsTheOriginal() {
        Random random = new Random(6);
        ModelMonitor uninterrupted = monitor(config(50));
        ModelMonitor restored = monitor(config(50));
        for (int block = 0; block < 20; block++) {
            int[] labels = random.ints(17, 0, 3).toArray();
            int[] predictions = random.ints(17, 0, 3).toArray();
            float[] losses = new float[17];
            Arrays.fill(losses, random.nextFloat());
            float[] weights = new float[17];
            Arrays.fill(weights, 1);
            uninterrupted.add(evaluation(labels, predictions, losses, weights));
            restored.add(evaluation(labels, predictions, losses, weights));
            RollingMetrics actual = restored.emit(NOW);
            RollingMetrics expected = uninterrupted.emit(NOW);
            assertThat(actual.sequence()).isEqualTo(expected.sequence()).isEqualTo(block);
            assertThat(actual.rolling()).isEqualTo(expected.rolling());
            assertThat(actual.prequential()).isEqualTo(expected.prequential());
            assertThat(actual.fading()).isEqualTo(expected.fading());
            assertThat(actual.runningLoss()).isEqualTo(expected.runningLoss());
            assertThat(actual.averageConfidence()).isEqualTo(expected.averageConfidence());
            assertThat(actual.classes()).containsExactly(expected.classes());
            assertThat(actual.calibration()).containsExactly(expected.calibration());
            restored = ModelMonitor.restore("m", config(50), 7, restored.state());
        }
    }

    @Test
    void runningLoss_isTheMeanOfTheLossesOfTheLatestMiniBatches() {
        ModelMonitor monitor = monitor(config(100));
        // The last three of four mini-batches are covered.
        monitor.add(
                evaluation(
                        new int[6],
                        new int[6],
                        new float[6],
                        ones(6),
                        new float[0],
                        new double[] {9, 1, 4.25, 3}));

        assertThat(monitor.emit(NOW).runningLoss()).isEqualTo((1 + 4.25 + 3) / 3);
    }

    @Test
    void runningLosses_areTheMeansOfCompleteGroups_eachInOneRecord() {
        MonitorConfig config = config(100); // groups of 3 mini-batches
        ModelMonitor monitor = monitor(config);
        monitor.add(miniBatches(9, 1));
        assertThat(monitor.emit(NOW).runningLosses()).isEmpty();
        monitor.add(miniBatches(5, 2, 4, 6, 1));
        assertThat(monitor.emit(NOW).runningLosses())
                .containsExactly(new RunningLoss(3, 5), new RunningLoss(6, 4));
        monitor = ModelMonitor.restore("m", config, 7, monitor.state());
        monitor.add(miniBatches(2, 3, 4));

        assertThat(monitor.emit(NOW).runningLosses()).containsExactly(new RunningLoss(9, 2));
    }

    @Test
    void manyRunningLosses_makeARecordDue() {
        ModelMonitor monitor = monitor(config(100));
        monitor.add(miniBatches(new double[3 * 999]));
        assertThat(monitor.isDue()).isFalse();
        monitor.add(miniBatches(0, 0, 0));

        assertThat(monitor.isDue()).isTrue();
        assertThat(monitor.emit(NOW).runningLosses()).hasSize(1_000);
        assertThat(monitor.isDue()).isFalse();
    }

    private static BlockEvaluation miniBatches(double... losses) {
        return evaluation(new int[0], new int[0], new float[0], new float[0], new float[0], losses);
    }

    @Test
    void averageConfidence_isTheMeanConfidenceOfTheLatestPredictions() {
        ModelMonitor monitor = monitor(config(2));
        monitor.add(
                evaluation(
                        new int[0],
                        new int[0],
                        new float[0],
                        new float[0],
                        new float[] {0.1f, 0.5f, 0.75f},
                        new double[0]));

        RollingMetrics metrics = monitor.emit(NOW);
        assertThat(metrics.averageConfidence()).isEqualTo(0.625);
        assertThat(metrics.averageConfidenceEvents()).isEqualTo(2);
        assertThat(metrics.prequential()).isEqualTo(Scores.NONE);
    }

    @Test
    void throughputAndLag_areComputedFromTheTimeOfEmission() {
        ModelMonitor monitor = monitor(config(100));
        monitor.add(evaluation(new int[500], new int[500], new float[500], ones(500)));
        RollingMetrics first = monitor.emit(NOW);

        assertThat(first.emittedAt()).isEqualTo(NOW);
        assertThat(first.throughput()).isNull();
        assertThat(first.eventTimeLag()).isEqualTo(250);
        // The throughput of a restored monitor also counts from the previous record.
        ModelMonitor reloaded = ModelMonitor.restore("m", config(100), 7, monitor.state());
        reloaded.add(evaluation(new int[500], new int[500], new float[500], ones(500)));
        RollingMetrics second = reloaded.emit(NOW + 2000);
        assertThat(second.throughput()).isEqualTo(250);
        assertThat(second.eventTimeLag()).isEqualTo(2250);
        reloaded.add(evaluation(new int[1], new int[1], new float[1], ones(1)));
        assertThat(reloaded.emit(NOW + 2000).throughput()).isNull();
    }

    private static float[] ones(int length) {
        float[] ones = new float[length];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void withManyClasses_thoseWithTheMostLabelsAreEmitted() {
        MonitorConfig config =
                Settings.of(5, 10).including(EnumSet.of(MetricPart.CLASSES), 2, 1).config();
        ModelMonitor monitor = monitor(config);
        int[] labels = {4, 1, 1, 4, 4, 3, 2, 0};
        monitor.add(evaluation(labels, labels, new float[8], ones(8)));

        RollingMetrics metrics = monitor.emit(NOW);
        assertThat(metrics.classes()).extracting(ClassScores::classIndex).containsExactly(1, 4);
        assertThat(metrics.otherClasses()).isEqualTo(3);
        assertThat(metrics.confusion()).isNull();
        assertThat(metrics.calibration()).isEmpty();
        assertThat(metrics.fading()).isNull();
    }

    @Test
    void attempts_increase_withAtLeastOnceDelivery() {
        MonitorConfig config =
                Settings.of(3, 10).delivering(MetricsDelivery.AT_LEAST_ONCE).config();
        ModelMonitor first = new ModelMonitor("m", config, 100);
        first.add(evaluation(new int[1], new int[1], new float[1], ones(1)));
        MonitorState saved = first.state();
        assertThat(first.emit(NOW).attempt()).isEqualTo(100);

        // A task that starts later, and one whose clock was set back.
        for (long[] startAndAttempt : new long[][] {{200, 200}, {50, 101}}) {
            ModelMonitor next = ModelMonitor.restore("m", config, startAndAttempt[0], saved);
            next.add(evaluation(new int[1], new int[1], new float[1], ones(1)));
            RollingMetrics metrics = next.emit(NOW);
            assertThat(metrics.sequence()).isZero();
            assertThat(metrics.attempt()).isEqualTo(startAndAttempt[1]);
        }
    }

    @Test
    void windowLargerThanTheHeapAllows_isRefused_namingTheKey() {
        MonitorConfig config = config(10_000_000);

        assertThatThrownBy(() -> MonitorMemory.requireWindowFits(config, 1L << 30))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("metrics.window-size = 10000000 takes 839 MiB");
        assertThatCode(() -> MonitorMemory.requireWindowFits(config, 4L << 30))
                .doesNotThrowAnyException();
    }
}
