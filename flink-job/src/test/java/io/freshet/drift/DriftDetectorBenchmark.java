package io.freshet.drift;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import moa.classifiers.core.driftdetection.ADWINChangeDetector;
import moa.classifiers.core.driftdetection.ChangeDetector;
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
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Benchmark of the time that each detector takes per value, on errors at a constant rate, with
 * MOA's ADWIN for comparison.
 *
 * <pre>{@code
 * mvn -B -q -pl flink-job -am test-compile dependency:build-classpath -DskipTests \
 *     -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
 * java -cp \
 *     "flink-job/target/test-classes:flink-job/target/classes:$(cat flink-job/target/test.classpath)" \
 *     io.freshet.drift.DriftDetectorBenchmark
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class DriftDetectorBenchmark {
    private static final int VALUES = 100_000;

    private static final Map<String, DriftDetector> DETECTORS =
            Map.of(
                    "adwin", Adwin.MOA,
                    "ddm", Ddm.MOA,
                    "eddm", Eddm.MOA,
                    "hddm-a", HddmA.MOA,
                    "hddm-w", HddmW.MOA,
                    "page-hinkley", PageHinkley.MOA,
                    "cusum", Cusum.MOA,
                    "robust-cusum", RobustCusum.DEFAULT,
                    "kswin", Kswin.PAPER,
                    "periodic", new PeriodicDetector(1000));

    @Param({
        "adwin",
        "ddm",
        "eddm",
        "hddm-a",
        "hddm-w",
        "page-hinkley",
        "cusum",
        "robust-cusum",
        "kswin",
        "periodic",
        "moa-adwin"
    })
    public String name = "";

    private double[] stream = new double[0];

    @Setup(Level.Trial)
    public void setUp() {
        stream = SampleStreams.errors(1, VALUES, 0.2);
    }

    @Benchmark
    @OperationsPerInvocation(VALUES)
    public int update() {
        return name.startsWith("moa") ? updateMoa() : updateFreshet();
    }

    private int updateFreshet() {
        RunningDetector running = DETECTORS.get(name).start();
        int drifts = 0;
        for (double value : stream) {
            if (running.update(value) == DriftStatus.DRIFT) {
                drifts++;
            }
        }
        return drifts;
    }

    private int updateMoa() {
        ChangeDetector detector = new ADWINChangeDetector();
        detector.resetLearning();
        int drifts = 0;
        for (double value : stream) {
            detector.input(value);
            if (detector.getChange()) {
                drifts++;
            }
        }
        return drifts;
    }

    public static void main(String[] args) throws RunnerException {
        new Runner(
                        new OptionsBuilder()
                                .include(DriftDetectorBenchmark.class.getName())
                                .jvmArgsAppend("-Xmx512m")
                                .build())
                .run();
    }
}
