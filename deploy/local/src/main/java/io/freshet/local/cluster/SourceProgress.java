package io.freshet.local.cluster;

import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.JobConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Progress of a job's source towards the last records that its topics had at one moment, without
 * those of transactions that were open.
 *
 * <p>A source reports the offset of the last record that it has read, and none before the first. A
 * source that was restored at the end of a partition reports none, so for such partitions the
 * committed offsets of its consumer group are used.
 */
public final class SourceProgress {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int LOOK_BACK_FACTOR = 8;

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
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
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
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(ends.keySet());
            ends.putAll(consumer.endOffsets(ends.keySet()));
            ends.replaceAll(
                    (at, end) -> afterLastRecord(consumer, at, begins.getOrDefault(at, 0L), end));
        }
        return new SourceProgress(config, offsets, ends);
    }

    /**
     * Returns the offset after the last record before the end of a partition: transactions write
     * markers behind their records, which a source never reports. 0 if there is no record.
     */
    private static long afterLastRecord(
            KafkaConsumer<byte[], byte[]> consumer,
            TopicPartition partition,
            long begin,
            long end) {
        consumer.assign(List.of(partition));
        for (long back = 1, from = end; from > begin; back *= LOOK_BACK_FACTOR) {
            from = Math.max(begin, end - back);
            consumer.seek(partition, from);
            long after = 0;
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    after = record.offset() < end ? record.offset() + 1 : after;
                }
            }
            if (after > 0) {
                return after;
            }
        }
        return 0;
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
