package io.freshet.classifier;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Identity and origin of a model's version.
 *
 * @param modelId id of the model
 * @param version version of the model: number of changes of its parameters
 * @param contentHash SHA-256 of its parameters, scaler and mixture, in hexadecimal
 * @param timestamp latest event time of the examples that it was trained on; null before the first
 * @param examplesSeen number of examples that it was trained on
 * @param job name of the job that trained it
 * @param epoch epoch of this job; 0 if the snapshot does not have it
 * @param numFeatures number of features of an example
 * @param classes names of the classes, in the order of their indices
 * @param hyperParameters settings that affect the parameters, by configuration key
 */
public record ModelInfo(
        String modelId,
        long version,
        String contentHash,
        @Nullable Instant timestamp,
        long examplesSeen,
        String job,
        long epoch,
        int numFeatures,
        List<String> classes,
        Map<String, String> hyperParameters) {
    public ModelInfo {
        classes = List.copyOf(classes);
        hyperParameters = Map.copyOf(hyperParameters);
    }
}
