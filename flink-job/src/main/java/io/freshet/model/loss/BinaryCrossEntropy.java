package io.freshet.model.loss;

/**
 * Binary cross-entropy of probabilities, one loss for each output, PyTorch's {@code BCELoss}.
 *
 * <p>{@code loss_c = −w_c (y_c max(ln x_c, −100) + (1 − y_c) max(ln(1 − x_c), −100))} and {@code
 * ∂loss_c/∂x_c = w_c (x_c − y_c) / max(x_c (1 − x_c), 10⁻¹²)}, for the probabilities {@code x}
 * (numOutputs) of an example, targets {@code y} (numOutputs) and weights {@code w} (numOutputs). A
 * class as target stands for its one-hot vector; with a single output, for the value 0 or 1.
 *
 * <p>The bounds −100 and 10⁻¹² are PyTorch's and keep loss and gradient finite at probabilities 0
 * and 1. Where one of them applies, the gradient is not the derivative of the loss. At the logits
 * of a model, {@code x = 1 / (1 + exp(−z))} and {@code ∂loss/∂z = ∂loss/∂x · x (1 − x)}. That is
 * {@code w (x − y)} where the bound does not apply, and 0 at probabilities of exactly 0 and 1,
 * however wrong they are. {@link BinaryCrossEntropyWithLogits} has no such bounds.
 *
 * <p>Divisor of the mean: the number of losses, size × numOutputs, regardless of all weights,
 * including example weights. In training, the loss of an example is the mean over its outputs.
 *
 * <p>Source: {@code torch.nn.BCELoss}.
 *
 * @param numOutputs columns of the probabilities, at least 1
 * @param outputWeights {@code w}, (numOutputs), none, or balanced by the learner; PyTorch's {@code
 *     weight} of this shape
 */
public record BinaryCrossEntropy(int numOutputs, OutputWeights outputWeights) implements Loss {
    private static final double MIN_LOG = -100;

    /** PyTorch uses this float even where it computes in double. */
    private static final double MIN_SLOPE = 1e-12f;

    public BinaryCrossEntropy {
        BinaryCrossEntropyWithLogits.requireNumOutputs(numOutputs);
        outputWeights.requireLength("outputWeights", numOutputs);
    }

    /** Creates the loss without weights. */
    public BinaryCrossEntropy(int numOutputs) {
        this(numOutputs, OutputWeights.NONE);
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
        return false; // the reported loss has no bound
    }

    @Override
    public double trainingLoss(double[] logits, int offset, double logSumExp, double[] targets) {
        double loss = 0;
        for (int c = 0; c < numOutputs; c++) {
            loss += loss(c, Activation.sigmoid(logits[offset + c]), targets[c]);
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
        for (int c = 0; c < numOutputs; c++) {
            double probability = probabilities[offset + c];
            double target = gradient[gradientOffset + c];
            double slope = probability * (1 - probability);
            gradient[gradientOffset + c] = factor * gradient(c, probability, target) * slope;
        }
    }

    @Override
    public double gradientBound() {
        return outputWeights.max();
    }

    @Override
    public void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset) {
        for (int c = 0; c < numOutputs; c++) {
            losses[lossesOffset + c] = loss(c, requireProbability(inputs[offset + c]), targets[c]);
        }
    }

    private double loss(int output, double probability, double target) {
        double yes = Math.max(Math.log(probability), MIN_LOG);
        double no = Math.max(Math.log1p(-probability), MIN_LOG);
        return outputWeights.get(output) * (-target * yes - (1 - target) * no);
    }

    @Override
    public void inputGradient(
            double[] inputs,
            int offset,
            double factor,
            double[] scratch,
            double[] gradient,
            int gradientOffset) {
        for (int c = 0; c < numOutputs; c++) {
            double probability = requireProbability(inputs[offset + c]);
            double target = gradient[gradientOffset + c];
            gradient[gradientOffset + c] = factor * gradient(c, probability, target);
        }
    }

    /** Returns the gradient of the mean over the outputs at the input of one output. */
    private double gradient(int output, double probability, double target) {
        double slope = Math.max(probability * (1 - probability), MIN_SLOPE);
        return outputWeights.get(output) * (probability - target) / slope / numOutputs;
    }

    private static double requireProbability(double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("a probability must be 0 to 1, but is " + value);
        }
        return value;
    }
}
