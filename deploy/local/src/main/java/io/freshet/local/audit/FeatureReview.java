package io.freshet.local.audit;

import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.JobTopics;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Comparison of the events that a job only predicts with its answers in one epoch. */
final class FeatureReview {
    private final JobTopics topics;
    private final FeatureAnswers answers;
    private final JobEpoch job;
    private final AnswerReview.Conditions conditions;
    private final TopicOffsets offsets;
    private final MessageDecoder decoder;
    private final List<Finding> findings = new ArrayList<>();
    private final List<PartitionReport> partitions = new ArrayList<>();

    private FeatureReview(
            JobTopics topics,
            FeatureAnswers answers,
            JobEpoch job,
            AnswerReview.Conditions conditions,
            TopicOffsets offsets,
            MessageDecoder decoder) {
        this.topics = topics;
        this.answers = answers;
        this.job = job;
        this.conditions = conditions;
        this.offsets = offsets;
        this.decoder = decoder;
    }

    /**
     * Reads the events and compares them.
     *
     * @param answers the answers, which have been read already
     * @param job job and epoch whose answers are compared
     * @param answerTopics state of the topics from which they were read
     */
    static FeatureReview of(
            JobTopics topics,
            AuditRequest request,
            FeatureAnswers answers,
            JobEpoch job,
            AnswerTopics answerTopics,
            TopicOffsets offsets) {
        try (MessageDecoder decoder = new MessageDecoder(topics)) {
            FeatureReview review =
                    new FeatureReview(
                            topics,
                            answers,
                            job,
                            new AnswerReview.Conditions(
                                    request.startsLatest(),
                                    request.mayWait(),
                                    answerTopics.isRemoved(),
                                    answerTopics.isOpen()),
                            offsets,
                            decoder);
            review.readTopics();
            return review;
        }
    }

    private void readTopics() {
        Set<String> answered = new HashSet<>();
        answers.of(job).keySet().forEach(partition -> answered.add(partition.topic()));
        Set<String> names = new TreeSet<>(answered);
        names.addAll(InputTopics.predictedOnlyNames(topics));
        Map<String, String> ids = offsets.ids(names);
        for (String topic : names) {
            String id = ids.get(topic);
            if (id != null) {
                readTopic(topic, id);
            } else if (answered.contains(topic)) {
                findings.add(
                        Finding.unproven(
                                AuditCheck.FEATURE_EVENTS,
                                "",
                                "topic " + topic + " does not exist any more",
                                List.of()));
            }
        }
    }

    private void readTopic(String topic, String topicId) {
        Map<Integer, AnswerReview> reviews = new TreeMap<>();
        Map<TopicPartition, Long> removedTo;
        try (TopicReader reader = new TopicReader(topics.kafka().client(), topic)) {
            reader.starts()
                    .forEach((source, start) -> reviews.put(source.partition(), of(source, start)));
            reader.readToEnd(record -> add(record, reviews));
            removedTo = reader.starts();
        }
        boolean mayBeCompacted =
                reviews.values().stream().anyMatch(AnswerReview::hasAnswersWithoutRecord)
                        && offsets.mayBeCompacted(topic);
        reviews.forEach(
                (number, review) -> {
                    review.end();
                    PartitionReport report = review.report(topicId);
                    boolean removed =
                            removedTo.getOrDefault(report.partition(), 0L) > report.start();
                    findings.addAll(review.findings(mayBeCompacted || removed));
                    partitions.add(report);
                });
    }

    private AnswerReview of(TopicPartition partition, long start) {
        return new AnswerReview(
                partition,
                answers.of(job).getOrDefault(partition, new PartitionAnswers(partition)),
                answers.ofEarlier(job, partition),
                conditions,
                start);
    }

    private void add(ConsumerRecord<byte[], byte[]> record, Map<Integer, AnswerReview> reviews) {
        AnswerReview review = reviews.get(record.partition());
        if (review != null && review.add(record.offset())) {
            decoder.decode(record);
            review.addUnanswered(record.offset(), decoder.modelId());
        }
    }

    /** Returns the mismatches, and what cannot be proven. */
    List<Finding> findings() {
        return findings;
    }

    /** Returns what was compared, by partition. */
    List<PartitionReport> partitions() {
        return partitions;
    }

    /** Returns the numbers of answers. */
    AnswerCounts counts() {
        long predictions = 0;
        long deadLetters = 0;
        for (PartitionAnswers partition : answers.of(job).values()) {
            predictions += partition.predictions();
            deadLetters += partition.deadLetters();
        }
        return new AnswerCounts(predictions, deadLetters);
    }
}
