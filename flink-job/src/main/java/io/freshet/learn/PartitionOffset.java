package io.freshet.learn;

/**
 * A position in a topic.
 *
 * @param topic topic name
 * @param partition partition number
 * @param offset the offset itself, not the next one
 */
public record PartitionOffset(String topic, int partition, long offset) {}
