package io.freshet.monitor;

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
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.JobIdentity;
import io.freshet.publish.Publisher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Benchmark of the time per event that the metrics need, with emission and encoding at the default
 * interval: with all parts of the metrics, and with the scores only.
 *
 * <pre>{@code
 * mvn -B -q -pl flink-job -am test-compile dependency:build-classpath -DskipTests \
 *     -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
 * OMP_NUM_THREADS=1 java -cp \
 *     "flink-job/target/test-classes:flink-job/target/classes:$(cat flink-job/target/test.classpath)" \
 *     io.freshet.monitor.ModelMonitorBenchmark
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 9, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"})
public class ModelMonitorBenchmark {
    private static final int BLOCK = 250;
    private static final int EVENTS = 16 * BLOCK;

    @Param({"7", "100"})
    public int classes;

    @Param({"fading, classes, confusion, calibration", "fading", ""})
    public String parts = "";

    private final List<BlockEvaluation> blocks = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // setUp() sets it
    private ModelMonitor monitor;

    @SuppressWarnings("NullAway.Init")
    private Publisher publisher;

    @Setup(Level.Trial)
    public void setUp() {
        JobConfig config =
                JobConfig.parse(
                        Map.of(
                                "num-features",
                                "1",
                                "classes",
                                String.join(
                                        ",",
                                        IntStream.range(0, classes)
                                                .mapToObj(k -> "class-" + k)
                                                .toList()),
                                "metrics.include",
                                parts,
                                "kafka.bootstrap.servers",
                                "none:1",
                                "sink.transactional-id-prefix",
                                "none"));
        Random random = new Random(1);
        for (int from = 0; from < EVENTS; from += BLOCK) {
            blocks.add(block(random));
        }
        monitor = new ModelMonitor("m", config.monitor(), 1);
        publisher =
                new Publisher(
                        config.publish(),
                        config.learn(),
                        config.monitor(),
                        JobIdentity.first("benchmark"));
    }

    private BlockEvaluation block(Random random) {
        BlockEvaluation block =
                new BlockEvaluation(
                        "m",
                        ScoredColumns.ofLength(BLOCK),
                        new float[0],
                        new double[BLOCK],
                        new ModelProgress(
                                1,
                                0,
                                1000,
                                new Audit(),
                                new PartitionOffset[] {new PartitionOffset("t", 0, 1)},
                                new PartitionTally[] {new PartitionTally("t", 0, 0, 1, 2, 3)},
                                0.01,
                                new Expert[] {
                                    new Expert(
                                            "rate 0.01",
                                            0.01,
                                            1,
                                            0,
                                            Double.NaN,
                                            Double.NaN,
                                            Double.NaN)
                                },
                                new ExpertCombination[0],
                                0,
                                1,
                                1,
                                0,
                                FeatureCounts.NONE,
                                FeatureCounts.NONE,
                                FeatureCounts.NONE,
                                0,
                                new DetectorReport[0],
                                "CPU",
                                new String[0]));
        ScoredColumns scored = block.scored();
        for (int i = 0; i < BLOCK; i++) {
            scored.labels()[i] = random.nextInt(classes);
            boolean hit = random.nextInt(5) > 0;
            scored.predictedClasses()[i] = hit ? scored.labels()[i] : random.nextInt(classes);
            scored.losses()[i] = random.nextFloat();
            scored.weights()[i] = 1;
            scored.confidences()[i] = random.nextFloat();
            scored.briers()[i] = random.nextFloat();
            scored.ranks()[i] = hit ? 0 : 1;
        }
        return block;
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void event(Blackhole blackhole) {
        for (BlockEvaluation block : blocks) {
            monitor.add(block);
            if (monitor.isDue()) {
                blackhole.consume(publisher.metrics(monitor.emit(1000)));
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void eventWithoutEmission() {
        for (BlockEvaluation block : blocks) {
            monitor.add(block);
        }
    }

    public static void main(String[] args) throws RunnerException {
        new Runner(new OptionsBuilder().include(ModelMonitorBenchmark.class.getName()).build())
                .run();
    }
}
