package io.freshet.model;

/**
 * How the weighted gradients of a mini-batch become one.
 *
 * <p>With {@code gᵢ} the gradient of example {@code i}, {@code wᵢ} its weight and {@code n} the
 * size of the mini-batch. Both are means: the learning rate does not depend on the mini-batch's
 * size.
 */
public enum Reduction {
    /** {@code (1/n) Σ wᵢ gᵢ}: an example of weight 2 counts twice, at every mini-batch size. */
    EXAMPLES,

    /**
     * {@code Σ wᵢ gᵢ / Σ wᵢ}, as in PyTorch's {@code CrossEntropyLoss}: the weights compare the
     * examples of one mini-batch and vanish where it holds a single one. Weights that are all zero
     * give no finite step.
     */
    WEIGHTS;

    /**
     * Returns what the weighted sum {@code Σ wᵢ gᵢ} is multiplied by.
     *
     * @param weights (at least {@code size}). Not modified.
     * @param size examples in the mini-batch
     */
    double scale(float[] weights, int size) {
        return switch (this) {
            case EXAMPLES -> 1.0 / size;
            case WEIGHTS -> {
                double sum = 0;
                for (int i = 0; i < size; i++) {
                    sum += weights[i];
                }
                yield 1 / sum;
            }
        };
    }
}
