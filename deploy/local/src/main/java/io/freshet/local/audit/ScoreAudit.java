package io.freshet.local.audit;

import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobKind;
import io.freshet.pipeline.JobTopics;
import io.freshet.publish.Topic;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Proof that a job which only predicts has answered every event once. Such a job publishes no
 * metrics and no snapshots.
 */
final class ScoreAudit {
    private final JobTopics topics;
    private final TopicOffsets offsets;

    private ScoreAudit(JobTopics topics, TopicOffsets offsets) {
        this.topics = topics;
        this.offsets = offsets;
    }

    /**
     * One reading of the topics.
     *
     * @param isDoubtful whether a careful reading may decide otherwise
     */
    private record Reading(JobEpoch job, FeatureReview review, boolean isDoubtful) {}

    /**
     * Audits a job.
     *
     * @param start value of {@link System#nanoTime} at the start of the audit
     * @throws UserException if the request names nothing in the topics
     */
    static AuditReport run(
            JobTopics topics, AuditRequest request, TopicOffsets offsets, long start) {
        if (request.until() != null) {
            throw new UserException(
                    "--until " + request.until() + ": a job that only predicts has no snapshots");
        }
        ScoreAudit audit = new ScoreAudit(topics, offsets);
        Reading reading = audit.read(request, null, null);
        if (reading.isDoubtful()) {
            reading = audit.read(request, reading.job(), request.patience());
        }
        FeatureReview review = reading.review();
        return new AuditReport(
                JobKind.SCORE,
                reading.job(),
                null,
                Map.of(AuditCheck.FEATURE_EVENTS, review.counts().toString()),
                review.findings(),
                review.partitions(),
                Map.of(),
                review.counts(),
                0,
                (System.nanoTime() - start) / 1e9);
    }

    /**
     * Reads the topics.
     *
     * @param earlier job and epoch that were selected in an earlier reading; null in the first one
     * @param wait maximum time to wait for open transactions; null to read only what is visible
     */
    private Reading read(
            AuditRequest request, @Nullable JobEpoch earlier, @Nullable Duration wait) {
        FeatureAnswers answers = new FeatureAnswers(topics, null);
        AnswerTopics read =
                AnswerTopics.read(
                        topic ->
                                new ResultTopic(
                                        topics.kafka().client(), name(topic), offsets, wait),
                        true,
                        answers::add,
                        answers::add);
        JobEpoch job = earlier == null ? select(request, answers) : earlier;
        FeatureReview review = FeatureReview.of(topics, request, answers, job, read, offsets);
        boolean isDoubtful =
                read.isOpen() && review.findings().stream().anyMatch(each -> !each.isFinal());
        return new Reading(job, review, isDoubtful);
    }

    private JobEpoch select(AuditRequest request, FeatureAnswers answers) {
        JobEpochs epochs =
                new JobEpochs(
                        "answers to events of " + topics.kafka().input(),
                        "in topics " + name(Topic.PREDICTIONS) + " and " + name(Topic.DEAD_LETTERS),
                        "");
        answers.epochs().forEach(epochs::add);
        return epochs.select(request.job(), request.epoch());
    }

    private String name(Topic topic) {
        return topics.publish().topic(topic);
    }
}
