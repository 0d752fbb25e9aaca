package io.freshet.model.loss;

/**
 * Binary cross-entropy of the sigmoid of logits, PyTorch's {@code BCEWithLogitsLoss}: one loss for
 * each output.
 *
 * <p>{@code loss_c = −w_c (q_c y_c ln p_c + (1 − y_c) ln(1 − p_c))} and {@code ∂loss_c/∂z_c = w_c
 * ((q_c y_c + 1 − y_c) p_c − q_c y_c)} with {@code p = 1 / (1 + exp(−z))}, for the logits {@code z}
 * (numOutputs) of an example, targets {@code y} (numOutputs), weights {@code w} and positive
 * weights {@code q} (numOutputs). A class as target stands for its one-hot vector; with a single
 * output, for the value 0 or 1. Accepts logits of any finite magnitude.
 *
 * <p>Divisor of the mean: the number of losses, size × numOutputs, regardless of all weights,
 * including example weights. In training, the loss of an example is the mean over its outputs.
 *
 * <p>Source: {@code torch.nn.BCEWithLogitsLoss}.
 *
 * @param numOutputs columns of the logits, at least 1
 * @param outputWeights {@code w}, (numOutputs), none, or balanced by the learner; PyTorch's {@code
 *     weight} of this shape
 * @param positiveWeights {@code q}, (numOutputs), or none; PyTorch's {@code pos_weight}
 */
public record BinaryCrossEntropyWithLogits(
        int numOutputs, OutputWeights outputWeights, OutputWeights positiveWeights)
        implements Loss {
    public BinaryCrossEntropyWithLogits {
        requireNumOutputs(numOutputs);
        outputWeights.requireLength("outputWeights", numOutputs);
        if (positiveWeights.isBalanced()) {
            throw new IllegalArgumentException("positiveWeights cannot be balanced");
        }
        positiveWeights.requireLength("positiveWeights", numOutputs);
    }

    /** Creates the loss without weights. */
    public BinaryCrossEntropyWithLogits(int numOutputs) {
        this(numOutputs, OutputWeights.NONE, OutputWeights.NONE);
    }

    @Override
    public boolean balancesClasses() {
        return outputWeights.isBalanced();
    }

    @Override
    public boolean acceptsValueTargets() {
        return !balancesClasses();
    }

    @Override
    public Activation activation() {
        return Activation.SIGMOID;
    }

    @Override
    public int lossesPerExample() {
        return numOutputs;
    }

    @Override
    public boolean trainsOnReportedLoss() {
        return outputWeights.isNone() && positiveWeights.isNone();
    }

    @Override
    public double trainingLoss(double[] logits, int offset, double logSumExp, double[] targets) {
        double loss = 0;
        for (int c = 0; c < numOutputs; c++) {
            loss +=
                    outputWeights.get(c)
                            * Activation.logisticLoss(
                                    logits[offset + c], targets[c], positiveWeights.get(c));
        }
        return loss / numOutputs;
    }

    @Override
    public void logitGradient(
            double[] probabilities,
            int offset,
            double factor,
            double[] gradient,
            int gradientOffset) {
        double scale = factor / numOutputs;
        for (int c = 0; c < numOutputs; c++) {
            double target = gradient[gradientOffset + c];
            double positive = positiveWeights.get(c) * target;
            gradient[gradientOffset + c] =
                    scale
                            * outputWeights.get(c)
                            * ((positive + 1 - target) * probabilities[offset + c] - positive);
        }
    }

    @Override
    public double gradientBound() {
        return outputWeights.max() * Math.max(1, positiveWeights.max());
    }

    @Override
    public void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset) {
        for (int c = 0; c < numOutputs; c++) {
            losses[lossesOffset + c] =
                    outputWeights.get(c)
                            * Activation.logisticLoss(
                                    inputs[offset + c], targets[c], positiveWeights.get(c));
        }
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

    static void requireNumOutputs(int numOutputs) {
        if (numOutputs < 1) {
            throw new IllegalArgumentException(
                    "numOutputs must be at least 1, but is " + numOutputs);
        }
    }
}
