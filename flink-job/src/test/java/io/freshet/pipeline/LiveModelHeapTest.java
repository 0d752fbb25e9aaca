package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LearnOperator;
import io.freshet.learn.ModelCost;
import io.freshet.monitor.MonitorMemory;
import io.freshet.monitor.MonitorOperator;
import io.freshet.monitor.RollingMetrics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Comparison of the measured heap memory of live models with its estimate, without state. */
@SuppressWarnings("try") // closing a harness may be interrupted
class LiveModelHeapTest {
    private static final int BLOCK = 256;

    /** Operators that keep one live object per model. */
    private static final class Operators implements AutoCloseable {
        private final KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation>
                learn;
        private final KeyedOneInputStreamOperatorTestHarness<
                        String, BlockEvaluation, RollingMetrics>
                monitor;

        Operators(JobConfig config) throws Exception {
            learn =
                    new KeyedOneInputStreamOperatorTestHarness<>(
                            new LearnOperator(config.learn()), ExampleBlock::modelId, Types.STRING);
            monitor =
                    new KeyedOneInputStreamOperatorTestHarness<>(
                            new MonitorOperator(config.monitor()),
                            BlockEvaluation::modelId,
                            Types.STRING);
            learn.setStateBackend(new EmbeddedRocksDBStateBackend());
            learn.setup();
            learn.open();
            monitor.setStateBackend(new EmbeddedRocksDBStateBackend());
            monitor.setup();
            monitor.open();
        }

        void process(ExampleBlock block) throws Exception {
            learn.processElement(block, 0);
            for (BlockEvaluation evaluation : learn.extractOutputValues()) {
                monitor.processElement(evaluation, 0);
            }
            clearOutputs();
        }

        /**
         * Prepares a checkpoint, since the objects that it leaves in the heap belong to a model.
         */
        void checkpoint() throws Exception {
            learn.getOneInputOperator().prepareSnapshotPreBarrier(1);
            monitor.getOneInputOperator().prepareSnapshotPreBarrier(1);
            clearOutputs();
        }

        private void clearOutputs() {
            learn.getOutput().clear();
            monitor.getOutput().clear();
            var snapshots = learn.getSideOutput(LearnOperator.SNAPSHOTS);
            if (snapshots != null) {
                snapshots.clear();
            }
        }

        @Override
        public void close() throws Exception {
            learn.close();
            monitor.close();
        }
    }

    private static JobConfig config(String... keysAndValues) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "broker:9092");
        values.put("num-features", "10");
        values.put("classes", "5");
        values.put("models.max", "100000");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return JobConfig.parse(values);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long smallest = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            smallest = Math.min(smallest, runtime.totalMemory() - runtime.freeMemory());
        }
        return smallest;
    }

    private static void train(
            Operators operators, JobConfig config, String name, int models, int examples)
            throws Exception {
        for (int model = 0; model < models; model++) {
            List<Blocks.Example> stream =
                    Blocks.stream(
                            model,
                            examples,
                            config.ingest().numFeatures(),
                            config.ingest().classes().size(),
                            name + model);
            for (int from = 0; from < examples; from += BLOCK) {
                operators.process(
                        Blocks.block(stream.subList(from, Math.min(from + BLOCK, examples))));
            }
        }
    }

    private static long heapBytesPerModel(JobConfig config, int models, int examples)
            throws Exception {
        try (Operators operators = new Operators(config)) {
            // Loads classes and creates the objects that all models share.
            train(operators, config, "first", 2, examples);
            operators.checkpoint();
            long before = usedHeap();
            train(operators, config, "model", models, examples);
            operators.checkpoint();
            return (usedHeap() - before) / models;
        }
    }

    static Stream<Arguments> configurations() {
        return Stream.of(
                Arguments.of(Named.of("defaults", config()), 400),
                Arguments.of(
                        Named.of("a mixture of learning rates", config("learner.type", "softmax")),
                        400),
                Arguments.of(
                        Named.of(
                                "mini-batches with momentum, no detector",
                                config(
                                        "learner.type",
                                        "softmax",
                                        "mini-batch.size",
                                        "32",
                                        "training.learning-rate",
                                        "0.01",
                                        "training.momentum",
                                        "0.9",
                                        "drift.detector",
                                        "")),
                        400),
                Arguments.of(
                        Named.of(
                                "blocks by count, 50 features",
                                config("block.max-wait", "off", "num-features", "50")),
                        200),
                Arguments.of(
                        Named.of(
                                "many features and classes, a small window",
                                config(
                                        "num-features",
                                        "100",
                                        "classes",
                                        "60",
                                        "metrics.window-size",
                                        "300",
                                        "drift.evidence",
                                        "50")),
                        100));
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void modelWithFullWindows_needsTheEstimatedMemory(JobConfig config, int models)
            throws Exception {
        long estimated =
                ModelCost.of(config.learn()).plus(MonitorMemory.cost(config.monitor())).heapBytes();

        long measured = heapBytesPerModel(config, models, 1_150);

        assertThat(measured).isBetween(estimated / 2, 2 * estimated);
    }

    @Test
    void modelAfterOneEvent_needsLittleMemory() throws Exception {
        assertThat(heapBytesPerModel(config("learner.type", "softmax"), 2_000, 1))
                .isLessThan(16_000);
    }
}
