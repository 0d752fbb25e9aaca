package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.freshet.ingest.Audit;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.Expert;
import io.freshet.learn.PartitionOffset;
import io.freshet.learn.Progress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ModelMonitorTest {
    private static MonitorConfig config(int windowSize) {
        return new MonitorConfig(3, windowSize, 1000, Duration.ofSeconds(1), 10);
    }

    private static BlockEvaluation evaluation(
            int[] labels, int[] predictions, float[] losses, float[] weights) {
        return new BlockEvaluation(
                "m",
                labels,
                predictions,
                losses,
                weights,
                new Progress(
                        1,
                        0,
                        0,
                        Audit.empty(),
                        new PartitionOffset[0],
                        0.01,
                        new Expert[] {new Expert("rate 0.01", 0.01, 1, 0)},
                        0));
    }

    @Test
    void scores_areThoseDerivedByHand() {
        ModelMonitor monitor = new ModelMonitor("m", config(4));
        monitor.add(
                evaluation(
                        new int[] {0, 1, 1, 2, 1, 1},
                        new int[] {0, 0, 1, 2, 2, 1},
                        new float[] {1, 2, 3, 4, 5, 6},
                        new float[] {1, 1, 1, 1, 2, 2}));
        RollingMetrics metrics = monitor.tell();

        Scores all = metrics.prequential();
        assertThat(all.examples()).isEqualTo(6);
        assertThat(all.weight()).isEqualTo(8);
        assertThat(all.loss()).isEqualTo((1 + 2 + 3 + 4 + 10 + 12) / 8.0);
        assertThat(all.accuracy()).isEqualTo(4 / 6.0);
        // Repeating the last label is right at the third and the sixth, asked from the second on.
        assertThat(all.noChangeAccuracy()).isEqualTo(2 / 5.0);
        // The most frequent label so far: 0 0 0 1 1 1 (ties to the lowest) against 0 1 1 2 1 1.
        assertThat(all.majorityAccuracy()).isEqualTo(3 / 6.0);
        // Labels 1, 4, 1 and predictions 2, 2, 2 of 6: chance (1*2 + 4*2 + 1*2) / 36 = 1/3.
        assertThat(all.kappa()).isCloseTo((4 / 6.0 - 1 / 3.0) / (2 / 3.0), offset(1e-12));
        assertThat(all.kappaTemporal()).isCloseTo((4 / 6.0 - 0.4) / 0.6, offset(1e-12));

        Scores last = metrics.rolling();
        assertThat(last.examples()).isEqualTo(4);
        assertThat(last.weight()).isEqualTo(6);
        assertThat(last.loss()).isEqualTo((3 + 4 + 10 + 12) / 6.0);
        assertThat(last.accuracy()).isEqualTo(3 / 4.0);
        assertThat(last.noChangeAccuracy()).isEqualTo(2 / 4.0);
        assertThat(last.majorityAccuracy()).isEqualTo(2 / 4.0);
    }

    @Test
    void modelWithoutExamples_hasNoScores() {
        ModelMonitor monitor = new ModelMonitor("m", config(4));
        monitor.add(evaluation(new int[0], new int[0], new float[0], new float[0]));

        assertThat(monitor.tell().prequential())
                .isEqualTo(new Scores(0, 0, null, null, null, null, null, null));
    }

    @Test
    void kappaTemporal_isNotDefined_whenTheLabelNeverChanges() {
        ModelMonitor monitor = new ModelMonitor("m", config(4));
        monitor.add(
                evaluation(
                        new int[] {1, 1},
                        new int[] {1, 0},
                        new float[] {1, 1},
                        new float[] {1, 1}));

        assertThat(monitor.tell().prequential().kappaTemporal()).isNull();
    }

    @Test
    void window_equalsAMonitorOfItsExamplesOnly_exceptForWhatCameBefore() {
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
        ModelMonitor all = new ModelMonitor("m", config(700));
        all.add(evaluation(labels, predictions, losses, weights));
        int from = examples - 700;
        ModelMonitor tail = new ModelMonitor("m", config(700));
        tail.add(
                evaluation(
                        Arrays.copyOfRange(labels, from, examples),
                        Arrays.copyOfRange(predictions, from, examples),
                        Arrays.copyOfRange(losses, from, examples),
                        Arrays.copyOfRange(weights, from, examples)));

        Scores rolling = all.tell().rolling();
        Scores expected = tail.tell().prequential();
        assertThat(rolling.weight()).isEqualTo(expected.weight());
        assertThat(rolling.loss()).isCloseTo(expected.loss(), offset(1e-9));
        assertThat(rolling.accuracy()).isEqualTo(expected.accuracy());
        assertThat(rolling.kappa()).isCloseTo(expected.kappa(), offset(1e-12));
    }

    @Test
    void restoredMonitor_tellsWhatTheOneThatLivedTells() {
        Random random = new Random(6);
        ModelMonitor lived = new ModelMonitor("m", config(50));
        ModelMonitor restored = new ModelMonitor("m", config(50));
        for (int block = 0; block < 20; block++) {
            int[] labels = random.ints(17, 0, 3).toArray();
            int[] predictions = random.ints(17, 0, 3).toArray();
            float[] losses = new float[17];
            Arrays.fill(losses, random.nextFloat());
            float[] weights = new float[17];
            Arrays.fill(weights, 1);
            lived.add(evaluation(labels, predictions, losses, weights));
            restored.add(evaluation(labels, predictions, losses, weights));
            RollingMetrics told = restored.tell();
            RollingMetrics expected = lived.tell();
            assertThat(told.sequence()).isEqualTo(expected.sequence()).isEqualTo(block);
            assertThat(told.rolling()).isEqualTo(expected.rolling());
            assertThat(told.prequential()).isEqualTo(expected.prequential());
            restored = ModelMonitor.restore("m", config(50), restored.memory());
        }
    }
}
