package io.freshet.ingest;

/** Partition of a topic that events are read from. */
public record SourcePartition(String topic, int partition) {}
