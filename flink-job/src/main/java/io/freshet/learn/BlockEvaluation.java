package io.freshet.learn;

/**
 * What test-then-train found about the examples whose mini-batches a block completed.
 *
 * <p>Example i had label {@code labels[i]}, weight {@code weights[i]}, and got, from the parameters
 * before it was trained on, the loss {@code losses[i]} (nats, not weighted) and the most probable
 * class {@code predictedClasses[i]}. All arrays have the same length, which may be 0.
 *
 * @param progress the model's, after the block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BlockEvaluation(
        String modelId,
        int[] labels,
        int[] predictedClasses,
        float[] losses,
        float[] weights,
        Progress progress) {}
