package io.freshet.local.models;

import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.pipeline.PreflightException;
import io.freshet.publish.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Search for snapshots of one model by version: on the topic of the newest snapshots, then on that
 * of all.
 */
public final class SnapshotFinder {
    /** Number of versions that a message names. */
    private static final int MAX_NAMED = 10;

    private final JobTopics topics;
    private final String modelId;

    public SnapshotFinder(JobTopics topics, String modelId) {
        this.topics = topics;
        this.modelId = modelId;
    }

    /**
     * Returns a snapshot; of several with the same version the newest.
     *
     * @param version null for the newest
     * @throws UserException if there is none
     * @throws PreflightException if a topic is missing or may not be read
     */
    public StoredSnapshot find(@Nullable Long version)
            throws PreflightException, InterruptedException {
        List<String> problems = new ArrayList<>();
        Set<Long> versions = new TreeSet<>();
        StoredSnapshot found = find(Topic.MODELS, version, versions, problems);
        if (found == null && version != null) {
            found = find(Topic.MODEL_HISTORY, version, versions, problems);
        }
        if (found != null) {
            return found;
        }
        String models = topics.publish().topic(Topic.MODELS);
        StringBuilder message = new StringBuilder();
        if (version == null) {
            message.append("topic ").append(models).append(" has no snapshot of model ");
            message.append(modelId);
        } else {
            message.append("topics ").append(models).append(" and ");
            message.append(topics.publish().topic(Topic.MODEL_HISTORY));
            message.append(" have no version ").append(version).append(" of model ");
            message.append(modelId);
            if (!versions.isEmpty()) {
                message.append("; they have ").append(newest(versions));
            }
        }
        problems.forEach(problem -> message.append('\n').append(problem));
        throw new UserException(message.toString());
    }

    /** Returns the newest snapshot; null if there is none yet. */
    public @Nullable StoredSnapshot newest() throws PreflightException, InterruptedException {
        return find(Topic.MODELS, null, new TreeSet<>(), new ArrayList<>());
    }

    private @Nullable StoredSnapshot find(
            Topic from, @Nullable Long version, Set<Long> versions, List<String> problems)
            throws PreflightException, InterruptedException {
        List<StoredSnapshot> newest = new ArrayList<>();
        SnapshotTopic topic = new SnapshotTopic(topics, from);
        KafkaPreflight.requireTopic(topics.kafka(), topic.name());
        topic.read(
                modelId::equals,
                snapshot -> {
                    versions.add(snapshot.info().version());
                    if (version == null || version == snapshot.info().version()) {
                        newest.clear();
                        newest.add(snapshot);
                    }
                });
        problems.addAll(topic.problems());
        return newest.isEmpty() ? null : newest.get(0);
    }

    private static String newest(Set<Long> versions) {
        List<String> all = versions.stream().map(String::valueOf).toList();
        int left = Math.max(0, all.size() - MAX_NAMED);
        return (left > 0 ? left + " others, " : "")
                + String.join(", ", all.subList(left, all.size()));
    }
}
