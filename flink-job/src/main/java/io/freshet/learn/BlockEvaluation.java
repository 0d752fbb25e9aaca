package io.freshet.learn;

/**
 * What test-then-train found about the examples whose mini-batches a block completed.
 *
 * <p>Example i had label {@code labels[i]}, weight {@code weights[i]}, and got, from the parameters
 * before it was trained on, the loss {@code losses[i]} (nats, not weighted) and the most probable
 * class {@code predictedClasses[i]}. These arrays have the same length, which may be 0.
 *
 * @param confidences probability of the predicted class
 * @param briers sum over the classes of (probability − target)²
 * @param ranks classes ahead of the label: more probable, or as probable and lower
 * @param unlabelledConfidences probability of the predicted class of each event without a label
 *     that was answered, in their order
 * @param miniBatchEnds after which of the examples each mini-batch ended that was trained on
 * @param progress the model's, after the block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BlockEvaluation(
        String modelId,
        int[] labels,
        int[] predictedClasses,
        float[] losses,
        float[] weights,
        float[] confidences,
        float[] briers,
        int[] ranks,
        float[] unlabelledConfidences,
        int[] miniBatchEnds,
        ModelProgress progress) {}
