package io.freshet.local.audit;

import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobTopics;
import io.freshet.publish.Topic;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Search for the snapshot that an {@link AuditRequest} names, in the history and in models. */
final class SnapshotSearch {
    private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{8,64}");
    private static final int MAX_LISTED = 5;

    private final AuditRequest request;
    private final String wanted;
    private final Map<String, SnapshotTarget> found = new TreeMap<>();

    private SnapshotSearch(AuditRequest request, String wanted) {
        this.request = request;
        this.wanted = wanted.toLowerCase(Locale.ROOT);
        if (!VERSION.matcher(wanted).matches() && !HASH.matcher(this.wanted).matches()) {
            throw new UserException(
                    "--until "
                            + wanted
                            + ": must be a model version, or at least 8 digits of a content hash"
                            + " in hexadecimal");
        }
    }

    /**
     * Finds the snapshot.
     *
     * @return null if the request names none
     * @throws UserException if there is no such snapshot, or more than one
     */
    static @Nullable SnapshotTarget find(JobTopics topics, AuditRequest request) {
        String wanted = request.until();
        if (wanted == null) {
            return null;
        }
        SnapshotSearch search = new SnapshotSearch(request, wanted);
        for (Topic topic : List.of(Topic.MODEL_HISTORY, Topic.MODELS)) {
            try (TopicReader reader =
                    new TopicReader(topics.kafka().client(), topics.publish().topic(topic))) {
                reader.readToEnd(
                        record -> search.add(AuditReader.read(AuditReader.SNAPSHOTS, record)));
            }
        }
        return search.only();
    }

    /**
     * Returns whether a snapshot has this version, or this beginning of its content hash. Eight or
     * more decimal digits can be either.
     */
    static boolean names(String wanted, long modelVersion, String contentHash) {
        return (VERSION.matcher(wanted).matches() && Long.parseLong(wanted) == modelVersion)
                || (HASH.matcher(wanted).matches() && contentHash.startsWith(wanted));
    }

    private void add(ModelSnapshotEvent event) {
        Provenance provenance = event.getProvenance();
        if (provenance == null
                || !names(wanted, event.getModelVersion(), event.getContentHash())
                || (request.job() != null && !request.job().equals(event.getJob()))
                || (request.epoch() != null && request.epoch() != event.getEpoch())
                || (request.modelId() != null && !request.modelId().equals(event.getModelId()))) {
            return;
        }
        SnapshotTarget target =
                new SnapshotTarget(
                        new JobEpoch(event.getJob(), event.getEpoch()),
                        event.getModelId(),
                        event.getModelVersion(),
                        event.getContentHash(),
                        Boundary.of(event, provenance));
        found.put(describe(target), target);
    }

    private SnapshotTarget only() {
        long newest =
                found.values().stream().mapToLong(target -> target.job().epoch()).max().orElse(0);
        List<SnapshotTarget> targets = new ArrayList<>(found.values());
        targets.removeIf(target -> target.job().epoch() < newest);
        if (targets.isEmpty()) {
            throw new UserException("--until " + wanted + ": there is no such snapshot");
        }
        if (targets.size() > 1) {
            throw new UserException(
                    "--until "
                            + wanted
                            + " names several snapshots; choose one with --model or --job, or give"
                            + " more digits of the hash: "
                            + targets.stream()
                                    .limit(MAX_LISTED)
                                    .map(SnapshotSearch::describe)
                                    .collect(Collectors.joining(", "))
                            + (targets.size() > MAX_LISTED ? ", …" : ""));
        }
        SnapshotTarget target = targets.get(0);
        if (target.boundary().isWithoutPartitions()) {
            throw new UserException(
                    "--until "
                            + wanted
                            + ": the snapshot is older than version 3 and does not name its"
                            + " events");
        }
        return target;
    }

    private static String describe(SnapshotTarget target) {
        return "version "
                + target.modelVersion()
                + " of model "
                + target.modelId()
                + " (job "
                + target.job().job()
                + ", epoch "
                + target.job().epoch()
                + ", "
                + target.contentHash()
                + ")";
    }
}
