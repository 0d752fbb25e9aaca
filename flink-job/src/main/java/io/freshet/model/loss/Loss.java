package io.freshet.model.loss;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Loss function with the options of PyTorch's, on one example: value and gradient.
 *
 * <p><b>In training</b> an example is a row of a model's outputs. The {@link #activation()} turns
 * the logits into probabilities, and {@link #logitGradient(double[], int, int, double, double[],
 * int) logitGradient} is the gradient at the logits, even where the inputs of the loss itself are
 * not logits. The loss of an example is one number: where a loss function has one loss for each
 * output, their mean. Except for {@link #activate}, these methods allocate nothing.
 *
 * <p><b>As a function of its inputs</b>, {@link #inputLosses inputLosses} and {@link #inputGradient
 * inputGradient}, a loss is used only by {@link BatchLoss}, the public interface for parity with
 * PyTorch. Each class states what its inputs are, which targets it accepts and what the divisor of
 * its mean is.
 *
 * <p>As in PyTorch, values of targets and example weights are not checked; they may lie outside 0
 * to 1. Only the reported loss is never negative.
 *
 * <p>Immutable. Two losses are equal if their options are.
 */
public interface Loss extends Serializable {

    /** PyTorch's default label of ignored examples; it is no class. */
    int DEFAULT_IGNORE_INDEX = -100;

    /** Returns the number of outputs of the model for each example: the columns of the inputs. */
    int numOutputs();

    /** Returns the number of classes that a label can be: numOutputs, or 2 with a single output. */
    default int numClasses() {
        return Math.max(2, numOutputs());
    }

    /**
     * Returns this loss for another number of classes, at least 1.
     *
     * @throws IllegalStateException if the options of this loss belong to its number of classes, or
     *     if it is not a loss of one class of several
     */
    default Loss withClasses(int numClasses) {
        throw new IllegalStateException("the number of classes is part of " + this);
    }

    /** Returns the output activation of a model that is trained on this loss. */
    Activation activation();

    /** Returns the number of losses of an example: 1 or numOutputs. */
    int lossesPerExample();

    /** Returns whether examples with this label are ignored: loss, gradient and divisor are 0. */
    default boolean ignores(int label) {
        return false;
    }

    /**
     * Returns whether a learner multiplies the weight of each example with a balanced weight of its
     * class. Each target is one class then.
     */
    default boolean balancesClasses() {
        return false;
    }

    /** Returns whether targets may be a value for each output. */
    default boolean acceptsValueTargets() {
        return true;
    }

    /**
     * Checks that targets may be a value for each output.
     *
     * @throws IllegalArgumentException if they may not
     */
    default void requireValueTargets() {
        if (!acceptsValueTargets()) {
            throw new IllegalArgumentException(
                    "targets must be classes, not values, under " + this);
        }
    }

    // One example in training. Arrays have numOutputs values from their offset on.

    /**
     * Turns the model's logits into probabilities; see {@link Activation}.
     *
     * @param logits Not modified.
     * @param probabilities (numOutputs), another array. Modified.
     */
    default void activate(double[] logits, int offset, double[] probabilities) {
        activation().activate(logits, offset, numOutputs(), probabilities);
    }

    /**
     * Returns the loss that Freshet reports for an example whose target is a class: unweighted and
     * unsmoothed, the same for all losses of an {@link Activation}.
     *
     * @param logits the model's. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of these logits; not used by sigmoid
     * @param label a class, whether or not it is ignored in training
     */
    default double reportedLoss(double[] logits, int offset, double logSumExp, int label) {
        Targets.requireLabel(label, numClasses());
        return activation().reportedLoss(logits, offset, numOutputs(), logSumExp, label);
    }

    /**
     * Returns the loss that Freshet reports for an example with a target for each output:
     * unweighted and unsmoothed, the same for all losses of an {@link Activation}.
     *
     * @param logits the model's. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of these logits; not used by sigmoid
     * @param targets Not modified.
     */
    default double reportedLoss(
            double[] logits, int offset, double logSumExp, float[] targets, int targetsOffset) {
        return activation()
                .reportedLoss(logits, offset, numOutputs(), logSumExp, targets, targetsOffset);
    }

    /**
     * Writes the targets of the outputs for a class: 1 for the class and 0 elsewhere; with a single
     * output, the class itself.
     *
     * @param targets (numOutputs). Modified.
     */
    default void writeTargets(int label, double[] targets) {
        Targets.write(label, numOutputs(), targets, 0);
    }

    /** Returns whether {@link #trainingLoss} equals the reported loss for every example. */
    boolean trainsOnReportedLoss();

    /**
     * Returns the loss of an example that training minimises, with all weights and the smoothing of
     * this loss but without the example weight: PyTorch's, as it computes it in float64. Where a
     * loss function has one loss for each output, their mean.
     *
     * @param logits the model's. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of these logits; not used by sigmoid
     * @param targets (numOutputs), one-hot for a class. Not modified.
     */
    double trainingLoss(double[] logits, int offset, double logSumExp, double[] targets);

    /**
     * Writes the gradient of an example's loss at the model's logits, times a factor.
     *
     * @param probabilities the activated logits. Not modified.
     * @param label a class, or an ignored label, whose gradient is 0
     * @param factor factor of the gradient, from example weight and reduction
     * @param gradient another array than the probabilities. Modified.
     */
    default void logitGradient(
            double[] probabilities,
            int offset,
            int label,
            double factor,
            double[] gradient,
            int gradientOffset) {
        if (ignores(label)) {
            Arrays.fill(gradient, gradientOffset, gradientOffset + numOutputs(), 0);
            return;
        }
        Targets.requireLabel(label, numClasses());
        Targets.write(label, numOutputs(), gradient, gradientOffset);
        logitGradient(probabilities, offset, factor, gradient, gradientOffset);
    }

    /**
     * Writes the gradient of an example's loss at the model's logits, times a factor.
     *
     * @param probabilities the activated logits. Not modified.
     * @param targets one for each output. Not modified.
     * @param factor factor of the gradient, from example weight and reduction
     * @param gradient another array than the probabilities. Modified.
     */
    default void logitGradient(
            double[] probabilities,
            int offset,
            float[] targets,
            int targetsOffset,
            double factor,
            double[] gradient,
            int gradientOffset) {
        requireValueTargets();
        int numOutputs = numOutputs();
        for (int c = 0; c < numOutputs; c++) {
            gradient[gradientOffset + c] = targets[targetsOffset + c];
        }
        logitGradient(probabilities, offset, factor, gradient, gradientOffset);
    }

    /**
     * Replaces the targets of an example by the gradient of its loss at the model's logits, times a
     * factor. Both methods above call it.
     *
     * @param probabilities the activated logits. Not modified.
     * @param factor factor of the gradient
     * @param gradient the targets on entry, the gradient on return; another array than the
     *     probabilities. Modified.
     */
    void logitGradient(
            double[] probabilities,
            int offset,
            double factor,
            double[] gradient,
            int gradientOffset);

    /**
     * Writes the gradients of one example's losses at the logits of several models, times factors.
     *
     * @param probabilities the activated logits, (models, numOutputs) from {@code offset} on. Not
     *     modified.
     * @param label a class, or an ignored label, whose gradients are 0
     * @param factor factor of all gradients, from example weight and reduction
     * @param factors additional factors, (models, numOutputs), the same for all outputs of a model.
     *     Not modified.
     * @param gradients (models, numOutputs), another array than the others. Modified.
     */
    default void logitGradients(
            double[] probabilities,
            int offset,
            int label,
            double factor,
            double[] factors,
            double[] gradients) {
        for (int at = 0; at < gradients.length; at += numOutputs()) {
            logitGradient(probabilities, offset + at, label, factor * factors[at], gradients, at);
        }
    }

    /**
     * Returns an upper bound of {@code Σ |g|} over the outputs, for {@link #logitGradient(double[],
     * int, int, double, double[], int) logitGradient} with factor 1 and targets in 0 to 1, which
     * sum to 1 under softmax.
     */
    double gradientBound();

    /**
     * Returns the contribution of an example with this label, before multiplication by its example
     * weight, to the divisor of a weighted mean in training: 0 if it is ignored.
     */
    default double divisor(int label) {
        return 1;
    }

    /**
     * Returns the contribution of an example with a target for each output, before multiplication
     * by its example weight, to the divisor of a weighted mean in training.
     *
     * @param targets Not modified.
     */
    default double divisor(float[] targets, int targetsOffset) {
        return 1;
    }

    // One example of a batch, as a function of the inputs of the loss.

    /**
     * Writes the losses of an example at the inputs of this loss.
     *
     * @param inputs numOutputs values from {@code offset} on. Not modified.
     * @param targets (numOutputs). Not modified.
     * @param losses lossesPerExample values from {@code lossesOffset} on. Modified.
     */
    void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset);

    /**
     * Replaces the targets of an example by the gradient of its loss at the inputs of this loss,
     * times a factor.
     *
     * @param inputs numOutputs values from {@code offset} on. Not modified.
     * @param factor factor of the gradient
     * @param scratch (numOutputs). Modified; its content is undefined on return.
     * @param gradient the targets on entry, the gradient on return, from {@code gradientOffset} on.
     *     Modified.
     */
    void inputGradient(
            double[] inputs,
            int offset,
            double factor,
            double[] scratch,
            double[] gradient,
            int gradientOffset);
}
