package io.freshet.learn;

import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.sparse.SparseParameters;
import org.jspecify.annotations.Nullable;

/**
 * Published parameters of a model, with its progress and the statistics of its scaler.
 *
 * @param modelId id of the model
 * @param progress progress at the time of the snapshot
 * @param parameters one matrix per learning rate, in the order of the progress's experts, each
 *     (numFeatures + 1, numOutputs) row-major with the bias as its last row
 * @param scalerCount number of examples seen by the scaler; 0 without a scaler
 * @param scalerMean mean by feature, (numFeatures); null without a scaler
 * @param scalerVariance population variance by feature, (numFeatures); null without a scaler
 * @param scalerLimit largest magnitude by feature of a standardised value, to which larger ones are
 *     clipped, (numFeatures); empty if none are clipped, null without a scaler
 * @param numOutputs number of logits per example
 * @param activation function from logits to probabilities: {@code softmax}, or {@code sigmoid} for
 *     one independent probability per output
 * @param sparse parameters and scales of a sparse model, instead of {@code parameters} and those of
 *     the scaler; null for a dense model
 * @param ensemble what an ensemble has beside {@code parameters}; null for linear models
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelSnapshot(
        String modelId,
        ModelProgress progress,
        float[] parameters,
        long scalerCount,
        double @Nullable [] scalerMean,
        double @Nullable [] scalerVariance,
        float @Nullable [] scalerLimit,
        int numOutputs,
        String activation,
        @Nullable SparseParameters sparse,
        @Nullable EnsembleParameters ensemble) {
    /** Creates a snapshot of dense linear models. */
    public ModelSnapshot(
            String modelId,
            ModelProgress progress,
            float[] parameters,
            long scalerCount,
            double @Nullable [] scalerMean,
            double @Nullable [] scalerVariance,
            float @Nullable [] scalerLimit,
            int numOutputs,
            String activation) {
        this(
                modelId,
                progress,
                parameters,
                scalerCount,
                scalerMean,
                scalerVariance,
                scalerLimit,
                numOutputs,
                activation,
                null,
                null);
    }
}
