package io.freshet.local.audit;

/**
 * Events of a model that a record says were read from one partition.
 *
 * @param topicId Kafka's id of the topic; "" if unknown
 * @param first offset of the first event
 * @param last offset of the last event
 * @param read number and digest of the events
 * @param lastTrained offset of the last event trained on; -1 if there is none
 */
record PartitionRead(String topicId, long first, long last, EventSum read, long lastTrained) {}
