package io.freshet.model;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
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
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.MultisetStatistics;
import org.openjdk.jmh.util.Statistics;

/**
 * Benchmark of the learner's steps, compared with bare matrix products, a plain Java loop and,
 * where their times are given, PyTorch's steps.
 *
 * <p>{@code step} uses the whole batch as one mini-batch, with momentum; {@code online} takes one
 * step per example of the same batch; {@code mixture} does so for seven learning rates, and {@code
 * ensemble} with a scaler and the experts of an ensemble. {@code deploy/local/src/bench/step-times}
 * runs it together with PyTorch. To run it alone, in the repository's root directory:
 *
 * <pre>{@code
 * mvn -B -q -pl flink-job -am test-compile dependency:build-classpath -DskipTests \
 *     -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
 * OMP_NUM_THREADS=1 java -cp \
 *     "flink-job/target/test-classes:flink-job/target/classes:$(cat flink-job/target/test.classpath)" \
 *     io.freshet.model.LearningStepBenchmark
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 16, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 9, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class LearningStepBenchmark {
    /** Batch size × features × classes. */
    @Param({"32x54x7", "256x54x7", "256x512x10", "1024x512x10", "256x784x10", "256x512x1000"})
    public String shape = "";

    private Examples batch = new Examples(1);
    private Evaluation evaluation = new Evaluation(2);
    private FloatLoop loop = new FloatLoop(1, 1, 1);
    private SoftmaxLearner learner = learner(1, 1, 2, ScalerChoice.NONE);
    private SoftmaxLearner scalingLearner = learner(1, 1, 2, ScalerChoice.NONE);
    private SoftmaxLearner onlineLearner = learner(1, 1, 2, ScalerChoice.NONE);
    private SoftmaxLearner onlineScalingLearner = learner(1, 1, 2, ScalerChoice.NONE);
    private SoftmaxLearner mixtureLearner = learner(1, 1, 2, ScalerChoice.NONE);
    private SoftmaxLearner ensembleLearner = ensemble(1, 2);
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
        batch = new Examples(numFeatures);
        Random random = new Random(1);
        float[] features = new float[numFeatures];
        for (int i = 0; i < size; i++) {
            for (int f = 0; f < numFeatures; f++) {
                features[f] = (float) random.nextGaussian();
            }
            batch.add(features, 0, random.nextInt(numClasses), 1);
        }
        evaluation = new Evaluation(numClasses);
        loop = new FloatLoop(size, numFeatures, numClasses);
        learner = learner(size, numFeatures, numClasses, ScalerChoice.NONE);
        scalingLearner = learner(size, numFeatures, numClasses, ScalerChoice.WELFORD);
        onlineLearner = learner(1, numFeatures, numClasses, ScalerChoice.NONE);
        onlineScalingLearner = learner(1, numFeatures, numClasses, ScalerChoice.WELFORD);
        mixtureLearner =
                learner(
                        1,
                        numFeatures,
                        numClasses,
                        ScalerChoice.NONE,
                        new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, false));
        ensembleLearner = ensemble(numFeatures, numClasses);
        inputs = gaussian(random, size * rows);
        parameters = gaussian(random, rows * numClasses);
        logits = gaussian(random, size * numClasses);
        gradient = gaussian(random, rows * numClasses);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        learner.close();
        scalingLearner.close();
        onlineLearner.close();
        onlineScalingLearner.close();
        mixtureLearner.close();
        ensembleLearner.close();
        inputs.close();
        parameters.close();
        logits.close();
        gradient.close();
    }

    @Benchmark
    public long step() {
        return learn(learner);
    }

    @Benchmark
    public long stepWithScaler() {
        return learn(scalingLearner);
    }

    @Benchmark
    public long online() {
        return learn(onlineLearner);
    }

    @Benchmark
    public long onlineWithScaler() {
        return learn(onlineScalingLearner);
    }

    @Benchmark
    public long mixture() {
        return learn(mixtureLearner);
    }

    @Benchmark
    public long ensemble() {
        return learn(ensembleLearner);
    }

    private long learn(SoftmaxLearner model) {
        model.learn(batch, true, evaluation);
        return model.modelVersion();
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
            int size, int numFeatures, int numClasses, ScalerChoice scaler) {
        return learner(size, numFeatures, numClasses, scaler, null);
    }

    /** Returns a learner with momentum, or with plain SGD if the mini-batch is one example. */
    private static SoftmaxLearner learner(
            int size, int numFeatures, int numClasses, ScalerChoice scaler, Mixture mixture) {
        LearnerSettings settings =
                new LearnerSettings(
                        numFeatures,
                        numClasses,
                        size,
                        new CrossEntropy(numClasses),
                        new Sgd(0.01, size == 1 ? 0 : 0.9),
                        mixture,
                        MiniBatchReduction.EXAMPLES,
                        scaler.rule(),
                        10);
        return new SoftmaxLearner(settings, LearnerState.initial(settings));
    }

    private static SoftmaxLearner ensemble(int numFeatures, int numClasses) {
        LearnerSettings settings =
                new LearnerSettings(
                        numFeatures,
                        numClasses,
                        1,
                        new CrossEntropy(numClasses),
                        new Sgd(0.01, 0),
                        new Mixture(
                                EnsembleRule.LINEAR_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                        MiniBatchReduction.EXAMPLES,
                        ScalerChoice.WELFORD.rule(),
                        10,
                        false,
                        new EnsembleRule(false, false));
        return new SoftmaxLearner(settings, LearnerState.initial(settings));
    }

    private static FloatPointer gaussian(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new FloatPointer(values);
    }

    /** Simple Java implementation of a step: floats, row-major, no library, no scaler. */
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

        float step(Examples batch) {
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

    /**
     * Runs all shapes or one and prints, for each, the median times in µs, their quartiles, the
     * bytes allocated per call, and ratios.
     *
     * @param args none for all shapes; or a shape and, optionally, a file of PyTorch's times with
     *     lines "shape µs", of which the medians are used
     */
    public static void main(String[] args) throws RunnerException, IOException {
        Map<String, Double> torch = args.length < 2 ? Map.of() : medians(Path.of(args[1]));
        ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .include(LearningStepBenchmark.class.getName())
                        .addProfiler(GCProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT);
        if (args.length > 0) {
            options.param("shape", args[0]);
        }
        Map<String, Map<String, Double>> medians = new LinkedHashMap<>();
        StringBuilder table = new StringBuilder("median µs per call, quartiles, bytes per call\n");
        for (RunResult result : new Runner(options.build()).run()) {
            String shape = result.getParams().getParam("shape");
            String label = result.getPrimaryResult().getLabel();
            Statistics times = result.getPrimaryResult().getStatistics();
            double median = times.getPercentile(50);
            medians.computeIfAbsent(shape, unused -> new TreeMap<>()).put(label, median);
            table.append(
                    String.format(
                            Locale.ROOT,
                            "%-13s %-19s %10.2f  %10.2f %10.2f  %10.0f%n",
                            shape,
                            label,
                            median,
                            times.getPercentile(25),
                            times.getPercentile(75),
                            result.getSecondaryResults().get("gc.alloc.rate.norm").getScore()));
        }
        medians.forEach((shape, times) -> table.append(ratios(shape, times, torch)));
        System.out.println(table);
    }

    private static Map<String, Double> medians(Path file) throws IOException {
        Map<String, MultisetStatistics> times = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ", -1);
            if (!words[0].equals("torch")) {
                times.computeIfAbsent(words[0], unused -> new MultisetStatistics())
                        .addValue(Double.parseDouble(words[1]), 1);
            }
        }
        Map<String, Double> medians = new TreeMap<>();
        times.forEach((shape, values) -> medians.put(shape, values.getPercentile(50)));
        return medians;
    }

    private static String ratios(
            String shape, Map<String, Double> times, Map<String, Double> torch) {
        String ratios =
                String.format(
                        Locale.ROOT,
                        "%-13s step / two products %.2f, mixture / online %.2f, plain loop / step"
                                + " %.1f",
                        shape,
                        times.get("step") / times.get("twoProducts"),
                        times.get("mixture") / times.get("online"),
                        times.get("plainLoop") / times.get("step"));
        Double whole = torch.get(shape);
        if (whole != null) {
            ratios +=
                    String.format(
                            Locale.ROOT,
                            ", PyTorch's step %.2f µs: / step %.2f, / online %.2f",
                            whole,
                            whole / times.get("step"),
                            whole / times.get("online"));
        }
        int batch = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
        Double single = torch.get("1" + shape.substring(shape.indexOf('x')));
        if (single != null) {
            ratios +=
                    String.format(
                            Locale.ROOT,
                            ", PyTorch one by one / online %.0f",
                            batch * single / times.get("online"));
        }
        return ratios + System.lineSeparator();
    }
}
