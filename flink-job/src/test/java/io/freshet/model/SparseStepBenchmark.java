package io.freshet.model;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import io.freshet.model.sparse.SparseChunk;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
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

/**
 * Benchmark of exact steps on sparse examples of 50 features, with the seven learning rates of the
 * default mixture, by the number of columns. The columns of an example are drawn evenly, which is
 * the worst case for caches.
 *
 * <p>{@link #floor} is a reference: it reads and writes the same parameters, in a plain array and
 * by known rows, and computes the same probabilities, without mixture, scaler, hash table and
 * checks.
 *
 * <p>To run it: {@code org.openjdk.jmh.Main SparseStepBenchmark} with the same class path as {@link
 * LearningStepBenchmark}. It also prints the memory that the parameters take.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 6, time = 1000, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 7, time = 1000, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xmx4g"})
public class SparseStepBenchmark {
    private static final int FEATURES = 50;
    private static final int EXAMPLES = 20_000;
    private static final int RATES = Mixture.DEFAULT_RATES.size();

    @Param({"1024", "1048576", "16777216"})
    int numColumns;

    @Param({"2", "20"})
    int numClasses;

    private Examples[] calls;
    private int next;
    private SoftmaxLearner learner;
    private Evaluation evaluation;
    private int[] rows;
    private float[] parameters;

    @Setup(Level.Trial)
    public void setUp() {
        Random random = new Random(1);
        calls = new Examples[EXAMPLES / 100];
        Map<Integer, Integer> rowOf = new HashMap<>();
        rows = new int[EXAMPLES * FEATURES];
        for (int call = 0; call < calls.length; call++) {
            calls[call] = new Examples(numColumns, 0, 100, true);
            for (int i = 0; i < 100; i++) {
                calls[call].reserve();
                for (int k = 0; k < FEATURES; k++) {
                    int column = random.nextInt(numColumns);
                    calls[call].requireSparse().add(column, random.nextBoolean() ? 1 : -1);
                    rows[(call * 100 + i) * FEATURES + k] =
                            rowOf.computeIfAbsent(column, key -> rowOf.size());
                }
                calls[call].addReserved(random.nextInt(numClasses), 1);
            }
        }
        parameters = new float[rowOf.size() * RATES * numClasses];
        LearnerSettings settings =
                new LearnerSettings(
                        numColumns,
                        numClasses,
                        1,
                        new CrossEntropy(numClasses),
                        new Sgd(0.1, 0),
                        new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, true),
                        MiniBatchReduction.EXAMPLES,
                        new Standardization(10, false),
                        10,
                        true);
        learner = new SoftmaxLearner(settings, LearnerState.initial(settings));
        evaluation = new Evaluation(numClasses);
        for (Examples call : calls) {
            learner.learn(call, true, evaluation);
        }
    }

    /** Prints the memory of the parameters, by column that occurred. */
    @TearDown(Level.Trial)
    public void printMemory() {
        long floats = 0;
        for (SparseChunk chunk : learner.state().sparse().chunks()) {
            floats += chunk.values().length + chunk.columns().length;
        }
        System.out.printf(
                Locale.ROOT,
                "%n%d columns, of which %d occurred: %.1f MiB without the index, %.0f bytes each%n",
                numColumns,
                learner.numColumns(),
                floats * 4.0 / (1 << 20),
                floats * 4.0 / learner.numColumns());
        learner.close();
    }

    @Benchmark
    @OperationsPerInvocation(100)
    public float step() {
        Examples call = calls[next++ % calls.length];
        learner.learn(call, true, evaluation);
        return evaluation.losses()[0];
    }

    @Benchmark
    @OperationsPerInvocation(100)
    public double floor() {
        int at = next++ % calls.length;
        SparseRows sparse = calls[at].requireSparse();
        int width = RATES * numClasses;
        double[] logits = new double[width];
        for (int i = 0; i < 100; i++) {
            Arrays.fill(logits, 0);
            int from = (at * 100 + i) * FEATURES;
            for (int k = 0; k < FEATURES; k++) {
                int row = rows[from + k] * width;
                double value = sparse.values()[sparse.start(i) + k];
                for (int c = 0; c < width; c++) {
                    logits[c] += value * parameters[row + c];
                }
            }
            int label = calls[at].labels()[i];
            for (int rate = 0; rate < RATES; rate++) {
                double sum = 0;
                for (int c = rate * numClasses; c < (rate + 1) * numClasses; c++) {
                    logits[c] = Math.exp(logits[c]);
                    sum += logits[c];
                }
                double learningRate = Mixture.DEFAULT_RATES.get(rate);
                for (int c = 0; c < numClasses; c++) {
                    double probability = logits[rate * numClasses + c] / sum;
                    logits[rate * numClasses + c] =
                            -learningRate * (probability - (c == label ? 1 : 0));
                }
            }
            for (int k = 0; k < FEATURES; k++) {
                int row = rows[from + k] * width;
                double value = sparse.values()[sparse.start(i) + k];
                for (int c = 0; c < width; c++) {
                    parameters[row + c] += (float) (value * logits[c]);
                }
            }
        }
        return logits[0];
    }
}
