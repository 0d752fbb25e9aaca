package io.freshet.model;

import io.freshet.model.cuda.BlockShape;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.Gradient;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.optim.Optimizer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one model's block on their way to a CUDA device, and their scores on the way back.
 */
final class CudaRows {
    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final CudaWorkspace workspace;
    private final LossGradients gradients;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final @Nullable LinearSteps linearSteps;
    private final double[] coefficients;
    private final double[] velocityCoefficients;
    private final double[] rowLosses;
    private final float[] probabilities;
    private final double[] prediction;

    /**
     * @param block the rows; of at most {@link CudaWorkspace#MAX_ROWS}
     * @param maxSteps maximum number of steps of the block
     */
    CudaRows(CudaWorkspace workspace, ExecutionBlock block, int maxSteps) {
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        this.workspace = workspace;
        this.gradients = workspace.gradients();
        this.block = block;
        this.rows = block.rows();
        LinearRule rule = optimizer.linearRule();
        this.linearSteps =
                rule == null || optimizer.isPlain() ? null : new LinearSteps(rule, maxSteps);
        this.coefficients = new double[maxSteps];
        this.velocityCoefficients = new double[maxSteps];
        this.rowLosses = new double[settings.numLosses()];
        this.probabilities = new float[settings.numClasses()];
        this.prediction = new double[settings.numClasses()];
    }

    /** Returns the smallest block for some rows. */
    DeviceBlock blockFor(int count, Examples examples) {
        int capacity = BlockShape.ROW_MULTIPLE;
        while (capacity < count) {
            capacity *= 2;
        }
        boolean hasTargets = examples.numTargets() > 0;
        return workspace.block(new BlockShape(1, capacity, gradients.form(hasTargets), hasTargets));
    }

    /** Fills a block with rows of a model, and runs it. */
    void run(
            DeviceBlock onDevice,
            CudaModel model,
            int begin,
            int end,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation) {
        onDevice.begin(0, model.slot());
        onDevice.wantProbabilities(evaluation.keepsAll() || hasUnlabelled(begin, end));
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
        workspace.learner().submit(onDevice);
        workspace.learner().finish(onDevice);
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

    private boolean hasUnlabelled(int begin, int end) {
        for (int row = begin; row < end; row++) {
            if (!rows.isLabelled(row)) {
                return true;
            }
        }
        return false;
    }

    /** Sets label and targets of a row on the device. */
    private void label(
            DeviceBlock onDevice, int place, int row, double learningRate, Examples examples) {
        int example = rows.example(row);
        int label = examples.labels()[example];
        boolean isOfLabel = onDevice.shape().gradient() == Gradient.OF_LABEL;
        double weight = examples.weights()[example];
        double scale = block.scale(row) * weight;
        if (settings.mixture() == null && linearSteps == null) {
            scale *= learningRate;
        }
        double sumOfTargets = 1;
        int learntClass = label;
        if (isOfLabel) {
            sumOfTargets = gradients.labelWeight(label);
        } else {
            gradients.select(examples, example);
            for (int c = 0; c < settings.numOutputs(); c++) {
                onDevice.gradient(place, c, gradients.slope(c), gradients.offset(c));
            }
            sumOfTargets = gradients.sumOfOffsets();
            learntClass = gradients.classOfLargestOffset();
        }
        double exponent = block.classWeight(row) * weight;
        if (settings.ensemble() != null) {
            // Its experts learn from the weighted targets, the mixture too.
            exponent *= sumOfTargets;
            if (exponent > 0) {
                onDevice.learn(place, learntClass);
            }
        }
        onDevice.label(
                place,
                label,
                isOfLabel ? scale * sumOfTargets : scale,
                exponent,
                isOfLabel ? gradients.trainingWeight(label) : 0);
        for (int c = 0; c < examples.numTargets(); c++) {
            onDevice.target(place, c, examples.targets()[example * examples.numTargets() + c]);
        }
    }

    /** Writes the prediction of a row to the evaluation. */
    void predict(
            DeviceBlock onDevice, int place, int example, long version, Evaluation evaluation) {
        onDevice.probabilities(0, place, probabilities);
        for (int c = 0; c < prediction.length; c++) {
            prediction[c] = probabilities[c];
        }
        evaluation.predict(example, prediction, 0, version);
    }

    /** Writes the scores of a row of a mini-batch to the evaluation. */
    void write(
            DeviceBlock onDevice,
            int place,
            int row,
            long version,
            Examples examples,
            Evaluation evaluation) {
        int example = rows.example(row);
        if (evaluation.keepsAll()) {
            predict(onDevice, place, example, version, evaluation);
        }
        evaluation.score(
                example,
                onDevice.loss(0, place),
                onDevice.predictedClass(0, place),
                onDevice.confidence(0, place),
                onDevice.brier(0, place),
                onDevice.rank(0, place));
        if (!settings.loss().trainsOnReportedLoss()) {
            evaluation.training(example, onDevice.trainingLoss(0, place), block.classWeight(row));
        }
        evaluation.outcome(example, Outcome.TRAINED);
    }

    /** Adds the losses of the experts of a row. */
    void addLosses(
            DeviceBlock onDevice, int place, int row, Examples examples, FadingLosses losses) {
        for (int e = 0; e < rowLosses.length; e++) {
            rowLosses[e] = onDevice.expertLoss(0, place, e);
        }
        losses.add(rowLosses, examples.weights()[rows.example(row)]);
    }

    /**
     * Returns the norm of the last gradient under a learning rate.
     *
     * @param learningRate the optimiser's at the last step
     */
    double gradientNorm(DeviceBlock onDevice, int rate, double learningRate) {
        double factor = 1;
        if (settings.mixture() != null) {
            factor = settings.learningRates().get(rate);
        } else if (linearSteps == null) {
            factor = learningRate;
        }
        return onDevice.gradientNorm(0, rate) / factor;
    }
}
