package io.freshet.pipeline;

import io.freshet.config.Key;
import io.freshet.publish.JobIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enumerator of the job's source that also guards the job as a whole, in the JobManager: it saves
 * the job's identity and settings in every checkpoint, refuses to continue from a checkpoint that
 * does not fit, holds the {@link JobLease}, and fails the job permanently if an input topic is
 * deleted, or deleted and created again.
 */
final class JobEnumerator implements SplitEnumerator<KafkaPartitionSplit, SourceState> {
    private static final Logger LOG = LoggerFactory.getLogger(JobEnumerator.class);
    private static final long TOPIC_CHECK_MILLIS = 5_000;

    /** Number of checks in a row without a topic after which it counts as deleted. */
    private static final int MAX_CHECKS_WITHOUT = 6;

    /** Stands for the epoch among the keys whose change is accepted. */
    static final String EPOCH = "epoch";

    private final SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> enumerator;
    private final SplitEnumeratorContext<KafkaPartitionSplit> context;
    private final String submission;
    private final Set<String> accepted;
    private final KafkaConfig kafka;
    private final @Nullable SourceState restored;
    private final Map<String, Integer> checksWithout = new HashMap<>();

    /** The job, with the ids of the topics found so far. */
    private volatile SavedJob job;

    private @Nullable JobLease lease;
    private @Nullable Admin admin;

    /**
     * @param submission id of this submission of the job, the same after restarts and failovers
     * @param job the job as it is configured
     * @param accepted names of keys whose values may differ from those in the checkpoint
     * @param restored the state in the checkpoint; null without a checkpoint
     */
    JobEnumerator(
            SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> enumerator,
            SplitEnumeratorContext<KafkaPartitionSplit> context,
            String submission,
            SavedJob job,
            Set<String> accepted,
            KafkaConfig kafka,
            @Nullable SourceState restored) {
        this.enumerator = enumerator;
        this.context = context;
        this.submission = submission;
        this.job = job;
        this.accepted = accepted;
        this.kafka = kafka;
        this.restored = restored;
    }

    @Override
    public void start() {
        if (restored != null) {
            refusal(restored.job(), restored.topics(), job, JobConfig.keys(), accepted)
                    .ifPresent(
                            refusal -> {
                                throw permanent(refusal);
                            });
        }
        if (restored != null && restored.job() != null) {
            addTopicIds(restored.job().identity().topicIds());
        }
        lease = JobLease.take(kafka, job.identity().name(), submission, this::onLeaseLost);
        admin = KafkaAdmin.create(kafka);
        context.callAsync(this::topicIds, this::checkTopicIds, 0, TOPIC_CHECK_MILLIS);
        enumerator.start();
    }

    /**
     * Returns why a job must not continue from a checkpoint of another; empty if it may.
     *
     * @param saved the job that wrote the checkpoint; null if the release did not save it
     * @param topics topics of which the checkpoint has offsets
     * @param keys all keys of the job
     */
    static Optional<String> refusal(
            @Nullable SavedJob saved,
            Set<String> topics,
            SavedJob job,
            Collection<Key<?>> keys,
            Set<String> accepted) {
        if (saved != null
                && saved.identity().epoch() != job.identity().epoch()
                && !accepted.contains(EPOCH)) {
            return Optional.of(
                    "the state belongs to epoch "
                            + saved.identity().epoch()
                            + " of the job "
                            + saved.identity().name()
                            + "; this is epoch "
                            + job.identity().epoch());
        }
        String before =
                saved == null || saved.settings().get(KafkaConfig.LABELLED_EVENTS.name()) == null
                        ? null
                        : KafkaConfig.input(saved.settings()).toString();
        Optional<String> left =
                refusalToLeave(topics, job, before == null ? "unknown" : before, accepted);
        if (left.isPresent() || saved == null) {
            return left;
        }
        List<SavedJob.Difference> refused =
                new ArrayList<>(saved.refused(job.settings(), keys, accepted));
        // Topics may be added: those that the job has found are compared.
        refused.removeIf(
                difference ->
                        difference.key().equals(KafkaConfig.LABELLED_EVENTS.name())
                                || difference.key().equals(KafkaConfig.FEATURE_EVENTS.name()));
        if (refused.isEmpty()) {
            return Optional.empty();
        }
        String differences =
                refused.stream()
                        .map(SavedJob.Difference::toString)
                        .collect(Collectors.joining("\n"));
        return Optional.of(
                "the state was written with other settings:\n"
                        + differences
                        + "\n"
                        + remedy(refused, keys));
    }

    private static String remedy(List<SavedJob.Difference> refused, Collection<Key<?>> keys) {
        Set<String> formOfState =
                keys.stream().filter(Key::isFormOfState).map(Key::name).collect(Collectors.toSet());
        String required =
                refused.stream()
                        .filter(each -> formOfState.contains(each.key()))
                        .map(SavedJob.Difference::before)
                        .collect(Collectors.joining(" and "));
        String acceptable =
                refused.stream()
                        .filter(each -> !formOfState.contains(each.key()))
                        .map(each -> "--accept " + each.key())
                        .collect(Collectors.joining(" "));
        String beginAgain = ", or begin again without the state (--begin-again)";
        if (acceptable.isEmpty()) {
            return "set " + required + ", without which the state cannot be read" + beginAgain;
        }
        return "set the former values, or accept the new ones with "
                + acceptable
                + (required.isEmpty()
                        ? ""
                        : " and set " + required + ", without which the state cannot be read")
                + beginAgain;
    }

    /**
     * Returns why topics of which a checkpoint has offsets must not be left; empty if none is left,
     * or if it is accepted.
     *
     * @param before selection of topics in the checkpoint
     */
    private static Optional<String> refusalToLeave(
            Set<String> topics, SavedJob job, String before, Set<String> accepted) {
        String input = KafkaConfig.LABELLED_EVENTS.name();
        TopicSelection selection = KafkaConfig.input(job.settings());
        List<String> left = topics.stream().filter(topic -> !selection.selects(topic)).toList();
        if (left.isEmpty() || accepted.contains(input)) {
            return Optional.empty();
        }
        return Optional.of(
                "the state has offsets of "
                        + String.join(" and ", left)
                        + ", which the job would no longer read: "
                        + new SavedJob.Difference(input, before, selection.toString())
                        + ". Set the former topics, or leave what is unread of these with --accept "
                        + input
                        + ", or begin again without the state (--begin-again)");
    }

    private void onLeaseLost() {
        String message =
                "another job has started with "
                        + KafkaConfig.TRANSACTIONAL_ID_PREFIX
                        + " = "
                        + kafka.transactionalIdPrefix()
                        + "; each job needs a prefix of its own";
        context.runInCoordinatorThread(
                () -> {
                    throw permanent(message);
                });
    }

    /** Returns the ids of the topics that are selected, or were found before, and exist. */
    private Map<String, String> topicIds() throws ExecutionException, InterruptedException {
        Admin client = admin;
        if (client == null) {
            return Map.of();
        }
        Set<String> topics = InputTopics.names(client, kafka.input());
        topics.addAll(job.identity().topicIds().keySet());
        return InputTopics.idsOfExisting(client, topics);
    }

    private void checkTopicIds(Map<String, String> current, @Nullable Throwable failure) {
        if (failure != null) {
            LOG.debug("The ids of the input topics could not be read", failure);
            return;
        }
        InputTopics.recreated(job.identity(), current)
                .ifPresent(
                        recreated -> {
                            throw permanent(recreated);
                        });
        for (String topic : job.identity().topicIds().keySet()) {
            if (current.containsKey(topic)) {
                checksWithout.remove(topic);
            } else if (checksWithout.merge(topic, 1, Integer::sum) > MAX_CHECKS_WITHOUT) {
                throw permanent("topic " + topic + ", which the job reads, no longer exists");
            }
        }
        addTopicIds(current);
    }

    /** Adds ids of selected topics to those that checkpoints have. */
    private void addTopicIds(Map<String, String> ids) {
        JobIdentity identity = job.identity();
        Map<String, String> all = new TreeMap<>(ids);
        all.keySet().removeIf(topic -> !kafka.input().selects(topic));
        all.keySet().removeAll(identity.topicIds().keySet());
        if (all.isEmpty()) {
            return;
        }
        if (kafka.input().pattern() != null) {
            LOG.info("the job reads {}, which match {}", all.keySet(), kafka.input());
        }
        all.putAll(identity.topicIds());
        job = new SavedJob(new JobIdentity(identity.name(), identity.epoch(), all), job.settings());
    }

    private static SuppressRestartsException permanent(String message) {
        return new SuppressRestartsException(new IllegalStateException(message));
    }

    @Override
    public void handleSplitRequest(int subtask, @Nullable String host) {
        enumerator.handleSplitRequest(subtask, host);
    }

    @Override
    public void addSplitsBack(List<KafkaPartitionSplit> splits, int subtask) {
        enumerator.addSplitsBack(splits, subtask);
    }

    @Override
    public void addReader(int subtask) {
        enumerator.addReader(subtask);
    }

    @Override
    public SourceState snapshotState(long checkpointId) throws Exception {
        return new SourceState(enumerator.snapshotState(checkpointId), job);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        enumerator.notifyCheckpointComplete(checkpointId);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) throws Exception {
        enumerator.notifyCheckpointAborted(checkpointId);
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        enumerator.handleSourceEvent(subtask, event);
    }

    @Override
    public void close() throws IOException {
        try {
            if (lease != null) {
                lease.close();
            }
            if (admin != null) {
                admin.close();
            }
        } catch (KafkaException e) {
            throw new IOException(e);
        } finally {
            enumerator.close();
        }
    }
}
