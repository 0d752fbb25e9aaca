package io.freshet.local;

import io.freshet.pipeline.JobConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Whether a job has read all that is in its topic now; of a topic without transactions. */
final class SourceProgress {
    private final SourceOffsets offsets;
    private final Map<TopicPartition, Long> ends;

    private SourceProgress(SourceOffsets offsets, Map<TopicPartition, Long> ends) {
        this.offsets = offsets;
        this.ends = ends;
    }

    /** Looks where the topic ends now. */
    static SourceProgress toTheEndOfNow(JobConfig config, SourceOffsets offsets) {
        Properties properties = new Properties();
        properties.putAll(config.kafka().client());
        Map<TopicPartition, Long> ends = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.partitionsFor(config.kafka().labelledEvents())
                    .forEach(
                            info ->
                                    ends.put(
                                            new TopicPartition(info.topic(), info.partition()),
                                            0L));
            ends.putAll(consumer.endOffsets(ends.keySet()));
        }
        return new SourceProgress(offsets, ends);
    }

    boolean isThrough() {
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            OptionalLong last = offsets.last(end.getKey().partition());
            if (end.getValue() > 0 && last.orElse(-1) < end.getValue() - 1) {
                return false;
            }
        }
        return true;
    }
}
