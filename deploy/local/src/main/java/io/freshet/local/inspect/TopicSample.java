package io.freshet.local.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.freshet.local.cli.UserException;
import io.freshet.local.table.JsonRows;
import io.freshet.local.table.NumberStyle;
import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.KafkaConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Summary of the newest messages of topics, taken evenly from their partitions. */
public final class TopicSample {
    private final DataProfile profile = new DataProfile(Set.of(NumberStyle.PLAIN));
    private long notJson;
    private long empty;

    private TopicSample() {}

    /**
     * Reads messages.
     *
     * @param count number of messages to read at most
     * @throws UserException if the topics have no JSON
     */
    public static TopicSample read(KafkaConfig kafka, int count) throws IOException {
        TopicSample sample = new TopicSample();
        Properties properties = new Properties();
        properties.putAll(kafka.client());
        properties.put("isolation.level", "read_committed");
        properties.put("allow.auto.create.topics", "false");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : InputTopics.names(kafka)) {
                List<PartitionInfo> found = consumer.partitionsFor(topic);
                if (found.isEmpty()) {
                    throw new UserException("topic " + topic + " does not exist");
                }
                for (PartitionInfo partition : found) {
                    partitions.add(new TopicPartition(partition.topic(), partition.partition()));
                }
            }
            if (partitions.isEmpty()) {
                throw new UserException("no topic matches " + kafka.input());
            }
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Map<TopicPartition, Long> starts = new HashMap<>(consumer.beginningOffsets(partitions));
            long each = Math.max(1, count / partitions.size());
            for (TopicPartition partition : partitions) {
                long first =
                        Math.max(
                                starts.getOrDefault(partition, 0L),
                                ends.getOrDefault(partition, 0L) - each);
                consumer.seek(partition, first);
            }
            while (partitions.stream()
                    .anyMatch(
                            partition ->
                                    consumer.position(partition)
                                            < ends.getOrDefault(partition, 0L))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    sample.add(record.value());
                }
            }
        }
        if (sample.profile.rows() == 0) {
            throw new UserException(
                    "topic "
                            + kafka.input()
                            + (sample.notJson > 0
                                    ? " has no JSON objects in its newest messages"
                                    : " has no messages"));
        }
        return sample;
    }

    private void add(byte[] value) throws IOException {
        if (value == null || value.length == 0) {
            empty++;
            return;
        }
        try {
            profile.add(JsonRows.row(profile.rows(), value));
        } catch (JsonProcessingException e) {
            notJson++; // told in the notes
        }
    }

    /** Returns the summary of the messages that are JSON objects. */
    public DataProfile profile() {
        return profile;
    }

    /** Returns what a person should know about the other messages. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (notJson > 0) {
            notes.add(notJson + " messages are no JSON objects and would become dead letters");
        }
        if (empty > 0) {
            notes.add(empty + " messages have no value and would become dead letters");
        }
        return notes;
    }
}
