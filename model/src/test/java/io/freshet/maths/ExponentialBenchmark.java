package io.freshet.maths;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Benchmark of a thousand exponentials: by {@link Exponential}, one by one and all together, and by
 * {@link Math#exp}.
 *
 * <p>To run it: {@code org.openjdk.jmh.Main ExponentialBenchmark} with the classes and the
 * libraries of the module on the class path.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 8, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 9, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ExponentialBenchmark {
    private final double[] exponents = new Random(1).doubles(1000, -20, 0).toArray();
    private final double[] results = new double[exponents.length];

    @Benchmark
    public double oneByOne() {
        double sum = 0;
        for (double exponent : exponents) {
            sum += Exponential.exp(exponent);
        }
        return sum;
    }

    @Benchmark
    public double[] atOnce() {
        Exponential.expAll(exponents, 0, exponents.length, results);
        return results;
    }

    @Benchmark
    public double byJava() {
        double sum = 0;
        for (double exponent : exponents) {
            sum += Math.exp(exponent);
        }
        return sum;
    }
}
