package io.freshet.local;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.watch.WatchedTopics;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka producer of {@link SimulatedResults} on the topics of a job. */
final class SimulatedResultsPublisher implements AutoCloseable {
    private final WatchedTopics topics;
    private final KafkaProducer<byte[], byte[]> producer;

    private SimulatedResultsPublisher(
            WatchedTopics topics, KafkaProducer<byte[], byte[]> producer) {
        this.topics = topics;
        this.producer = producer;
    }

    /** Creates the topics and a publisher. */
    static SimulatedResultsPublisher on(EmbeddedKafka kafka, WatchedTopics topics)
            throws Exception {
        Map<String, Object> client = Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (Admin admin = Admin.create(client)) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(topics.metrics(), 1, (short) 1),
                                    new NewTopic(topics.driftAlerts(), 1, (short) 1),
                                    new NewTopic(topics.models(), 1, (short) 1)))
                    .all()
                    .get();
        }
        return new SimulatedResultsPublisher(
                topics,
                new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    /** Publishes a metrics record, the alerts up to it, and a snapshot with every 20th record. */
    void publish(SimulatedResults results, long sequence) throws IOException {
        MetricsEvent event = results.metrics(sequence);
        long drifts = sequence == 0 ? 0 : results.metrics(sequence - 1).getDrifts();
        for (long drift = drifts; drift < event.getDrifts(); drift++) {
            send(topics.driftAlerts(), event.getModelId(), results.alert((int) drift));
        }
        send(topics.metrics(), event.getModelId(), event);
        if (sequence % 20 == 19) {
            send(
                    topics.models(),
                    event.getModelId() + "/0",
                    results.snapshot(event.getExamplesSeen()));
        }
    }

    void send(String topic, String key, SpecificRecordBase event) throws IOException {
        ByteBuffer encoded =
                new BinaryMessageEncoder<SpecificRecordBase>(
                                event.getSpecificData(), event.getSchema())
                        .encode(event);
        byte[] value = new byte[encoded.remaining()];
        encoded.get(value);
        send(topic, key, value);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a lost record fails the test that reads it
    void send(String topic, String key, byte[] value) {
        producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value));
    }

    /** Waits until the broker has acknowledged everything. */
    void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close();
    }
}
