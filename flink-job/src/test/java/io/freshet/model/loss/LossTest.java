package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Contract that every loss fulfils with every option. */
class LossTest {
    private static final int SIZE = 5;
    private static final int NUM_OUTPUTS = 3;
    private static final int[] LABELS = {2, 0, 1, 1, 2};
    private static final double[] EXAMPLE_WEIGHTS = {1, 0.5, 2, 0, 3};

    static List<Loss> losses() {
        OutputWeights none = OutputWeights.NONE;
        OutputWeights some = OutputWeights.of(0.5, 2, 1.5);
        OutputWeights oneZero = OutputWeights.of(2, 0, 0.75);
        return List.of(
                new CrossEntropy(3),
                new CrossEntropy(3, some, -100, 0),
                new CrossEntropy(3, none, 1, 0),
                new CrossEntropy(3, none, -100, 0.1),
                new CrossEntropy(3, none, -100, 1),
                new CrossEntropy(3, oneZero, 0, 0.2),
                new NegativeLogLikelihood(3),
                new NegativeLogLikelihood(3, some, -100),
                new NegativeLogLikelihood(3, oneZero, 0),
                new BinaryCrossEntropyWithLogits(3),
                new BinaryCrossEntropyWithLogits(3, some, none),
                new BinaryCrossEntropyWithLogits(3, none, some),
                new BinaryCrossEntropyWithLogits(3, oneZero, some),
                new BinaryCrossEntropy(3),
                new BinaryCrossEntropy(3, oneZero));
    }

    static List<Loss> lossesOfValues() {
        return losses().stream().filter(Loss::acceptsValueTargets).toList();
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradient_matchesCentralDifferences_forClasses(Loss loss) {
        double[] inputs = inputs(loss, new Random(1));
        for (LossReduction reduction : List.of(LossReduction.MEAN, LossReduction.SUM)) {
            double[] gradient =
                    new BatchLoss(loss).gradient(reduction, inputs, LABELS, EXAMPLE_WEIGHTS);
            assertCentralDifferences(
                    inputs,
                    gradient,
                    x -> new BatchLoss(loss).loss(reduction, x, LABELS, EXAMPLE_WEIGHTS));
        }
    }

    @ParameterizedTest
    @MethodSource("lossesOfValues")
    void gradient_matchesCentralDifferences_forValues(Loss loss) {
        double[] inputs = inputs(loss, new Random(2));
        double[] targets = targets(new Random(3));
        for (LossReduction reduction : List.of(LossReduction.MEAN, LossReduction.SUM)) {
            double[] gradient =
                    new BatchLoss(loss).gradient(reduction, inputs, targets, EXAMPLE_WEIGHTS);
            assertCentralDifferences(
                    inputs,
                    gradient,
                    x -> new BatchLoss(loss).loss(reduction, x, targets, EXAMPLE_WEIGHTS));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void logitGradient_matchesCentralDifferences_throughTheActivation_forClasses(Loss loss) {
        double[] logits = normal(new Random(4), NUM_OUTPUTS);
        double[] probabilities = new double[NUM_OUTPUTS];
        double[] gradient = new double[NUM_OUTPUTS];
        loss.activate(logits, 0, probabilities);
        for (int label = 0; label < NUM_OUTPUTS; label++) {
            int[] labels = {label};
            loss.logitGradient(probabilities, 0, label, 2.5, gradient, 0);
            assertCentralDifferences(
                    logits,
                    gradient,
                    z ->
                            2.5
                                    * new BatchLoss(loss)
                                            .loss(
                                                    LossReduction.SUM,
                                                    toInputs(loss, z),
                                                    labels,
                                                    null)
                                    / loss.lossesPerExample());
        }
    }

    @ParameterizedTest
    @MethodSource("lossesOfValues")
    void logitGradient_matchesCentralDifferences_throughTheActivation_forValues(Loss loss) {
        double[] logits = normal(new Random(5), NUM_OUTPUTS);
        double[] probabilities = new double[NUM_OUTPUTS];
        double[] gradient = new double[NUM_OUTPUTS];
        loss.activate(logits, 0, probabilities);
        float[] targets = {0.25f, 0, 0.75f};
        loss.logitGradient(probabilities, 0, targets, 0, 2.5, gradient, 0);
        assertCentralDifferences(
                logits,
                gradient,
                z ->
                        2.5
                                * new BatchLoss(loss)
                                        .loss(
                                                LossReduction.SUM,
                                                toInputs(loss, z),
                                                Floats.widen(targets),
                                                null)
                                / loss.lossesPerExample());
    }

    @ParameterizedTest
    @MethodSource("losses")
    void trainingLoss_isTheLossWhoseGradientTrainingFollows(Loss loss) {
        double[] logits = normal(new Random(6), NUM_OUTPUTS);
        double[] probabilities = new double[NUM_OUTPUTS];
        double[] targets = new double[NUM_OUTPUTS];
        double[] gradient = new double[NUM_OUTPUTS];
        loss.activate(logits, 0, probabilities);
        for (int label = 0; label < NUM_OUTPUTS; label++) {
            if (loss.ignores(label)) {
                continue;
            }
            loss.writeTargets(label, targets);
            loss.logitGradient(probabilities, 0, label, 1, gradient, 0);
            assertCentralDifferences(
                    logits, gradient, z -> loss.trainingLoss(z, 0, logSumExp(z), targets));
            double training = loss.trainingLoss(logits, 0, logSumExp(logits), targets);
            double reported = loss.reportedLoss(logits, 0, logSumExp(logits), label);
            if (loss.trainsOnReportedLoss()) {
                assertThat(training).isCloseTo(reported, within(1e-12));
            }
        }
    }

    private static double logSumExp(double[] logits) {
        return Math.log(Arrays.stream(logits).map(Math::exp).sum());
    }

    @ParameterizedTest
    @MethodSource("losses")
    void offsets_selectTheExample_andNothingElseIsWritten(Loss loss) {
        double[] logits = normal(new Random(6), 4 * NUM_OUTPUTS);
        double[] row = Arrays.copyOfRange(logits, 2 * NUM_OUTPUTS, 3 * NUM_OUTPUTS);
        double[] expected = new double[NUM_OUTPUTS];
        double[] rowProbabilities = new double[NUM_OUTPUTS];
        double logSumExp = activate(loss, row, 0, rowProbabilities);
        loss.logitGradient(rowProbabilities, 0, 2, 1.5, expected, 0);

        double[] probabilities = new double[NUM_OUTPUTS + 1];
        double[] gradient = new double[4 * NUM_OUTPUTS];
        Arrays.fill(gradient, 9);
        int at = 2 * NUM_OUTPUTS;
        assertThat(activate(loss, logits, at, probabilities)).isEqualTo(logSumExp);
        assertThat(probabilities).containsExactly(Arrays.copyOf(rowProbabilities, NUM_OUTPUTS + 1));
        System.arraycopy(probabilities, 0, probabilities, 1, NUM_OUTPUTS);
        loss.logitGradient(probabilities, 1, 2, 1.5, gradient, NUM_OUTPUTS);

        assertThat(gradient)
                .containsExactly(9, 9, 9, expected[0], expected[1], expected[2], 9, 9, 9, 9, 9, 9);
        assertThat(loss.reportedLoss(logits, at, logSumExp, 2))
                .isEqualTo(loss.reportedLoss(row, 0, logSumExp, 2));
        float[] targets = {7, 7, 0.5f, 0.25f, 0.25f};
        assertThat(loss.reportedLoss(logits, at, logSumExp, targets, 2))
                .isEqualTo(
                        loss.reportedLoss(row, 0, logSumExp, new float[] {0.5f, 0.25f, 0.25f}, 0));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradientsOfSeveralModels_equalThoseOfEach(Loss loss) {
        double[] probabilities = new double[1 + 3 * NUM_OUTPUTS];
        double[] factors = new double[3 * NUM_OUTPUTS];
        for (int model = 0; model < 3; model++) {
            double[] row = new double[NUM_OUTPUTS];
            loss.activate(normal(new Random(model), NUM_OUTPUTS), 0, row);
            System.arraycopy(row, 0, probabilities, 1 + model * NUM_OUTPUTS, NUM_OUTPUTS);
            Arrays.fill(factors, model * NUM_OUTPUTS, (model + 1) * NUM_OUTPUTS, 0.1 - model);
        }
        for (int label = 0; label < NUM_OUTPUTS; label++) {
            double[] gradients = new double[3 * NUM_OUTPUTS];
            loss.logitGradients(probabilities, 1, label, 1.5, factors, gradients);
            double[] expected = new double[3 * NUM_OUTPUTS];
            for (int at = 0; at < expected.length; at += NUM_OUTPUTS) {
                double factor = 1.5 * factors[at];
                loss.logitGradient(probabilities, 1 + at, label, factor, expected, at);
            }
            assertThat(gradients).containsExactly(expected, within(1e-15));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void classAndItsOneHot_areEquivalent(Loss loss) {
        double[] probabilities = new double[NUM_OUTPUTS];
        double[] logits = normal(new Random(7), NUM_OUTPUTS);
        double logSumExp = activate(loss, logits, 0, probabilities);
        for (int label = 0; label < NUM_OUTPUTS; label++) {
            float[] oneHot = new float[NUM_OUTPUTS];
            oneHot[label] = 1;
            assertThat(loss.reportedLoss(logits, 0, logSumExp, label))
                    .isCloseTo(loss.reportedLoss(logits, 0, logSumExp, oneHot, 0), within(1e-15));
            if (loss.acceptsValueTargets()) {
                double[] ofClass = new double[NUM_OUTPUTS];
                double[] ofOneHot = new double[NUM_OUTPUTS];
                loss.logitGradient(probabilities, 0, label, 3, ofClass, 0);
                loss.logitGradient(probabilities, 0, oneHot, 0, 3, ofOneHot, 0);
                assertThat(ofClass).containsExactly(ofOneHot, within(1e-15));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void reportedLoss_ignoresOptions(Loss loss) {
        Loss plain =
                loss.activation() == Activation.SOFTMAX
                        ? new CrossEntropy(NUM_OUTPUTS)
                        : new BinaryCrossEntropyWithLogits(NUM_OUTPUTS);
        double[] logits = normal(new Random(11), NUM_OUTPUTS);
        double logSumExp = activate(loss, logits, 0, new double[NUM_OUTPUTS]);
        for (int label = 0; label < NUM_OUTPUTS; label++) {
            assertThat(loss.reportedLoss(logits, 0, logSumExp, label))
                    .isCloseTo(
                            new BatchLoss(plain)
                                    .loss(LossReduction.MEAN, logits, new int[] {label}, null),
                            within(1e-14));
        }
        float[] targets = {0.5f, 0, 0.25f};
        assertThat(loss.reportedLoss(logits, 0, logSumExp, targets, 0))
                .isCloseTo(
                        new BatchLoss(plain)
                                .loss(LossReduction.MEAN, logits, Floats.widen(targets), null),
                        within(1e-14));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void exampleOfWeightTwo_countsLikeTwoExamples(Loss loss) {
        double[] inputs = inputs(loss, new Random(8));
        double[] repeated = Arrays.copyOf(inputs, inputs.length + NUM_OUTPUTS);
        System.arraycopy(inputs, 0, repeated, inputs.length, NUM_OUTPUTS);
        int[] repeatedLabels = Arrays.copyOf(LABELS, SIZE + 1);
        repeatedLabels[SIZE] = LABELS[0];
        double[] twice = {2, 1, 1, 1, 1};
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, inputs, LABELS, twice))
                .isCloseTo(
                        new BatchLoss(loss).loss(LossReduction.SUM, repeated, repeatedLabels, null),
                        within(1e-14));
        // Only the mean of the softmax losses divides by the weights.
        double sizes = loss.activation() == Activation.SOFTMAX ? 1 : (SIZE + 1.0) / SIZE;
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, inputs, LABELS, twice))
                .isCloseTo(
                        sizes
                                * new BatchLoss(loss)
                                        .loss(LossReduction.MEAN, repeated, repeatedLabels, null),
                        within(1e-14));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void sum_isTheSumOfTheLosses_andItsGradientThatOfEachLoss(Loss loss) {
        double[] inputs = inputs(loss, new Random(9));
        double[] losses = new BatchLoss(loss).losses(inputs, LABELS, EXAMPLE_WEIGHTS);
        assertThat(losses).hasSize(SIZE * loss.lossesPerExample());
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, inputs, LABELS, EXAMPLE_WEIGHTS))
                .isCloseTo(Arrays.stream(losses).sum(), within(1e-14));
        assertThat(
                        new BatchLoss(loss)
                                .gradient(LossReduction.NONE, inputs, LABELS, EXAMPLE_WEIGHTS))
                .containsExactly(
                        new BatchLoss(loss)
                                .gradient(LossReduction.SUM, inputs, LABELS, EXAMPLE_WEIGHTS));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void floats_areTheDoublesRoundedOnce(Loss loss) {
        float[] inputs = Floats.narrow(inputs(loss, new Random(10)));
        float[] weights = Floats.narrow(EXAMPLE_WEIGHTS);
        double[] wide = Floats.widen(inputs);
        assertThat(new BatchLoss(loss).losses(inputs, LABELS, weights))
                .containsExactly(
                        Floats.narrow(new BatchLoss(loss).losses(wide, LABELS, EXAMPLE_WEIGHTS)));
        for (LossReduction reduction : List.of(LossReduction.MEAN, LossReduction.SUM)) {
            assertThat(new BatchLoss(loss).loss(reduction, inputs, LABELS, weights))
                    .isEqualTo(
                            (float)
                                    new BatchLoss(loss)
                                            .loss(reduction, wide, LABELS, EXAMPLE_WEIGHTS));
            assertThat(new BatchLoss(loss).gradient(reduction, inputs, LABELS, weights))
                    .containsExactly(
                            Floats.narrow(
                                    new BatchLoss(loss)
                                            .gradient(reduction, wide, LABELS, EXAMPLE_WEIGHTS)));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void emptyBatch_hasSumZero_andMeanNaN(Loss loss) {
        double[] nothing = {};
        assertThat(new BatchLoss(loss).losses(nothing, new int[0], null)).isEmpty();
        assertThat(new BatchLoss(loss).loss(LossReduction.SUM, nothing, new int[0], null)).isZero();
        assertThat(new BatchLoss(loss).loss(LossReduction.MEAN, nothing, new int[0], null)).isNaN();
        assertThat(new BatchLoss(loss).gradient(LossReduction.MEAN, nothing, new int[0], null))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("losses")
    void serialisedLoss_isEqual(Loss loss) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(loss);
        }
        try (ObjectInputStream in =
                new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(loss).hasSameHashCodeAs(loss);
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void labelOutsideTheClasses_isRefused(Loss loss) {
        double[] row = new double[NUM_OUTPUTS];
        String message = "a label must be 0 to 2, but is ";
        assertThatThrownBy(() -> loss.logitGradients(row, 0, 3, 1, row, new double[NUM_OUTPUTS]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message + 3);
        assertThatThrownBy(() -> loss.logitGradient(row, 0, 3, 1, new double[NUM_OUTPUTS], 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message + 3);
        assertThatThrownBy(() -> loss.reportedLoss(row, 0, 0, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message + -1);
        assertThatThrownBy(() -> new BatchLoss(loss).losses(row, new int[] {7}, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message + 7);
    }

    @ParameterizedTest
    @MethodSource("losses")
    void arraysOfOtherShapes_areRefused(Loss loss) {
        assertThatThrownBy(() -> new BatchLoss(loss).losses(new double[5], new int[2], null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("inputs (size, numOutputs) must have 6 values, but has 5");
        assertThatThrownBy(
                        () -> new BatchLoss(loss).losses(new double[6], new int[2], new double[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("exampleWeights (size) must have 2 values, but has 3");
    }

    @ParameterizedTest
    @MethodSource("lossesOfValues")
    void valuesOfOtherShapes_areRefused(Loss loss) {
        assertThatThrownBy(() -> new BatchLoss(loss).losses(new double[7], new double[7], null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("inputs (size, numOutputs) must have 6 values, but has 7");
        assertThatThrownBy(() -> new BatchLoss(loss).losses(new double[6], new double[5], null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("targets (size, numOutputs) must have 6 values, but has 5");
    }

    @ParameterizedTest
    @MethodSource("losses")
    void reducedLossWithoutAReduction_isRefused(Loss loss) {
        assertThatThrownBy(
                        () ->
                                new BatchLoss(loss)
                                        .loss(
                                                LossReduction.NONE,
                                                inputs(loss, new Random(1)),
                                                LABELS,
                                                null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("reduction must be MEAN or SUM")
                .hasMessageContaining("NONE");
    }

    @Test
    void valueTargets_areRefused_whereTargetsMustBeClasses() {
        for (Loss loss :
                List.of(
                        new NegativeLogLikelihood(3),
                        new CrossEntropy(3, OutputWeights.NONE, 1, 0))) {
            assertThat(loss.acceptsValueTargets()).isFalse();
            String message = "targets must be classes, not values, under " + loss;
            double[] row = new double[3];
            assertThatThrownBy(() -> new BatchLoss(loss).losses(row, new double[3], null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
            assertThatThrownBy(
                            () -> loss.logitGradient(row, 0, new float[3], 0, 1, new double[3], 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
        }
    }

    /** Writes the probabilities and returns the log-sum-exp of the logits. */
    private static double activate(Loss loss, double[] logits, int offset, double[] probabilities) {
        loss.activate(logits, offset, probabilities);
        double[] normaliser = new double[1];
        double[] shift = new double[1];
        loss.activation()
                .activate(
                        logits, offset, 1, NUM_OUTPUTS, new double[NUM_OUTPUTS], normaliser, shift);
        return shift[0] + Math.log(normaliser[0]);
    }

    /** Inputs in the range of the loss, (SIZE, NUM_OUTPUTS). */
    private static double[] inputs(Loss loss, Random random) {
        return toInputs(loss, normal(random, SIZE * NUM_OUTPUTS));
    }

    /** Returns the inputs of the loss for a model with these logits. */
    private static double[] toInputs(Loss loss, double[] logits) {
        double[] inputs = logits.clone();
        double[] probabilities = new double[NUM_OUTPUTS];
        for (int offset = 0; offset < logits.length; offset += NUM_OUTPUTS) {
            double logSumExp = activate(loss, logits, offset, probabilities);
            if (loss instanceof BinaryCrossEntropy) {
                System.arraycopy(probabilities, 0, inputs, offset, NUM_OUTPUTS);
            } else if (loss instanceof NegativeLogLikelihood) {
                for (int c = offset; c < offset + NUM_OUTPUTS; c++) {
                    inputs[c] = logits[c] - logSumExp;
                }
            }
        }
        return inputs;
    }

    private static double[] normal(Random random, int count) {
        return random.doubles(count, -3, 3).toArray();
    }

    private static double[] targets(Random random) {
        return random.doubles(SIZE * NUM_OUTPUTS).toArray();
    }

    private interface Function {
        double apply(double[] inputs);
    }

    private static void assertCentralDifferences(
            double[] inputs, double[] gradient, Function function) {
        double h = 1e-5;
        for (int i = 0; i < inputs.length; i++) {
            double[] up = inputs.clone();
            double[] down = inputs.clone();
            up[i] += h;
            down[i] -= h;
            double slope = (function.apply(up) - function.apply(down)) / (up[i] - down[i]);
            // The error is h²/6 times the third derivative, which for probabilities is large near 0
            // and 1.
            assertThat(gradient[i])
                    .as("gradient at %d", i)
                    .isCloseTo(slope, within(1e-6 * Math.max(1, Math.abs(slope))));
        }
    }
}
