package io.freshet.model.loss;

/**
 * How the losses of a batch become one, as PyTorch's {@code reduction}.
 *
 * <p>What the loss functions offer; how a learner averages its gradients is its {@link
 * MiniBatchReduction}.
 */
public enum LossReduction {
    /**
     * Left as they are: {@link Loss#losses(double[], int[], double[]) losses} returns them. A
     * gradient of this reduction is each loss's own, which is the gradient of their sum.
     */
    NONE,

    /**
     * The sum over the divisor that each loss states; NaN where the divisor is 0, as in a batch
     * without an example that counts.
     */
    MEAN,

    /** The sum; 0 over nothing. */
    SUM
}
