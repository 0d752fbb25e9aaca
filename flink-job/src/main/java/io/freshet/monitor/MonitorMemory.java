package io.freshet.monitor;

/**
 * What the monitor of a model keeps in state.
 *
 * <p>Flink's POJO serializer writes it: a later release may add components, and none may be
 * renamed. The window's arrays have one value an example, oldest first.
 *
 * @param sequence of the next record
 * @param lastLabel the label of the newest example, or {@link Tallies#NONE}
 * @param labels examples by label since the model began, (numClasses)
 * @param predictions examples by predicted class since the model began, (numClasses)
 * @param sums {@link Tallies#sums()} since the model began
 * @param weight sum of weights since the model began
 * @param weightedLoss sum of weighted losses since the model began, nats
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MonitorMemory(
        long sequence,
        int lastLabel,
        long[] labels,
        long[] predictions,
        long[] sums,
        double weight,
        double weightedLoss,
        float[] windowLosses,
        float[] windowWeights,
        int[] windowLabels,
        int[] windowPredictions,
        int[] windowPreviousLabels,
        int[] windowMajorityLabels) {}
