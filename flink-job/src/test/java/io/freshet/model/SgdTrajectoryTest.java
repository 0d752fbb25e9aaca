package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A loop over the losses' own methods and SGD by the book, held to PyTorch's trajectories. */
class SgdTrajectoryTest {
    /**
     * Two hundred steps multiply the rounding of the first ones little: the losses are convex. The
     * schedules' powers are rounded otherwise than PyTorch's products.
     */
    private static final double TOLERANCE = 1e-12;

    static List<SgdTrajectory> trajectories() {
        return SgdTrajectory.read();
    }

    @Test
    void trajectories_areAllThere() {
        assertThat(trajectories()).hasSize(11);
        assertThat(trajectories()).allMatch(t -> t.losses().length == SgdTrajectory.STEPS);
        assertThat(trajectories()).allMatch(t -> t.hasParametersAfter(SgdTrajectory.STEPS));
    }

    @ParameterizedTest
    @MethodSource("trajectories")
    void lossesAndParameters_matchPyTorch(SgdTrajectory trajectory) {
        Loss loss = trajectory.loss();
        int numFeatures = trajectory.numFeatures();
        int numOutputs = trajectory.numOutputs();
        float[] features = trajectory.features();
        int size = trajectory.miniBatchSize();
        double[] parameters = new double[(numFeatures + 1) * numOutputs];
        double[] velocity = new double[parameters.length];
        for (int step = 0; step < SgdTrajectory.STEPS; step++) {
            double[] logits = new double[size * numOutputs];
            double[] residuals = new double[size * numOutputs];
            double divisor = 0;
            for (int i = 0; i < size; i++) {
                int row = trajectory.row(step, i);
                for (int c = 0; c < numOutputs; c++) {
                    double logit = parameters[numFeatures * numOutputs + c];
                    for (int f = 0; f < numFeatures; f++) {
                        logit += features[row * numFeatures + f] * parameters[f * numOutputs + c];
                    }
                    logits[i * numOutputs + c] = logit;
                }
                divisor += residual(trajectory, loss, row, logits, i * numOutputs, residuals);
            }
            assertThat(meanLoss(trajectory, loss, step, logits))
                    .as("loss of step %d", step)
                    .isCloseTo(trajectory.losses()[step], within(TOLERANCE));

            double[] gradient = new double[parameters.length];
            for (int i = 0; i < size; i++) {
                int row = trajectory.row(step, i);
                for (int f = 0; f <= numFeatures; f++) {
                    double input = f == numFeatures ? 1 : features[row * numFeatures + f];
                    for (int c = 0; c < numOutputs; c++) {
                        gradient[f * numOutputs + c] +=
                                input * residuals[i * numOutputs + c] / divisor;
                    }
                }
            }
            descend(trajectory, step, parameters, velocity, gradient);
            if (trajectory.hasParametersAfter(step + 1)) {
                assertThat(parameters)
                        .as("parameters after step %d", step)
                        .containsExactly(trajectory.parametersAfter(step + 1), within(TOLERANCE));
            }
        }
    }

    /** Writes the gradient at the logits of one example and returns what it adds to the divisor. */
    private static double residual(
            SgdTrajectory trajectory,
            Loss loss,
            int row,
            double[] logits,
            int offset,
            double[] residuals) {
        double[] probabilities = new double[loss.numOutputs()];
        loss.activate(logits, offset, probabilities, 0);
        if (loss.activation() == Activation.SOFTMAX) {
            int label = trajectory.labels()[row];
            loss.logitGradient(probabilities, 0, label, 1, residuals, offset);
            return loss.divisor(label);
        }
        float[] targets = trajectory.targets();
        int targetsOffset = row * loss.numOutputs();
        loss.logitGradient(probabilities, 0, targets, targetsOffset, 1, residuals, offset);
        return loss.divisor(targets, targetsOffset);
    }

    private static double meanLoss(SgdTrajectory trajectory, Loss loss, int step, double[] logits) {
        int size = trajectory.miniBatchSize();
        int numOutputs = loss.numOutputs();
        int[] labels = new int[size];
        double[] targets = new double[size * numOutputs];
        for (int i = 0; i < size; i++) {
            int row = trajectory.row(step, i);
            labels[i] = trajectory.labels()[row];
            for (int c = 0; c < numOutputs; c++) {
                targets[i * numOutputs + c] = trajectory.targets()[row * numOutputs + c];
            }
        }
        return loss.activation() == Activation.SOFTMAX
                ? loss.loss(LossReduction.MEAN, logits, labels, null)
                : loss.loss(LossReduction.MEAN, logits, targets, null);
    }

    /** One step of PyTorch's SGD; the first velocity is the gradient itself, not dampened. */
    private static void descend(
            SgdTrajectory trajectory,
            int step,
            double[] parameters,
            double[] velocity,
            double[] gradient) {
        double learningRate = trajectory.learningRates().applyAsDouble(step);
        for (int k = 0; k < parameters.length; k++) {
            double slope = gradient[k] + trajectory.weightDecay() * parameters[k];
            velocity[k] =
                    step == 0
                            ? slope
                            : trajectory.momentum() * velocity[k]
                                    + (1 - trajectory.dampening()) * slope;
            double direction =
                    trajectory.nesterov()
                            ? slope + trajectory.momentum() * velocity[k]
                            : velocity[k];
            parameters[k] -= learningRate * direction;
        }
    }
}
