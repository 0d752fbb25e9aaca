package io.freshet.model.ensemble;

import static io.freshet.model.ensemble.RandomBlocks.MODELS;
import static io.freshet.model.ensemble.RandomBlocks.NUM_SLOTS;
import static io.freshet.model.ensemble.RandomBlocks.ROWS;
import static io.freshet.model.ensemble.RandomBlocks.SLOTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.ensemble.Combination;
import io.freshet.model.cuda.KernelRunner;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.Kernel;
import io.freshet.model.mixture.Likelihoods;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests of the kernels of combination.cu, and of the weights of scores.cu, beside the classes that
 * they stand for. Each is given what the kernel before it wrote, so that only its own rounding
 * differs.
 */
class CombinationKernelsTest {
    private static final int WARPS = 8;
    private static final int ANSWERS = Combination.ANSWERS;
    private static final double[] SWITCHING_RATES =
            Mixture.DEFAULT_SWITCHING_RATES.stream().mapToDouble(rate -> rate).toArray();

    private KernelRunner runner;
    private RandomBlocks blocks;
    private DeviceMemory slots;
    private DeviceMemory counts;
    private DeviceMemory classes;
    private DeviceMemory labels;
    private DeviceMemory weights;
    private DeviceMemory ends;
    private DeviceMemory targets;
    private Kernel relate;
    private Kernel shareOf8;
    private Kernel shareOf16;

    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    private void start(KernelRunner on, int numClasses, boolean isPlain) {
        runner = on;
        blocks = new RandomBlocks(3, numClasses, isPlain);
        slots = runner.of(SLOTS);
        counts = runner.words(MODELS);
        classes = runner.words(MODELS * ROWS);
        labels = runner.words(MODELS * ROWS);
        weights = runner.words(MODELS * ROWS);
        ends = runner.words(MODELS * ROWS);
        targets = runner.words(blocks.targets.length);
        relate = runner.kernel("scores", "relativeLikelihoods");
        shareOf8 = runner.kernel("scores", "mixtureWeights<8>");
        shareOf16 = runner.kernel("scores", "mixtureWeights<16>");
    }

    private void nextBlock() {
        blocks.next();
        runner.write(counts, blocks.counts);
        runner.write(classes, blocks.classes);
        runner.write(labels, blocks.labels);
        runner.write(weights, blocks.weights);
        runner.write(ends, blocks.ends);
        runner.write(targets, blocks.targets);
    }

    private long targetsIfSoft() {
        return blocks.isPlain ? 0 : targets.address();
    }

    private static int blocksOf(int threads) {
        return (threads + 255) / 256;
    }

    /** Writes random log-probabilities, some of them small, which tell the classes apart a bit. */
    private static void draw(float[] logs, RandomBlocks blocks, int numExperts, Random random) {
        int numClasses = blocks.numClasses;
        double[] z = new double[numClasses];
        for (int row = 0; row < MODELS * ROWS; row++) {
            for (int e = 0; e < numExperts; e++) {
                double scale = random.nextInt(50) == 0 ? 300 : 1 + e;
                double sum = 0;
                for (int c = 0; c < numClasses; c++) {
                    double hint = c == blocks.labels[row] ? 0.2 * e : 0;
                    z[c] = hint + scale * random.nextGaussian();
                    sum += Math.exp(z[c]);
                }
                for (int c = 0; c < numClasses; c++) {
                    logs[(row * numExperts + e) * numClasses + c] = (float) (z[c] - Math.log(sum));
                }
            }
        }
    }

    private static double[] initialMixtures(int experts) {
        double[] initial = MixtureWeights.initialState(experts, SWITCHING_RATES.length);
        double[] all = new double[NUM_SLOTS * initial.length];
        for (int slot : SLOTS) {
            System.arraycopy(initial, 0, all, slot * initial.length, initial.length);
        }
        return all;
    }

    private static MixtureWeights[] mixtures(int experts) {
        MixtureWeights[] mixtures = new MixtureWeights[MODELS];
        Arrays.setAll(
                mixtures,
                i ->
                        new MixtureWeights(
                                experts,
                                Mixture.DEFAULT_SWITCHING_RATES,
                                MixtureWeights.initialState(experts, SWITCHING_RATES.length)));
        return mixtures;
    }

    private void launchLikelihoods(
            Kernel kernel,
            DeviceMemory logs,
            DeviceMemory trained,
            DeviceMemory reported,
            int count,
            int all,
            int first) {
        runner.stream()
                .launch(
                        kernel,
                        blocksOf(ROWS * count),
                        MODELS,
                        256,
                        0,
                        new Arguments()
                                .add(logs)
                                .add(classes)
                                .add(targetsIfSoft())
                                .add(labels)
                                .add(0L)
                                .add(counts)
                                .add(trained)
                                .add(reported)
                                .add(count)
                                .add(all)
                                .add(first)
                                .add(ROWS)
                                .add(blocks.numClasses));
    }

    private void launchWeights(
            DeviceMemory states,
            DeviceMemory trained,
            DeviceMemory relatives,
            DeviceMemory out,
            int count) {
        runner.stream()
                .launch(
                        relate,
                        blocksOf(ROWS),
                        MODELS,
                        256,
                        0,
                        new Arguments()
                                .add(trained)
                                .add(weights)
                                .add(classes)
                                .add(relatives)
                                .add(count)
                                .add(ROWS));
        runner.stream()
                .launch(
                        count > 8 ? shareOf16 : shareOf8,
                        MODELS,
                        1,
                        32,
                        0,
                        new Arguments()
                                .add(states)
                                .add(relatives)
                                .add(ends)
                                .add(counts)
                                .add(slots)
                                .add(runner.of(SWITCHING_RATES))
                                .add(out)
                                .add(SWITCHING_RATES.length)
                                .add(count)
                                .add(ROWS));
    }

    private static double dot(double[] targets, double[] logs) {
        double sum = 0;
        for (int c = 0; c < targets.length; c++) {
            sum += targets[c] == 0 ? 0 : targets[c] * logs[c];
        }
        return sum;
    }

    private static Likelihoods likelihoods(float[] logs, int offset, int count) {
        Likelihoods likelihoods = new Likelihoods(count);
        for (int k = 0; k < count; k++) {
            likelihoods.setLogarithm(k, logs[offset + k]);
        }
        return likelihoods;
    }

    private void checkWeights(
            MixtureWeights[] mixtures, float[] trained, float[] weightsOfRows, int count) {
        for (int model = 0; model < MODELS; model++) {
            MixtureWeights of = mixtures[model];
            blocks.forEach(
                    model,
                    row -> {
                        for (int k = 0; k < count; k++) {
                            double expected = of.weight(k);
                            assertThat((double) weightsOfRows[row * count + k])
                                    .isCloseTo(expected, within(1e-7 * expected));
                        }
                    },
                    row ->
                            of.update(
                                    likelihoods(trained, row * count, count), blocks.weights[row]));
        }
    }

    private static void checkStates(MixtureWeights[] mixtures, double[] states) {
        for (int model = 0; model < MODELS; model++) {
            double[] expected = mixtures[model].state();
            for (int i = 0; i < expected.length; i++) {
                assertThat(states[SLOTS[model] * expected.length + i])
                        .isCloseTo(expected[i], within(1e-9 * expected[i]));
            }
        }
    }

    /** The two stacks of each model on the CPU, and their predictions. */
    private static final class Stacks {
        final ExpertStack[][] stacks = new ExpertStack[MODELS][2];
        final int numExperts;
        final int numClasses;
        final double[][][] probabilities = new double[MODELS * ROWS][2][];
        int restarts;

        Stacks(int numExperts, int numClasses) {
            this.numExperts = numExperts;
            this.numClasses = numClasses;
            for (ExpertStack[] of : stacks) {
                of[0] = new ExpertStack(numExperts, numClasses, 1e-4, 1.0 / numExperts);
                of[1] = new ExpertStack(numExperts, numClasses, 0, 0);
            }
        }

        double[] initial() {
            int size = 2 * (numExperts + numExperts * numExperts) + 1;
            double[] all = new double[NUM_SLOTS * size];
            for (int slot : SLOTS) {
                for (int which = 0; which < 2; which++) {
                    double[] state = stacks[0][which].state();
                    System.arraycopy(
                            state, 0, all, slot * size + which * state.length, state.length);
                }
            }
            return all;
        }

        double[] bounded(float[] logs, int row) {
            double[] bounded = new double[numClasses * numExperts];
            for (int e = 0; e < numExperts; e++) {
                for (int c = 0; c < numClasses; c++) {
                    bounded[c * numExperts + e] =
                            Math.max(
                                    logs[(row * numExperts + e) * numClasses + c],
                                    Combination.MIN_LOG);
                }
            }
            return bounded;
        }

        void checkPrediction(int model, int row, float[] logs, double[] combined) {
            double[] bounded = bounded(logs, row);
            for (int which = 0; which < 2; which++) {
                double[] of = stacks[model][which].weights();
                double[] z = new double[numClasses];
                double sum = 0;
                double max = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < numClasses; c++) {
                    double base = Math.max(combined[row * ANSWERS * numClasses + c], -12);
                    z[c] = which == 0 ? 0 : base;
                    for (int e = 0; e < numExperts; e++) {
                        z[c] += of[e] * bounded[c * numExperts + e];
                    }
                    max = Math.max(max, z[c]);
                }
                for (int c = 0; c < numClasses; c++) {
                    sum += Math.exp(z[c] - max);
                }
                double[] p = new double[numClasses];
                for (int c = 0; c < numClasses; c++) {
                    double log = z[c] - max - Math.log(sum);
                    p[c] = Math.exp(log);
                    assertThat(combined[(row * ANSWERS + 1 + which) * numClasses + c])
                            .as("row %d, class %d of stack %d", row, c, which)
                            .isCloseTo(log, within(1e-9 * Math.max(1, -log)));
                }
                probabilities[row][which] = p;
            }
        }

        void learn(int model, int row, float[] logs, double[] targets, double weight) {
            for (int which = 0; which < 2; which++) {
                boolean isFinite =
                        stacks[model][which].learn(
                                bounded(logs, row), probabilities[row][which], targets, weight);
                restarts += isFinite ? 0 : 1;
            }
        }

        void check(double[] states) {
            int size = 2 * (numExperts + numExperts * numExperts) + 1;
            for (int model = 0; model < MODELS; model++) {
                for (int which = 0; which < 2; which++) {
                    double[] state = stacks[model][which].state();
                    for (int i = 0; i < state.length; i++) {
                        double value = states[SLOTS[model] * size + which * state.length + i];
                        assertThat(value)
                                .as("%d of stack %d", i, which)
                                .isCloseTo(state[i], within(1e-9 * Math.max(1, state[i])));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "8, 2, true, AT_ONCE",
        "8, 7, true, AT_ONCE",
        "8, 7, false, REVERSED",
        "11, 7, false, LATE",
        "11, 32, false, AT_ONCE"
    })
    void everyStep_isThatOfTheCpu(
            int numExperts, int numClasses, boolean isPlain, KernelRunner.Order order) {
        try (KernelRunner on = new KernelRunner(order)) {
            start(on, numClasses, isPlain);
            Kernel ofExperts = runner.kernel("combination", "likelihoodsOf<float>");
            Kernel ofAnswers = runner.kernel("combination", "likelihoodsOf<double>");
            Kernel mix = runner.kernel("combination", "mixExperts");
            Kernel stack =
                    runner.kernel("combination", "stacks<" + numExperts + ", " + numClasses + ">");
            Kernel answer = runner.kernel("combination", "ensembleAnswers");
            int all = numExperts + ANSWERS;
            Stacks onCpu = new Stacks(numExperts, numClasses);
            MixtureWeights[] mixtures = mixtures(numExperts);
            MixtureWeights[] tops = mixtures(ANSWERS);
            DeviceMemory stacks = runner.of(onCpu.initial());
            DeviceMemory mixtureStates = runner.of(initialMixtures(numExperts));
            DeviceMemory topStates = runner.of(initialMixtures(ANSWERS));
            float[] values = new float[MODELS * ROWS * numExperts * numClasses];
            DeviceMemory logs = runner.words(values.length);
            DeviceMemory trained = runner.words(MODELS * ROWS * numExperts);
            DeviceMemory reported = runner.words(MODELS * ROWS * all);
            DeviceMemory relatives = runner.words(MODELS * ROWS * numExperts * 2);
            DeviceMemory topRelatives = runner.words(MODELS * ROWS * ANSWERS * 2);
            DeviceMemory ofRows = runner.words(MODELS * ROWS * numExperts);
            DeviceMemory combined = runner.words(MODELS * ROWS * ANSWERS * numClasses * 2);
            DeviceMemory topTrained = runner.words(MODELS * ROWS * ANSWERS);
            DeviceMemory topOfRows = runner.words(MODELS * ROWS * ANSWERS);
            DeviceMemory probabilities = runner.words(MODELS * ROWS * numClasses);
            DeviceMemory scores = runner.words(MODELS * ROWS * 4);
            DeviceMemory ranks = runner.words(MODELS * ROWS * 2);
            DeviceMemory labelWeights = runner.words(MODELS * ROWS);
            float[] twos = new float[MODELS * ROWS];
            Arrays.fill(twos, 2);
            runner.write(labelWeights, twos);
            Random random = new Random(9);
            for (int i = 0; i < 30; i++) {
                nextBlock();
                draw(values, blocks, numExperts, random);
                runner.write(logs, values);
                for (DeviceMemory each :
                        new DeviceMemory[] {
                            trained,
                            reported,
                            relatives,
                            ofRows,
                            combined,
                            topTrained,
                            topRelatives,
                            topOfRows,
                            probabilities,
                            scores,
                            ranks
                        }) {
                    runner.poison(each);
                }
                launchLikelihoods(ofExperts, logs, trained, reported, numExperts, all, 0);
                launchWeights(mixtureStates, trained, relatives, ofRows, numExperts);
                runner.stream()
                        .launch(
                                mix,
                                blocksOf(ROWS * numClasses),
                                MODELS,
                                256,
                                0,
                                new Arguments()
                                        .add(logs)
                                        .add(ofRows)
                                        .add(counts)
                                        .add(combined)
                                        .add(numExperts)
                                        .add(ROWS)
                                        .add(numClasses));
                launchStacks(stack, logs, combined, stacks);
                launchLikelihoods(
                        ofAnswers, combined, topTrained, reported, ANSWERS, all, numExperts);
                launchWeights(topStates, topTrained, topRelatives, topOfRows, ANSWERS);
                runner.stream()
                        .launch(
                                answer,
                                (ROWS + WARPS - 1) / WARPS,
                                MODELS,
                                256,
                                0,
                                new Arguments()
                                        .add(combined)
                                        .add(topOfRows)
                                        .add(labels)
                                        .add(counts)
                                        .add(0L)
                                        .add(targetsIfSoft())
                                        .add(labelWeights)
                                        .add(probabilities)
                                        .add(scores)
                                        .add(ranks)
                                        .add(ROWS)
                                        .add(numClasses));
                float[] trainedValues = runner.floats(trained);
                float[] reportedValues = runner.floats(reported);
                float[] weightsOfRows = runner.floats(ofRows);
                double[] combinedValues = runner.doubles(combined);
                float[] topTrainedValues = runner.floats(topTrained);
                float[] topWeights = runner.floats(topOfRows);
                checkWeights(mixtures, trainedValues, weightsOfRows, numExperts);
                checkWeights(tops, topTrainedValues, topWeights, ANSWERS);
                for (int m = 0; m < MODELS; m++) {
                    int model = m;
                    blocks.forEach(
                            model,
                            row -> {
                                checkMixture(
                                        values, weightsOfRows, combinedValues, row, numExperts);
                                onCpu.checkPrediction(model, row, values, combinedValues);
                                checkLikelihoods(values, combinedValues, reportedValues, row, all);
                            },
                            row -> {
                                for (int e = 0; e < numExperts; e++) {
                                    double expected =
                                            dot(
                                                    blocks.targets(row),
                                                    doubles(values, row * numExperts + e));
                                    assertThat((double) trainedValues[row * numExperts + e])
                                            .isCloseTo(expected, within(1e-6 * -expected + 1e-7));
                                }
                                onCpu.learn(
                                        model,
                                        row,
                                        values,
                                        blocks.targets(row),
                                        blocks.weights[row]);
                            });
                }
                checkAnswers(
                        combinedValues,
                        topWeights,
                        runner.floats(probabilities),
                        runner.floats(scores),
                        runner.ints(ranks));
            }
            checkStates(mixtures, runner.doubles(mixtureStates));
            checkStates(tops, runner.doubles(topStates));
            onCpu.check(runner.doubles(stacks));
            assertThat(onCpu.restarts).isEqualTo(0);
        }
    }

    private void launchStacks(
            Kernel kernel, DeviceMemory logs, DeviceMemory combined, DeviceMemory states) {
        runner.stream()
                .launch(
                        kernel,
                        2,
                        MODELS,
                        32,
                        0,
                        new Arguments()
                                .add(logs)
                                .add(combined)
                                .add(states)
                                .add(classes)
                                .add(weights)
                                .add(targetsIfSoft())
                                .add(ends)
                                .add(counts)
                                .add(slots)
                                .add(ROWS));
    }

    private double[] doubles(float[] values, int index) {
        double[] of = new double[blocks.numClasses];
        Arrays.setAll(of, c -> values[index * blocks.numClasses + c]);
        return of;
    }

    private void checkMixture(
            float[] logs, float[] weightsOfRows, double[] combined, int row, int numExperts) {
        for (int c = 0; c < blocks.numClasses; c++) {
            double sum = 0;
            for (int e = 0; e < numExperts; e++) {
                sum +=
                        weightsOfRows[row * numExperts + e]
                                * Math.exp(logs[(row * numExperts + e) * blocks.numClasses + c]);
            }
            assertThat(combined[row * ANSWERS * blocks.numClasses + c])
                    .isCloseTo(Math.log(sum), within(1e-12 * Math.max(1, -Math.log(sum))));
        }
    }

    private void checkLikelihoods(
            float[] logs, double[] combined, float[] reported, int row, int all) {
        int label = blocks.labels[row];
        int numExperts = all - ANSWERS;
        for (int k = 0; k < all; k++) {
            float value = reported[row * all + k];
            if (label < 0) {
                assertThat(value).isNaN();
                continue;
            }
            double expected =
                    k < numExperts
                            ? logs[(row * numExperts + k) * blocks.numClasses + label]
                            : combined[
                                    (row * ANSWERS + k - numExperts) * blocks.numClasses + label];
            assertThat((double) value)
                    .isCloseTo(Math.max(expected, -708.3964), within(1e-7 * -expected + 1e-7));
        }
    }

    private void checkAnswers(
            double[] combined,
            float[] topWeights,
            float[] probabilities,
            float[] scores,
            int[] ranks) {
        int numClasses = blocks.numClasses;
        for (int row = 0; row < MODELS * ROWS; row++) {
            if (row % ROWS >= blocks.counts[row / ROWS]) {
                assertThat(probabilities[row * numClasses]).isNaN();
                continue;
            }
            int label = blocks.labels[row];
            double[] answer = new double[numClasses];
            double[] logs = new double[numClasses];
            double brier = 0;
            int predicted = 0;
            for (int c = 0; c < numClasses; c++) {
                for (int k = 0; k < ANSWERS; k++) {
                    answer[c] +=
                            topWeights[row * ANSWERS + k]
                                    * Math.exp(combined[(row * ANSWERS + k) * numClasses + c]);
                }
                logs[c] = Math.log(answer[c]);
                brier += Math.pow(answer[c] - (c == label ? 1 : 0), 2);
                predicted = answer[c] > answer[predicted] ? c : predicted;
                assertThat((double) probabilities[row * numClasses + c])
                        .isCloseTo(answer[c], within(1e-7 * answer[c] + 1e-38));
            }
            assertThat(ranks[row * 2]).isEqualTo(predicted);
            assertThat((double) scores[row * 4 + 2]).isCloseTo(answer[predicted], within(1e-7));
            if (label < 0) {
                continue;
            }
            double loss = Math.max(0, -logs[label]);
            double training = blocks.isPlain ? 2 * loss : -dot(blocks.targets(row), logs);
            assertThat((double) scores[row * 4]).isCloseTo(loss, within(1e-7 * loss));
            assertThat((double) scores[row * 4 + 1])
                    .isCloseTo(training, within(1e-7 * Math.abs(training) + 1e-12));
            assertThat((double) scores[row * 4 + 3]).isCloseTo(brier, within(1e-7 * brier));
            int rank = 0;
            for (int c = 0; c < numClasses; c++) {
                rank +=
                        c != label
                                        && (answer[c] > answer[label]
                                                || (answer[c] == answer[label] && c < label))
                                ? 1
                                : 0;
            }
            assertThat(ranks[row * 2 + 1]).isEqualTo(rank);
        }
    }

    @Test
    void stackThatIsNotFinite_beginsAnewAndIsCounted() {
        int numExperts = 8;
        int numClasses = 3;
        try (KernelRunner on = new KernelRunner(KernelRunner.Order.AT_ONCE)) {
            start(on, numClasses, true);
            Stacks onCpu = new Stacks(numExperts, numClasses);
            double[] initial = onCpu.initial();
            int size = 2 * (numExperts + numExperts * numExperts) + 1;
            double[] broken = initial.clone();
            // Weights of the stack of the first model, and P of the correction of the second.
            broken[SLOTS[0] * size + 2] = Double.NaN;
            broken[SLOTS[1] * size + size - 2] = Double.POSITIVE_INFINITY;
            DeviceMemory states = runner.of(broken);
            nextBlock();
            while (blocks.counts[0] < 5 || blocks.counts[1] < 5) {
                nextBlock();
            }
            float[] values = new float[MODELS * ROWS * numExperts * numClasses];
            draw(values, blocks, numExperts, new Random(1));
            double[] bases = new double[MODELS * ROWS * ANSWERS * numClasses];
            Arrays.fill(bases, -Math.log(numClasses));
            DeviceMemory combined = runner.of(bases);
            Kernel kernel = runner.kernel("combination", "stacks<8, 3>");

            launchStacks(kernel, runner.of(values), combined, states);

            double[] after = runner.doubles(states);
            for (int model = 0; model < MODELS; model++) {
                int at = SLOTS[model] * size;
                assertThat(Double.doubleToRawLongBits(after[at + size - 1])).isEqualTo(1);
                for (int i = 0; i < size - 1; i++) {
                    assertThat(after[at + i]).isFinite();
                }
            }
            double[] predictions = runner.doubles(combined);
            for (int c = 0; c < numClasses; c++) {
                assertThat(predictions[numClasses + c]).isEqualTo(-Math.log(numClasses));
            }
            for (int model = 0; model < MODELS; model++) {
                for (int t = 0; t < blocks.counts[model]; t++) {
                    for (int i = 0; i < ANSWERS * numClasses; i++) {
                        int at = (model * ROWS + t) * ANSWERS * numClasses + i;
                        assertThat(predictions[at]).isFinite();
                    }
                }
            }
        }
    }
}
