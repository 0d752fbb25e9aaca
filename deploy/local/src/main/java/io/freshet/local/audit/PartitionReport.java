package io.freshet.local.audit;

import org.apache.kafka.common.TopicPartition;

/**
 * Result of the audit for one partition of the input.
 *
 * @param topicId Kafka's id of the topic; "" if it does not exist
 * @param isPredictedOnly whether the job only predicts the partition's events
 * @param start offset of the first record that the partition still has
 * @param firstRead offset of the first event that the job read; of those that it only predicts, the
 *     first with an answer; -1 if there is none
 * @param provenFrom offset from which on the events are proven
 * @param provenTo offset of the last event in the metrics, or of the last one with an answer; -1 if
 *     there is none
 * @param unread number of events after it
 * @param before number of events before {@code firstRead}
 */
record PartitionReport(
        TopicPartition partition,
        String topicId,
        boolean isPredictedOnly,
        long start,
        long firstRead,
        long provenFrom,
        long provenTo,
        long unread,
        long before) {}
