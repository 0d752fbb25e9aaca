package io.freshet.learn.drift;

/**
 * What {@link DriftEvidence} keeps in state: one value an example, oldest first.
 *
 * @param topics of the sources
 * @param partitions of the sources
 * @param sourceIndexes which of the sources an example came from
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
