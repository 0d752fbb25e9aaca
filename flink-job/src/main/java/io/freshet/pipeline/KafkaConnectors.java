package io.freshet.pipeline;

import io.freshet.ingest.RawMessage;
import io.freshet.publish.Publication;
import io.freshet.publish.PublishConfig;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.source.KafkaSource;
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
import org.apache.kafka.common.header.Header;

/** The ends of the pipeline that are tied to Kafka. */
final class KafkaConnectors {
    /** Between looks at the topic, for partitions that are new and whether it is still there. */
    private static final Duration DISCOVERY = Duration.ofMinutes(1);

    private KafkaConnectors() {}

    /** Every record of the labelled events that was committed, as it is. */
    static Source<RawMessage, ?, ?> source(KafkaConfig config) {
        Properties properties = config.clientProperties();
        properties.putIfAbsent(
                KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(),
                Long.toString(DISCOVERY.toMillis()));
        return new FailOnDataLossKafkaSource<>(
                KafkaSource.<RawMessage>builder()
                        .setProperties(properties)
                        .setBootstrapServers(config.bootstrapServers())
                        .setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
                        .setTopics(config.labelledEvents())
                        .setGroupId(config.groupId())
                        .setStartingOffsets(new FailOnLostOffset(config.start()))
                        .setDeserializer(new RawMessageDeserializer())
                        .build(),
                config.labelledEvents());
    }

    /** One sink for all topics, so that one transaction covers them all. */
    static Sink<Publication> exactlyOnce(KafkaConfig kafka, PublishConfig publish) {
        Properties properties = kafka.clientProperties();
        properties.setProperty(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                Long.toString(kafka.transactionTimeout().toMillis()));
        return new VerifiedKafkaSink<>(
                sink(kafka, publish, properties)
                        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                        .setTransactionalIdPrefix(kafka.transactionalIdPrefix())
                        .build(),
                kafka.clientProperties());
    }

    /** A sink whose records readers see at once, and after a failure again. */
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
        // The topics' own limits decide; a dead letter is larger than the message it is about.
        properties.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(64 << 20));
        return KafkaSink.<Publication>builder()
                .setKafkaProducerConfig(properties)
                .setBootstrapServers(kafka.bootstrapServers())
                .setRecordSerializer(new PublicationSerializer(publish));
    }

    /**
     * Starts where it is told and, once offsets are in state, never jumps: one that is gone from
     * the topic is an error, where Flink's own initializers would start again silently.
     */
    @SuppressWarnings("deprecation") // Flink's interface asks for Kafka's old enum
    private static final class FailOnLostOffset implements OffsetsInitializer {
        private static final long serialVersionUID = 1;

        private final OffsetsInitializer start;

        FailOnLostOffset(KafkaConfig.Start start) {
            this.start =
                    switch (start) {
                        case EARLIEST -> OffsetsInitializer.earliest();
                        case LATEST -> OffsetsInitializer.latest();
                    };
        }

        @Override
        public Map<TopicPartition, Long> getPartitionOffsets(
                Collection<TopicPartition> partitions, PartitionOffsetsRetriever retriever) {
            return start.getPartitionOffsets(partitions, retriever);
        }

        @Override
        public OffsetResetStrategy getAutoOffsetResetStrategy() {
            return OffsetResetStrategy.NONE;
        }
    }

    private static final class RawMessageDeserializer
            implements KafkaRecordDeserializationSchema<RawMessage> {
        private static final long serialVersionUID = 1;

        @Override
        public void deserialize(
                ConsumerRecord<byte[], byte[]> message, Collector<RawMessage> messages) {
            Header[] headers = message.headers().toArray();
            String[] keys = new String[headers.length];
            byte[][] values = new byte[headers.length][];
            for (int i = 0; i < headers.length; i++) {
                keys[i] = headers[i].key();
                values[i] = headers[i].value();
            }
            messages.collect(
                    new RawMessage(
                            message.topic(),
                            message.partition(),
                            message.offset(),
                            message.timestamp(),
                            message.key(),
                            message.value(),
                            keys,
                            values));
        }

        @Override
        public TypeInformation<RawMessage> getProducedType() {
            return TypeInformation.of(RawMessage.class);
        }
    }

    private record PublicationSerializer(PublishConfig topics)
            implements KafkaRecordSerializationSchema<Publication> {
        @Override
        public ProducerRecord<byte[], byte[]> serialize(
                Publication publication, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(
                    topics.topic(publication.destination()),
                    publication.key(),
                    publication.value());
        }
    }
}
