package io.freshet.learn.drift;

/**
 * State of {@link DriftEvidence}: one value per example in each array from {@code labels} on,
 * oldest first.
 *
 * @param topics of the source partitions
 * @param partitions of the source partitions
 * @param hits whether the label was predicted
 * @param losses loss of each example in nats, not weighted
 * @param sourceIndexes index of each example's source partition in {@code topics} and {@code
 *     partitions}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EvidenceState(
        String[] topics,
        int[] partitions,
        int[] labels,
        boolean[] hits,
        float[] losses,
        float[] weights,
        int[] sourceIndexes,
        long[] offsets,
        long[] timestamps) {}
