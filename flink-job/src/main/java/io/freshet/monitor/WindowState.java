package io.freshet.monitor;

/**
 * What a window of examples keeps in state: one value an example, oldest first.
 *
 * @param seen examples that were ever in the window
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record WindowState(
        long seen,
        int[] labels,
        int[] predictions,
        int[] previousLabels,
        int[] majorityLabels,
        int[] ranks,
        float[] losses,
        float[] weights,
        float[] confidences,
        float[] briers) {}
