package io.freshet.local.audit;

import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots of all models on a topic: their chain from version to version, and the content of each.
 */
final class SnapshotLog {
    private static final int MAX_FINDINGS = 20;

    /** Maximum number of snapshots of a model of which chunks are awaited. */
    private static final int MAX_INCOMPLETE = 16;

    /** Newest snapshot of a model whose chunks have all come. */
    record Newest(long modelVersion, String contentHash) {}

    private static final class Chain {
        private @Nullable ModelSnapshotEvent last;
        private final Map<Long, SnapshotAssembly> incomplete = new TreeMap<>();
        private final Map<Long, String> recent = new TreeMap<>();
    }

    private final boolean compacted;
    private final Map<String, Chain> models = new TreeMap<>();
    private final Map<String, Newest> newest = new HashMap<>();
    private final List<Finding> findings = new ArrayList<>();
    private long snapshots;

    /**
     * @param compacted whether the topic has only the newest snapshot of each model whole
     */
    SnapshotLog(boolean compacted) {
        this.compacted = compacted;
    }

    /** Adds a chunk; the first chunks of one model must be added in the order of the topic. */
    void add(ModelSnapshotEvent chunk) {
        Chain chain = models.computeIfAbsent(chunk.getModelId(), id -> new Chain());
        long version = chunk.getModelVersion();
        if (chunk.getChunk() == 0) {
            begin(chain, chunk);
        }
        SnapshotAssembly assembly =
                chain.incomplete.computeIfAbsent(version, SnapshotAssembly::new);
        assembly.add(chunk);
        ModelSnapshotEvent first = assembly.first();
        if (first != null && assembly.isComplete()) {
            chain.incomplete.remove(version);
            snapshots++;
            assembly.finish().ifPresent(problem -> add(chunk.getModelId(), version, problem));
            newest.put(chunk.getModelId(), new Newest(version, first.getContentHash()));
            chain.recent.put(version, first.getContentHash());
        } else if (chain.incomplete.size() > MAX_INCOMPLETE) {
            long oldest = chain.incomplete.keySet().iterator().next();
            chain.incomplete.remove(oldest);
            if (!compacted) {
                add(chunk.getModelId(), oldest, "a chunk is missing");
            }
        }
    }

    private void begin(Chain chain, ModelSnapshotEvent next) {
        ModelSnapshotEvent last = chain.last;
        chain.last = next;
        if (last == null) {
            return;
        }
        long version = next.getModelVersion();
        if (version <= last.getModelVersion()) {
            add(next.getModelId(), version, "follows version " + last.getModelVersion());
        }
        if (examplesSeen(next) < examplesSeen(last)) {
            add(
                    next.getModelId(),
                    version,
                    "examplesSeen falls from " + examplesSeen(last) + " to " + examplesSeen(next));
        }
        List<String> before = last.getClasses();
        List<String> now = next.getClasses();
        if (next.getNumFeatures() < last.getNumFeatures()
                || now.size() < before.size()
                || !now.subList(0, before.size()).equals(before)) {
            add(next.getModelId(), version, "has other features or classes than the one before");
        }
    }

    private static long examplesSeen(ModelSnapshotEvent event) {
        Provenance provenance = event.getProvenance();
        return provenance == null ? 0 : provenance.getExamplesSeen();
    }

    private void add(String modelId, long version, String problem) {
        if (findings.size() < MAX_FINDINGS) {
            findings.add(
                    Finding.mismatch(
                            compacted ? AuditCheck.NEWEST_MODELS : AuditCheck.SNAPSHOT_CHAIN,
                            modelId,
                            "version " + version + ": " + problem));
        }
    }

    /** Forgets all snapshots but the newest of each model, whose hashes can be asked for. */
    void keepNewestHashes() {
        models.forEach(
                (modelId, chain) -> {
                    Newest last = newest.get(modelId);
                    chain.recent.keySet().removeIf(v -> last == null || v != last.modelVersion());
                });
    }

    /** Returns the content hash of a recent version of a model; null if it is not known. */
    @Nullable String recentHash(String modelId, long version) {
        Chain chain = models.get(modelId);
        return chain == null ? null : chain.recent.get(version);
    }

    /** Returns the newest snapshot of each model. */
    Map<String, Newest> newest() {
        return newest;
    }

    long snapshots() {
        return snapshots;
    }

    /**
     * Returns the problems.
     *
     * @param removed whether retention has removed records
     * @param open whether transactions are open that may contain the missing chunks
     */
    List<Finding> findings(boolean removed, boolean open) {
        List<Finding> all = new ArrayList<>(findings);
        models.forEach(
                (modelId, chain) -> {
                    for (SnapshotAssembly assembly : chain.incomplete.values()) {
                        boolean isNewest =
                                chain.last != null
                                        && chain.last.getModelVersion() == assembly.modelVersion();
                        if (compacted ? !isNewest : removed && assembly.first() == null) {
                            continue;
                        }
                        String text = "version " + assembly.modelVersion() + ": a chunk is missing";
                        AuditCheck check =
                                compacted ? AuditCheck.NEWEST_MODELS : AuditCheck.SNAPSHOT_CHAIN;
                        all.add(
                                open && isNewest
                                        ? Finding.undecided(check, modelId, text, List.of())
                                        : Finding.mismatch(check, modelId, text));
                    }
                });
        return all;
    }
}
