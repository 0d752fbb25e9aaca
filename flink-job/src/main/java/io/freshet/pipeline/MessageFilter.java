package io.freshet.pipeline;

import io.freshet.ingest.RawMessage;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.FilterFunction;
import org.jspecify.annotations.Nullable;

/** Filter of the messages of one kind of topic: of events to learn, or to predict only. */
final class MessageFilter implements FilterFunction<RawMessage> {
    private static final long serialVersionUID = 1;

    private final KafkaConfig kafka;
    private final boolean predictedOnly;
    private transient @Nullable Map<String, Boolean> kept;

    /**
     * @param predictedOnly whether to keep the events that are predicted only, instead of the
     *     others
     */
    MessageFilter(KafkaConfig kafka, boolean predictedOnly) {
        this.kafka = kafka;
        this.predictedOnly = predictedOnly;
    }

    @Override
    public boolean filter(RawMessage message) {
        Map<String, Boolean> topics = kept;
        if (topics == null) {
            topics = new HashMap<>();
            kept = topics;
        }
        return topics.computeIfAbsent(
                message.topic(), topic -> kafka.isPredictedOnly(topic) == predictedOnly);
    }
}
