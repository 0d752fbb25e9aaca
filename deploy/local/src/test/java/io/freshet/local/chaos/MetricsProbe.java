package io.freshet.local.chaos;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.MetricsEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reader of the committed metrics that knows how new those of each model are. */
final class MetricsProbe implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private final TopicReader reader;
    private final List<String> models;
    private final Map<String, Long> writtenAt = new HashMap<>();
    private final Map<String, Long> examples = new HashMap<>();

    /**
     * @param models models whose metrics count
     */
    MetricsProbe(JobConfig config, List<String> models) {
        this.models = models;
        reader = new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS));
    }

    /** Reads what has been committed since the last call, for up to a moment. */
    void poll() {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
            MetricsEvent event = AuditReader.read(AuditReader.METRICS, record);
            writtenAt.merge(event.getModelId(), record.timestamp(), Math::max);
            examples.merge(event.getModelId(), event.getExamplesSeen(), Math::max);
        }
    }

    /**
     * Returns whether every model has committed metrics that were written after a time.
     *
     * @param time milliseconds since 1970-01-01T00:00Z
     */
    boolean areNewerThan(long time) {
        return models.stream().allMatch(model -> writtenAt.getOrDefault(model, 0L) > time);
    }

    /** Returns the number of examples trained on, by model. */
    Map<String, Long> examples() {
        return examples;
    }

    @Override
    public void close() {
        reader.close();
    }
}
