package io.freshet.local.audit;

import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.ResultRecord;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reader that fills a {@link TopicAudit} from a job's topics. */
public final class AuditReader {
    public static final EventReader<MetricsEvent> METRICS = EventReader.of(MetricsEvent.class);
    public static final EventReader<DriftAlertEvent> DRIFT_ALERTS =
            EventReader.of(DriftAlertEvent.class);
    public static final EventReader<ModelSnapshotEvent> SNAPSHOTS =
            EventReader.of(ModelSnapshotEvent.class);
    public static final EventReader<PredictionEvent> PREDICTIONS =
            EventReader.of(PredictionEvent.class);
    public static final EventReader<DeadLetterEvent> DEAD_LETTERS =
            EventReader.of(DeadLetterEvent.class);

    private AuditReader() {}

    /** Reads all topics of a job to their ends. */
    public static TopicAudit read(JobConfig config) {
        TopicAudit audit = new TopicAudit();
        var client = config.kafka().client();
        for (String topic : InputTopics.labelledNames(config.kafka())) {
            try (TopicReader reader = new TopicReader(client, topic)) {
                reader.readToEnd(
                        record -> audit.input(record.topic(), record.partition(), record.offset()));
            }
        }
        try (TopicReader reader = new TopicReader(client, config.publish().topic(Topic.METRICS))) {
            reader.readToEnd(record -> audit.metrics(read(METRICS, record)));
        }
        try (TopicReader reader =
                new TopicReader(client, config.publish().topic(Topic.DEAD_LETTERS))) {
            reader.readToEnd(
                    record -> {
                        DeadLetterEvent event = read(DEAD_LETTERS, record);
                        if (!config.kafka().isPredictedOnly(event.getTopic())) {
                            audit.deadLetter(event);
                        }
                    });
        }
        try (TopicReader reader =
                new TopicReader(client, config.publish().topic(Topic.PREDICTIONS))) {
            reader.readToEnd(
                    record -> {
                        PredictionEvent event = read(PREDICTIONS, record);
                        if (event.getLabel() == null
                                && !config.kafka().isPredictedOnly(event.getSource().getTopic())) {
                            audit.prediction(event);
                        }
                    });
        }
        return audit;
    }

    /** Decodes a record's value. */
    public static <T extends SpecificRecordBase> T read(
            EventReader<T> events, ConsumerRecord<byte[], byte[]> record) {
        try {
            return ResultRecord.read(events, record);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "a record of topic " + record.topic() + " cannot be decoded", e);
        }
    }
}
