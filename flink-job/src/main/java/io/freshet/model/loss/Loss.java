package io.freshet.model.loss;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A loss function of PyTorch: its value and its gradient, over a batch and over one example.
 *
 * <p><b>A batch</b> has inputs (size, numOutputs) row-major, and targets of one of two kinds:
 * classes (size), or a value for each output (size, numOutputs) row-major. Example weights (size)
 * multiply the losses of their example; none, {@code null}, are ones. {@link LossReduction} says
 * how the losses become one. Each class says what its inputs are, which targets it takes and what
 * the divisor of its mean is. All in double; the methods for floats compute in double and round
 * once.
 *
 * <p><b>One example</b> in training is a row of a model's outputs: its {@link #activation()} turns
 * the logits into probabilities, and {@link #logitGradient(double[], int, int, double, double[],
 * int) logitGradient} is the gradient at the logits, whatever the inputs of the loss itself are. An
 * example's loss is one number: where a loss has one for each output, their mean. These methods,
 * but for {@link #activate}, allocate nothing; a batch goes through the same formulas.
 *
 * <p>Values of targets are taken as they are, in 0 to 1 or not, as PyTorch does. So are example
 * weights. Only the loss that is reported is at least 0.
 *
 * <p>Immutable; equal when the options are.
 */
public interface Loss extends Serializable {

    /** PyTorch's default of an index that is ignored: no class. */
    int DEFAULT_IGNORE_INDEX = -100;

    /** Returns how many outputs the model has for each example: the columns of the inputs. */
    int numOutputs();

    /** Returns how many classes a label tells apart: numOutputs, but 2 with a single output. */
    default int numClasses() {
        return Math.max(2, numOutputs());
    }

    /** Returns what turns the model's logits into probabilities when it is trained on this loss. */
    Activation activation();

    /** Returns how many losses an example has: 1 or numOutputs. */
    int lossesPerExample();

    /** Returns whether examples of this label do not count: no loss, no gradient, no divisor. */
    default boolean ignores(int label) {
        return false;
    }

    /** Returns whether targets may be a value for each output. */
    default boolean takesValueTargets() {
        return true;
    }

    /**
     * Checks that targets may be a value for each output.
     *
     * @throws IllegalArgumentException if they may not
     */
    default void requireValueTargets() {
        if (!takesValueTargets()) {
            throw new IllegalArgumentException(
                    "targets must be classes, not values, under " + this);
        }
    }

    // One example in training: numOutputs values of each array from its offset on.

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
     * Returns the loss that Freshet reports of an example of a class; see {@link Activation}.
     *
     * @param logits the model's. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of them, of which sigmoids take no notice
     * @param label a class, whether or not it is ignored in training
     */
    default double plainLoss(double[] logits, int offset, double logSumExp, int label) {
        Targets.requireLabel(label, numClasses());
        return activation().plainLoss(logits, offset, numOutputs(), logSumExp, label);
    }

    /**
     * Returns the loss that Freshet reports of an example with a target for each output; see {@link
     * Activation}.
     *
     * @param logits the model's. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of them, of which sigmoids take no notice
     * @param targets Not modified.
     */
    default double plainLoss(
            double[] logits, int offset, double logSumExp, float[] targets, int targetsOffset) {
        return activation()
                .plainLoss(logits, offset, numOutputs(), logSumExp, targets, targetsOffset);
    }

    /**
     * Writes the gradient of an example's loss at the model's logits, times a factor.
     *
     * @param probabilities the activated logits. Not modified.
     * @param label a class or ignored, which gives zeros
     * @param factor of the gradient: the example's weight, the reduction
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
     * @param factor of the gradient: the example's weight, the reduction
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
     * Turns an example's targets into the gradient of its loss at the model's logits, times a
     * factor: what both forms above come to.
     *
     * @param probabilities the activated logits. Not modified.
     * @param factor of the gradient
     * @param gradient the targets, then the gradient; another array than the probabilities.
     *     Modified.
     */
    void logitGradient(
            double[] probabilities,
            int offset,
            double factor,
            double[] gradient,
            int gradientOffset);

    /**
     * Writes the gradients of an example's losses at the logits of models side by side, times
     * factors.
     *
     * @param probabilities the activated logits, (models, numOutputs) from {@code offset} on. Not
     *     modified.
     * @param label a class or ignored, which gives zeros
     * @param factor of all gradients: the example's weight, the reduction
     * @param factors of each besides, (models, numOutputs), the same for all outputs of a model.
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
     * Returns a bound of {@code Σ |g|} over the outputs, for {@link #logitGradient(double[], int,
     * int, double, double[], int) logitGradient} with factor 1 and targets in 0 to 1, which sum to
     * 1 under softmax.
     */
    double gradientBound();

    /**
     * Returns what an example of this label adds, times its example weight, to the divisor of a
     * weighted mean in training: 0 if it is ignored.
     */
    default double divisor(int label) {
        return 1;
    }

    /**
     * Returns what an example with a target for each output adds, times its example weight, to the
     * divisor of a weighted mean in training.
     *
     * @param targets Not modified.
     */
    default double divisor(float[] targets, int targetsOffset) {
        return 1;
    }

    // One example of a batch, at the inputs of the loss.

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
     * Turns an example's targets into the gradient of its loss at the inputs of this loss, times a
     * factor.
     *
     * @param inputs numOutputs values from {@code offset} on. Not modified.
     * @param factor of the gradient
     * @param scratch (numOutputs). Modified: left without a meaning.
     * @param gradient the targets, then the gradient, from {@code gradientOffset} on. Modified.
     */
    void inputGradient(
            double[] inputs,
            int offset,
            double factor,
            double[] scratch,
            double[] gradient,
            int gradientOffset);
}
