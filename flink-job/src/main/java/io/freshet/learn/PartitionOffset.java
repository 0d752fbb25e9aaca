package io.freshet.learn;

/**
 * Position of a record in a topic.
 *
 * @param topic topic name
 * @param partition partition number
 * @param offset offset of the record, not of the next one
 */
public record PartitionOffset(String topic, int partition, long offset) {}
