package io.freshet.model.loss;

/**
 * Cross-entropy of the softmax of logits, PyTorch's {@code CrossEntropyLoss}.
 *
 * <p>{@code loss = −Σ_c t_c ln softmax(z)_c} and {@code ∂loss/∂z = (Σ t) softmax(z) − t}, for the
 * logits {@code z} (numClasses) of an example and {@code t_c = w_c ((1 − ε) y_c + ε/numClasses)},
 * with class weights {@code w} (numClasses), label smoothing {@code ε} and targets {@code y}
 * (numClasses): the example's class as one-hot, or probabilities. The logits may be finite numbers
 * of any magnitude.
 *
 * <p>Divisor of the mean: for classes, the sum of {@code w_y} times the example weight over the
 * examples that are not ignored, so that an example of weight 2 counts like two examples; for
 * probabilities, the number of examples, regardless of their weights. The loss and the gradient of
 * an ignored example are 0. Where all are ignored, the mean is NaN and its gradient 0.
 *
 * <p>Source: {@code torch.nn.CrossEntropyLoss}; Szegedy et al., <i>Rethinking the Inception
 * Architecture for Computer Vision</i> (2016), §7, for the smoothing.
 *
 * @param numClasses columns of the logits, at least 1
 * @param classWeights {@code w}, (numClasses), none, or balanced by the learner
 * @param ignoreIndex label of the examples that are ignored, which need not be a class; where it is
 *     one (0 or more), and with balanced weights, targets cannot be probabilities
 * @param labelSmoothing {@code ε}: 0 to 1
 */
public record CrossEntropy(
        int numClasses, OutputWeights classWeights, int ignoreIndex, double labelSmoothing)
        implements Loss {
    public CrossEntropy {
        requireNumClasses(numClasses);
        classWeights.requireLength("classWeights", numClasses);
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new IllegalArgumentException(
                    "labelSmoothing must be 0 to 1, but is " + labelSmoothing);
        }
    }

    /** Creates the loss without class weights, ignored class or label smoothing. */
    public CrossEntropy(int numClasses) {
        this(numClasses, OutputWeights.NONE, DEFAULT_IGNORE_INDEX, 0);
    }

    @Override
    public int numOutputs() {
        return numClasses;
    }

    @Override
    public Loss withClasses(int newNumClasses) {
        return !classWeights.isFixed()
                ? new CrossEntropy(newNumClasses, classWeights, ignoreIndex, labelSmoothing)
                : Loss.super.withClasses(newNumClasses);
    }

    @Override
    public boolean balancesClasses() {
        return classWeights.isBalanced();
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
    public boolean acceptsValueTargets() {
        return ignoreIndex < 0 && !balancesClasses();
    }

    @Override
    public double divisor(int label) {
        return ignores(label) ? 0 : classWeights.get(label);
    }

    @Override
    public boolean trainsOnReportedLoss() {
        return classWeights.isNone() && labelSmoothing == 0;
    }

    @Override
    public double trainingLoss(double[] logits, int offset, double logSumExp, double[] targets) {
        double loss = 0;
        for (int c = 0; c < numClasses; c++) {
            double coefficient = coefficient(c, targets[c]);
            if (coefficient != 0) {
                loss += coefficient * (logSumExp - logits[offset + c]);
            }
        }
        return loss;
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
        // Without smoothing the gradient is w_y (p − y).
        Targets.requireLabel(label, numClasses);
        System.arraycopy(probabilities, offset, gradients, 0, gradients.length);
        for (int at = label; at < gradients.length; at += numClasses) {
            gradients[at] -= 1;
        }
        multiply(gradients, factors, factor * classWeights.get(label), gradients.length);
    }

    /**
     * Multiplies each value by its factor and by a common factor. HotSpot 17 vectorises the loop
     * because both arrays have the same index.
     */
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
        return 2 * classWeights.max();
    }

    @Override
    public void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset) {
        double[] logProbabilities = new double[numClasses];
        Activation.logSoftmax(inputs, offset, numClasses, logProbabilities);
        double loss = 0;
        for (int c = 0; c < numClasses; c++) {
            double coefficient = coefficient(c, targets[c]);
            // With a coefficient of 0 the log-probability may be −∞.
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

    /** Returns the weighted, smoothed target {@code t_c}. */
    private double coefficient(int output, double target) {
        double smoothed = (1 - labelSmoothing) * target + labelSmoothing / numClasses;
        return classWeights.get(output) * smoothed;
    }

    /**
     * Replaces the target coefficients {@code t} by the gradient {@code factor ((Σ t) p − t)}.
     *
     * @param probabilities {@code p}. Not modified.
     * @param gradient the coefficients on entry, the gradient on return. Modified.
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
        if (numClasses < 1) {
            throw new IllegalArgumentException(
                    "numClasses must be at least 1, but is " + numClasses);
        }
    }
}
