package io.freshet.local;

import io.freshet.pipeline.JobConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;

/** How far a job has read: the offsets that its checkpoints commit, against the topic's ends. */
final class SourceProgress implements AutoCloseable {
    private final Admin admin;
    private final String topic;
    private final String groupId;

    SourceProgress(JobConfig config) {
        Properties properties = new Properties();
        properties.putAll(config.kafka().client());
        admin = Admin.create(properties);
        topic = config.kafka().labelledEvents();
        groupId = config.kafka().groupId();
    }

    /** Whether a checkpoint covers everything that is in the topic now. */
    boolean hasReadEverything() throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        for (TopicPartition partition : partitions()) {
            latest.put(partition, OffsetSpec.latest());
        }
        Map<TopicPartition, ListOffsetsResultInfo> ends = admin.listOffsets(latest).all().get();
        Map<TopicPartition, OffsetAndMetadata> committed =
                admin.listConsumerGroupOffsets(groupId).partitionsToOffsetAndMetadata().get();
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end : ends.entrySet()) {
            OffsetAndMetadata reached = committed.get(end.getKey());
            if (end.getValue().offset() > 0
                    && (reached == null || reached.offset() < end.getValue().offset())) {
                return false;
            }
        }
        return true;
    }

    private List<TopicPartition> partitions() throws ExecutionException, InterruptedException {
        TopicDescription description =
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        List<TopicPartition> partitions = new ArrayList<>();
        if (description != null) {
            for (TopicPartitionInfo info : description.partitions()) {
                partitions.add(new TopicPartition(topic, info.partition()));
            }
        }
        return partitions;
    }

    @Override
    public void close() {
        admin.close();
    }
}
