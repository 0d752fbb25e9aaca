package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.model.device.DeviceFallback;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/** Tests of a full heap, each in a separate process with a small heap. */
@SuppressWarnings("try") // closing a harness may be interrupted
class ProcessLimitsITCase {
    private static final int MODELS_MAX = 200_000;

    /** More than twice as many models as fit into the heap. */
    private static final int MODELS = 15_000;

    private static final String HASHMAP = "hashmap";
    private static final String ROCKSDB = "rocksdb";

    /**
     * Program that runs an operator on one event of each of many models, then on second events of
     * the first 100 models.
     */
    public static final class ManyModels {
        private ManyModels() {}

        public static void main(String[] args) throws Exception {
            LearnConfig base = LearnerTest.config(1);
            LearnConfig config =
                    new LearnConfig(
                            base.learner(),
                            base.classes(),
                            base.labelType(),
                            null,
                            false,
                            MODELS_MAX,
                            Duration.ofSeconds(10),
                            DriftConfig.NONE,
                            DeviceFallback.CPU);
            try (var harness =
                    new KeyedOneInputStreamOperatorTestHarness<>(
                            new LearnOperator(config), ExampleBlock::modelId, Types.STRING)) {
                harness.setStateBackend(
                        args[0].equals(ROCKSDB)
                                ? new EmbeddedRocksDBStateBackend()
                                : new HashMapStateBackend());
                harness.setup();
                harness.open();
                int models = Integer.parseInt(args[1]);
                for (int i = 0; i < models + 100; i++) {
                    harness.processElement(
                            Blocks.block(Blocks.stream(1, 1, 4, 3, "model-" + i % models)), 0);
                    if (i < models) {
                        harness.getOutput().clear();
                    }
                    var snapshots = harness.getSideOutput(LearnOperator.SNAPSHOTS);
                    if (snapshots != null) {
                        snapshots.clear();
                    }
                }
                long twice =
                        harness.extractOutputValues().stream()
                                .filter(evaluation -> evaluation.progress().examplesSeen() == 2)
                                .count();
                System.out.println("second events: " + twice);
            } catch (SuppressRestartsException e) {
                System.out.println(
                        ThrowableClassifier.getThrowableType(e) == ThrowableType.NonRecoverableError
                                ? "not to be restarted: " + e.getCause().getMessage()
                                : "restarts for ever");
                System.exit(7);
            }
        }
    }

    private static Process start(String backend, int models, String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.add("-Xmx64m");
        command.addAll(List.of(options));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(ManyModels.class.getName());
        command.add(backend);
        command.add(Integer.toString(models));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String output(Process process) throws IOException, InterruptedException {
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            StringBuilder output = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.append(line).append('\n');
            }
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            return output.toString();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void moreModelsThanFitIntoTheHeap_withStateInTheHeap_failTheJobWithAMessage() throws Exception {
        Process process = start(HASHMAP, MODELS_MAX);

        String output = output(process);
        assertThat(output)
                .containsPattern(
                        "not to be restarted: the heap of \\d+ MiB is full with \\d+ models in"
                                + " memory \\(models\\.max = 200000, up to \\d+ KiB each\\), and"
                                + " evicting models frees too little: lower models\\.max, give the"
                                + " process more heap")
                .doesNotContain("OutOfMemoryError");
        assertThat(process.exitValue()).isEqualTo(7);
    }

    @Test
    void moreModelsThanFitIntoTheHeap_withStateOutsideTheHeap_continueFromState() throws Exception {
        Process process = start(ROCKSDB, MODELS);

        String output = output(process);
        assertThat(output)
                .contains("second events: 100\n")
                .containsPattern(
                        "models in memory \\(models\\.max = 200000, .* were written to state")
                .doesNotContain("OutOfMemoryError");
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void nativesThatCannotBeLoaded_failTheJobWithAMessage() throws Exception {
        Process process = start(HASHMAP, 1, "-Dorg.bytedeco.javacpp.platform=none");

        assertThat(output(process))
                .contains("not to be restarted: ND4J cannot be used in this process: ");
        assertThat(process.exitValue()).isEqualTo(7);
    }
}
