package io.freshet.ingest;

/**
 * Number and digest of the events that were read from one partition.
 *
 * <p>Serialised by Flink's POJO serializer: later releases may add components but not rename them.
 *
 * @param topic topic name
 * @param partition partition number
 * @param firstOffset offset of the first event
 * @param lastOffset offset of the last event
 * @param count number of events
 * @param digest sum modulo 2⁶⁴ of the events' hashes ({@link EventHash})
 */
public record PartitionTally(
        String topic, int partition, long firstOffset, long lastOffset, long count, long digest) {}
