package io.freshet.pipeline;

import io.freshet.config.Key;
import io.freshet.publish.JobIdentity;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
 * does not fit, holds the {@link JobLease}, and fails the job permanently if the input topic is
 * deleted and created again.
 */
final class JobEnumerator implements SplitEnumerator<KafkaPartitionSplit, SourceState> {
    private static final Logger LOG = LoggerFactory.getLogger(JobEnumerator.class);
    private static final long TOPIC_CHECK_MILLIS = 5_000;

    /** Stands for the epoch among the keys whose change is accepted. */
    static final String EPOCH = "epoch";

    private final SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> enumerator;
    private final SplitEnumeratorContext<KafkaPartitionSplit> context;
    private final String submission;
    private final SavedJob job;
    private final Set<String> accepted;
    private final KafkaConfig kafka;
    private final @Nullable SavedJob restored;
    private @Nullable JobLease lease;
    private @Nullable Admin admin;

    /**
     * @param submission id of this submission of the job, the same after restarts and failovers
     * @param job the job as it is configured
     * @param accepted names of keys whose values may differ from those in the checkpoint
     * @param restored the job that wrote the checkpoint; null without a checkpoint, and for those
     *     of releases that did not save it
     */
    JobEnumerator(
            SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> enumerator,
            SplitEnumeratorContext<KafkaPartitionSplit> context,
            String submission,
            SavedJob job,
            Set<String> accepted,
            KafkaConfig kafka,
            @Nullable SavedJob restored) {
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
            refusal(restored, job, JobConfig.keys(), accepted)
                    .ifPresent(
                            refusal -> {
                                throw permanent(refusal);
                            });
        }
        lease = JobLease.take(kafka, job.identity().name(), submission, this::onLeaseLost);
        admin = KafkaAdmin.create(kafka);
        context.callAsync(this::topicIds, this::checkTopicIds, 0, TOPIC_CHECK_MILLIS);
        enumerator.start();
    }

    /**
     * Returns why a job must not continue from a checkpoint of another; empty if it may.
     *
     * @param keys all keys of the job
     */
    static Optional<String> refusal(
            SavedJob saved, SavedJob job, Collection<Key<?>> keys, Set<String> accepted) {
        JobIdentity before = saved.identity();
        JobIdentity now = job.identity();
        if (before.epoch() != now.epoch() && !accepted.contains(EPOCH)) {
            return Optional.of(
                    "the state belongs to epoch "
                            + before.epoch()
                            + " of the job "
                            + before.name()
                            + "; this is epoch "
                            + now.epoch());
        }
        for (SavedJob.Difference difference : saved.differences(job.settings(), keys)) {
            if (difference.key().equals(KafkaConfig.LABELLED_EVENTS.name())) {
                return Optional.of(
                        "the state was written with another input topic: "
                                + difference
                                + "; the job would read both. Set the former topic, or begin again"
                                + " without the state (--begin-again)");
            }
        }
        List<SavedJob.Difference> refused = saved.refused(job.settings(), keys, accepted);
        if (refused.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                refused.stream()
                        .map(SavedJob.Difference::toString)
                        .collect(
                                Collectors.joining(
                                        "\n",
                                        "the state was written with other settings:\n",
                                        "\nset the former values, or accept the new ones with "
                                                + refused.stream()
                                                        .map(each -> "--accept " + each.key())
                                                        .collect(Collectors.joining(" "))
                                                + ", or begin again without the state"
                                                + " (--begin-again)")));
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

    private Map<String, String> topicIds() throws ExecutionException, InterruptedException {
        Admin client = admin;
        return client == null
                ? Map.of()
                : InputTopics.ids(client, job.identity().topicIds().keySet());
    }

    private void checkTopicIds(Map<String, String> current, @Nullable Throwable failure) {
        if (failure != null) {
            // The source itself fails the job if its topic does not exist any more.
            LOG.debug("The ids of the input topics could not be read", failure);
            return;
        }
        InputTopics.recreated(job.identity(), current)
                .ifPresent(
                        recreated -> {
                            throw permanent(recreated);
                        });
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
