package io.freshet.model.loss;

/**
 * Reduction of the weighted gradients of a mini-batch to one.
 *
 * <p>In the formulas, {@code gᵢ} is the gradient of example {@code i}, {@code wᵢ} its weight and
 * {@code n} the size of the mini-batch. Both reductions are means, so the learning rate does not
 * depend on the size of the mini-batch.
 */
public enum MiniBatchReduction {
    /** {@code (1/n) Σ wᵢ gᵢ}: an example of weight 2 counts twice, at every mini-batch size. */
    EXAMPLES,

    /**
     * {@code Σ wᵢ gᵢ / Σ wᵢ}, as in PyTorch's {@code CrossEntropyLoss}: weights are relative to the
     * other examples of the mini-batch and have no effect in a mini-batch of one. A mini-batch
     * whose weights sum to 0 is skipped.
     */
    WEIGHTS;

    /**
     * Returns the factor of the weighted sum {@code Σ wᵢ gᵢ}; for {@link #WEIGHTS}, infinite where
     * the divisor is 0.
     *
     * @param size number of examples in the mini-batch
     * @param divisor sum of the example weights, each multiplied by the loss's {@linkplain
     *     Loss#divisor(int) own divisor} (a class weight)
     */
    public double scale(int size, double divisor) {
        return 1 / (this == EXAMPLES ? size : divisor);
    }
}
