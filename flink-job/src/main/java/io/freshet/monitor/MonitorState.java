package io.freshet.monitor;

import io.freshet.learn.StateMismatchException;

/**
 * Flink state of the monitor of one model.
 *
 * <p>Serialised by Flink's POJO serializer: later releases may add components but not rename them.
 *
 * @param sequence sequence number of the next record
 * @param attempt attempt of the records emitted so far, 0 under exactly-once delivery
 * @param emittedAt time of the last record, milliseconds since 1970-01-01T00:00Z
 * @param examples number of examples since the model was created
 * @param lastLabel label of the newest example, or {@link ScoredExample#NONE}
 * @param prequential {@link Tallies#state()} of all examples since the model was created
 * @param fading {@link FadingTallies#state()}; empty if fading scores are left out
 * @param window the examples in the window
 * @param miniBatchLosses losses of the last mini-batches in training, nats, oldest first
 * @param unlabelledConfidences confidences of the last predictions for events without a label,
 *     oldest first
 * @param fadingMultiplicity {@link FadingTallies#multiplicity()}. States that were written before
 *     there was one are read as 0, which stands for 1.
 * @param numClasses number of classes of the tallies; 0 in states that were written before it was
 *     stored, which have as many as are configured
 * @param miniBatches number of mini-batches since the model was created. States that were written
 *     before it was stored are read as 0, from which it then counts on.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MonitorState(
        long sequence,
        long attempt,
        long emittedAt,
        long examples,
        int lastLabel,
        double[] prequential,
        double[] fading,
        WindowState window,
        double[] miniBatchLosses,
        double[] unlabelledConfidences,
        double fadingMultiplicity,
        int numClasses,
        long miniBatches) {
    public MonitorState {
        fadingMultiplicity = fadingMultiplicity == 0 ? 1 : fadingMultiplicity;
    }

    /**
     * Returns the state with classes added at the end, of which there are no examples.
     *
     * @param newNumClasses configured number of classes; if there are as many in this state, the
     *     state is returned as it is
     * @throws StateMismatchException if there are fewer than in this state
     */
    MonitorState extended(int newNumClasses) {
        if (numClasses > newNumClasses) {
            throw new StateMismatchException(
                    "The state of the metrics was saved with "
                            + numClasses
                            + " classes, more than the "
                            + newNumClasses
                            + " that are configured");
        }
        return numClasses == 0 || numClasses == newNumClasses
                ? this
                : new MonitorState(
                        sequence,
                        attempt,
                        emittedAt,
                        examples,
                        lastLabel,
                        Tallies.extended(prequential, numClasses, newNumClasses),
                        fading.length == 0
                                ? fading
                                : Tallies.extended(fading, numClasses, newNumClasses),
                        window,
                        miniBatchLosses,
                        unlabelledConfidences,
                        fadingMultiplicity,
                        newNumClasses,
                        miniBatches);
    }
}
