package io.freshet.learn;

/**
 * Prediction for an event without a label.
 *
 * @param modelId id of the model
 * @param id id of the event
 * @param timestamp event time, milliseconds since 1970-01-01T00:00Z
 * @param source position at which the event was read
 * @param modelVersion version of the model that made the prediction
 * @param predictedClass most probable class; of several, the one with the lowest index
 * @param predictedLabel name of this class
 * @param probabilities probability of each class, (numClasses)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Prediction(
        String modelId,
        String id,
        long timestamp,
        PartitionOffset source,
        long modelVersion,
        int predictedClass,
        String predictedLabel,
        float[] probabilities) {}
