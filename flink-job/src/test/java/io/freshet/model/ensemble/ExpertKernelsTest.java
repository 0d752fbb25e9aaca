package io.freshet.model.ensemble;

import static io.freshet.model.ensemble.RandomBlocks.MODELS;
import static io.freshet.model.ensemble.RandomBlocks.NUM_SLOTS;
import static io.freshet.model.ensemble.RandomBlocks.ROWS;
import static io.freshet.model.ensemble.RandomBlocks.SLOTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.model.cuda.KernelRunner;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.Kernel;
import io.freshet.model.cuda.device.Product;
import io.freshet.model.cuda.device.Product.Operand;
import io.freshet.model.linalg.Precision;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests of the kernels of experts.cu beside the classes that they stand for, over some thousand
 * rows in blocks of odd sizes, for two models in one launch.
 */
class ExpertKernelsTest {
    private static final int EXPERTS = 11;
    private static final int WARPS = 8;

    /** Largest difference of a value of either, relative to it where it is above 1. */
    private double tolerance = 1e-5;

    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    private static int blocks(int threads) {
        return (threads + 255) / 256;
    }

    private void check(double value, double expected, String what) {
        double difference = Math.abs(value - expected) / Math.max(1, Math.abs(expected));
        assertThat(difference).as("%s: %s for %s", what, value, expected).isLessThan(tolerance);
    }

    private void checkLogs(
            float[] logs, int row, int expert, double[] expected, int offset, int count) {
        int numClasses = logs.length / (MODELS * ROWS * EXPERTS);
        for (int i = 0; i < count; i++) {
            check(
                    logs[(row * EXPERTS + expert) * numClasses + i],
                    expected[offset + i],
                    "row " + row + ", expert " + expert);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2, true, AT_ONCE",
        "7, true, AT_ONCE",
        "7, false, AT_ONCE",
        "7, false, REVERSED",
        "3, false, LATE",
        "32, false, AT_ONCE",
        "17, true, REVERSED"
    })
    void ferns_predictAndLearnAsOnTheCpu(
            int numClasses, boolean isPlain, KernelRunner.Order order) {
        int features = 5;
        RandomBlocks blocks = new RandomBlocks(features, numClasses, isPlain);
        FernTests tests = new FernTests(features, numClasses);
        Ferns[] ferns = {new Ferns(tests, numClasses), new Ferns(tests, numClasses)};
        int size = (numClasses + 4) / 4 * 4;
        int halfCells = tests.numCells();
        int stride = 2 * halfCells * size + 4;
        try (KernelRunner runner = new KernelRunner(order)) {
            Kernel findCells = runner.kernel("experts", "fernCells");
            Kernel kernel = runner.kernel("experts", "ferns<" + numClasses + ">");
            float[] states = new float[NUM_SLOTS * stride];
            for (int slot : SLOTS) {
                for (int cell = 0; cell < 2 * halfCells; cell++) {
                    states[slot * stride + cell * size + numClasses] = 0.01f;
                }
            }
            DeviceMemory tables = runner.of(states);
            int numTests = tests.numFerns() * FernTests.TESTS;
            int[] words = new int[NUM_SLOTS * 2 * numTests];
            for (int slot : SLOTS) {
                for (int i = 0; i < numTests; i++) {
                    words[slot * 2 * numTests + i] = tests.feature(i);
                    words[slot * 2 * numTests + numTests + i] =
                            Float.floatToIntBits(tests.threshold(i));
                }
            }
            DeviceMemory ofTests = runner.of(words);
            DeviceMemory slots = runner.of(SLOTS);
            DeviceMemory cells = runner.words(MODELS * ROWS * tests.numActive());
            DeviceMemory logs = runner.words(MODELS * ROWS * EXPERTS * numClasses);
            DeviceMemory scaled = runner.words(blocks.scaled.length);
            DeviceMemory counts = runner.words(MODELS);
            DeviceMemory classes = runner.words(MODELS * ROWS);
            DeviceMemory weights = runner.words(MODELS * ROWS);
            DeviceMemory ends = runner.words(MODELS * ROWS);
            DeviceMemory targets = runner.words(blocks.targets.length);
            double[] probabilities = new double[MODELS * ROWS * 2 * numClasses];
            double[] expected = new double[probabilities.length];
            int[][] active = new int[MODELS * ROWS][tests.numActive()];
            for (int i = 0; i < 30; i++) {
                blocks.next();
                runner.write(scaled, blocks.scaled);
                runner.write(counts, blocks.counts);
                runner.write(classes, blocks.classes);
                runner.write(weights, blocks.weights);
                runner.write(ends, blocks.ends);
                runner.write(targets, blocks.targets);
                runner.poison(logs);
                runner.poison(cells);
                runner.stream()
                        .launch(
                                findCells,
                                blocks(ROWS * tests.numFerns()),
                                MODELS,
                                256,
                                0,
                                new Arguments()
                                        .add(scaled)
                                        .add(ofTests)
                                        .add(counts)
                                        .add(slots)
                                        .add(cells)
                                        .add(ROWS)
                                        .add(blocks.width));
                runner.stream()
                        .launch(
                                kernel,
                                2,
                                MODELS,
                                tests.numActive(),
                                0,
                                new Arguments()
                                        .add(tables)
                                        .add(cells)
                                        .add(classes)
                                        .add(weights)
                                        .add(isPlain ? 0 : targets.address())
                                        .add(ends)
                                        .add(counts)
                                        .add(slots)
                                        .add(logs)
                                        .add(EXPERTS)
                                        .add(4)
                                        .add(ROWS)
                                        .add(stride));
                float[] out = runner.floats(logs);
                for (int model = 0; model < MODELS; model++) {
                    Ferns of = ferns[model];
                    blocks.forEach(
                            model,
                            row -> {
                                tests.activate(blocks.scaled, row * blocks.width, active[row]);
                                int at = row * 2 * numClasses;
                                of.predict(active[row], probabilities, expected, at);
                                checkLogs(out, row, 4, expected, at, 2 * numClasses);
                            },
                            row ->
                                    of.learn(
                                            active[row],
                                            probabilities,
                                            row * 2 * numClasses,
                                            blocks.targets(row),
                                            blocks.weights[row]));
                }
            }
            float[] after = runner.floats(tables);
            for (int model = 0; model < MODELS; model++) {
                float[] state = ferns[model].state();
                for (int cell = 0; cell < halfCells; cell++) {
                    for (int expert = 0; expert < 2; expert++) {
                        int from = (cell * 2 + expert) * (numClasses + 1);
                        int to = SLOTS[model] * stride + (expert * halfCells + cell) * size;
                        for (int c = 0; c <= numClasses; c++) {
                            check(after[to + c], state[from + c], "cell " + cell);
                        }
                    }
                }
                assertThat(after[SLOTS[model] * stride + stride - 4]).isEqualTo(0);
            }
        }
    }

    @Test
    void fernsThatAreNotFinite_beginAnewAndAreCounted() {
        int numClasses = 3;
        int size = 4;
        int ferns = 64;
        int halfCells = ferns * FernTests.CELLS;
        int stride = 2 * halfCells * size + 4;
        float[] state = new float[stride];
        for (int cell = 0; cell < 2 * halfCells; cell++) {
            state[cell * size + numClasses] = 0.01f;
        }
        // A logit of the first fern's first cell, of the first expert only.
        state[1] = Float.NaN;
        int[] cells = new int[ROWS * 2 * ferns];
        for (int i = 0; i < cells.length; i++) {
            int fern = i % ferns;
            cells[i] = fern * FernTests.CELLS + (i / ferns % 2 == 0 ? 0 : 9);
        }
        float[] ones = new float[ROWS];
        Arrays.fill(ones, 1);
        int[] ends = new int[ROWS];
        Arrays.setAll(ends, row -> row + 1);
        try (KernelRunner runner = new KernelRunner(KernelRunner.Order.REVERSED)) {
            DeviceMemory table = runner.of(state);
            DeviceMemory logs = runner.words(ROWS * EXPERTS * numClasses);
            runner.stream()
                    .launch(
                            runner.kernel("experts", "ferns<3>"),
                            2,
                            1,
                            2 * ferns,
                            0,
                            new Arguments()
                                    .add(table)
                                    .add(runner.of(cells))
                                    .add(runner.of(new int[ROWS]))
                                    .add(runner.of(ones))
                                    .add(0L)
                                    .add(runner.of(ends))
                                    .add(runner.of(5))
                                    .add(runner.of(0))
                                    .add(logs)
                                    .add(EXPERTS)
                                    .add(4)
                                    .add(ROWS)
                                    .add(stride));
            float[] out = runner.floats(logs);
            for (int expert = 0; expert < 2; expert++) {
                for (int row = 0; row < 5; row++) {
                    float ofLabel = out[(row * EXPERTS + 4 + expert) * numClasses];
                    if (row == 0) {
                        assertThat(ofLabel).isCloseTo((float) -Math.log(3), within(1e-6f));
                    } else {
                        float before = out[((row - 1) * EXPERTS + 4 + expert) * numClasses];
                        assertThat(ofLabel).isGreaterThan(before);
                    }
                }
            }
            assertThat(runner.ints(table)[stride - 4]).isEqualTo(1);
            for (float value : runner.floats(table)) {
                assertThat(value).isFinite();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "5, 2, true, AT_ONCE",
        "5, 7, false, AT_ONCE",
        "54, 7, false, REVERSED",
        "70, 3, false, LATE",
        "130, 32, true, AT_ONCE"
    })
    void nearest_predictAndLearnAsOnTheCpu(
            int features, int numClasses, boolean isPlain, KernelRunner.Order order) {
        // The smallest distances are differences of floats that are much larger.
        tolerance = 3e-5;
        RandomBlocks blocks = new RandomBlocks(features, numClasses, isPlain);
        int dimensions = Projection.dimensions(features);
        int width = blocks.width;
        int numRates = 4;
        int columns = numRates * numClasses;
        int rate = EnsembleRule.DISTANCE_RATE;
        int maxEpochs = ROWS / 32 + 3;
        int group = Math.max(2, Integer.highestOneBit(2 * numClasses - 1));
        Random random = new Random(3);
        NearestExamples[] nearest = new NearestExamples[MODELS];
        Arrays.setAll(nearest, i -> new NearestExamples(features, numClasses));
        float[] parameters = new float[MODELS * width * columns];
        float[] gradients = new float[MODELS * ROWS * columns];
        try (KernelRunner runner = new KernelRunner(order);
                BlockDistances distances = new BlockDistances(features, ROWS, Precision.FLOAT)) {
            Kernel plan = runner.kernel("experts", "planWindow");
            Kernel spread = runner.kernel("experts", "spreads");
            Kernel weightsOfFeatures = runner.kernel("experts", "weightsOfFeatures");
            Kernel weigh = runner.kernel("experts", "weighFeatures");
            Kernel vote = runner.kernel("experts", "nearest");
            Kernel append = runner.kernel("experts", "appendToWindow");
            DeviceMemory slots = runner.of(SLOTS);
            long[] counters = new long[NUM_SLOTS * 2];
            for (int slot : SLOTS) {
                counters[2 * slot + 1] = 32;
            }
            DeviceMemory ofCounters = runner.of(counters);
            DeviceMemory ring = runner.words(NUM_SLOTS * dimensions * 1024);
            DeviceMemory labels = runner.words(NUM_SLOTS * 1024);
            float[] ones = new float[NUM_SLOTS * features];
            Arrays.fill(ones, 1);
            DeviceMemory featureWeights = runner.of(ones);
            Projection projection = new Projection(features);
            float[] signs = new float[dimensions * features];
            float[] signRow = new float[features];
            for (int d = 0; d < dimensions && !projection.isIdentity(); d++) {
                projection.writeRow(d, signRow);
                System.arraycopy(signRow, 0, signs, d * features, features);
            }
            DeviceMemory ofSigns = runner.of(signs);
            DeviceMemory ofParameters = runner.words(parameters.length);
            DeviceMemory ofGradients = runner.words(gradients.length);
            DeviceMemory scaled = runner.words(blocks.scaled.length);
            DeviceMemory counts = runner.words(MODELS);
            DeviceMemory classes = runner.words(MODELS * ROWS);
            DeviceMemory ends = runner.words(MODELS * ROWS);
            DeviceMemory before = runner.words(MODELS * ROWS);
            DeviceMemory places = runner.words(MODELS * ROWS);
            DeviceMemory epochs = runner.words(MODELS * ROWS);
            DeviceMemory starts = runner.words(MODELS * maxEpochs);
            DeviceMemory seen = runner.words(MODELS * 2);
            DeviceMemory squares = runner.words(MODELS * maxEpochs * features);
            DeviceMemory weights = runner.words(MODELS * maxEpochs * features);
            DeviceMemory weighted = runner.words(MODELS * features * ROWS);
            DeviceMemory points =
                    projection.isIdentity() ? weighted : runner.words(MODELS * dimensions * ROWS);
            DeviceMemory logs = runner.words(MODELS * ROWS * EXPERTS * numClasses);
            double[] expected = new double[MODELS * ROWS * 2 * numClasses];
            float[][] ofRow = new float[MODELS * ROWS][dimensions];
            for (int i = 0; i < 45; i++) {
                blocks.next();
                Arrays.fill(gradients, 0);
                for (int row = 0; row < MODELS * ROWS; row++) {
                    for (int c = 0; c < columns && blocks.classes[row] >= 0; c++) {
                        gradients[row * columns + c] = (float) (0.02 * random.nextGaussian());
                    }
                }
                runner.write(scaled, blocks.scaled);
                runner.write(counts, blocks.counts);
                runner.write(classes, blocks.classes);
                runner.write(ends, blocks.ends);
                runner.write(ofParameters, parameters);
                runner.write(ofGradients, gradients);
                for (DeviceMemory each :
                        new DeviceMemory[] {
                            before, places, epochs, starts, seen, squares, weights, weighted,
                            points, logs
                        }) {
                    runner.poison(each);
                }
                runner.stream()
                        .launch(
                                plan,
                                MODELS,
                                1,
                                32,
                                2 * ROWS * 4,
                                new Arguments()
                                        .add(ofCounters)
                                        .add(classes)
                                        .add(ends)
                                        .add(counts)
                                        .add(slots)
                                        .add(before)
                                        .add(places)
                                        .add(epochs)
                                        .add(starts)
                                        .add(seen)
                                        .add(ROWS)
                                        .add(maxEpochs));
                int featuresOfBlock = WARPS * (32 / group);
                runner.stream()
                        .launch(
                                spread,
                                (features + featuresOfBlock - 1) / featuresOfBlock,
                                maxEpochs * MODELS,
                                256,
                                0,
                                new Arguments()
                                        .add(ofParameters)
                                        .add(scaled)
                                        .add(ofGradients)
                                        .add(starts)
                                        .add(squares)
                                        .add(maxEpochs)
                                        .add(rate)
                                        .add(numRates)
                                        .add(numClasses)
                                        .add(group)
                                        .add(features)
                                        .add(width)
                                        .add(ROWS));
                runner.stream()
                        .launch(
                                weightsOfFeatures,
                                maxEpochs,
                                MODELS,
                                64,
                                0,
                                new Arguments()
                                        .add(featureWeights)
                                        .add(squares)
                                        .add(starts)
                                        .add(slots)
                                        .add(weights)
                                        .add(maxEpochs)
                                        .add(features));
                runner.stream()
                        .launch(
                                weigh,
                                blocks(features * ROWS),
                                MODELS,
                                256,
                                0,
                                new Arguments()
                                        .add(scaled)
                                        .add(weights)
                                        .add(epochs)
                                        .add(weighted)
                                        .add(maxEpochs)
                                        .add(features)
                                        .add(width)
                                        .add(ROWS));
                if (!projection.isIdentity()) {
                    runner.stream()
                            .multiply(
                                    new Product(
                                            MODELS,
                                            dimensions,
                                            features,
                                            ROWS,
                                            Operand.of(ofSigns, features, 0),
                                            Operand.of(weighted, ROWS, (long) features * ROWS),
                                            0,
                                            Operand.of(points, ROWS, (long) dimensions * ROWS)));
                }
                runner.stream()
                        .launch(
                                vote,
                                ROWS / 8,
                                MODELS,
                                256,
                                8 * (dimensions + 2 * numClasses) * 4,
                                new Arguments()
                                        .add(ring)
                                        .add(labels)
                                        .add(points)
                                        .add(classes)
                                        .add(before)
                                        .add(places)
                                        .add(seen)
                                        .add(counts)
                                        .add(slots)
                                        .add(logs)
                                        .add(EXPERTS)
                                        .add(6)
                                        .add(ROWS)
                                        .add(dimensions)
                                        .add(features)
                                        .add(numClasses));
                runner.stream()
                        .launch(
                                append,
                                blocks(Math.max(features, dimensions * ROWS)),
                                MODELS,
                                256,
                                0,
                                new Arguments()
                                        .add(ring)
                                        .add(labels)
                                        .add(featureWeights)
                                        .add(points)
                                        .add(weights)
                                        .add(classes)
                                        .add(places)
                                        .add(starts)
                                        .add(seen)
                                        .add(slots)
                                        .add(maxEpochs)
                                        .add(ROWS)
                                        .add(dimensions)
                                        .add(features));
                float[] out = runner.floats(logs);
                for (int m = 0; m < MODELS; m++) {
                    int model = m;
                    NearestExamples of = nearest[model];
                    int[] firstOfBatch = {0};
                    blocks.forEach(
                            model,
                            first -> {
                                int next = Math.max(model * ROWS + blocks.ends[first], first + 1);
                                float[] inputs =
                                        Arrays.copyOfRange(
                                                blocks.scaled, first * width, next * width);
                                of.project(distances, inputs, width, next - first);
                                firstOfBatch[0] = first;
                            },
                            row -> {
                                int at = row * 2 * numClasses;
                                of.predict(
                                        distances,
                                        row - firstOfBatch[0],
                                        ofRow[row],
                                        new double[expected.length],
                                        expected,
                                        at);
                                checkLogs(out, row, 6, expected, at, 2 * numClasses);
                            },
                            row -> {
                                of.learn(ofRow[row], blocks.classes[row]);
                                for (int f = 0; f < width; f++) {
                                    for (int c = 0; c < columns; c++) {
                                        parameters[(model * width + f) * columns + c] +=
                                                blocks.scaled[row * width + f]
                                                        * gradients[row * columns + c];
                                    }
                                }
                            },
                            first -> {
                                if (of.isRefreshDue()) {
                                    float[][] ofClasses = new float[numClasses][width];
                                    for (int c = 0; c < numClasses; c++) {
                                        for (int f = 0; f < width; f++) {
                                            ofClasses[c][f] =
                                                    parameters[
                                                            (model * width + f) * columns
                                                                    + rate * numClasses
                                                                    + c];
                                        }
                                    }
                                    of.refresh(ofClasses);
                                }
                            });
                }
            }
            float[] afterRing = runner.floats(ring);
            int[] afterLabels = runner.ints(labels);
            float[] afterWeights = runner.floats(featureWeights);
            long[] afterCounters = runner.longs(ofCounters);
            for (int model = 0; model < MODELS; model++) {
                int slot = SLOTS[model];
                assertThat(afterCounters[2 * slot]).isEqualTo(nearest[model].seen());
                assertThat(nearest[model].seen()).isGreaterThan(1_100);
                assertThat(afterCounters[2 * slot + 1]).isEqualTo(nearest[model].nextRefresh());
                float[] expectedPoints = nearest[model].points();
                for (int i = 0; i < expectedPoints.length; i++) {
                    check(afterRing[slot * dimensions * 1024 + i], expectedPoints[i], "ring");
                }
                for (int i = 0; i < 1024; i++) {
                    assertThat(afterLabels[slot * 1024 + i]).isEqualTo(nearest[model].labels()[i]);
                }
                for (int f = 0; f < features; f++) {
                    check(afterWeights[slot * features + f], nearest[model].weights()[f], "weight");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2, true, AT_ONCE", "7, false, REVERSED", "40, false, LATE"})
    void labelExperts_predictAndLearnAsOnTheCpu(
            int numClasses, boolean isPlain, KernelRunner.Order order) {
        RandomBlocks blocks = new RandomBlocks(3, numClasses, isPlain);
        LabelExperts[] experts = {new LabelExperts(numClasses), new LabelExperts(numClasses)};
        int size = (numClasses + 2) * numClasses + 1;
        try (KernelRunner runner = new KernelRunner(order)) {
            Kernel kernel = runner.kernel("experts", "labelExperts");
            float[] initial = new float[NUM_SLOTS * size];
            for (int slot : SLOTS) {
                System.arraycopy(experts[0].state(), 0, initial, slot * size, size - 1);
            }
            DeviceMemory states = runner.of(initial);
            DeviceMemory slots = runner.of(SLOTS);
            DeviceMemory counts = runner.words(MODELS);
            DeviceMemory classes = runner.words(MODELS * ROWS);
            DeviceMemory ends = runner.words(MODELS * ROWS);
            DeviceMemory logs = runner.words(MODELS * ROWS * EXPERTS * numClasses);
            double[] expected = new double[MODELS * ROWS * 3 * numClasses];
            for (int i = 0; i < 40; i++) {
                blocks.next();
                runner.write(counts, blocks.counts);
                runner.write(classes, blocks.classes);
                runner.write(ends, blocks.ends);
                runner.poison(logs);
                runner.stream()
                        .launch(
                                kernel,
                                MODELS,
                                1,
                                32,
                                0,
                                new Arguments()
                                        .add(states)
                                        .add(classes)
                                        .add(ends)
                                        .add(counts)
                                        .add(slots)
                                        .add(logs)
                                        .add(EXPERTS)
                                        .add(8)
                                        .add(ROWS)
                                        .add(numClasses));
                float[] out = runner.floats(logs);
                for (int model = 0; model < MODELS; model++) {
                    LabelExperts of = experts[model];
                    blocks.forEach(
                            model,
                            row -> {
                                int at = row * 3 * numClasses;
                                of.predict(new double[expected.length], expected, at);
                                checkLogs(out, row, 8, expected, at, 3 * numClasses);
                            },
                            row -> of.learn(blocks.classes[row]));
                }
            }
            float[] after = runner.floats(states);
            for (int model = 0; model < MODELS; model++) {
                float[] state = experts[model].state();
                for (int k = 0; k < state.length; k++) {
                    check(after[SLOTS[model] * size + k], state[k], "count");
                }
                assertThat(after[SLOTS[model] * size + size - 1])
                        .isEqualTo(experts[model].lastLabel());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2, AT_ONCE", "7, REVERSED", "40, LATE"})
    void linearExperts_areThoseOfTheLogitsOrUniform(int numClasses, KernelRunner.Order order) {
        RandomBlocks blocks = new RandomBlocks(3, numClasses, true);
        blocks.next();
        int numRates = 4;
        Random random = new Random(5);
        float[] z = new float[MODELS * ROWS * numRates * numClasses];
        for (int i = 0; i < z.length; i++) {
            z[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(4)));
        }
        float[] bad = {Float.NaN, Float.POSITIVE_INFINITY};
        for (int i = 0; i < bad.length; i++) {
            z[i * numRates * numClasses + 1] = bad[i];
        }
        blocks.counts[0] = Math.max(2, blocks.counts[0]);
        try (KernelRunner runner = new KernelRunner(order)) {
            DeviceMemory logs = runner.words(MODELS * ROWS * EXPERTS * numClasses);
            runner.stream()
                    .launch(
                            runner.kernel("experts", "linearExperts"),
                            (ROWS * numRates + WARPS - 1) / WARPS,
                            MODELS,
                            256,
                            0,
                            new Arguments()
                                    .add(runner.of(z))
                                    .add(runner.of(blocks.counts))
                                    .add(logs)
                                    .add(numRates)
                                    .add(EXPERTS)
                                    .add(ROWS)
                                    .add(numClasses));
            float[] out = runner.floats(logs);
            for (int model = 0; model < MODELS; model++) {
                for (int t = 0; t < ROWS; t++) {
                    int row = model * ROWS + t;
                    if (t >= blocks.counts[model]) {
                        assertThat(out[row * EXPERTS * numClasses]).isNaN();
                        continue;
                    }
                    for (int rate = 0; rate < numRates; rate++) {
                        int from = (row * numRates + rate) * numClasses;
                        double max = Double.NEGATIVE_INFINITY;
                        for (int c = 0; c < numClasses; c++) {
                            max = Math.max(max, z[from + c]);
                        }
                        double sum = 0;
                        for (int c = 0; c < numClasses; c++) {
                            sum += Math.exp(z[from + c] - max);
                        }
                        double[] expected = new double[numClasses];
                        for (int c = 0; c < numClasses; c++) {
                            expected[c] =
                                    sum > 0 && sum < 1e30
                                            ? z[from + c] - max - Math.log(sum)
                                            : -Math.log(numClasses);
                        }
                        checkLogs(out, row, rate, expected, 0, numClasses);
                    }
                }
            }
        }
    }
}
