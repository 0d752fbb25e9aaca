package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.freshet.config.Key;
import io.freshet.learn.BlockEvaluation;
import io.freshet.pipeline.JobConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // the harness may be interrupted while it closes
class MonitorOperatorTest {
    private static KeyedOneInputStreamOperatorTestHarness<String, BlockEvaluation, RollingMetrics>
            harness(String... settings) throws Exception {
        Map<String, String> all = new HashMap<>();
        all.put("kafka.bootstrap.servers", "b:1");
        all.put("num-features", "3");
        all.put("classes", "2");
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        var harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new MonitorOperator(JobConfig.parse(all).monitor()),
                        BlockEvaluation::modelId,
                        Types.STRING);
        harness.setup();
        return harness;
    }

    private static BlockEvaluation evaluation() {
        return ModelMonitorTest.evaluation(
                new int[] {0, 1}, new int[] {0, 0}, new float[] {0.5f, 1}, new float[] {1, 1});
    }

    private static OperatorSubtaskState saved(String... settings) throws Exception {
        try (var harness = harness(settings)) {
            harness.open();
            harness.processElement(evaluation(), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            return harness.snapshot(1, 1);
        }
    }

    @Test
    void restoredOperator_continuesTheSequence() throws Exception {
        try (var harness = harness()) {
            harness.initializeState(saved());
            harness.open();
            harness.processElement(evaluation(), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(2);

            assertThat(harness.extractOutputValues())
                    .extracting(RollingMetrics::sequence)
                    .containsExactly(1L);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "metrics.window-size, 1, 1000",
        "metrics.window-size, 1000, 1",
        "metrics.fading-factor, 0.9, 0.5",
        "metrics.running-loss-mini-batches, 1, 10",
        "metrics.running-loss-mini-batches, 10, 1",
        "metrics.top-k, 1, 2",
        "metrics.calibration-bins, 10, 20",
        "metrics.calibration-bins, 1000, 1",
        "metrics.include, '', 'fading, classes, confusion, calibration'",
        "metrics.include, 'fading, classes, confusion, calibration', ''",
        "metrics.max-classes, 1, 100",
        "metrics.max-confusion-cells, 1, 100",
        "metrics.every, 1, 10",
        "metrics.max-interval, 1 s, 2 s",
        "metrics.delivery, exactly-once, at-least-once",
        "metrics.delivery, at-least-once, exactly-once",
        "metrics.max-gauge-models, 0, 20",
    })
    void restoredOperatorWithAnotherSetting_goesOn(String key, String saved, String configured)
            throws Exception {
        OperatorSubtaskState state = saved(key, saved);
        try (var harness = harness(key, configured)) {
            harness.initializeState(state);
            harness.open();
            harness.processElement(evaluation(), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(2);

            RollingMetrics metrics = harness.extractOutputValues().get(0);
            assertThat(metrics.sequence()).isOne();
            assertThat(metrics.prequential().examples()).isEqualTo(4);
            assertThat(metrics.prequential().get(Score.LOSS)).isEqualTo(0.75);
            if (metrics.fading() != null) {
                assertThat(metrics.fading().get(Score.LOSS)).isPositive();
            }
            assertThat(metrics.rolling().get(Score.TOP_K_ACCURACY)).isNotNull();
            assertThat(metrics.rolling().get(Score.CALIBRATION_ERROR)).isNotNull();
            assertThat(metrics.prequential().get(Score.TOP_K_ACCURACY) == null)
                    .isEqualTo(key.equals("metrics.top-k"));
            assertThat(metrics.prequential().get(Score.CALIBRATION_ERROR) == null)
                    .isEqualTo(key.equals("metrics.calibration-bins"));
            harness.snapshot(2, 2);
        }
    }

    @Test
    void everyKeyOfTheMetrics_isTestedWithAnotherSetting() throws Exception {
        CsvSource tested =
                MonitorOperatorTest.class
                        .getDeclaredMethod(
                                "restoredOperatorWithAnotherSetting_goesOn",
                                String.class,
                                String.class,
                                String.class)
                        .getAnnotation(CsvSource.class);
        for (Key<?> key : MonitorConfig.KEYS) {
            assertThat(tested.value()).anyMatch(line -> line.startsWith(key.name() + ","));
        }
    }

    @Test
    void changedSettings_areDescribed() {
        MonitorConfig before = Monitors.Settings.of(3, 10).config();
        ModelMonitor monitor = new ModelMonitor("m", before, 0);
        float[] ones = {1, 1, 1, 1};
        monitor.add(ModelMonitorTest.evaluation(new int[4], new int[4], new float[4], ones));

        assertThat(ModelMonitor.changes(before, monitor.state())).isEmpty();
        MonitorConfig after = Monitors.Settings.of(3, 2).with(7, 1).config();
        List<String> changes = ModelMonitor.changes(after, monitor.state());
        assertThat(changes).hasSize(3);
        assertThat(changes.get(0)).startsWith("metrics.top-k is 1, and was 2 when the state was");
        assertThat(changes.get(1)).startsWith("metrics.calibration-bins is 7, and was 10 when");
        assertThat(changes.get(2))
                .isEqualTo(
                        "metrics.window-size is 2: of the 4 examples in a model's window, the"
                                + " newest are kept");
    }

    @Test
    void stateWithFewerClasses_continues() throws Exception {
        try (var harness = harness("classes", "20")) {
            harness.initializeState(saved());
            harness.open();
            harness.processElement(evaluation(), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(2);

            assertThat(harness.extractOutputValues())
                    .extracting(RollingMetrics::sequence, m -> m.prequential().examples())
                    .containsExactly(tuple(1L, 4L));
        }
    }

    @Test
    void stateWithMoreClasses_failsTheJob() throws Exception {
        OperatorSubtaskState state = saved("classes", "20");
        try (var harness = harness()) {
            harness.initializeState(state);
            harness.open();

            assertThatThrownBy(() -> harness.processElement(evaluation(), 0))
                    .isInstanceOf(SuppressRestartsException.class)
                    .cause()
                    .hasMessage(
                            "The state of the metrics was saved with 20 classes, more than the 2"
                                    + " that are configured");
        }
    }
}
