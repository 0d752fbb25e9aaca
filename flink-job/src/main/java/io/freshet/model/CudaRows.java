package io.freshet.model;

import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.Gradient;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Examples;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.optim.Optimizer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The rows of one model's block on their way to a CUDA device. */
final class CudaRows {
    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final LossGradients gradients;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final @Nullable LinearSteps linearSteps;
    private final double[] coefficients;
    private final double[] velocityCoefficients;

    /**
     * @param block the rows; of at most {@link CudaWorkspace#MAX_ROWS}
     * @param maxSteps maximum number of steps of the block
     */
    CudaRows(CudaWorkspace workspace, ExecutionBlock block, int maxSteps) {
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        this.gradients = workspace.gradients();
        this.block = block;
        this.rows = block.rows();
        LinearRule rule = optimizer.linearRule();
        this.linearSteps =
                rule == null || optimizer.isPlain() ? null : new LinearSteps(rule, maxSteps);
        this.coefficients = new double[maxSteps];
        this.velocityCoefficients = new double[maxSteps];
    }

    /** Fills a place of a block with rows of a model. */
    void fill(
            DeviceBlock onDevice,
            int place,
            CudaModel model,
            int begin,
            int end,
            LearnerCounters before,
            Examples examples) {
        onDevice.begin(place, model.slot());
        if (linearSteps != null) {
            linearSteps.begin(model.velocitySteps() > 0);
            onDevice.coefficients(0, 1, 0, coefficients);
        }
        int row = begin;
        while (row < end) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            if (batchEnd == row) {
                add(onDevice, row, examples);
                row++;
                continue;
            }
            int stepsBefore = rows.step(row) - rows.step(begin);
            double learningRate = before.learningRate(optimizer, stepsBefore);
            for (int r = row; r < batchEnd; r++) {
                add(onDevice, r, examples);
                label(onDevice, r - begin, r, learningRate, examples);
            }
            onDevice.step(row - begin);
            if (linearSteps != null) {
                linearSteps.step(learningRate);
                addCoefficients(onDevice, linearSteps, stepsBefore + 1);
            }
            row = batchEnd;
        }
        if (linearSteps == null) {
            onDevice.end();
        } else {
            end(onDevice, linearSteps, rows.step(end) - rows.step(begin));
        }
    }

    private void add(DeviceBlock onDevice, int row, Examples examples) {
        onDevice.add(examples.features(), rows.example(row) * settings.numFeatures());
    }

    private void addCoefficients(DeviceBlock onDevice, LinearSteps steps, int taken) {
        for (int step = 0; step < taken; step++) {
            // On the device gradients have the sign of the step.
            coefficients[step] = -steps.parametersOfGradient(step);
        }
        onDevice.coefficients(
                taken, steps.parametersOfParameters(), steps.parametersOfVelocity(), coefficients);
    }

    private void end(DeviceBlock onDevice, LinearSteps steps, int taken) {
        for (int step = 0; step < taken; step++) {
            coefficients[step] = -steps.parametersOfGradient(step);
            velocityCoefficients[step] = -steps.velocityOfGradient(step);
        }
        onDevice.end(
                steps.parametersOfParameters(),
                steps.parametersOfVelocity(),
                steps.velocityOfParameters(),
                steps.velocityOfVelocity(),
                Arrays.copyOf(coefficients, taken),
                Arrays.copyOf(velocityCoefficients, taken));
    }

    /** Returns whether rows are only predicted. */
    boolean hasUnlabelled(int begin, int end) {
        for (int row = begin; row < end; row++) {
            if (!rows.isLabelled(row)) {
                return true;
            }
        }
        return false;
    }

    /** Sets label and targets of a row on the device. */
    private void label(
            DeviceBlock onDevice, int index, int row, double learningRate, Examples examples) {
        int example = rows.example(row);
        int label = examples.labels()[example];
        boolean isOfLabel = onDevice.shape().gradient() == Gradient.OF_LABEL;
        double weight = examples.weights()[example];
        double scale = block.scale(row) * weight;
        if (settings.mixture() == null && linearSteps == null) {
            scale *= learningRate;
        }
        double sumOfTargets;
        int learntClass = label;
        if (isOfLabel) {
            sumOfTargets = gradients.labelWeight(label);
        } else {
            gradients.select(examples, example);
            for (int c = 0; c < settings.numOutputs(); c++) {
                onDevice.gradient(index, c, gradients.slope(c), gradients.offset(c));
            }
            sumOfTargets = gradients.sumOfOffsets();
            learntClass = gradients.classOfLargestOffset();
        }
        double exponent = block.classWeight(row) * weight;
        if (settings.ensemble() != null) {
            // Its experts learn from the weighted targets, the mixture too.
            exponent *= sumOfTargets;
            if (exponent > 0) {
                onDevice.learn(index, learntClass);
            }
        }
        onDevice.label(
                index,
                label,
                isOfLabel ? scale * sumOfTargets : scale,
                exponent,
                isOfLabel ? gradients.trainingWeight(label) : 0);
        for (int c = 0; c < examples.numTargets(); c++) {
            onDevice.target(index, c, examples.targets()[example * examples.numTargets() + c]);
        }
    }

    /**
     * Returns the factor of a gradient on the device.
     *
     * @param learningRate the optimiser's at the step
     */
    double gradientFactor(int rate, double learningRate) {
        if (settings.mixture() != null) {
            return settings.learningRates().get(rate);
        }
        return linearSteps == null ? learningRate : 1;
    }
}
