package io.freshet.local.audit;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Ids and ends of topics, as Kafka's administration tells them. */
final class TopicOffsets {
    private final Admin admin;

    TopicOffsets(Admin admin) {
        this.admin = admin;
    }

    /** Returns the id of each topic that exists. */
    Map<String, String> ids(Collection<String> topics) {
        Map<String, String> ids = new TreeMap<>();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> topic :
                admin.describeTopics(topics).topicNameValues().entrySet()) {
            try {
                ids.put(topic.getKey(), topic.getValue().get().topicId().toString());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw failure(topic.getKey(), e);
                }
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
        return ids;
    }

    /** Returns the offset after the last record of each partition, committed or not. */
    Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
        Map<TopicPartition, Long> ends = new HashMap<>();
        try {
            admin.listOffsets(latest)
                    .all()
                    .get()
                    .forEach((partition, end) -> ends.put(partition, end.offset()));
        } catch (ExecutionException e) {
            throw failure(partitions.toString(), e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
        return ends;
    }

    /**
     * Returns whether compaction may have removed records of a topic: whether its settings say so,
     * or may not be read.
     */
    boolean mayBeCompacted(String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try {
            return admin.describeConfigs(List.of(resource)).all().get().values().stream()
                    .map(settings -> settings.get(TopicConfig.CLEANUP_POLICY_CONFIG).value())
                    .anyMatch(policy -> policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                return true;
            }
            throw failure(topic, e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static KafkaException failure(String what, ExecutionException e) {
        return e.getCause() instanceof KafkaException kafka
                ? kafka
                : new KafkaException(what + " cannot be described", e);
    }
}
