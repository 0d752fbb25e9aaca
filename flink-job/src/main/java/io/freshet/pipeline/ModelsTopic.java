package io.freshet.pipeline;

import io.freshet.ingest.RawMessage;
import io.freshet.score.InitialModels;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Topic of snapshots that is read up to the end that it has now.
 *
 * @param kafka brokers
 * @param topic name of the topic
 */
record ModelsTopic(KafkaConfig kafka, String topic) implements InitialModels {
    /** Time without an answer or a record after which reading fails. */
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @Override
    public Map<Integer, Long> read(Consumer<RawMessage> records) throws IOException {
        Properties properties = kafka.clientProperties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions =
                    consumer.partitionsFor(topic).stream()
                            .map(info -> new TopicPartition(topic, info.partition()))
                            .toList();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            boolean read =
                    PollLoop.readTo(
                            consumer,
                            ends,
                            TIMEOUT,
                            record -> records.accept(RawMessages.of(record)));
            if (!read) {
                throw new IOException("topic " + topic + " could not be read to its end");
            }
            Map<Integer, Long> next = new HashMap<>();
            for (TopicPartition partition : partitions) {
                next.put(partition.partition(), consumer.position(partition));
            }
            return next;
        } catch (KafkaException e) {
            throw new IOException("topic " + topic + " cannot be read", e);
        }
    }
}
