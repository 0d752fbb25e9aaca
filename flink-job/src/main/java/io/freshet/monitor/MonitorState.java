package io.freshet.monitor;

/**
 * What the monitor of a model keeps in state.
 *
 * <p>Flink's POJO serializer writes it: a later release may add components, and none may be
 * renamed.
 *
 * @param sequence of the next record
 * @param attempt of the records told so far, 0 under exactly-once delivery
 * @param toldAt when the last record was told, milliseconds since 1970-01-01T00:00Z
 * @param examples examples since the model began
 * @param lastLabel the label of the newest example, or {@link ScoredExample#NONE}
 * @param prequential {@link Tallies#memory()} since the model began
 * @param fading {@link Tallies#memory()} of the fading ones; empty where they are left out
 * @param window the last examples
 * @param miniBatchLosses mean losses of the last mini-batches, nats, oldest first
 * @param unlabelledConfidences confidences of the last answers to events without a label
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MonitorState(
        long sequence,
        long attempt,
        long toldAt,
        long examples,
        int lastLabel,
        double[] prequential,
        double[] fading,
        WindowState window,
        double[] miniBatchLosses,
        double[] unlabelledConfidences) {}
