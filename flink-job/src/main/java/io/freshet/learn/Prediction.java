package io.freshet.learn;

/**
 * The model's answer to an event without a label.
 *
 * @param modelId the model
 * @param id the event's id
 * @param timestamp the event's time, milliseconds since 1970-01-01T00:00Z
 * @param source where the event was read
 * @param modelVersion the parameters that answered
 * @param predictedClass the most probable class; the lowest of several
 * @param probabilities by class, (numClasses)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Prediction(
        String modelId,
        String id,
        long timestamp,
        PartitionOffset source,
        long modelVersion,
        int predictedClass,
        float[] probabilities) {}
