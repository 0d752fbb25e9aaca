package io.freshet.local;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.EventReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Copies of a job's topics, in which something is changed that the audit must find. */
final class TopicCopy {
    private TopicCopy() {}

    /** Changes the records of a copied topic: each becomes any number of records. */
    interface Change {
        List<byte[]> apply(ConsumerRecord<byte[], byte[]> record) throws IOException;
    }

    /**
     * Copies a topic of a job's results.
     *
     * @return the settings of the job with the copy in place of the topic; all others stay the same
     */
    static Map<String, String> of(
            Map<String, String> settings, Topic topic, String name, Change change)
            throws Exception {
        JobConfig from = JobConfig.parse(settings);
        Map<String, String> changed = new HashMap<>(settings);
        changed.put(topic.key().toString(), name + "-" + topic.key());
        JobConfig to = JobConfig.parse(changed);
        Topics.create(to.topics(), 1);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(
                                Map.of("bootstrap.servers", from.kafka().bootstrapServers()),
                                new ByteArraySerializer(),
                                new ByteArraySerializer());
                TopicReader reader =
                        new TopicReader(from.kafka().client(), from.publish().topic(topic))) {
            String target = to.publish().topic(topic);
            reader.readToEnd(
                    record -> {
                        for (byte[] value : apply(change, record)) {
                            sent.add(
                                    producer.send(
                                            new ProducerRecord<>(target, record.key(), value)));
                        }
                    });
            producer.flush();
        }
        for (Future<RecordMetadata> future : sent) {
            future.get();
        }
        return changed;
    }

    private static List<byte[]> apply(Change change, ConsumerRecord<byte[], byte[]> record) {
        try {
            return change.apply(record);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns a change that repeats or leaves out records.
     *
     * @param copies number of times that a record is to be there
     */
    static <T extends SpecificRecordBase> Change copies(
            EventReader<T> reader, Function<T, Integer> copies) {
        return record ->
                Collections.nCopies(copies.apply(AuditReader.read(reader, record)), record.value());
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
