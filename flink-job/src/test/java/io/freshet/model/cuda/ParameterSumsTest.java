package io.freshet.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.EmulatedDevice.Options;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test of the sums over parameters that come with a block: those of a call after it. */
class ParameterSumsTest {
    private static final int ROWS = 32;
    private static final int[] SLOTS = {3, 0, 2};

    /** Rows of each model in each block. */
    private static final int[][] COUNTS = {{32, 5, 0}, {1, 0, 31}, {7, 32, 32}};

    @BeforeEach
    void assumeCompiler() {
        EmulatedDevice.assumeAvailable();
    }

    private static LinearModel model(int numFeatures, int numOutputs, boolean hasVelocity) {
        return new LinearModel(
                numFeatures,
                numOutputs,
                false,
                true,
                hasVelocity ? List.of(1.0) : List.of(0.01, 0.1),
                null,
                hasVelocity,
                !hasVelocity,
                hasVelocity,
                null);
    }

    @ParameterizedTest
    @CsvSource({
        "3, 2, false, AT_ONCE",
        "3, 2, true, LATE",
        // So many that they are summed in several parts.
        "2100, 17, false, LATE",
        "2100, 17, true, REVERSED"
    })
    void sumsOfABlock_areThoseOfACallAfterIt(
            int numFeatures, int numOutputs, boolean hasVelocity, String order) {
        Options options =
                switch (order) {
                    case "LATE" -> Options.DEFAULT.late();
                    case "REVERSED" -> Options.DEFAULT.reversed();
                    default -> Options.DEFAULT;
                };
        LinearModel model = model(numFeatures, numOutputs, hasVelocity);
        Random random = new Random(3);
        try (DeviceLearner learner = new DeviceLearner(new EmulatedDevice(options), model, 4)) {
            for (int slot = 0; slot < 4; slot++) {
                learner.linear(slot, randomState(model, random));
            }
            DeviceBlock block =
                    learner.newBlock(new BlockShape(SLOTS.length, ROWS, Gradient.OF_LABEL, false));
            double[] before = learner.magnitudes(SLOTS[0], false);
            for (int[] counts : COUNTS) {
                for (int place = 0; place < SLOTS.length; place++) {
                    fill(block, place, counts[place], model, random);
                }
                learner.poison(block);
                learner.submit(block);
                learner.finish(block);
                for (int place = 0; place < SLOTS.length; place++) {
                    double[] expected = learner.magnitudes(SLOTS[place], false);
                    float[] parameters = learner.linear(SLOTS[place]).parameters();
                    for (int rate = 0; rate < model.numRates(); rate++) {
                        assertThat(block.scores().sumOfMagnitudes(place, rate))
                                .isEqualTo(expected[2 * rate])
                                .isCloseTo(sum(model, parameters, rate, false), within(1e-9));
                        assertThat(block.scores().sumOfSquares(place, rate))
                                .isEqualTo(expected[2 * rate + 1])
                                .isCloseTo(sum(model, parameters, rate, true), within(1e-9));
                    }
                }
            }
            assertThat(learner.magnitudes(SLOTS[0], false)).isNotEqualTo(before);
        }
    }

    private static LinearState randomState(LinearModel model, Random random) {
        int size = model.numRates() * (model.numFeatures() + 1) * model.numOutputs();
        float[] parameters = new float[size];
        float[] velocity = new float[model.hasVelocity() ? size : 0];
        for (int i = 0; i < size; i++) {
            parameters[i] = (float) (0.1 * random.nextGaussian());
        }
        for (int i = 0; i < velocity.length; i++) {
            velocity[i] = (float) (0.01 * random.nextGaussian());
        }
        return new LinearState(parameters, velocity);
    }

    private static void fill(
            DeviceBlock block, int place, int count, LinearModel model, Random random) {
        block.begin(place, SLOTS[place]);
        float[] features = new float[model.numFeatures()];
        for (int i = 0; i < count; i++) {
            if (model.hasVelocity()) {
                block.coefficients(i, 1, 0, ones(i));
            }
            for (int f = 0; f < features.length; f++) {
                features[f] = (float) random.nextGaussian();
            }
            int row = block.add(features, 0);
            block.label(row, random.nextInt(model.numOutputs()), 0.001, 1, 1);
            block.step(row);
        }
        if (model.hasVelocity()) {
            block.coefficients(count, 1, 0, ones(count));
            block.end(1, 0, 0, 1, ones(count), ones(count));
        } else {
            block.end();
        }
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static double sum(LinearModel model, float[] parameters, int rate, boolean ofSquares) {
        int size = (model.numFeatures() + 1) * model.numOutputs();
        double sum = 0;
        for (int i = rate * size; i < (rate + 1) * size; i++) {
            double value = parameters[i];
            sum += ofSquares ? value * value : Math.abs(value);
        }
        return sum;
    }
}
