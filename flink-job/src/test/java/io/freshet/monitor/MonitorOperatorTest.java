package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.learn.BlockEvaluation;
import io.freshet.pipeline.JobConfig;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // the harness may be interrupted while it closes
class MonitorOperatorTest {
    private static KeyedOneInputStreamOperatorTestHarness<String, BlockEvaluation, RollingMetrics>
            harness(int calibrationBins) throws Exception {
        MonitorConfig config =
                JobConfig.parse(
                                Map.of(
                                        "kafka.bootstrap.servers", "b:1",
                                        "num-features", "3",
                                        "classes", "2",
                                        "metrics.calibration-bins",
                                                Integer.toString(calibrationBins)))
                        .monitor();
        var harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new MonitorOperator(config), BlockEvaluation::modelId, Types.STRING);
        harness.setup();
        return harness;
    }

    private static BlockEvaluation evaluation() {
        return ModelMonitorTest.evaluation(
                new int[] {0, 1}, new int[] {0, 0}, new float[] {0.5f, 1}, new float[] {1, 1});
    }

    private static OperatorSubtaskState saved(int calibrationBins) throws Exception {
        try (var harness = harness(calibrationBins)) {
            harness.open();
            harness.processElement(evaluation(), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
            return harness.snapshot(1, 1);
        }
    }

    @Test
    void restoredOperator_continuesTheSequence() throws Exception {
        try (var harness = harness(10)) {
            harness.initializeState(saved(10));
            harness.open();
            harness.processElement(evaluation(), 0);
            harness.getOneInputOperator().prepareSnapshotPreBarrier(2);

            assertThat(harness.extractOutputValues())
                    .extracting(RollingMetrics::sequence)
                    .containsExactly(1L);
        }
    }

    @Test
    void stateThatDoesNotFitTheConfiguration_failsTheJob() throws Exception {
        try (var harness = harness(20)) {
            harness.initializeState(saved(10));
            harness.open();

            assertThatThrownBy(() -> harness.processElement(evaluation(), 0))
                    .isInstanceOf(SuppressRestartsException.class)
                    .cause()
                    .hasMessageStartingWith("The state of the metrics was saved with another");
        }
    }
}
