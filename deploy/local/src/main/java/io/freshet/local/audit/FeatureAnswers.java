package io.freshet.local.audit;

import io.freshet.pipeline.JobTopics;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Predictions and dead letters for the events that a job only predicts, by the job and the epoch
 * that published them. Those for labelled events are left out.
 */
final class FeatureAnswers {
    private final JobTopics topics;
    private final @Nullable String job;
    private final Map<JobEpoch, Map<TopicPartition, PartitionAnswers>> epochs = new HashMap<>();

    /**
     * @param job name of the job whose answers are kept; null for those of all jobs
     */
    FeatureAnswers(JobTopics topics, @Nullable String job) {
        this.topics = topics;
        this.job = job;
    }

    /**
     * Adds a prediction.
     *
     * @param advances whether all answers are in the topics that were published before this one
     */
    void add(PredictionEvent event, boolean advances) {
        PartitionOffset source = event.getSource();
        if (isKept(event.getJob(), source.getTopic())) {
            answers(
                            new JobEpoch(event.getJob(), event.getEpoch()),
                            new TopicPartition(source.getTopic(), source.getPartition()))
                    .addPrediction(source.getOffset(), event.getModelId(), advances);
        }
    }

    /** Adds a dead letter like a prediction. */
    void add(DeadLetterEvent event, boolean advances) {
        if (isKept(event.getJob(), event.getTopic())) {
            answers(
                            new JobEpoch(event.getJob(), event.getEpoch()),
                            new TopicPartition(event.getTopic(), event.getPartition()))
                    .addDeadLetter(event.getOffset(), advances);
        }
    }

    private boolean isKept(String writer, String topic) {
        return (job == null || job.equals(writer)) && topics.isPredictedOnly(topic);
    }

    private PartitionAnswers answers(JobEpoch epoch, TopicPartition partition) {
        return epochs.computeIfAbsent(epoch, e -> new HashMap<>())
                .computeIfAbsent(partition, PartitionAnswers::new);
    }

    /** Returns the jobs and epochs that have answers. */
    Set<JobEpoch> epochs() {
        return epochs.keySet();
    }

    /** Returns the answers of an epoch, by the partition of their events. */
    Map<TopicPartition, PartitionAnswers> of(JobEpoch epoch) {
        return epochs.getOrDefault(epoch, Map.of());
    }

    /** Returns the offsets of a partition that the job has answered in each earlier epoch. */
    List<OffsetSet> ofEarlier(JobEpoch epoch, TopicPartition partition) {
        return epochs.entrySet().stream()
                .filter(each -> each.getKey().job().equals(epoch.job()))
                .filter(each -> each.getKey().epoch() < epoch.epoch())
                .filter(each -> each.getValue().containsKey(partition))
                .map(each -> each.getValue().get(partition).answered())
                .toList();
    }
}
