package io.freshet.model.loss;

/**
 * Cross-entropy of the softmax of logits, PyTorch's {@code CrossEntropyLoss}.
 *
 * <p>{@code loss = −Σ_c t_c ln softmax(z)_c} and {@code ∂loss/∂z = (Σ t) softmax(z) − t}, for the
 * logits {@code z} (numClasses) of an example and {@code t_c = w_c ((1 − ε) y_c + ε/numClasses)},
 * with class weights {@code w} (numClasses), label smoothing {@code ε} and targets {@code y}
 * (numClasses): the example's class as one-hot, or probabilities. Logits of any finite size are
 * fit.
 *
 * <p>The divisor of the mean: for classes, the sum of {@code w_y} times the example weight over the
 * examples that are not ignored, so that an example of weight 2 is as good as two of them; for
 * probabilities, the number of examples, whatever their weights. An ignored example has no loss, no
 * smoothing and no gradient; where all are ignored the mean is NaN and its gradient 0.
 *
 * <p>Source: {@code torch.nn.CrossEntropyLoss}; Szegedy et al., <i>Rethinking the Inception
 * Architecture for Computer Vision</i> (2016), §7, for the smoothing.
 *
 * @param numClasses columns of the logits, at least 2
 * @param classWeights {@code w}, (numClasses), or none
 * @param ignoreIndex the label of examples that do not count, a class or not; with a class (0 or
 *     more) targets cannot be probabilities
 * @param labelSmoothing {@code ε}: 0 to 1
 */
public record CrossEntropy(
        int numClasses, OutputWeights classWeights, int ignoreIndex, double labelSmoothing)
        implements Loss {
    public CrossEntropy {
        requireNumClasses(numClasses);
        classWeights.requireFits("classWeights", numClasses);
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new IllegalArgumentException(
                    "labelSmoothing must be 0 to 1, but is " + labelSmoothing);
        }
    }

    /** No class weights, no class ignored, no smoothing. */
    public CrossEntropy(int numClasses) {
        this(numClasses, OutputWeights.NONE, DEFAULT_IGNORE_INDEX, 0);
    }

    @Override
    public int numOutputs() {
        return numClasses;
    }

    @Override
    public Activation activation() {
        return Activation.SOFTMAX;
    }

    @Override
    public int lossesPerExample() {
        return 1;
    }

    @Override
    public boolean ignores(int label) {
        return label == ignoreIndex;
    }

    @Override
    public boolean takesValueTargets() {
        return ignoreIndex < 0;
    }

    @Override
    public double divisor(int label) {
        return ignores(label) ? 0 : classWeights.at(label);
    }

    @Override
    public void logitGradients(
            double[] probabilities,
            int offset,
            int label,
            double factor,
            double[] factors,
            double[] gradients) {
        if (labelSmoothing != 0 || ignores(label)) {
            Loss.super.logitGradients(probabilities, offset, label, factor, factors, gradients);
            return;
        }
        // All that is left of a gradient is w_y (p − y).
        Targets.requireLabel(label, numClasses);
        System.arraycopy(probabilities, offset, gradients, 0, gradients.length);
        for (int at = label; at < gradients.length; at += numClasses) {
            gradients[at] -= 1;
        }
        multiply(gradients, factors, factor * classWeights.at(label), gradients.length);
    }

    /** One index for both arrays: so HotSpot 17 vectorises it. */
    private static void multiply(double[] values, double[] factors, double factor, int count) {
        for (int i = 0; i < count; i++) {
            values[i] *= factor * factors[i];
        }
    }

    @Override
    public void logitGradient(
            double[] probabilities,
            int offset,
            double factor,
            double[] gradient,
            int gradientOffset) {
        for (int c = 0; c < numClasses; c++) {
            gradient[gradientOffset + c] = coefficient(c, gradient[gradientOffset + c]);
        }
        softmaxGradient(probabilities, offset, numClasses, factor, gradient, gradientOffset);
    }

    @Override
    public double gradientBound() {
        return 2 * classWeights.largest();
    }

    @Override
    public void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset) {
        double[] logProbabilities = new double[numClasses];
        Activation.logSoftmax(inputs, offset, numClasses, logProbabilities);
        double loss = 0;
        for (int c = 0; c < numClasses; c++) {
            double coefficient = coefficient(c, targets[c]);
            // Where it is 0 the log-probability may be −∞.
            if (coefficient != 0) {
                loss -= coefficient * logProbabilities[c];
            }
        }
        losses[lossesOffset] = loss;
    }

    @Override
    public void inputGradient(
            double[] inputs,
            int offset,
            double factor,
            double[] scratch,
            double[] gradient,
            int gradientOffset) {
        activate(inputs, offset, scratch);
        logitGradient(scratch, 0, factor, gradient, gradientOffset);
    }

    /** Returns {@code t_c}. */
    private double coefficient(int output, double target) {
        double smoothed = (1 - labelSmoothing) * target + labelSmoothing / numClasses;
        return classWeights.at(output) * smoothed;
    }

    /**
     * Turns target coefficients {@code t} into the gradient {@code factor ((Σ t) p − t)}.
     *
     * @param probabilities {@code p}. Not modified.
     * @param gradient the coefficients, then the gradient. Modified.
     */
    static void softmaxGradient(
            double[] probabilities,
            int offset,
            int numClasses,
            double factor,
            double[] gradient,
            int gradientOffset) {
        double sum = 0;
        for (int c = 0; c < numClasses; c++) {
            sum += gradient[gradientOffset + c];
        }
        for (int c = 0; c < numClasses; c++) {
            gradient[gradientOffset + c] =
                    factor * (sum * probabilities[offset + c] - gradient[gradientOffset + c]);
        }
    }

    static void requireNumClasses(int numClasses) {
        if (numClasses < 2) {
            throw new IllegalArgumentException(
                    "numClasses must be at least 2, but is " + numClasses);
        }
    }
}
