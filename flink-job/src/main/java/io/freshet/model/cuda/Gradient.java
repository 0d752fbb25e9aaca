package io.freshet.model.cuda;

/** The forms of a loss's gradient at the logits for which there are kernels. */
public enum Gradient {
    /** Softmax with a class as target: {@code p − 1} at the class, {@code p} elsewhere. */
    OF_LABEL,

    /** Softmax with a weighted target for each class: {@code (Σ b) p − b}. */
    OF_TARGETS,

    /** Sigmoid: {@code a p − b} for each output. */
    OF_SIGMOID
}
