package io.freshet.model.loss;

/**
 * Negative log-likelihood of log-probabilities, PyTorch's {@code NLLLoss}.
 *
 * <p>{@code loss = −w_y x_y}, {@code ∂loss/∂x_y = −w_y} and 0 elsewhere, for the log-probabilities
 * {@code x} (numClasses) of an example, its class {@code y} and class weights {@code w}
 * (numClasses). Targets are classes only. At the logits of a model, {@code x = ln softmax(z)} and
 * {@code ∂loss/∂z = w_y (softmax(z) − y)}: in training it equals {@link CrossEntropy} without its
 * label smoothing.
 *
 * <p>Divisor of the mean: the sum of {@code w_y} times the example weight over the examples that
 * are not ignored, so that an example of weight 2 counts like two examples. Where all are ignored,
 * the mean is NaN and its gradient 0.
 *
 * <p>Source: {@code torch.nn.NLLLoss}.
 *
 * @param numClasses columns of the log-probabilities, at least 1
 * @param classWeights {@code w}, (numClasses), none, or balanced by the learner
 * @param ignoreIndex label of the examples that are ignored, which need not be a class
 */
public record NegativeLogLikelihood(int numClasses, OutputWeights classWeights, int ignoreIndex)
        implements Loss {
    public NegativeLogLikelihood {
        CrossEntropy.requireNumClasses(numClasses);
        classWeights.requireLength("classWeights", numClasses);
    }

    /** Creates the loss without class weights or ignored class. */
    public NegativeLogLikelihood(int numClasses) {
        this(numClasses, OutputWeights.NONE, DEFAULT_IGNORE_INDEX);
    }

    @Override
    public int numOutputs() {
        return numClasses;
    }

    @Override
    public Loss withClasses(int newNumClasses) {
        return !classWeights.isFixed()
                ? new NegativeLogLikelihood(newNumClasses, classWeights, ignoreIndex)
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
        return false;
    }

    @Override
    public double divisor(int label) {
        return ignores(label) ? 0 : classWeights.get(label);
    }

    @Override
    public boolean trainsOnReportedLoss() {
        return classWeights.isNone();
    }

    @Override
    public double trainingLoss(double[] logits, int offset, double logSumExp, double[] targets) {
        double loss = 0;
        for (int c = 0; c < numClasses; c++) {
            if (targets[c] != 0) {
                loss += classWeights.get(c) * targets[c] * (logSumExp - logits[offset + c]);
            }
        }
        return loss;
    }

    @Override
    public void logitGradient(
            double[] probabilities,
            int offset,
            double factor,
            double[] gradient,
            int gradientOffset) {
        for (int c = 0; c < numClasses; c++) {
            gradient[gradientOffset + c] *= classWeights.get(c);
        }
        CrossEntropy.softmaxGradient(
                probabilities, offset, numClasses, factor, gradient, gradientOffset);
    }

    @Override
    public double gradientBound() {
        return 2 * classWeights.max();
    }

    @Override
    public void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset) {
        double loss = 0;
        for (int c = 0; c < numClasses; c++) {
            // The log-probability of a class with target 0 may be −∞.
            if (targets[c] != 0) {
                loss -= classWeights.get(c) * targets[c] * inputs[offset + c];
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
        for (int c = 0; c < numClasses; c++) {
            double target = gradient[gradientOffset + c];
            gradient[gradientOffset + c] = target == 0 ? 0 : -factor * classWeights.get(c) * target;
        }
    }
}
