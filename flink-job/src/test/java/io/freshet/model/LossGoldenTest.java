package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.loss.BatchLoss;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Floats;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.LossReduction;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Comparison of the losses with PyTorch's values, which {@code golden/losses.py} wrote. */
class LossGoldenTest {
    /** Relative tolerance in double precision. */
    private static final double DOUBLE_TOLERANCE = 1e-12;

    private static final double FLOAT_TOLERANCE = 1e-5;

    /**
     * Absolute tolerance, multiplied by the weights: one unit in the last place of 1. Near zero,
     * {@code p − y} and {@code ln p} are differences of numbers of order 1, which both PyTorch and
     * this code have rounded at that magnitude.
     */
    private static final double DOUBLE_FLOOR = Math.ulp(1.0);

    private static final double FLOAT_FLOOR = Math.ulp(1f);

    private static final List<GoldenCase> CASES = GoldenCase.read(GoldenCase.class, "losses.txt");

    @Test
    void everyLoss_hasCases() {
        assertThat(CASES.stream().map(golden -> golden.text("loss")).distinct())
                .containsExactlyInAnyOrder(
                        "CrossEntropy",
                        "NegativeLogLikelihood",
                        "BinaryCrossEntropyWithLogits",
                        "BinaryCrossEntropy");
        assertThat(CASES).hasSize(415);
    }

    @Test
    void lossesAndGradients_matchPyTorch_inDouble() {
        for (GoldenCase golden : CASES) {
            if (golden.has("inputs")) {
                compareDoubles(golden);
            }
        }
    }

    @Test
    void lossesAndGradients_matchPyTorch_inFloat() {
        for (GoldenCase golden : CASES) {
            if (golden.has("inputs")) {
                compareFloats(golden);
            }
        }
    }

    @Test
    void logitGradient_matchesPyTorch_forAllKindsOfInputs() {
        int compared = 0;
        for (GoldenCase golden : CASES) {
            Loss loss = loss(golden);
            if (golden.has("logits")) {
                compareLogitGradient(golden, "logits", "float64.logit_gradient", loss);
                compared++;
            } else if (golden.has("float64.sum_gradient")
                    && (loss instanceof CrossEntropy
                            || loss instanceof BinaryCrossEntropyWithLogits)) {
                compareLogitGradient(golden, "inputs", "float64.sum_gradient", loss);
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(100);
    }

    private static void compareDoubles(GoldenCase golden) {
        Loss loss = loss(golden);
        double[] inputs = golden.inputs("inputs");
        double @Nullable [] weights =
                golden.has("example_weights") ? golden.inputs("example_weights") : null;
        double[] losses;
        double sum;
        double mean;
        double[] meanGradient;
        double[] sumGradient;
        double[] eachGradient;
        if (golden.has("labels")) {
            int[] labels = golden.integers("labels");
            losses = new BatchLoss(loss).losses(inputs, labels, weights);
            sum = new BatchLoss(loss).loss(LossReduction.SUM, inputs, labels, weights);
            mean = new BatchLoss(loss).loss(LossReduction.MEAN, inputs, labels, weights);
            meanGradient =
                    new BatchLoss(loss).gradient(LossReduction.MEAN, inputs, labels, weights);
            sumGradient = new BatchLoss(loss).gradient(LossReduction.SUM, inputs, labels, weights);
            eachGradient =
                    new BatchLoss(loss).gradient(LossReduction.NONE, inputs, labels, weights);
        } else {
            double[] targets = golden.inputs("targets");
            losses = new BatchLoss(loss).losses(inputs, targets, weights);
            sum = new BatchLoss(loss).loss(LossReduction.SUM, inputs, targets, weights);
            mean = new BatchLoss(loss).loss(LossReduction.MEAN, inputs, targets, weights);
            meanGradient =
                    new BatchLoss(loss).gradient(LossReduction.MEAN, inputs, targets, weights);
            sumGradient = new BatchLoss(loss).gradient(LossReduction.SUM, inputs, targets, weights);
            eachGradient =
                    new BatchLoss(loss).gradient(LossReduction.NONE, inputs, targets, weights);
        }
        String prefix = "float64.";
        assertClose(golden, prefix + "losses", losses, DOUBLE_TOLERANCE, DOUBLE_FLOOR);
        assertClose(golden, prefix + "sum", only(sum), DOUBLE_TOLERANCE, DOUBLE_FLOOR);
        assertClose(golden, prefix + "mean", only(mean), DOUBLE_TOLERANCE, DOUBLE_FLOOR);
        assertClose(golden, prefix + "mean_gradient", meanGradient, DOUBLE_TOLERANCE, DOUBLE_FLOOR);
        if (golden.has(prefix + "sum_gradient")) {
            assertClose(
                    golden, prefix + "sum_gradient", sumGradient, DOUBLE_TOLERANCE, DOUBLE_FLOOR);
        }
        assertThat(eachGradient).containsExactly(sumGradient);
    }

    private static void compareFloats(GoldenCase golden) {
        Loss loss = loss(golden);
        float[] inputs = golden.floats("inputs");
        float @Nullable [] weights =
                golden.has("example_weights") ? golden.floats("example_weights") : null;
        float[] losses;
        float sum;
        float mean;
        float[] meanGradient;
        float[] sumGradient;
        if (golden.has("labels")) {
            int[] labels = golden.integers("labels");
            losses = new BatchLoss(loss).losses(inputs, labels, weights);
            sum = new BatchLoss(loss).loss(LossReduction.SUM, inputs, labels, weights);
            mean = new BatchLoss(loss).loss(LossReduction.MEAN, inputs, labels, weights);
            meanGradient =
                    new BatchLoss(loss).gradient(LossReduction.MEAN, inputs, labels, weights);
            sumGradient = new BatchLoss(loss).gradient(LossReduction.SUM, inputs, labels, weights);
        } else {
            float[] targets = golden.floats("targets");
            losses = new BatchLoss(loss).losses(inputs, targets, weights);
            sum = new BatchLoss(loss).loss(LossReduction.SUM, inputs, targets, weights);
            mean = new BatchLoss(loss).loss(LossReduction.MEAN, inputs, targets, weights);
            meanGradient =
                    new BatchLoss(loss).gradient(LossReduction.MEAN, inputs, targets, weights);
            sumGradient = new BatchLoss(loss).gradient(LossReduction.SUM, inputs, targets, weights);
        }
        compareFloats(golden, "losses", losses);
        compareFloats(golden, "sum", sum);
        compareFloats(golden, "mean", mean);
        compareFloats(golden, "mean_gradient", meanGradient);
        if (golden.has("float32.sum_gradient")) {
            compareFloats(golden, "sum_gradient", sumGradient);
        }
    }

    private static void compareFloats(GoldenCase golden, String name, float... actual) {
        assertClose(golden, "float32." + name, Floats.widen(actual), FLOAT_TOLERANCE, FLOAT_FLOOR);
    }

    /**
     * Compares the gradient of the sum of all losses, computed example by example as in training.
     */
    private static void compareLogitGradient(
            GoldenCase golden, String logitsName, String gradientName, Loss loss) {
        int numOutputs = loss.numOutputs();
        double[] logits = golden.inputs(logitsName);
        double[] gradient = new double[logits.length];
        double[] probabilities = new double[numOutputs];
        for (int i = 0; i < logits.length / numOutputs; i++) {
            int offset = i * numOutputs;
            loss.activate(logits, offset, probabilities);
            double factor =
                    loss.lossesPerExample()
                            * (golden.has("example_weights")
                                    ? golden.inputs("example_weights")[i]
                                    : 1);
            if (golden.has("labels")) {
                int label = golden.integers("labels")[i];
                loss.logitGradient(probabilities, 0, label, factor, gradient, offset);
            } else {
                float[] targets = golden.floats("targets");
                loss.logitGradient(probabilities, 0, targets, offset, factor, gradient, offset);
            }
        }
        assertClose(golden, gradientName, gradient, DOUBLE_TOLERANCE, DOUBLE_FLOOR);
    }

    private static Loss loss(GoldenCase golden) {
        return golden.loss(golden.integers("shape")[1]);
    }

    private static double[] only(double value) {
        return new double[] {value};
    }

    private static void assertClose(
            GoldenCase golden, String name, double[] actual, double tolerance, double floor) {
        double[] expected = golden.doubles(name);
        double scale = scale(golden);
        assertThat(actual).as("%s of %s", name, golden).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            if (Double.isNaN(expected[i])) {
                assertThat(actual[i]).as("%s[%d] of %s", name, i, golden).isNaN();
            } else {
                assertThat(actual[i])
                        .as("%s[%d] of %s", name, i, golden)
                        .isCloseTo(
                                expected[i],
                                within(tolerance * Math.abs(expected[i]) + floor * scale));
            }
        }
    }

    /** Returns the largest possible factor of a loss. */
    private static double scale(GoldenCase golden) {
        double scale = 1;
        for (String factor :
                new String[] {
                    "class_weights", "output_weights", "positive_weights", "example_weights"
                }) {
            scale *= largest(golden, factor);
        }
        return scale;
    }

    private static double largest(GoldenCase golden, String name) {
        double largest = 1;
        if (golden.has(name)) {
            for (double value : golden.inputs(name)) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        return largest;
    }
}
