package io.freshet.learn.drift;

/**
 * Range of a partition's offsets with examples of a model; other records may lie in between.
 *
 * @param topic topic name
 * @param partition partition number
 * @param firstOffset first offset, inclusive
 * @param lastOffset last offset, inclusive
 */
public record OffsetRange(String topic, int partition, long firstOffset, long lastOffset) {}
