package io.freshet.model.loss;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Softmax cross-entropy of a mini-batch and its gradient, computed by ND4J's loss operators.
 *
 * <p>{@code lossᵢ = −ln softmax(zᵢ)[yᵢ]}, {@code loss = s Σ wᵢ lossᵢ} and {@code ∂loss/∂zᵢ = s wᵢ
 * (softmax(zᵢ) − yᵢ)}, for logits {@code z} (size, numClasses), labels {@code y} (one-hot in the
 * gradient) and example weights {@code w} (size); {@code s} is 1/size or {@code 1 / Σ wᵢ}, by the
 * {@link MiniBatchReduction}. Accepts logits of any finite magnitude.
 *
 * <p>Public interface for parity with ND4J: the reference that tests compare the learner with. The
 * learner itself computes one softmax and one subtraction, because the time of the fused operators
 * grows much faster with the number of classes.
 *
 * <p>Source: Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), §6.2.2.3.
 *
 * @param numClasses columns of the logits, at least 2
 * @param reduction reduction of the examples' losses and gradients to those of the mini-batch
 */
public record SoftmaxCrossEntropy(int numClasses, MiniBatchReduction reduction) {
    /** Argument of the operators for no reduction of the losses. */
    private static final int UNREDUCED = 0;

    private static final double NO_SMOOTHING = 0;

    public SoftmaxCrossEntropy {
        if (numClasses < 2) {
            throw new IllegalArgumentException(
                    "numClasses must be at least 2, but is " + numClasses);
        }
    }

    /**
     * Returns the loss of each example in nats, (size), unweighted.
     *
     * @param logits (size, numClasses) row-major. Not modified.
     * @param labels (size), each a class. Not modified.
     */
    public float[] losses(float[] logits, int[] labels) {
        return run("softmax_cross_entropy_loss", logits, labels);
    }

    /**
     * Returns the loss of the mini-batch in nats.
     *
     * @param logits (size, numClasses) row-major. Not modified.
     * @param labels (size), each a class. Not modified.
     * @param weights (size). Not modified.
     */
    public double loss(float[] logits, int[] labels, float[] weights) {
        float[] losses = losses(logits, labels);
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            sum += (double) weights[i] * losses[i];
        }
        return scale(weights) * sum;
    }

    /**
     * Returns the gradient of {@link #loss} at the logits, (size, numClasses) row-major.
     *
     * @param logits (size, numClasses) row-major. Not modified.
     * @param labels (size), each a class. Not modified.
     * @param weights (size). Not modified.
     */
    public float[] gradient(float[] logits, int[] labels, float[] weights) {
        float[] gradient = run("softmax_cross_entropy_loss_grad", logits, labels);
        double scale = scale(weights);
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) (gradient[i] * scale * weights[i / numClasses]);
        }
        return gradient;
    }

    private double scale(float[] weights) {
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        return reduction.scale(weights.length, sum);
    }

    /**
     * Runs an operator on logits, weights and labels, in this order, and returns its first result.
     * The weights have a single element, because ND4J 1.0.0-M2.1 fails on one per example, in the
     * loss or in the gradient.
     */
    private float[] run(String operator, float[] logits, int[] labels) {
        int size = labels.length;
        if (logits.length != size * numClasses) {
            throw new IllegalArgumentException(
                    "there must be "
                            + numClasses
                            + " logits for each of "
                            + size
                            + " labels, but there are "
                            + logits.length);
        }
        float[] oneHot = new float[logits.length];
        for (int i = 0; i < size; i++) {
            oneHot[i * numClasses + labels[i]] = 1;
        }
        long[] shape = {size, numClasses};
        try (INDArray z = Nd4j.create(logits, shape, 'c');
                INDArray one = Nd4j.ones(DataType.FLOAT, 1);
                INDArray y = Nd4j.create(oneHot, shape, 'c')) {
            INDArray[] results =
                    Nd4j.exec(
                            DynamicCustomOp.builder(operator)
                                    .addInputs(z, one, y)
                                    .addIntegerArguments(UNREDUCED)
                                    .addFloatingPointArguments(NO_SMOOTHING)
                                    .build());
            float[] first = results[0].ravel().toFloatVector();
            for (INDArray result : results) {
                result.close();
            }
            return first;
        }
    }
}
