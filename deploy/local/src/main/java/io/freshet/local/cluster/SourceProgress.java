package io.freshet.local.cluster;

import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.JobConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Progress of a job's source towards the ends that its topics had at one moment. They must not have
 * transactions.
 *
 * <p>A source reports the offset of the last record that it has read, and none before the first. A
 * source that was restored at the end of a partition reports none, so for such partitions the
 * committed offsets of its consumer group are used.
 */
public final class SourceProgress {
    private final JobConfig config;
    private final SourceOffsets offsets;
    private final Map<TopicPartition, Long> ends;

    private SourceProgress(
            JobConfig config, SourceOffsets offsets, Map<TopicPartition, Long> ends) {
        this.config = config;
        this.offsets = offsets;
        this.ends = ends;
    }

    /** Returns the progress towards the topics' current ends. */
    public static SourceProgress toCurrentEnd(JobConfig config, SourceOffsets offsets) {
        Properties properties = new Properties();
        properties.putAll(config.kafka().client());
        Map<TopicPartition, Long> ends = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            for (String topic : InputTopics.names(config.kafka())) {
                consumer.partitionsFor(topic)
                        .forEach(
                                info ->
                                        ends.put(
                                                new TopicPartition(info.topic(), info.partition()),
                                                0L));
            }
            ends.putAll(consumer.endOffsets(ends.keySet()));
        }
        return new SourceProgress(config, offsets, ends);
    }

    /** Returns whether the source has read up to that end. */
    public boolean isComplete() {
        Map<TopicPartition, Long> unreported = new HashMap<>();
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            OptionalLong last = offsets.lastOffset(end.getKey());
            if (last.isEmpty() && end.getValue() > 0) {
                unreported.put(end.getKey(), end.getValue());
            } else if (last.orElse(-1) < end.getValue() - 1) {
                return false;
            }
        }
        return unreported.isEmpty() || areCommitted(unreported);
    }

    private boolean areCommitted(Map<TopicPartition, Long> ends) {
        Properties properties = new Properties();
        properties.putAll(config.kafka().client());
        String group = config.kafka().groupId();
        try (Admin admin = Admin.create(properties)) {
            Map<TopicPartition, OffsetAndMetadata> committed =
                    admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            return ends.entrySet().stream()
                    .allMatch(
                            end -> {
                                OffsetAndMetadata next = committed.get(end.getKey());
                                return next != null && next.offset() >= end.getValue();
                            });
        } catch (ExecutionException e) {
            throw new KafkaException("the offsets of group " + group + " cannot be read", e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
