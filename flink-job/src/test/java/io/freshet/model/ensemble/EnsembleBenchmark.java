package io.freshet.model.ensemble;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.model.linalg.Precision;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Benchmark of the parts of an {@link Ensemble}, beside a plain pass over the floats that the
 * window of the nearest examples has.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 9, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EnsembleBenchmark {
    private static final int EXAMPLES = 4096;
    private static final int EXPERTS = 8;

    /** Number of examples between two refreshes of the weights. */
    private static final int BLOCK = NearestExamples.REFRESH;

    /** Features × classes. */
    @Param({"6x2", "54x7", "130x6", "512x10"})
    public String shape = "";

    private float[][] examples = new float[0][];
    private int[] labels = new int[0];
    private int next;

    private FernTests tests = new FernTests(1, 2);
    private Ferns ferns = new Ferns(tests, 2);
    private BlockDistances block = new BlockDistances(1, 1, Precision.FLOAT);
    private NearestExamples nearest = new NearestExamples(1, 2);
    private Combination combination = new Combination(EXPERTS, 2);
    private ExpertStack stack = new ExpertStack(EXPERTS, 2, 1e-4, 1.0 / EXPERTS);

    private int[] cells = new int[0];
    private float[] point = new float[0];
    private float[] weights = new float[0];
    private float[] rows = new float[0];
    private float[] window = new float[0];
    private double[] probabilities = new double[0];
    private double[] logs = new double[0];
    private double[] targets = new double[0];
    private double[] bounded = new double[0];
    private double[][] answers = new double[0][];
    private double[] answer = new double[0];

    /** Fills the window, and the cells that the examples touch. */
    @Setup
    public void setUp() {
        String[] dimensions = shape.split("x", -1);
        int numFeatures = Integer.parseInt(dimensions[0]);
        int numClasses = Integer.parseInt(dimensions[1]);
        Random random = new Random(1);
        examples = new float[EXAMPLES][numFeatures];
        labels = new int[EXAMPLES];
        for (int i = 0; i < EXAMPLES; i++) {
            for (int f = 0; f < numFeatures; f++) {
                examples[i][f] = (float) random.nextGaussian();
            }
            labels[i] = random.nextInt(numClasses);
        }
        tests = new FernTests(numFeatures, numClasses);
        ferns = new Ferns(tests, numClasses);
        block = new BlockDistances(numFeatures, BLOCK, Precision.FLOAT);
        rows = new float[BLOCK * numFeatures];
        nearest = new NearestExamples(numFeatures, numClasses);
        combination = new Combination(EXPERTS, numClasses);
        stack = new ExpertStack(EXPERTS, numClasses, 1e-4, 1.0 / EXPERTS);
        cells = new int[tests.numActive()];
        point = new float[Projection.dimensions(numFeatures)];
        weights = new float[numFeatures];
        Arrays.fill(weights, 1);
        window = new float[point.length * NearestExamples.WINDOW];
        probabilities = new double[EXPERTS * numClasses];
        logs = new double[EXPERTS * numClasses];
        Arrays.fill(probabilities, 1.0 / numClasses);
        for (int i = 0; i < logs.length; i++) {
            logs[i] = -4 * random.nextDouble();
        }
        targets = new double[numClasses];
        bounded = new double[numClasses * EXPERTS];
        answers = new double[Combination.ANSWERS][numClasses];
        answer = new double[numClasses];
        Arrays.fill(combination.mixture, 1.0 / EXPERTS);
        Arrays.fill(combination.answers, 1.0 / Combination.ANSWERS);
        for (int i = 0; i < EXAMPLES; i++) {
            fernsPredictAndLearn();
        }
        for (int i = 0; i < EXAMPLES; i += BLOCK) {
            nearestPredictAndLearnBlock();
        }
    }

    @TearDown
    public void tearDown() {
        block.close();
    }

    private int nextExample() {
        next = (next + 1) % EXAMPLES;
        return next;
    }

    @Benchmark
    public int[] fernsActivate() {
        tests.activate(examples[nextExample()], 0, cells);
        return cells;
    }

    @Benchmark
    public double[] fernsPredict() {
        tests.activate(examples[nextExample()], 0, cells);
        ferns.predict(cells, probabilities, logs, 0);
        return probabilities;
    }

    @Benchmark
    public double[] fernsPredictAndLearn() {
        int example = nextExample();
        tests.activate(examples[example], 0, cells);
        ferns.predict(cells, probabilities, logs, 0);
        targets[labels[example]] = 1;
        ferns.learn(cells, probabilities, 0, targets, 1);
        targets[labels[example]] = 0;
        return probabilities;
    }

    @Benchmark
    @OperationsPerInvocation(BLOCK)
    public BlockDistances projectBlock() {
        int numFeatures = weights.length;
        for (int row = 0; row < BLOCK; row++) {
            System.arraycopy(examples[nextExample()], 0, rows, row * numFeatures, numFeatures);
        }
        nearest.project(block, rows, numFeatures, BLOCK);
        return block;
    }

    @Benchmark
    @OperationsPerInvocation(BLOCK)
    public double[] nearestPredictAndLearnBlock() {
        int first = (next + 1) % EXAMPLES;
        projectBlock();
        for (int row = 0; row < BLOCK; row++) {
            nearest.predict(block, row, point, probabilities, logs, 0);
            nearest.learn(point, labels[(first + row) % EXAMPLES]);
        }
        return probabilities;
    }

    /** One addition for each float of the window: the least that reading it takes. */
    @Benchmark
    public float[] windowPass() {
        for (int i = 0; i < window.length; i++) {
            window[i] += 1;
        }
        return window;
    }

    @Benchmark
    public double[] combine() {
        combination.combine(probabilities, logs, bounded, answers, answer);
        return answer;
    }

    @Benchmark
    public double[] combineAndLearn() {
        combination.combine(probabilities, logs, bounded, answers, answer);
        int label = labels[nextExample()];
        targets[label] = 1;
        stack.learn(bounded, answers[1], targets, 1);
        targets[label] = 0;
        return answer;
    }

    /** Runs the benchmark; the argument, if there is one, is a shape. */
    public static void main(String[] args) throws RunnerException {
        OptionsBuilder options = new OptionsBuilder();
        options.include(EnsembleBenchmark.class.getName());
        if (args.length > 0) {
            options.param("shape", args[0]);
        }
        new Runner(options.build()).run();
    }
}
