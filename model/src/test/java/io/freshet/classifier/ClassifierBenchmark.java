package io.freshet.classifier;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Benchmark of predictions of a model with 54 features, 7 classes and seven learning rates, and of
 * an ensemble with as many features and classes: one by one, many together, and as the plain loop
 * over the definition does it.
 *
 * <p>To run it: {@code org.openjdk.jmh.Main ClassifierBenchmark} with the classes and the libraries
 * of the module on the class path.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class ClassifierBenchmark {
    private static final int FEATURES = 54;
    private static final int CLASSES = 7;
    private static final int ROWS = 1000;

    private final Snapshots snapshot =
            new Snapshots(1, FEATURES, CLASSES, CLASSES, "softmax", 7, true);
    private final EnsembleSnapshots ensembleSnapshot =
            new EnsembleSnapshots(1, FEATURES, CLASSES, 4, false, 1024, true);
    private final Classifier classifier;
    private final Classifier ensemble;
    private final float[] features = Snapshots.floats(new Random(2), ROWS * FEATURES);
    private final float[][] rows = new float[ROWS][FEATURES];
    private final float[] probabilities = new float[ROWS * CLASSES];

    public ClassifierBenchmark() {
        try {
            classifier = ClassifierReader.of(snapshot.records(100_000));
            ensemble = ClassifierReader.of(ensembleSnapshot.records(100_000));
        } catch (InvalidSnapshotException e) {
            throw new IllegalStateException(e);
        }
        for (int i = 0; i < ROWS; i++) {
            System.arraycopy(features, i * FEATURES, rows[i], 0, FEATURES);
        }
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public float oneByOne() {
        float sum = 0;
        for (float[] row : rows) {
            sum += classifier.classify(row).confidence();
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public float[] together() {
        classifier.probabilities(features, ROWS, probabilities);
        return probabilities;
    }

    @Benchmark
    @OperationsPerInvocation(10)
    public double definition() {
        double sum = 0;
        double[] row = new double[FEATURES];
        for (int i = 0; i < 10; i++) {
            for (int f = 0; f < FEATURES; f++) {
                row[f] = rows[i][f];
            }
            sum += snapshot.probabilities(row)[0];
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public float ensembleOneByOne() {
        float sum = 0;
        for (float[] row : rows) {
            sum += ensemble.classify(row).confidence();
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public float[] ensembleTogether() {
        ensemble.probabilities(features, ROWS, probabilities);
        return probabilities;
    }

    @Benchmark
    @OperationsPerInvocation(10)
    public double ensembleDefinition() {
        double sum = 0;
        for (int i = 0; i < 10; i++) {
            sum += ensembleSnapshot.probabilities(rows[i])[0];
        }
        return sum;
    }
}
