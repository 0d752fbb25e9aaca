package io.freshet.pipeline;

import io.freshet.ingest.RawMessage;
import io.freshet.publish.JobIdentity;
import io.freshet.publish.Publication;
import io.freshet.publish.PublishConfig;
import io.freshet.schemas.EventReader;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Factory of the job's Kafka source and sinks. */
final class KafkaConnectors {
    /** Interval between checks for new topics and partitions, and that the topics exist. */
    private static final Duration DISCOVERY_INTERVAL = Duration.ofMinutes(1);

    private KafkaConnectors() {}

    /**
     * Returns a source of every committed record of the labelled events, not yet decoded.
     *
     * @param job the job, which is saved in every checkpoint
     * @param accepted names of keys whose values may differ from those in a restored checkpoint
     */
    static Source<RawMessage, ?, ?> source(KafkaConfig config, SavedJob job, Set<String> accepted) {
        Properties properties = config.clientProperties();
        properties.putIfAbsent(
                KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(),
                Long.toString(DISCOVERY_INTERVAL.toMillis()));
        KafkaSourceBuilder<RawMessage> source =
                KafkaSource.<RawMessage>builder()
                        .setProperties(properties)
                        .setBootstrapServers(config.bootstrapServers())
                        .setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
                        .setGroupId(config.groupId())
                        .setStartingOffsets(new FailOnLostOffset(config.start()))
                        .setDeserializer(new RawMessageDeserializer());
        String pattern = config.input().pattern();
        if (pattern == null) {
            source.setTopics(config.input().names());
        } else {
            source.setTopicPattern(Pattern.compile(pattern));
        }
        return new FailOnDataLossKafkaSource<>(source.build(), config, job, accepted);
    }

    /** Returns a source of every committed record of a topic of snapshots. */
    static Source<RawMessage, ?, ?> models(KafkaConfig config, String topic) {
        Properties properties = config.clientProperties();
        properties.put(KafkaSourceOptions.COMMIT_OFFSETS_ON_CHECKPOINT.key(), "false");
        return KafkaSource.<RawMessage>builder()
                .setProperties(properties)
                .setBootstrapServers(config.bootstrapServers())
                .setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
                .setTopics(topic)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new RawMessageDeserializer())
                .build();
    }

    /** Returns whether the source commits its offsets at checkpoints. */
    static boolean commitsOffsets(KafkaConfig config) {
        return KafkaSourceOptions.getOption(
                config.clientProperties(),
                KafkaSourceOptions.COMMIT_OFFSETS_ON_CHECKPOINT,
                Boolean::parseBoolean);
    }

    /** Returns one sink for all topics, so that one transaction covers all of them. */
    static Sink<Publication> exactlyOnce(
            KafkaConfig kafka, PublishConfig publish, JobIdentity job) {
        Properties properties = kafka.clientProperties();
        properties.setProperty(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                Long.toString(kafka.transactionTimeout().toMillis()));
        return new VerifiedKafkaSink<>(
                sink(kafka, publish, properties)
                        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                        .setTransactionalIdPrefix(kafka.transactionalIdPrefix(job.epoch()))
                        .build(),
                kafka.clientProperties());
    }

    /**
     * Returns a sink whose records are visible to readers immediately, and which writes some of
     * them again after a failure.
     */
    static Sink<Publication> atLeastOnce(KafkaConfig kafka, PublishConfig publish) {
        KafkaSink<Publication> sink =
                sink(kafka, publish, kafka.clientProperties())
                        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                        .build();
        return context -> new QuietlyClosingWriter<>(sink.createWriter(context));
    }

    private static KafkaSinkBuilder<Publication> sink(
            KafkaConfig kafka, PublishConfig publish, Properties properties) {
        properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "5");
        // Leaves the limit to the topics; a dead letter is larger than the message it contains.
        properties.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(64 << 20));
        return KafkaSink.<Publication>builder()
                .setKafkaProducerConfig(properties)
                .setBootstrapServers(kafka.bootstrapServers())
                .setRecordSerializer(new PublicationSerializer(publish));
    }

    /**
     * An offsets initializer that starts at the configured end of the topic and makes Kafka report
     * an error for a restored offset that the topic no longer has. Flink's own initializers would
     * silently continue from the earliest or latest offset. They also save a marker instead of an
     * offset for a partition from which nothing was read yet, so that a restored job would begin
     * there at what is then the earliest or latest offset; this one saves the offset.
     */
    @SuppressWarnings("deprecation") // Flink's interface asks for Kafka's old enum
    private static final class FailOnLostOffset implements OffsetsInitializer {
        private static final long serialVersionUID = 1;

        private final KafkaConfig.Start start;

        FailOnLostOffset(KafkaConfig.Start start) {
            this.start = start;
        }

        @Override
        public Map<TopicPartition, Long> getPartitionOffsets(
                Collection<TopicPartition> partitions, PartitionOffsetsRetriever retriever) {
            return switch (start) {
                case EARLIEST -> retriever.beginningOffsets(partitions);
                case LATEST -> retriever.endOffsets(partitions);
            };
        }

        @Override
        public OffsetResetStrategy getAutoOffsetResetStrategy() {
            return OffsetResetStrategy.NONE;
        }
    }

    /** A deserializer that copies key, value and headers without decoding them. */
    private static final class RawMessageDeserializer
            implements KafkaRecordDeserializationSchema<RawMessage> {
        private static final long serialVersionUID = 1;

        @Override
        public void deserialize(
                ConsumerRecord<byte[], byte[]> message, Collector<RawMessage> messages) {
            messages.collect(RawMessages.of(message));
        }

        @Override
        public TypeInformation<RawMessage> getProducedType() {
            return TypeInformation.of(RawMessage.class);
        }
    }

    /** A serializer that sends each publication to the topic configured for it. */
    private record PublicationSerializer(PublishConfig topics)
            implements KafkaRecordSerializationSchema<Publication> {
        @Override
        public ProducerRecord<byte[], byte[]> serialize(
                Publication publication, KafkaSinkContext context, Long timestamp) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(
                            topics.topic(publication.topic()),
                            publication.key(),
                            publication.value());
            if (publication.schema() != null) {
                record.headers().add(EventReader.SCHEMA_HEADER, publication.schema());
            }
            return record;
        }
    }
}
