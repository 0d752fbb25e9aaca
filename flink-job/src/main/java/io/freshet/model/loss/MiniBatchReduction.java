package io.freshet.model.loss;

/**
 * How the weighted gradients of a mini-batch become one.
 *
 * <p>With {@code gᵢ} the gradient of example {@code i}, {@code wᵢ} its weight and {@code n} the
 * size of the mini-batch. Both are means: the learning rate does not depend on the mini-batch's
 * size.
 */
public enum MiniBatchReduction {
    /** {@code (1/n) Σ wᵢ gᵢ}: an example of weight 2 counts twice, at every mini-batch size. */
    EXAMPLES,

    /**
     * {@code Σ wᵢ gᵢ / Σ wᵢ}, as in PyTorch's {@code CrossEntropyLoss}: the weights compare the
     * examples of one mini-batch and vanish where it holds a single one. A mini-batch that weighs
     * nothing is passed over.
     */
    WEIGHTS;

    /**
     * Returns what the weighted sum {@code Σ wᵢ gᵢ} is multiplied by; infinite where nothing in the
     * mini-batch weighs.
     *
     * @param size examples in the mini-batch
     * @param divisor sum of their weights, each times its loss's own (a class weight)
     */
    public double scale(int size, double divisor) {
        return 1 / (this == EXAMPLES ? size : divisor);
    }
}
