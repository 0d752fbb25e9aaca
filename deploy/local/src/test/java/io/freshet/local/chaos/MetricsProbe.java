package io.freshet.local.chaos;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.EventSum;
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
    private final Map<String, EventSum> trained = new HashMap<>();

    /**
     * @param models models whose metrics count
     */
    MetricsProbe(JobConfig config, List<String> models) {
        this.models = models;
        reader = new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS));
    }

    /** Reads what has been committed since the last call, for up to a moment. */
    void poll() {
        reader.poll(POLL).forEach(this::add);
    }

    /** Reads everything that has been committed. */
    void readToEnd() {
        reader.readToEnd(this::add);
    }

    private void add(ConsumerRecord<byte[], byte[]> record) {
        MetricsEvent event = AuditReader.read(AuditReader.METRICS, record);
        writtenAt.merge(event.getModelId(), record.timestamp(), Math::max);
        trained.merge(
                event.getModelId(),
                EventSum.of(event.getAudit().getAccepted()),
                (former, newer) -> newer.count() >= former.count() ? newer : former);
    }

    /**
     * Returns whether every model has committed metrics that were written after a time.
     *
     * @param time milliseconds since 1970-01-01T00:00Z
     */
    boolean areNewerThan(long time) {
        return models.stream().allMatch(model -> writtenAt.getOrDefault(model, 0L) > time);
    }

    /** Returns the events trained on according to the newest metrics, by model. */
    Map<String, EventSum> trained() {
        return trained;
    }

    @Override
    public void close() {
        reader.close();
    }
}
