package io.freshet.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ensemble.Combination;
import io.freshet.model.cuda.LinearModel.Mixing;
import io.freshet.model.cuda.LinearModel.OtherExperts;
import io.freshet.model.cuda.LinearModel.Scaling;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.EmulatedDevice.Options;
import io.freshet.model.ensemble.BlockDistances;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.linalg.Precision;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.scale.ScalerState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests that ensembles on a device predict and learn as {@link Ensemble} does, over a stream with
 * an interaction of features and a drift: two models in one launch, in blocks of odd sizes of which
 * the next is submitted before the last has ended.
 */
class EnsembleGraphTest {
    private static final List<Double> RATES = EnsembleRule.LINEAR_RATES;
    private static final int ROWS = 128;
    private static final int MODELS = 2;

    /** Examples of each model before the device takes over: the ferns' tests are chosen by then. */
    private static final int BEFORE = 544;

    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    /** A model on the CPU, with linear experts in plain doubles. */
    private static final class OnCpu implements AutoCloseable {
        final int features;
        final int classes;
        final int numExperts;
        final double[][][] parameters;
        final MixtureWeights mixture;
        final Ensemble ensemble;
        final BlockDistances distances;
        final List<Ensemble.Row> rows = new ArrayList<>();

        OnCpu(EnsembleRule rule, int features, int classes) {
            this.features = features;
            this.classes = classes;
            numExperts = RATES.size() + rule.numOtherExperts();
            parameters = new double[RATES.size()][classes][features + 1];
            List<Double> switching = Mixture.DEFAULT_SWITCHING_RATES;
            mixture =
                    new MixtureWeights(
                            numExperts,
                            switching,
                            MixtureWeights.initialState(numExperts, switching.size()));
            ensemble = new Ensemble(rule, features, classes, RATES.size(), mixture);
            distances = new BlockDistances(features, ROWS, Precision.FLOAT);
            for (int i = 0; i < ROWS; i++) {
                rows.add(new Ensemble.Row(rule, features, classes, RATES.size()));
            }
        }

        /**
         * Predicts a mini-batch, then learns from it.
         *
         * @return (rows, experts, combinations and the answer) losses of each row
         */
        double[][] run(Example[] batch) {
            float[] inputs = new float[batch.length * features];
            for (int i = 0; i < batch.length; i++) {
                System.arraycopy(batch[i].x, 0, inputs, i * features, features);
            }
            ensemble.begin(distances, inputs, features, batch.length);
            double[][] losses = new double[batch.length][numExperts + Combination.ANSWERS + 1];
            double[] answer = new double[classes];
            double[][][] probabilities = new double[batch.length][RATES.size()][classes];
            for (int i = 0; i < batch.length; i++) {
                Example example = batch[i];
                for (int rate = 0; rate < RATES.size(); rate++) {
                    predict(rate, example.x, probabilities[i][rate], rows.get(i));
                }
                boolean isLearnt = example.weight > 0;
                ensemble.predict(
                        rows.get(i),
                        isLearnt ? i : Integer.MAX_VALUE,
                        distances,
                        i,
                        inputs,
                        i * features,
                        answer);
                rows.get(i).writeLosses(example.label, losses[i]);
                losses[i][losses[i].length - 1] = -Math.log(answer[example.label]);
            }
            for (int i = 0; i < batch.length; i++) {
                Example example = batch[i];
                if (example.weight > 0) {
                    ensemble.learn(rows.get(i), example.targets, example.label, example.weight);
                }
                for (int rate = 0; rate < RATES.size(); rate++) {
                    step(rate, example, probabilities[i][rate]);
                }
            }
            if (ensemble.isRefreshDue()) {
                float[][] of = new float[classes][features];
                for (int c = 0; c < classes; c++) {
                    for (int f = 0; f < features; f++) {
                        of[c][f] = (float) parameters[EnsembleRule.DISTANCE_RATE][c][f];
                    }
                }
                ensemble.refresh(of);
            }
            return losses;
        }

        private void predict(int rate, float[] x, double[] p, Ensemble.Row row) {
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                double[] w = parameters[rate][c];
                double z = w[features];
                for (int f = 0; f < features; f++) {
                    z += w[f] * x[f];
                }
                p[c] = z;
                sum += Math.exp(z);
            }
            for (int c = 0; c < classes; c++) {
                double log = p[c] - Math.log(sum);
                p[c] = Math.exp(log);
                row.linearLogs()[rate * classes + c] = log;
                row.linearProbabilities()[rate * classes + c] = p[c];
            }
        }

        private void step(int rate, Example example, double[] p) {
            double squared = 1;
            for (float value : example.x) {
                squared += value * value;
            }
            double weight = Math.max(0, example.weight);
            double step = weight * RATES.get(rate) / (1 + RATES.get(rate) * weight * squared / 2);
            for (int c = 0; c < classes; c++) {
                double gradient = step * (p[c] - example.targets[c]);
                for (int f = 0; f < features; f++) {
                    parameters[rate][c][f] -= gradient * example.x[f];
                }
                parameters[rate][c][features] -= gradient;
            }
        }

        /** Returns the parameters in the order of {@link LinearState}. */
        float[] linear() {
            float[] all = new float[RATES.size() * classes * (features + 1)];
            int at = 0;
            for (double[][] ofRate : parameters) {
                for (int f = 0; f <= features; f++) {
                    for (double[] ofClass : ofRate) {
                        all[at++] = (float) ofClass[f];
                    }
                }
            }
            return all;
        }

        @Override
        public void close() {
            distances.close();
        }
    }

    /** An example; its weight is 0 if it is ignored. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Example(float[] x, int label, double[] targets, double weight) {}

    private static Example next(Random random, int features, int classes, int i, boolean isPlain) {
        float[] x = new float[features];
        for (int f = 0; f < features; f++) {
            x[f] = (float) random.nextGaussian();
        }
        // The class of an example depends on the signs of two features together, then of others.
        int first = i < 2_500 ? 0 : 2;
        int quadrant = (x[first] * x[first + 1] > 0 ? 1 : 0) + (x[4] > 0.5 ? 1 : 0);
        int label = random.nextInt(20) == 0 ? random.nextInt(classes) : quadrant % classes;
        double[] targets = new double[classes];
        double smoothing = isPlain ? 0 : 0.1;
        Arrays.fill(targets, smoothing / classes);
        targets[label] += 1 - smoothing;
        double weight = isPlain ? 1 : random.nextInt(9) == 0 ? 0 : 0.5 + random.nextInt(3);
        return new Example(x, label, targets, weight);
    }

    private static Example[] batch(
            Random random, int features, int classes, int i, boolean isPlain, int room) {
        int size = isPlain || random.nextBoolean() ? 1 : 1 + random.nextInt(Math.min(6, room));
        Example[] batch = new Example[size];
        Arrays.setAll(batch, k -> next(random, features, classes, i + k, isPlain));
        return batch;
    }

    private static Options options(String order) {
        return switch (order) {
            case "LATE" -> Options.DEFAULT.late();
            case "REVERSED" -> Options.DEFAULT.reversed();
            default -> Options.DEFAULT;
        };
    }

    private static LinearModel model(
            int features,
            int classes,
            boolean isPlain,
            boolean labelExperts,
            @Nullable Scaling scaling) {
        return new LinearModel(
                features,
                classes,
                false,
                true,
                RATES,
                new Mixing(Mixture.DEFAULT_SWITCHING_RATES, false),
                !isPlain,
                true,
                false,
                scaling,
                new OtherExperts(labelExperts));
    }

    @ParameterizedTest
    @CsvSource({
        "6500, 6, 3, true, false, AT_ONCE",
        "1500, 70, 4, true, true, AT_ONCE",
        "1500, 6, 3, false, true, LATE",
        "1500, 6, 2, false, false, REVERSED"
    })
    void losses_areThoseOfTheCpu(
            int events,
            int features,
            int classes,
            boolean isPlain,
            boolean labelExperts,
            String order) {
        Options options = options(order);
        EnsembleRule rule = new EnsembleRule(false, labelExperts);
        LinearModel model = model(features, classes, isPlain, labelExperts, null);
        List<OnCpu> onCpu = new ArrayList<>();
        try (DeviceLearner learner = new DeviceLearner(new EmulatedDevice(options), model, 3)) {
            Random random = new Random(11);
            for (int m = 0; m < MODELS; m++) {
                OnCpu of = new OnCpu(rule, features, classes);
                onCpu.add(of);
                for (int i = 0; i < BEFORE; i++) {
                    of.run(batch(random, features, classes, i, true, 1));
                }
                int slot = 2 - m;
                learner.linear(slot, new LinearState(of.linear(), new float[0]));
                learner.mixture(slot, of.mixture.state());
                learner.ensemble(slot, of.ensemble.state());
            }
            Gradient gradient = isPlain ? Gradient.OF_LABEL : Gradient.OF_TARGETS;
            BlockShape shape = new BlockShape(MODELS, ROWS, gradient, false);
            DeviceBlock[] blocks = {learner.newBlock(shape), learner.newBlock(shape)};
            Differences differences =
                    new Differences(onCpu.get(0).numExperts + Combination.ANSWERS + 1);
            double[][][][] expected = new double[2][MODELS][][];
            int done = 0;
            int submitted = 0;
            for (int i = 0; i < events; submitted++) {
                DeviceBlock block = blocks[submitted % 2];
                if (submitted > 1) {
                    learner.finish(block);
                    differences.add(block, expected[done++ % 2]);
                }
                int count = 0;
                for (int m = 0; m < MODELS; m++) {
                    count =
                            Math.max(
                                    count,
                                    fill(
                                            block,
                                            m,
                                            onCpu.get(m),
                                            random,
                                            i,
                                            isPlain,
                                            expected[submitted % 2]));
                }
                learner.submit(block);
                i += count;
            }
            for (; done < submitted; done++) {
                learner.finish(blocks[done % 2]);
                differences.add(blocks[done % 2], expected[done % 2]);
            }
            differences.check();
            for (int m = 0; m < MODELS; m++) {
                checkState(learner.ensemble(2 - m), onCpu.get(m).ensemble.state());
            }
        } finally {
            onCpu.forEach(OnCpu::close);
        }
    }

    @Test
    void undo_restoresTheEnsemble() {
        int features = 6;
        int classes = 3;
        Random random = new Random(2);
        LinearModel model = model(features, classes, true, true, null);
        try (OnCpu of = new OnCpu(new EnsembleRule(false, true), features, classes);
                DeviceLearner learner = new DeviceLearner(new EmulatedDevice(), model, 3)) {
            for (int i = 0; i < BEFORE; i++) {
                of.run(batch(random, features, classes, i, true, 1));
            }
            EnsembleState start = of.ensemble.state();
            DeviceBlock block =
                    learner.newBlock(new BlockShape(MODELS, ROWS, Gradient.OF_LABEL, false));
            for (int m = 0; m < MODELS; m++) {
                learner.linear(2 - m, new LinearState(of.linear(), new float[0]));
                learner.mixture(2 - m, of.mixture.state());
                learner.ensemble(2 - m, start);
                fill(block, m, of, random, BEFORE, true, new double[MODELS][][]);
            }
            learner.submit(block);
            learner.finish(block);
            for (int m = 0; m < MODELS; m++) {
                EnsembleState after = learner.ensemble(2 - m);
                assertThat(after.seen()).isGreaterThan(start.seen());
                assertThat(difference(after.ferns().table(), start.ferns().table()))
                        .isGreaterThan(0);
            }

            learner.undo(block);

            for (int m = 0; m < MODELS; m++) {
                EnsembleState undone = learner.ensemble(2 - m);
                assertThat(undone).usingRecursiveComparison().isEqualTo(start);
            }
        }
    }

    /**
     * Models with different numbers of rows, in other places of a block than their states; each
     * third block is undone together with the one that was submitted after it, and learnt again.
     */
    @ParameterizedTest
    @CsvSource({"2, 3, true, AT_ONCE", "4, 5, true, LATE", "4, 3, false, REVERSED"})
    void severalModels_areWhatEachIsByItself(
            int numModels, int classes, boolean isPlain, String order) {
        int features = 6;
        int[] slots = numModels == 2 ? new int[] {2, 0} : new int[] {3, 0, 4, 1};
        int untouched = numModels == 2 ? 1 : 2;
        int[][] counts = {{1, 128, 0, 33}, {128, 0, 31, 64}, {100, 7, 128, 0}};
        LinearModel model = model(features, classes, isPlain, true, new Scaling(0, 2, false));
        Gradient gradient = isPlain ? Gradient.OF_LABEL : Gradient.OF_TARGETS;
        Random random = new Random(5);
        List<DeviceLearner> alone = new ArrayList<>();
        List<DeviceBlock> blocksAlone = new ArrayList<>();
        try (DeviceLearner together =
                new DeviceLearner(new EmulatedDevice(options(order)), model, numModels + 1)) {
            for (int m = 0; m < numModels; m++) {
                DeviceLearner learner =
                        new DeviceLearner(new EmulatedDevice(options(order)), model, 1);
                alone.add(learner);
                blocksAlone.add(learner.newBlock(new BlockShape(1, ROWS, gradient, !isPlain)));
                try (OnCpu of = new OnCpu(new EnsembleRule(false, true), features, classes)) {
                    for (int i = 0; i < BEFORE + 7 * m; i++) {
                        of.run(batch(random, features, classes, i, true, 1));
                    }
                    start(learner, 0, of);
                    start(together, slots[m], of);
                    if (m == 0) {
                        start(together, untouched, of);
                    }
                }
            }
            Object[] untouchedState = state(together, untouched);
            BlockShape shape = new BlockShape(numModels, ROWS, gradient, !isPlain);
            DeviceBlock block = together.newBlock(shape);
            DeviceBlock ahead = together.newBlock(shape);
            block.wantProbabilities(true);
            for (int b = 0; b < 15; b++) {
                List<List<Example[]>> batches = new ArrayList<>();
                for (int m = 0; m < numModels; m++) {
                    int count = counts[b % counts.length][(m + b / counts.length) % 4];
                    batches.add(batches(random, features, classes, 100 * b, isPlain, count));
                }
                for (int repeat = b % 3 == 0 ? 0 : 1; repeat < 2; repeat++) {
                    for (int m = 0; m < numModels; m++) {
                        fill(block, m, slots[m], batches.get(m));
                        int other = (m + 1) % numModels;
                        fill(ahead, m, slots[other], batches.get(other));
                    }
                    together.submit(block);
                    if (repeat == 0) {
                        together.submit(ahead);
                        together.undo(ahead);
                        together.undo(block);
                    }
                }
                together.finish(block);
                for (int m = 0; m < numModels; m++) {
                    DeviceBlock ofOne = blocksAlone.get(m);
                    ofOne.wantProbabilities(true);
                    fill(ofOne, 0, 0, batches.get(m));
                    alone.get(m).submit(ofOne);
                    alone.get(m).finish(ofOne);
                    assertThat(results(model, block, m, batches.get(m)))
                            .isEqualTo(results(model, ofOne, 0, batches.get(m)));
                    checkSame(state(together, slots[m]), state(alone.get(m), 0));
                }
            }
            checkSame(state(together, untouched), untouchedState);
        } finally {
            alone.forEach(DeviceLearner::close);
        }
    }

    private static void start(DeviceLearner learner, int slot, OnCpu of) {
        learner.startScaler(slot, ScalerState.initial(of.features));
        learner.linear(slot, new LinearState(of.linear(), new float[0]));
        learner.mixture(slot, of.mixture.state());
        learner.ensemble(slot, of.ensemble.state());
    }

    /** Returns arrays of all that can be read of a model's state. */
    private static Object[] state(DeviceLearner learner, int slot) {
        EnsembleState ensemble = learner.ensemble(slot);
        ScalerState scaler = learner.scaler(slot, 1);
        return new Object[] {
            learner.linear(slot).parameters(),
            ensemble.ferns().table(),
            ensemble.ferns().testFeatures(),
            ensemble.ferns().testThresholds(),
            ensemble.points(),
            ensemble.labels(),
            ensemble.featureWeights(),
            new long[] {ensemble.seen(), ensemble.nextRefresh(), ensemble.restarts()},
            ensemble.stack(),
            ensemble.correction(),
            ensemble.answers(),
            ensemble.labelCounts(),
            ensemble.lastLabel(),
            scaler.mean(),
            scaler.squaredDeviations()
        };
    }

    private static void checkSame(Object[] state, Object[] expected) {
        for (int part = 0; part < expected.length; part++) {
            assertThat(Objects.deepEquals(state[part], expected[part]))
                    .as("part %d of the state is the same", part)
                    .isTrue();
        }
    }

    /** Returns all that a block says about a model and its rows. */
    private static double[] results(
            LinearModel model, DeviceBlock block, int place, List<Example[]> batches) {
        DoubleStream.Builder results = DoubleStream.builder();
        int count = batches.stream().mapToInt(batch -> batch.length).sum();
        float[] probabilities = new float[model.numClasses()];
        for (int row = 0; row < count; row++) {
            results.add(block.scores().loss(place, row))
                    .add(block.scores().trainingLoss(place, row));
            results.add(block.scores().confidence(place, row))
                    .add(block.scores().brier(place, row));
            results.add(block.scores().predictedClass(place, row))
                    .add(block.scores().rank(place, row));
            for (int k = 0; k < model.numLosses(); k++) {
                results.add(block.scores().expertLoss(place, row, k));
            }
            block.scores().probabilities(place, row, probabilities);
            for (float probability : probabilities) {
                results.add(probability);
            }
        }
        for (int rate = 0; rate < model.numRates(); rate++) {
            results.add(block.scores().gradientNorm(place, rate));
            results.add(block.scores().sumOfMagnitudes(place, rate))
                    .add(block.scores().sumOfSquares(place, rate));
        }
        long[] clipped = new long[model.numFeatures()];
        block.scores().clippedValues(place, clipped);
        Arrays.stream(clipped).forEach(results::add);
        double[] stack = new double[model.numExperts()];
        double[] correction = new double[stack.length];
        block.scores().stacks(place, stack, correction);
        int switching = model.numSwitchingRates();
        double[] mixture = new double[switching * (model.numExperts() + 1)];
        block.scores().mixture(place, mixture);
        double[] answers =
                new double[Mixture.DEFAULT_SWITCHING_RATES.size() * (Combination.ANSWERS + 1)];
        block.scores().answers(place, answers);
        for (double[] values : List.of(stack, correction, mixture, answers)) {
            Arrays.stream(values).forEach(results::add);
        }
        return results.build().toArray();
    }

    /** Fills the rows of a model, and computes their losses on the CPU. */
    private static int fill(
            DeviceBlock block,
            int place,
            OnCpu of,
            Random random,
            int i,
            boolean isPlain,
            double[][][] expected) {
        int count = 1 + random.nextInt(ROWS);
        List<Example[]> batches = batches(random, of.features, of.classes, i, isPlain, count);
        fill(block, place, 2 - place, batches);
        List<double[]> losses = new ArrayList<>();
        batches.forEach(batch -> losses.addAll(Arrays.asList(of.run(batch))));
        expected[place] = losses.toArray(new double[0][]);
        return count;
    }

    private static List<Example[]> batches(
            Random random, int features, int classes, int i, boolean isPlain, int count) {
        List<Example[]> batches = new ArrayList<>();
        for (int done = 0; done < count; ) {
            Example[] batch = batch(random, features, classes, i + done, isPlain, count - done);
            batches.add(batch);
            done += batch.length;
        }
        return batches;
    }

    /** Fills the rows of a model; those of weight 0 are labelled, but not learnt. */
    private static void fill(DeviceBlock block, int place, int slot, List<Example[]> batches) {
        block.begin(place, slot);
        for (Example[] batch : batches) {
            int begin = block.count();
            for (Example example : batch) {
                int row = block.add(example.x, 0);
                block.label(row, example.label, example.weight, example.weight, 1);
                if (example.weight > 0) {
                    block.learn(row, example.label);
                }
                for (int c = 0; c < example.targets.length; c++) {
                    if (block.shape().gradient() != Gradient.OF_LABEL) {
                        block.gradient(row, c, 1, example.targets[c]);
                    }
                    if (block.shape().hasTargets()) {
                        block.target(row, c, example.targets[c]);
                    }
                }
            }
            block.step(begin);
        }
        block.end();
    }

    /** Differences of the losses of each expert, each combination and the answer. */
    private static final class Differences {
        private final double[] sums;
        private final double[] expectedSums;
        private final double[] largest;
        private int count;

        Differences(int predictions) {
            sums = new double[predictions];
            expectedSums = new double[predictions];
            largest = new double[predictions];
        }

        void add(DeviceBlock block, double[][][] expected) {
            for (int m = 0; m < MODELS; m++) {
                for (int row = 0; row < expected[m].length; row++) {
                    for (int k = 0; k < sums.length; k++) {
                        double loss =
                                k == sums.length - 1
                                        ? block.scores().loss(m, row)
                                        : block.scores().expertLoss(m, row, k);
                        sums[k] += loss;
                        expectedSums[k] += expected[m][row][k];
                        largest[k] = Math.max(largest[k], Math.abs(loss - expected[m][row][k]));
                    }
                    count++;
                }
            }
        }

        void check() {
            for (int k = 0; k < sums.length; k++) {
                assertThat(Math.abs(sums[k] - expectedSums[k]) / count)
                        .as("mean difference of prediction %d", k)
                        .isLessThan(1e-5);
                assertThat(largest[k]).as("difference of prediction %d", k).isLessThan(1e-3);
            }
            // The answer is better than each expert by itself, or the comparison would say little.
            for (int k = 0; k < sums.length - 1 - Combination.ANSWERS; k++) {
                assertThat(sums[sums.length - 1]).isLessThan(sums[k]);
            }
        }
    }

    private static void checkState(EnsembleState state, EnsembleState expected) {
        assertThat(state.seen()).isEqualTo(expected.seen());
        assertThat(state.nextRefresh()).isEqualTo(expected.nextRefresh());
        assertThat(state.labels()).isEqualTo(expected.labels());
        assertThat(state.lastLabel()).isEqualTo(expected.lastLabel());
        assertThat(state.restarts()).isEqualTo(expected.restarts());
        assertThat(state.ferns().testFeatures()).isEqualTo(expected.ferns().testFeatures());
        assertThat(state.ferns().testThresholds()).isEqualTo(expected.ferns().testThresholds());
        assertThat(difference(state.ferns().table(), expected.ferns().table())).isLessThan(1e-4);
        assertThat(difference(state.points(), expected.points())).isLessThan(1e-4);
        assertThat(difference(state.featureWeights(), expected.featureWeights())).isLessThan(1e-4);
        assertThat(difference(state.labelCounts(), expected.labelCounts())).isLessThan(1e-4);
        assertThat(difference(state.stack(), expected.stack())).isLessThan(1e-4);
        assertThat(difference(state.correction(), expected.correction())).isLessThan(1e-4);
        assertThat(difference(state.answers(), expected.answers())).isLessThan(1e-4);
    }

    private static double difference(float[] values, float[] expected) {
        assertThat(values).hasSameSizeAs(expected);
        double largest = 0;
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i]).isFinite();
            double scale = Math.max(1, Math.abs(expected[i]));
            largest = Math.max(largest, Math.abs(values[i] - expected[i]) / scale);
        }
        return largest;
    }

    private static double difference(double[] values, double[] expected) {
        assertThat(values).hasSameSizeAs(expected);
        double largest = 0;
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i]).isFinite();
            largest = Math.max(largest, Math.abs(values[i] - expected[i]));
        }
        return largest;
    }
}
