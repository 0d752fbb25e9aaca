package io.freshet.pipeline;

import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.jspecify.annotations.Nullable;

/**
 * State of the source's enumerator in a checkpoint: that of the Kafka source, and the job that
 * wrote it.
 *
 * @param job null in checkpoints of releases that did not save it
 */
record SourceState(KafkaSourceEnumState kafka, @Nullable SavedJob job) {}
