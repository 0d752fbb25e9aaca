package io.freshet.model.loss;

/**
 * Reduction of the losses of a batch to one number, PyTorch's {@code reduction}.
 *
 * <p>Part of the public interface for parity with PyTorch, {@link BatchLoss}. The learner averages
 * its gradients by {@link MiniBatchReduction} instead.
 */
public enum LossReduction {
    /**
     * No reduction: {@link BatchLoss#losses(double[], int[], double[]) losses} returns the losses.
     * The gradient of this reduction holds the gradient of each loss at its own inputs, which
     * together is the gradient of the sum of all losses.
     */
    NONE,

    /**
     * The sum divided by the divisor that the loss defines; NaN where the divisor is 0, as in a
     * batch whose examples are all ignored.
     */
    MEAN,

    /** The sum; 0 for an empty batch. */
    SUM
}
