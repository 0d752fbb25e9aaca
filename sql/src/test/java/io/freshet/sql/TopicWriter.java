package io.freshet.sql;

import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Client of a broker that creates topics, and writes snapshots and text to them. */
final class TopicWriter implements AutoCloseable {
    private static final Map<String, String> COMPACTED = Map.of("cleanup.policy", "compact");

    private final KafkaProducer<byte[], byte[]> producer;
    private final Admin admin;

    TopicWriter(String bootstrapServers) {
        Map<String, Object> client = Map.of("bootstrap.servers", bootstrapServers);
        admin = Admin.create(client);
        producer =
                new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
    }

    void create(String topic) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
    }

    void createCompacted(String topic) throws Exception {
        NewTopic compacted = new NewTopic(topic, 1, (short) 1).configs(COMPACTED);
        admin.createTopics(List.of(compacted)).all().get();
    }

    void write(String topic, List<ModelSnapshotEvent> snapshot) throws Exception {
        for (ModelSnapshotEvent record : snapshot) {
            ByteBuffer encoded = record.toByteBuffer();
            byte[] value = new byte[encoded.remaining()];
            encoded.get(value);
            write(topic, record.getModelId() + "/" + record.getChunk(), value);
        }
    }

    void write(String topic, String text) throws Exception {
        write(topic, "", text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes many texts, and waits for all of them together. */
    void writeAll(String topic, List<String> texts) throws Exception {
        List<Future<RecordMetadata>> pending = new ArrayList<>();
        for (String text : texts) {
            byte[] value = text.getBytes(StandardCharsets.UTF_8);
            pending.add(producer.send(new ProducerRecord<>(topic, value)));
        }
        for (Future<RecordMetadata> written : pending) {
            written.get();
        }
    }

    private void write(String topic, String key, byte[] value) throws Exception {
        byte[] encodedKey = key.getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(topic, encodedKey, value)).get();
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
    }
}
