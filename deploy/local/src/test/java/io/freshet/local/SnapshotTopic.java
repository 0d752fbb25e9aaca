package io.freshet.local;

import io.freshet.schemas.EventReader;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Compacted topic to which tests write the records of snapshots, as the job does. */
public final class SnapshotTopic implements AutoCloseable {
    public static final String NAME = "models";

    private final String bootstrapServers;
    private final KafkaProducer<byte[], byte[]> producer;

    /** Opens the topic of a broker. */
    public SnapshotTopic(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
        producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", bootstrapServers),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
    }

    /**
     * Creates the topic.
     *
     * @param settings settings of the topic beside {@code cleanup.policy=compact}
     */
    public SnapshotTopic create(int partitions, Map<String, String> settings) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            Map<String, String> all = new HashMap<>(settings);
            all.put("cleanup.policy", "compact");
            NewTopic topic = new NewTopic(NAME, partitions, (short) 1).configs(all);
            admin.createTopics(List.of(topic)).all().get();
        }
        return this;
    }

    /** Deletes the topic. */
    public void delete() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.deleteTopics(List.of(NAME)).all().get();
        }
    }

    static byte[] avro(ModelSnapshotEvent event) {
        try {
            ByteBuffer bytes = event.toByteBuffer();
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends the records of a snapshot in Avro's single-object encoding. */
    public void send(List<ModelSnapshotEvent> records) {
        for (ModelSnapshotEvent record : records) {
            send(key(record), avro(record));
        }
    }

    /** Sends the records of a snapshot framed for a schema registry. */
    void sendFramed(List<ModelSnapshotEvent> records) {
        for (ModelSnapshotEvent record : records) {
            byte[] named = avro(record);
            int body = named.length - EventReader.SCHEMA_BYTES;
            byte[] framed =
                    ByteBuffer.allocate(EventReader.FRAME_BYTES + body)
                            .put(EventReader.FRAMED)
                            .putInt(7)
                            .put(named, EventReader.SCHEMA_BYTES, body)
                            .array();
            ProducerRecord<byte[], byte[]> message =
                    new ProducerRecord<>(NAME, utf8(key(record)), framed);
            Headers headers = message.headers();
            headers.add(EventReader.SCHEMA_HEADER, Arrays.copyOf(named, EventReader.SCHEMA_BYTES));
            write(message);
        }
    }

    static String key(ModelSnapshotEvent record) {
        return record.getModelId() + "/" + record.getChunk();
    }

    void send(String key, byte @Nullable [] value) {
        write(new ProducerRecord<>(NAME, utf8(key), value));
    }

    private void write(ProducerRecord<byte[], byte[]> message) {
        try {
            producer.send(message).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        producer.close();
    }
}
