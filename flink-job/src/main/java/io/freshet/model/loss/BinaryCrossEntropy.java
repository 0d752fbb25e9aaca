package io.freshet.model.loss;

/**
 * Binary cross-entropy of probabilities, one loss for each output, PyTorch's {@code BCELoss}.
 *
 * <p>{@code loss_c = −w_c (y_c max(ln x_c, −100) + (1 − y_c) max(ln(1 − x_c), −100))} and {@code
 * ∂loss_c/∂x_c = w_c (x_c − y_c) / max(x_c (1 − x_c), 10⁻¹²)}, for the probabilities {@code x}
 * (numOutputs) of an example, targets {@code y} (numOutputs) and weights {@code w} (numOutputs). A
 * class as target stands for its one-hot; with a single output, for the value 0 or 1.
 *
 * <p>The two bounds are PyTorch's and keep both finite at probabilities 0 and 1. They are not the
 * same bound: where either holds, the one is not the derivative of the other. At the logits of a
 * model, {@code x = 1 / (1 + exp(−z))} and {@code ∂loss/∂z = ∂loss/∂x · x (1 − x)}: that is {@code
 * w (x − y)} until the bound holds, and 0 at probabilities of exactly 0 and 1, however wrong they
 * are. {@link BinaryCrossEntropyWithLogits} has no such bounds.
 *
 * <p>The divisor of the mean: the number of losses, size × numOutputs, whatever the weights,
 * example weights included. In training an example's loss is the mean over its outputs.
 *
 * <p>Source: {@code torch.nn.BCELoss}.
 *
 * @param numOutputs columns of the probabilities, at least 1
 * @param outputWeights {@code w}, (numOutputs), or none; PyTorch's {@code weight} of this shape
 */
public record BinaryCrossEntropy(int numOutputs, OutputWeights outputWeights) implements Loss {
    private static final double LEAST_LOG = -100;

    /** A float in PyTorch, even where it computes in double. */
    private static final double LEAST_SLOPE = 1e-12f;

    public BinaryCrossEntropy {
        BinaryCrossEntropyWithLogits.requireNumOutputs(numOutputs);
        outputWeights.requireFits("outputWeights", numOutputs);
    }

    /** No weights. */
    public BinaryCrossEntropy(int numOutputs) {
        this(numOutputs, OutputWeights.NONE);
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
        return outputWeights.largest();
    }

    @Override
    public void inputLosses(
            double[] inputs, int offset, double[] targets, double[] losses, int lossesOffset) {
        for (int c = 0; c < numOutputs; c++) {
            double probability = requireProbability(inputs[offset + c]);
            double yes = Math.max(Math.log(probability), LEAST_LOG);
            double no = Math.max(Math.log1p(-probability), LEAST_LOG);
            losses[lossesOffset + c] =
                    outputWeights.at(c) * (-targets[c] * yes - (1 - targets[c]) * no);
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
        for (int c = 0; c < numOutputs; c++) {
            double probability = requireProbability(inputs[offset + c]);
            double target = gradient[gradientOffset + c];
            gradient[gradientOffset + c] = factor * gradient(c, probability, target);
        }
    }

    /** Returns what one output adds to the gradient of the mean over the outputs. */
    private double gradient(int output, double probability, double target) {
        double slope = Math.max(probability * (1 - probability), LEAST_SLOPE);
        return outputWeights.at(output) * (probability - target) / slope / numOutputs;
    }

    private static double requireProbability(double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("a probability must be 0 to 1, but is " + value);
        }
        return value;
    }
}
