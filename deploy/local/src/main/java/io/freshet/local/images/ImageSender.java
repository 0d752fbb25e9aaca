package io.freshet.local.images;

import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.stream.LabelledEvents;
import io.freshet.local.stream.LabelledStream;
import java.io.IOException;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Kafka producer that sends the images of a stream as labelled events, in transactions, so that a
 * later run goes on exactly where this one stopped.
 *
 * <p>Each transaction also commits the position in the stream, as the offset of a consumer group
 * for partition 0 of the topic. The group's name is that of the stream, so another stream begins at
 * its own start.
 */
public final class ImageSender implements AutoCloseable {
    /** Number of images in a transaction. */
    private static final int TRANSACTION = 256;

    /** Partition as whose offset the position is committed. */
    private final TopicPartition positionKey;

    /** The group that commits it; subscribed to nothing. */
    private final KafkaConsumer<byte[], byte[]> group;

    private final KafkaProducer<byte[], byte[]> producer;
    private final long start;

    /** Listener to the progress. */
    @FunctionalInterface
    public interface ProgressListener {
        /**
         * Called after each image.
         *
         * @param position number of images of the stream that are sent or left out
         * @param problem why the image was left out, with its name; null if it was sent
         */
        void onImage(long position, @Nullable String problem);
    }

    private ImageSender(
            TopicPartition positionKey,
            KafkaConsumer<byte[], byte[]> group,
            KafkaProducer<byte[], byte[]> producer,
            long start) {
        this.positionKey = positionKey;
        this.group = group;
        this.producer = producer;
        this.start = start;
    }

    /**
     * Connects, and ends what an earlier run of the same stream may have left open.
     *
     * @param client properties of the Kafka clients
     * @param topic topic of labelled events
     * @param stream name of the stream: the same for the same images, network and order
     * @param again whether to start from the first image even if it was sent before
     */
    public static ImageSender open(
            Map<String, String> client, String topic, String stream, boolean again) {
        String id = "freshet-images-" + stream;
        TopicPartition positionKey = new TopicPartition(topic, 0);
        Properties properties = new Properties();
        properties.putAll(client);
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id + "-" + topic);
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer());
        KafkaConsumer<byte[], byte[]> group = null;
        try {
            producer.initTransactions();
            group = consumer(client, id);
            long start = again ? 0 : committed(group, positionKey);
            return new ImageSender(positionKey, group, producer, start);
        } catch (RuntimeException e) {
            producer.close();
            if (group != null) {
                group.close();
            }
            throw e;
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, String> client, String id) {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, id);
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static long committed(KafkaConsumer<byte[], byte[]> group, TopicPartition key) {
        OffsetAndMetadata offset = group.committed(Set.of(key)).get(key);
        return offset == null ? 0 : offset.offset();
    }

    /** Returns the position of the first image that is not sent yet. */
    public long start() {
        return start;
    }

    /**
     * Sends the images from {@link #start} on, until Kafka has them all.
     *
     * @throws IOException if Kafka refuses an event
     */
    public void send(ImageStream stream, ProgressListener progress) throws IOException {
        long position = start;
        try (LabelledStream.Items<ImageStream.Item> items = stream.items(start)) {
            while (items.hasNext()) {
                producer.beginTransaction();
                for (int i = 0; i < TRANSACTION && items.hasNext(); i++) {
                    ImageStream.Item item = items.next();
                    position = item.position() + 1;
                    send(item);
                    String problem =
                            item.problem() == null ? null : item.name() + ": " + item.problem();
                    progress.onImage(position, problem);
                }
                producer.sendOffsetsToTransaction(
                        Map.of(positionKey, new OffsetAndMetadata(position)),
                        group.groupMetadata());
                producer.commitTransaction();
            }
        } catch (KafkaException e) {
            throw new IOException("an image could not be sent to topic " + positionKey.topic(), e);
        }
    }

    private void send(ImageStream.Item item) throws IOException {
        if (item.example() != null) {
            byte[] event = LabelledEvents.encode(item.name(), item.example());
            // A failure is thrown when the transaction is committed.
            var unused = producer.send(new ProducerRecord<>(positionKey.topic(), event));
        }
    }

    /**
     * Closes the connection; images of a transaction that is not committed are sent again. When the
     * process is ending, another thread may be using the group, which ends with the process.
     */
    @Override
    public void close() {
        producer.close();
        if (!ProcessShutdown.hasBegun()) {
            group.close();
        }
    }
}
