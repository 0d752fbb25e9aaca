package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.BatchLoss;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.LossReduction;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Comparison of a simple loop over the losses' methods with SGD, and of the learner itself, with
 * PyTorch's trajectories.
 */
class SgdTrajectoryTest {
    /**
     * Tolerance in double precision. The losses are convex, so two hundred steps amplify the
     * rounding errors of the first ones only a little. The powers of the schedules are rounded
     * differently from PyTorch's products.
     */
    private static final double TOLERANCE = 1e-12;

    /**
     * Tolerance in single precision. A step rounds the parameters, which stay below 4, by up to
     * 2⁻²³, and the velocity by as much; a momentum of 0.9 multiplies each error by ten. Two
     * hundred random errors add up to √200 · 10 · 2⁻²³ = 1.7·10⁻⁵, and those of the velocity to as
     * much again.
     */
    private static final double FLOAT_TOLERANCE = 1e-4;

    static List<SgdTrajectory> trajectories() {
        return SgdTrajectory.read();
    }

    @Test
    void goldenFile_hasAllTrajectories() {
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

    static Stream<Arguments> trajectoriesByPrecision() {
        return Stream.of(Precision.values())
                .flatMap(precision -> trajectories().stream().map(t -> Arguments.of(precision, t)));
    }

    /** Compares the learner in blocks of several steps, and one step at a time. */
    @ParameterizedTest
    @MethodSource("trajectoriesByPrecision")
    void learner_matchesPyTorch(Precision precision, SgdTrajectory trajectory) {
        LearnerSettings settings = settings(trajectory);
        double tolerance = precision == Precision.FLOAT ? FLOAT_TOLERANCE : TOLERANCE;
        for (int stepsPerCall : new int[] {50, 1}) {
            try (SoftmaxLearner learner =
                    new SoftmaxLearner(settings, precision, LearnerState.initial(settings))) {
                Evaluation evaluation = new Evaluation(settings.numClasses());
                for (int step = 0; step < SgdTrajectory.STEPS; step += stepsPerCall) {
                    learner.learn(examples(trajectory, step, stepsPerCall), false, evaluation);
                    if (isReportedLoss(trajectory)) {
                        assertLosses(trajectory, step, evaluation, tolerance);
                    }
                    int taken = step + stepsPerCall;
                    if (trajectory.hasParametersAfter(taken)) {
                        double[] flat =
                                Arrays.stream(StateAssertions.parameters(learner)[0])
                                        .flatMapToDouble(Arrays::stream)
                                        .toArray();
                        assertThat(flat)
                                .as("parameters after %d steps", taken)
                                .containsExactly(
                                        trajectory.parametersAfter(taken), within(tolerance));
                    }
                }
                assertThat(learner.modelVersion()).isEqualTo(SgdTrajectory.STEPS);
            }
        }
    }

    private static LearnerSettings settings(SgdTrajectory trajectory) {
        LearningRateSchedule schedule =
                switch (trajectory.schedule()) {
                    case "step" -> schedule(trajectory, Kind.STEP, 0.5);
                    case "exponential" -> schedule(trajectory, Kind.EXPONENTIAL, 0.99);
                    case "inverse_time" -> schedule(trajectory, Kind.INVERSE_TIME, 0.05);
                    default -> LearningRateSchedule.constant(trajectory.learningRate());
                };
        return new LearnerSettings(
                trajectory.numFeatures(),
                trajectory.loss().numClasses(),
                trajectory.miniBatchSize(),
                trajectory.loss(),
                new Sgd(
                        schedule,
                        trajectory.momentum(),
                        trajectory.dampening(),
                        trajectory.nesterov(),
                        trajectory.weightDecay()),
                null,
                MiniBatchReduction.WEIGHTS,
                null,
                1);
    }

    private static LearningRateSchedule schedule(
            SgdTrajectory trajectory, Kind kind, double decay) {
        return new LearningRateSchedule(kind, trajectory.learningRate(), decay, 50);
    }

    private static Examples examples(SgdTrajectory trajectory, int step, int steps) {
        int numFeatures = trajectory.numFeatures();
        boolean classes = trajectory.loss().activation() == Activation.SOFTMAX;
        int numTargets = classes ? 0 : trajectory.numOutputs();
        Examples examples = new Examples(numFeatures, numTargets);
        for (int i = 0; i < steps * trajectory.miniBatchSize(); i++) {
            int row = trajectory.row(step, i);
            int label = trajectory.labels()[row];
            int at = row * numFeatures;
            if (classes) {
                examples.add(trajectory.features(), at, label, 1);
            } else {
                float[] targets = trajectory.targets();
                examples.add(trajectory.features(), at, label, targets, row * numTargets, 1);
            }
        }
        return examples;
    }

    /**
     * Returns whether the loss is the one that the learner reports: without weights and smoothing.
     */
    private static boolean isReportedLoss(SgdTrajectory trajectory) {
        return trajectory.loss().equals(new CrossEntropy(trajectory.numOutputs()));
    }

    private static void assertLosses(
            SgdTrajectory trajectory, int step, Evaluation evaluation, double tolerance) {
        int size = trajectory.miniBatchSize();
        for (int at = 0; at < evaluation.size(); at += size) {
            double sum = 0;
            for (int i = at; i < at + size; i++) {
                sum += evaluation.losses()[i];
            }
            double expected = trajectory.losses()[step + at / size];
            // Losses are reported as floats, here of up to 4.
            assertThat(sum / size).isCloseTo(expected, within(tolerance + 0x1p-22));
        }
    }

    /** Writes the gradient at the logits of an example; returns its contribution to the divisor. */
    private static double residual(
            SgdTrajectory trajectory,
            Loss loss,
            int row,
            double[] logits,
            int offset,
            double[] residuals) {
        double[] probabilities = new double[loss.numOutputs()];
        loss.activate(logits, offset, probabilities);
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
                ? new BatchLoss(loss).loss(LossReduction.MEAN, logits, labels, null)
                : new BatchLoss(loss).loss(LossReduction.MEAN, logits, targets, null);
    }

    /** Takes a step of PyTorch's SGD; the first velocity is the gradient itself, not dampened. */
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
