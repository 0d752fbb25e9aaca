package io.freshet.learn;

/**
 * Prediction for an event.
 *
 * @param modelId id of the model
 * @param id id of the event
 * @param timestamp event time, milliseconds since 1970-01-01T00:00Z
 * @param source position at which the event was read
 * @param modelVersion version of the model that made the prediction
 * @param examplesSeen number of examples that this version was trained on
 * @param predictedClass most probable class; of several, the one with the lowest index
 * @param classes names of the classes, in the order of the probabilities; shared, not to be
 *     modified
 * @param probabilities probability of each class, (numClasses)
 * @param label index of the event's label, with which the prediction was tested; -1 if the event
 *     has none, or if it is not used
 * @param loss loss of the prediction under the label, in nats; NaN without a label
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Prediction(
        String modelId,
        String id,
        long timestamp,
        PartitionOffset source,
        long modelVersion,
        long examplesSeen,
        int predictedClass,
        String[] classes,
        float[] probabilities,
        int label,
        double loss) {
    /** The label of an event without one. */
    public static final int UNLABELLED = -1;

    /** Creates a prediction for an event without a label. */
    public Prediction(
            String modelId,
            String id,
            long timestamp,
            PartitionOffset source,
            long modelVersion,
            long examplesSeen,
            int predictedClass,
            String[] classes,
            float[] probabilities) {
        this(
                modelId,
                id,
                timestamp,
                source,
                modelVersion,
                examplesSeen,
                predictedClass,
                classes,
                probabilities,
                UNLABELLED,
                Double.NaN);
    }
}
