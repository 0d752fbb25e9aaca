package io.freshet.pipeline;

import io.freshet.publish.JobIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Start of a job: the identity in its records, and the checkpoint from which it continues.
 *
 * @param identity name, epoch and input topics of the job
 * @param accepted names of keys whose values may differ from those in the checkpoint
 * @param checkpoint the checkpoint to continue from; null to begin
 * @param message whether the job continues and from where, or why it begins, in lines
 */
public record JobStart(
        JobIdentity identity,
        Set<String> accepted,
        @Nullable JobCheckpoint checkpoint,
        List<String> message) {

    public JobStart {
        accepted = new TreeSet<>(accepted);
        message = List.copyOf(message);
    }

    /** Returns the start of a job in its first epoch, without a check of Kafka. */
    public static JobStart first(JobConfig config) {
        return new JobStart(JobIdentity.first(config.jobName()), Set.of(), null, List.of());
    }

    /**
     * Checks the lease, the checkpoint and earlier results, and decides how the job starts. {@link
     * KafkaPreflight#check} must have passed.
     *
     * @param checkpoint the newest checkpoint of the job; null if there is none
     * @param progress receives a line when the check has to wait
     * @throws PreflightException if the job must not start
     */
    public static JobStart decide(
            JobConfig config,
            StartOptions options,
            @Nullable JobCheckpoint checkpoint,
            Consumer<String> progress)
            throws PreflightException, InterruptedException {
        KafkaConfig kafka = config.kafka();
        try (Admin admin = KafkaAdmin.create(kafka)) {
            requireLease(admin, kafka, progress);
            Map<String, String> topicIds =
                    InputTopics.ids(admin, InputTopics.names(admin, kafka.input()));
            if (topicIds.isEmpty()) {
                progress.accept(
                        "no topic matches " + kafka.input() + " yet; the job waits for one");
            }
            return checkpoint == null || options.beginAgain()
                    ? begin(config, options, checkpoint, topicIds)
                    : resume(config, options, checkpoint, topicIds, admin);
        } catch (ExecutionException e) {
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        } catch (KafkaException e) {
            throw new PreflightException(KafkaFailure.reason(e, kafka), e);
        }
    }

    private static void requireLease(Admin admin, KafkaConfig kafka, Consumer<String> progress)
            throws PreflightException, ExecutionException, InterruptedException {
        Optional<String> holder =
                JobLease.awaitFree(
                        admin,
                        kafka,
                        found ->
                                progress.accept(
                                        found
                                                + " holds the lease on "
                                                + KafkaConfig.TRANSACTIONAL_ID_PREFIX
                                                + " = "
                                                + kafka.transactionalIdPrefix()
                                                + "; waiting whether it has died"));
        if (holder.isPresent()) {
            throw new PreflightException(
                    holder.get()
                            + " is running with "
                            + KafkaConfig.TRANSACTIONAL_ID_PREFIX
                            + " = "
                            + kafka.transactionalIdPrefix()
                            + ". Stop it, or give this job another prefix, another "
                            + JobConfig.JOB_NAME
                            + " and other topics");
        }
    }

    private static JobStart begin(
            JobConfig config,
            StartOptions options,
            @Nullable JobCheckpoint checkpoint,
            Map<String, String> topicIds)
            throws PreflightException, InterruptedException {
        JobResults results = JobResults.find(config);
        SavedJob saved = checkpoint == null ? null : checkpoint.job();
        if (results.isEmpty() && saved == null) {
            return new JobStart(
                    new JobIdentity(config.jobName(), 1, topicIds),
                    Set.of(),
                    null,
                    List.of(
                            "begins: there is no state yet, and no results of the job "
                                    + config.jobName()));
        }
        if (!options.beginAgain()) {
            throw new PreflightException(
                    "topic "
                            + results.topic()
                            + " already holds results of the job "
                            + config.jobName()
                            + " ("
                            + String.format("%,d", results.examplesSeen())
                            + " examples), and there is no state from which it could continue. It"
                            + " would learn every event again, and publish its results a second"
                            + " time. Choose one:\n"
                            + "  continue from its state: --state DIR with freshet run, or -s PATH"
                            + " with flink run\n"
                            + "  begin again with new models, in records of the epoch "
                            + (Math.max(results.epoch(), 0) + 1)
                            + ": --begin-again\n"
                            + "  leave the results alone: set another "
                            + JobConfig.JOB_NAME
                            + " and "
                            + KafkaConfig.TRANSACTIONAL_ID_PREFIX
                            + ", and other output topics");
        }
        long before = Math.max(results.epoch(), saved == null ? 0 : saved.identity().epoch());
        long epoch = Math.max(before, 0) + 1;
        return new JobStart(
                new JobIdentity(config.jobName(), epoch, topicIds),
                Set.of(),
                null,
                List.of("begins again, in epoch " + epoch + ", as --begin-again asks for"));
    }

    private static JobStart resume(
            JobConfig config,
            StartOptions options,
            JobCheckpoint checkpoint,
            Map<String, String> topicIds,
            Admin admin)
            throws PreflightException, ExecutionException, InterruptedException {
        SavedJob saved = checkpoint.job();
        long epoch = saved == null ? 1 : saved.identity().epoch();
        JobIdentity identity = new JobIdentity(config.jobName(), epoch, topicIds);
        List<String> message = new ArrayList<>();
        message.add(
                "continues from checkpoint "
                        + checkpoint.id()
                        + ", "
                        + age(checkpoint.completed())
                        + " old, in "
                        + checkpoint.path());
        Optional<String> refusal =
                JobEnumerator.refusal(
                        saved,
                        checkpoint.topics(),
                        new SavedJob(identity, config.settings()),
                        JobConfig.keys(),
                        options.accepted());
        if (refusal.isPresent()) {
            throw new PreflightException(refusal.get());
        }
        if (saved != null) {
            Optional<String> recreated = InputTopics.recreated(saved.identity(), topicIds);
            if (recreated.isPresent()) {
                String topic = KafkaConfig.LABELLED_EVENTS.name();
                if (!options.accepted().contains(topic)) {
                    throw new PreflightException(
                            recreated.get()
                                    + ". If it has the same events at the same offsets, as after a"
                                    + " move to another Kafka cluster, accept it with --accept "
                                    + topic
                                    + ". Otherwise the state does not belong to its events;"
                                    + " --begin-again begins without the state");
                }
                message.add("accepted: " + recreated.get());
            }
            saved.differences(config.settings(), JobConfig.keys())
                    .forEach(difference -> message.add("new setting: " + difference));
        }
        TopicSelection input = config.kafka().input();
        Map<TopicPartition, Long> nextOffsets = new HashMap<>(checkpoint.nextOffsets());
        nextOffsets.keySet().removeIf(partition -> !input.selects(partition.topic()));
        requireTopics(nextOffsets.keySet(), topicIds.keySet(), input);
        Optional<String> missing = InputTopics.missing(admin, nextOffsets);
        if (missing.isPresent()) {
            throw new PreflightException(
                    "the input no longer has the events from which the job has to continue: "
                            + missing.get()
                            + ". Restore them, or begin without the state (--begin-again)");
        }
        JobResults results = JobResults.find(config);
        if (options.rollBack()) {
            long next = Math.max(results.epoch(), epoch) + 1;
            message.add("rolls back: records carry epoch " + next + ", as --roll-back asks for");
            Set<String> accepted = new TreeSet<>(options.accepted());
            accepted.add(JobEnumerator.EPOCH);
            return new JobStart(
                    new JobIdentity(config.jobName(), next, topicIds),
                    accepted,
                    checkpoint,
                    message);
        }
        if (results.epoch() > epoch) {
            throw new PreflightException(
                    "the state belongs to epoch "
                            + epoch
                            + " of the job "
                            + config.jobName()
                            + ", but topic "
                            + results.topic()
                            + " holds results of epoch "
                            + results.epoch()
                            + ", which began later. Continue from the state of that epoch, roll"
                            + " back to this one (--roll-back), or begin again (--begin-again)");
        }
        requireNewest(checkpoint, results, input);
        message.add(
                String.format("%,d", results.examplesSeen())
                        + " examples seen according to the newest metrics; next offsets "
                        + offsets(nextOffsets));
        return new JobStart(identity, options.accepted(), checkpoint, message);
    }

    /** Checks that the topics exist of which a checkpoint has offsets. */
    private static void requireTopics(
            Collection<TopicPartition> partitions, Set<String> existing, TopicSelection input)
            throws PreflightException {
        Set<String> deleted =
                partitions.stream()
                        .map(TopicPartition::topic)
                        .filter(topic -> !existing.contains(topic))
                        .collect(Collectors.toCollection(TreeSet::new));
        if (!deleted.isEmpty()) {
            throw new PreflightException(
                    "the state has offsets of "
                            + String.join(" and ", deleted)
                            + ", which no longer exist. Restore them, or exclude them from "
                            + KafkaConfig.LABELLED_EVENTS
                            + " = "
                            + input
                            + " and continue without them with --accept "
                            + KafkaConfig.LABELLED_EVENTS);
        }
    }

    /**
     * Checks that no published result is newer than a checkpoint: it would be published twice. A
     * result of a topic of which the checkpoint has no offsets is newer, too: the topic was found
     * later, or was left before.
     */
    private static void requireNewest(
            JobCheckpoint checkpoint, JobResults results, TopicSelection input)
            throws PreflightException {
        Map<TopicPartition, Long> next = checkpoint.nextOffsets();
        String newer =
                InputTopics.sorted(results.lastOffsets())
                        .filter(last -> input.selects(last.getKey().topic()))
                        .filter(last -> last.getValue() >= next.getOrDefault(last.getKey(), 0L))
                        .map(
                                last ->
                                        String.format(
                                                "%s: results up to offset %d, the checkpoint"
                                                        + " continues at %d",
                                                last.getKey(),
                                                last.getValue(),
                                                next.getOrDefault(last.getKey(), 0L)))
                        .collect(Collectors.joining("; "));
        if (!newer.isEmpty()) {
            throw new PreflightException(
                    "checkpoint "
                            + checkpoint.id()
                            + " in "
                            + checkpoint.path()
                            + " is older than the results that the job has published ("
                            + newer
                            + "); they would be published twice. Continue from a newer checkpoint,"
                            + " or roll back to this one in a new epoch (--roll-back)");
        }
    }

    private static String age(Instant since) {
        Duration age = Duration.between(since, Instant.now());
        if (age.toHours() >= 48) {
            return age.toDays() + " days";
        }
        if (age.toMinutes() >= 120) {
            return age.toHours() + " h";
        }
        return age.toSeconds() >= 120 ? age.toMinutes() + " min" : age.toSeconds() + " s";
    }

    private static String offsets(Map<TopicPartition, Long> offsets) {
        return InputTopics.sorted(offsets)
                .map(next -> next.getKey() + ": " + next.getValue())
                .collect(Collectors.joining(", "));
    }

    /** Returns the job as it is saved in checkpoints. */
    SavedJob savedJob(JobConfig config) {
        return new SavedJob(identity, config.settings());
    }
}
