package io.freshet.learn;

import org.jspecify.annotations.Nullable;

/**
 * The parameters of a model, for others to use, with how it came to them.
 *
 * @param modelId the model
 * @param progress how far it had come
 * @param parameters one matrix per learning rate, in the order of the progress's experts, each
 *     (numFeatures + 1, numOutputs) row-major with the bias as its last row
 * @param scalerCount examples seen by the scaler; 0 without one
 * @param scalerMean mean by feature, (numFeatures); null without a scaler
 * @param scalerVariance population variance by feature, (numFeatures); null without a scaler
 * @param numOutputs logits of an example
 * @param activation what turns logits into probabilities: {@code softmax}, or {@code sigmoid} for
 *     one independent probability per output
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelSnapshot(
        String modelId,
        ModelProgress progress,
        float[] parameters,
        long scalerCount,
        double @Nullable [] scalerMean,
        double @Nullable [] scalerVariance,
        int numOutputs,
        String activation) {}
