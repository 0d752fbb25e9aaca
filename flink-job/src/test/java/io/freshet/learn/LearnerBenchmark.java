package io.freshet.learn;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.pipeline.JobConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Benchmark of the time per event of one model's learner, with one step per event and the default
 * configuration otherwise, with and without drift detection.
 *
 * <pre>{@code
 * mvn -B -q -pl flink-job -am test-compile dependency:build-classpath -DskipTests \
 *     -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
 * OMP_NUM_THREADS=1 java -cp \
 *     "flink-job/target/test-classes:flink-job/target/classes:$(cat flink-job/target/test.classpath)" \
 *     io.freshet.learn.LearnerBenchmark
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
public class LearnerBenchmark {
    private static final int EVENTS = 1 << 13;

    @Param({"54", "512"})
    public int features;

    @Param({"", "robust-cusum", "robust-cusum,burst-cusum"})
    public String detector = "";

    private List<ExampleBlock> blocks = List.of();

    @SuppressWarnings("NullAway.Init") // setUp() sets it
    private Learner learner;

    @Setup(Level.Trial)
    public void setUp() {
        JobConfig config =
                JobConfig.parse(
                        Map.of(
                                "num-features", Integer.toString(features),
                                "classes", "a,b,c,d,e,f,g",
                                "learner.type", "softmax",
                                "drift.detector", detector,
                                "kafka.bootstrap.servers", "none:1",
                                "sink.transactional-id-prefix", "none"));
        List<Blocks.Example> stream =
                Blocks.stream(1, EVENTS, features, 7, "m").stream()
                        .map(Blocks.Example::withoutWeight)
                        .toList();
        blocks = Blocks.cut(stream, 512, 1);
        learner = new Learner("m", new LearnerWorkspace(config.learn()));
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        learner.close();
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void event(Blackhole blackhole) {
        for (ExampleBlock block : blocks) {
            blackhole.consume(learner.process(block, blackhole::consume, blackhole::consume));
        }
    }

    public static void main(String[] args) throws RunnerException {
        new Runner(new OptionsBuilder().include(LearnerBenchmark.class.getName()).build()).run();
    }
}
