package io.freshet.learn.drift;

/**
 * Consecutive records of a partition, of which some belong to a model.
 *
 * @param topic topic name
 * @param partition partition number
 * @param firstOffset the first offset
 * @param lastOffset the last offset
 */
public record OffsetRange(String topic, int partition, long firstOffset, long lastOffset) {}
