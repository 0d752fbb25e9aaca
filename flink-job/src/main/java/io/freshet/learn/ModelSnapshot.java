package io.freshet.learn;

import org.jspecify.annotations.Nullable;

/**
 * The parameters of a model, for others to use, with how it came to them.
 *
 * @param modelId the model
 * @param progress how far it had come
 * @param parameters (numFeatures + 1, numClasses) row-major; the last row is the bias
 * @param scalerCount examples seen by the scaler; 0 without one
 * @param scalerMean mean by feature, (numFeatures); null without a scaler
 * @param scalerVariance population variance by feature, (numFeatures); null without a scaler
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelSnapshot(
        String modelId,
        Progress progress,
        float[] parameters,
        long scalerCount,
        double @Nullable [] scalerMean,
        double @Nullable [] scalerVariance) {}
