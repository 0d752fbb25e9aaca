package io.freshet.local;

import io.freshet.pipeline.JobConfig;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Feeds an {@link Audit} from a job's topics. */
final class AuditReader {
    private AuditReader() {}

    /** Reads all topics to their ends. */
    static Audit read(JobConfig config) {
        Audit audit = new Audit();
        var client = config.kafka().client();
        try (TopicReader reader = new TopicReader(client, config.kafka().labelledEvents())) {
            reader.readToEnd(
                    record -> audit.input(record.topic(), record.partition(), record.offset()));
        }
        try (TopicReader reader = new TopicReader(client, config.publish().metrics())) {
            reader.readToEnd(record -> audit.metrics(decode(MetricsEvent.getDecoder(), record)));
        }
        try (TopicReader reader = new TopicReader(client, config.publish().deadLetters())) {
            reader.readToEnd(
                    record -> audit.deadLetter(decode(DeadLetterEvent.getDecoder(), record)));
        }
        try (TopicReader reader = new TopicReader(client, config.publish().predictions())) {
            reader.readToEnd(
                    record -> audit.prediction(decode(PredictionEvent.getDecoder(), record)));
        }
        return audit;
    }

    static <T> T decode(BinaryMessageDecoder<T> decoder, ConsumerRecord<byte[], byte[]> record) {
        try {
            return decoder.decode(record.value());
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "what the job wrote to " + record.topic() + " cannot be read", e);
        }
    }
}
