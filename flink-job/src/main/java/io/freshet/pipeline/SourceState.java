package io.freshet.pipeline;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.jspecify.annotations.Nullable;

/**
 * State of the source's enumerator in a checkpoint: that of the Kafka source, and the job that
 * wrote it.
 *
 * @param job null in checkpoints of releases that did not save it
 */
record SourceState(KafkaSourceEnumState kafka, @Nullable SavedJob job) {
    /** Returns the topics of the partitions that have been found. */
    Set<String> topics() {
        return kafka.splits().stream()
                .map(split -> split.split().getTopic())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns the Kafka source's state without the partitions of topics that are not selected. */
    KafkaSourceEnumState kafka(TopicSelection selection) {
        return new KafkaSourceEnumState(
                kafka.splits().stream()
                        .filter(split -> selection.selects(split.split().getTopic()))
                        .collect(Collectors.toSet()),
                kafka.initialDiscoveryFinished());
    }
}
