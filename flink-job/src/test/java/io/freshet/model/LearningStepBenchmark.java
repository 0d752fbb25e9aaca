package io.freshet.model;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * One training step, without and with the scaler, beside its two bare matrix products and beside
 * the same step in plain Java loops.
 *
 * <p>To run it, from the top level:
 *
 * <pre>{@code
 * mvn -B -q -pl flink-job -am test-compile dependency:build-classpath \
 *     -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
 * OMP_NUM_THREADS=1 java -cp \
 *     "flink-job/target/test-classes:flink-job/target/classes:$(cat flink-job/target/test.classpath)" \
 *     io.freshet.model.LearningStepBenchmark
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 9, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class LearningStepBenchmark {
    /** Mini-batch × features × classes. */
    @Param({"32x54x7", "256x54x7", "256x512x10", "256x784x10"})
    public String shape = "";

    private MiniBatch batch = new MiniBatch(1, 1);
    private Evaluation evaluation = new Evaluation(1);
    private FloatLoop loop = new FloatLoop(1, 1, 1);
    private SoftmaxLearner learner = learner(1, 1, 2, ScalerType.NONE);
    private SoftmaxLearner scalingLearner = learner(1, 1, 2, ScalerType.NONE);
    private FloatPointer inputs = new FloatPointer(1);
    private FloatPointer parameters = new FloatPointer(1);
    private FloatPointer logits = new FloatPointer(1);
    private FloatPointer gradient = new FloatPointer(1);
    private int size;
    private int rows;
    private int numClasses;

    @Setup(Level.Trial)
    public void setUp() {
        tearDown();
        String[] dimensions = shape.split("x", -1);
        size = Integer.parseInt(dimensions[0]);
        int numFeatures = Integer.parseInt(dimensions[1]);
        rows = numFeatures + 1;
        numClasses = Integer.parseInt(dimensions[2]);
        batch = new MiniBatch(size, numFeatures);
        Random random = new Random(1);
        float[] features = new float[numFeatures];
        for (int i = 0; i < size; i++) {
            for (int f = 0; f < numFeatures; f++) {
                features[f] = (float) random.nextGaussian();
            }
            batch.add(features, 0, random.nextInt(numClasses), 1);
        }
        evaluation = new Evaluation(size);
        loop = new FloatLoop(size, numFeatures, numClasses);
        learner = learner(size, numFeatures, numClasses, ScalerType.NONE);
        scalingLearner = learner(size, numFeatures, numClasses, ScalerType.WELFORD);
        inputs = gaussian(random, size * rows);
        parameters = gaussian(random, rows * numClasses);
        logits = gaussian(random, size * numClasses);
        gradient = gaussian(random, rows * numClasses);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        learner.close();
        scalingLearner.close();
        inputs.close();
        parameters.close();
        logits.close();
        gradient.close();
    }

    @Benchmark
    public long step() {
        learner.step(batch, evaluation);
        return learner.modelVersion();
    }

    @Benchmark
    public long stepWithScaler() {
        scalingLearner.step(batch, evaluation);
        return scalingLearner.modelVersion();
    }

    @Benchmark
    public float plainLoop() {
        return loop.step(batch);
    }

    @Benchmark
    public FloatPointer twoProducts() {
        cblas_sgemm(
                CblasRowMajor,
                CblasNoTrans,
                CblasNoTrans,
                size,
                numClasses,
                rows,
                1,
                inputs,
                rows,
                parameters,
                numClasses,
                0,
                logits,
                numClasses);
        cblas_sgemm(
                CblasRowMajor,
                CblasTrans,
                CblasNoTrans,
                rows,
                numClasses,
                size,
                1,
                inputs,
                rows,
                logits,
                numClasses,
                0,
                gradient,
                numClasses);
        return gradient;
    }

    private static SoftmaxLearner learner(
            int size, int numFeatures, int numClasses, ScalerType scaler) {
        LearnerSettings settings =
                new LearnerSettings(
                        numFeatures,
                        numClasses,
                        size,
                        new Sgd(0.01, 0.9),
                        Reduction.EXAMPLES,
                        scaler);
        return new SoftmaxLearner(settings, LearnerState.initial(settings));
    }

    private static FloatPointer gaussian(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new FloatPointer(values);
    }

    /** The step as one would write it in Java: floats, row-major, no library, no scaler. */
    private static final class FloatLoop {
        private final int numFeatures;
        private final int numClasses;
        private final float[] parameters;
        private final float[] velocity;
        private final float[] gradient;
        private final float[] logits;

        FloatLoop(int size, int numFeatures, int numClasses) {
            this.numFeatures = numFeatures;
            this.numClasses = numClasses;
            this.parameters = new float[(numFeatures + 1) * numClasses];
            this.velocity = new float[parameters.length];
            this.gradient = new float[parameters.length];
            this.logits = new float[size * numClasses];
        }

        float step(MiniBatch batch) {
            float loss = 0;
            float[] features = batch.features();
            int bias = numFeatures * numClasses;
            Arrays.fill(gradient, 0);
            for (int i = 0; i < batch.size(); i++) {
                int row = i * numClasses;
                System.arraycopy(parameters, bias, logits, row, numClasses);
                for (int f = 0; f < numFeatures; f++) {
                    float feature = features[i * numFeatures + f];
                    for (int c = 0; c < numClasses; c++) {
                        logits[row + c] += feature * parameters[f * numClasses + c];
                    }
                }
                loss += softmaxMinusOneHot(row, batch.labels()[i]);
                float factor = batch.weights()[i] / batch.size();
                for (int c = 0; c < numClasses; c++) {
                    logits[row + c] *= factor;
                    gradient[bias + c] += logits[row + c];
                }
                for (int f = 0; f < numFeatures; f++) {
                    float feature = features[i * numFeatures + f];
                    for (int c = 0; c < numClasses; c++) {
                        gradient[f * numClasses + c] += feature * logits[row + c];
                    }
                }
            }
            for (int p = 0; p < parameters.length; p++) {
                velocity[p] = 0.9f * velocity[p] + gradient[p];
                parameters[p] -= 0.01f * velocity[p];
            }
            return loss;
        }

        private float softmaxMinusOneHot(int row, int label) {
            float largest = logits[row];
            for (int c = 1; c < numClasses; c++) {
                largest = Math.max(largest, logits[row + c]);
            }
            float margin = largest - logits[row + label];
            float sum = 0;
            for (int c = 0; c < numClasses; c++) {
                logits[row + c] = (float) Math.exp(logits[row + c] - largest);
                sum += logits[row + c];
            }
            for (int c = 0; c < numClasses; c++) {
                logits[row + c] /= sum;
            }
            logits[row + label] -= 1;
            return margin + (float) Math.log(sum);
        }
    }

    /** Runs all shapes and prints the median of each in µs. */
    public static void main(String[] args) throws RunnerException {
        StringBuilder table = new StringBuilder("median µs per step\n");
        for (RunResult result :
                new Runner(
                                new OptionsBuilder()
                                        .include(LearningStepBenchmark.class.getName())
                                        .build())
                        .run()) {
            table.append(
                    String.format(
                            Locale.ROOT,
                            "%-12s %-16s %9.2f%n",
                            result.getParams().getParam("shape"),
                            result.getPrimaryResult().getLabel(),
                            result.getPrimaryResult().getStatistics().getPercentile(50)));
        }
        System.out.println(table);
    }
}
