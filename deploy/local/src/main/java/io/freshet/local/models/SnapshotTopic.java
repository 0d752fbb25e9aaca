package io.freshet.local.models;

import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.local.topic.RecordScan;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.ResultRecord;
import io.freshet.publish.Topic;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reader of the committed snapshots on one of a job's topics, from its beginning to its end.
 *
 * <p>Snapshots that cannot be used are passed over, with the reason in {@link #problems()}. One of
 * which records are missing is a problem only if no newer one of its model is whole: compaction
 * removes records of older ones.
 */
public final class SnapshotTopic {
    private static final EventReader<ModelSnapshotEvent> EVENTS =
            EventReader.of(ModelSnapshotEvent.class);

    private final JobTopics topics;
    private final String name;
    private final List<String> problems = new ArrayList<>();

    /**
     * @param topic topic of the newest snapshots or of all
     */
    public SnapshotTopic(JobTopics topics, Topic topic) {
        this.topics = topics;
        this.name = topics.publish().topic(topic);
    }

    /** Returns the name of the topic. */
    public String name() {
        return name;
    }

    /**
     * Passes on the whole snapshots, those of a model in the order in which they were published.
     *
     * @param models selects by model id
     */
    public void read(Predicate<String> models, Consumer<StoredSnapshot> snapshots) {
        problems.clear();
        SnapshotParts parts = new SnapshotParts();
        try (RecordScan scan = new RecordScan(topics.kafka(), name)) {
            scan.read(
                    scan.beginnings(),
                    scan.ends(),
                    record -> read(record, models, parts, snapshots));
        }
        problems.addAll(parts.problems());
    }

    private void read(
            ConsumerRecord<byte[], byte[]> record,
            Predicate<String> models,
            SnapshotParts parts,
            Consumer<StoredSnapshot> snapshots) {
        try {
            ModelSnapshotEvent event = ResultRecord.read(EVENTS, record);
            if (models.test(event.getModelId())) {
                parts.add(event, record.value().length, record.timestamp()).ifPresent(snapshots);
            }
        } catch (InvalidSnapshotException e) {
            problems.add(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            problems.add(
                    "The record at "
                            + record.topic()
                            + "/"
                            + record.partition()
                            + "/"
                            + record.offset()
                            + " cannot be read: "
                            + e.getMessage());
        }
    }

    /** Returns what could not be used in the last call of read, in sentences. */
    public List<String> problems() {
        return List.copyOf(problems);
    }
}
