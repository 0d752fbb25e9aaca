package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.linalg.Matrices;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.optim.Sgd;

/** Assertions about the state of learners. */
final class StateAssertions {
    private StateAssertions() {}

    /** Asserts that two states are equal bit for bit. */
    static void assertSameBits(LearnerState actual, LearnerState expected) {
        assertThat(actual.counters()).isEqualTo(expected.counters());
        assertSameExceptCounters(actual, expected);
    }

    /** Asserts that two states are equal bit for bit except for the counters. */
    static void assertSameExceptCounters(LearnerState actual, LearnerState expected) {
        assertThat(actual)
                .usingRecursiveComparison()
                .withComparatorForType(Double::compare, Double.class)
                .withComparatorForType(Float::compare, Float.class)
                .ignoringFields("counters")
                .isEqualTo(expected);
    }

    /** Returns a learner's parameters in their precision, (rates, numFeatures + 1, numOutputs). */
    static double[][][] parameters(SoftmaxLearner learner) {
        return learner.isOnDevice()
                ? unpack(learner, learner.state().parameters())
                : unpack(learner, learner.parameters().values());
    }

    /** Returns a learner's velocity in its precision, (rates, numFeatures + 1, numOutputs). */
    static double[][][] velocity(SoftmaxLearner learner) {
        return learner.isOnDevice()
                ? unpack(learner, learner.state().optimizer().array(Sgd.VELOCITY))
                : unpack(learner, learner.parameters().velocity());
    }

    private static double[][][] unpack(SoftmaxLearner learner, float[] values) {
        LearnerSettings settings = learner.settings();
        int numInputs = settings.numFeatures() + 1;
        int numOutputs = settings.numOutputs();
        double[][][] unpacked = new double[settings.numRates()][numInputs][numOutputs];
        for (int i = 0; i < values.length; i++) {
            int input = i / numOutputs;
            unpacked[input / numInputs][input % numInputs][i % numOutputs] = values[i];
        }
        return unpacked;
    }

    private static double[][][] unpack(SoftmaxLearner learner, Matrix rows) {
        LearnerSettings settings = learner.settings();
        int numInputs = settings.numFeatures() + 1;
        int numOutputs = settings.numOutputs();
        double[][][] unpacked = new double[settings.numRates()][numInputs][numOutputs];
        double[] values = Matrices.toArray(rows);
        for (int rate = 0; rate < unpacked.length; rate++) {
            for (int c = 0; c < numOutputs; c++) {
                int row = (rate * numOutputs + c) * rows.columns();
                for (int f = 0; f < numInputs; f++) {
                    unpacked[rate][f][c] = values[row + f];
                }
            }
        }
        return unpacked;
    }

    /**
     * Asserts that parameters or velocities are close.
     *
     * @param tolerance absolute for values up to 1, relative for larger ones
     */
    static void assertClose(double[][][] actual, double[][][] expected, double tolerance) {
        for (int rate = 0; rate < expected.length; rate++) {
            for (int f = 0; f < expected[rate].length; f++) {
                for (int c = 0; c < expected[rate][f].length; c++) {
                    double value = expected[rate][f][c];
                    assertThat(actual[rate][f][c])
                            .as("value of rate %d, input %d, output %d", rate, f, c)
                            .isCloseTo(value, within(tolerance * Math.max(1, Math.abs(value))));
                }
            }
        }
    }
}
