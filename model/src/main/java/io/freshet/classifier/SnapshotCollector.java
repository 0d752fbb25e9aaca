package io.freshet.classifier;

import io.freshet.schemas.ModelSnapshotEvent;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Collector of the records of a topic of snapshots, which makes a {@link Classifier} of each
 * snapshot that is whole and newer than the last of its model.
 *
 * <p>Records of several models and versions may come interleaved, and a compacted topic may have
 * only some records of an older version. Of two snapshots of a model, the one whose first chunk
 * came later is newer: first chunks of a model have the same key, so that they are in one partition
 * in the order in which they were written. Not thread-safe.
 */
public final class SnapshotCollector {
    /** Largest number of snapshots of a model of which records are kept. */
    private static final int MAX_INCOMPLETE = 16;

    private static final class Incomplete {
        private final SnapshotAssembly assembly;

        /** Number of the snapshot among those of the model, by the record that came first. */
        private final long begun;

        /** Number of the first chunk among those of the model; 0 before it has come. */
        private long order;

        Incomplete(SnapshotAssembly assembly, long begun) {
            this.assembly = assembly;
            this.begun = begun;
        }
    }

    private static final class Model {
        private final Map<String, Incomplete> incomplete = new LinkedHashMap<>();
        private long lastOrder;

        /** Order of the snapshot that was returned last. */
        private long newest;

        /** Number of snapshots that have begun. */
        private long begun;

        /** Value of {@link #begun} when the last snapshot was returned. */
        private long begunBefore;

        /** Returns whether a snapshot was written after the last one that was returned. */
        boolean isNewer(Incomplete snapshot) {
            return snapshot.order > 0 ? snapshot.order > newest : snapshot.begun > begunBefore;
        }
    }

    private final Map<String, Model> models = new HashMap<>();

    /**
     * Adds the next record of the topic.
     *
     * @return the classifier of the snapshot that the record completes, if it is newer than the
     *     last one that was returned for the model
     * @throws InvalidSnapshotException if the snapshot cannot be used; its records are dropped
     */
    public Optional<Classifier> add(ModelSnapshotEvent record) throws InvalidSnapshotException {
        Model model = models.computeIfAbsent(record.getModelId(), id -> new Model());
        String snapshot = record.getModelVersion() + " " + record.getContentHash();
        Incomplete incomplete = model.incomplete.get(snapshot);
        try {
            incomplete = add(model, snapshot, incomplete, record);
            if (!incomplete.assembly.isComplete()) {
                return Optional.empty();
            }
            model.incomplete.remove(snapshot);
            if (incomplete.order <= model.newest) {
                return Optional.empty();
            }
            Classifier classifier = incomplete.assembly.classifier();
            long order = incomplete.order;
            model.newest = order;
            model.begunBefore = model.begun;
            model.incomplete.values().removeIf(other -> other.order > 0 && other.order < order);
            return Optional.of(classifier);
        } catch (InvalidSnapshotException e) {
            model.incomplete.remove(snapshot);
            throw e;
        }
    }

    /**
     * Returns the failure that the newest snapshot of a model is if no further record of it comes;
     * empty if no snapshot has begun after the last one that was returned.
     */
    public Optional<InvalidSnapshotException> incomplete(String modelId) {
        Model model = models.get(modelId);
        if (model == null) {
            return Optional.empty();
        }
        return model.incomplete.values().stream()
                .filter(model::isNewer)
                .reduce((older, newer) -> newer)
                .map(snapshot -> snapshot.assembly.incomplete());
    }

    /** Forgets a model, as if none of its records had come. */
    public void remove(String modelId) {
        models.remove(modelId);
    }

    private static Incomplete add(
            Model model, String snapshot, @Nullable Incomplete known, ModelSnapshotEvent record)
            throws InvalidSnapshotException {
        Incomplete incomplete = known;
        if (incomplete == null) {
            incomplete = new Incomplete(new SnapshotAssembly(record), ++model.begun);
            model.incomplete.put(snapshot, incomplete);
            if (model.incomplete.size() > MAX_INCOMPLETE) {
                model.incomplete.remove(model.incomplete.keySet().iterator().next());
            }
        } else {
            incomplete.assembly.add(record);
        }
        if (record.getChunk() == 0) {
            incomplete.order = ++model.lastOrder;
        }
        return incomplete;
    }
}
