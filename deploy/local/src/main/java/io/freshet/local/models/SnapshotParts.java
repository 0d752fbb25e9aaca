package io.freshet.local.models;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.SnapshotCollector;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Collector of the records of snapshots, with those that belong to each whole one. Beside a {@link
 * SnapshotCollector}, which decides which snapshots are whole and newer, it keeps their records.
 */
final class SnapshotParts {
    /** Largest number of incomplete snapshots of a model of which records are kept. */
    private static final int MAX_INCOMPLETE = 16;

    private static final class Snapshot {
        private final List<ModelSnapshotEvent> records = new ArrayList<>();
        private long bytes;

        /** Number of the first chunk among those of the model; 0 before it has come. */
        private long order;
    }

    private static final class Model {
        private final Map<String, Snapshot> incomplete = new LinkedHashMap<>();
        private long lastOrder;
        private boolean hasWhole;
    }

    private final SnapshotCollector collector = new SnapshotCollector();
    private final Map<String, Model> models = new LinkedHashMap<>();

    /**
     * Adds the next record of the topic.
     *
     * @param bytes size of the record's value
     * @param time time of the record; milliseconds since 1970-01-01T00:00Z
     * @return the snapshot that the record completes, if it is newer than the last of its model
     * @throws InvalidSnapshotException if the snapshot cannot be used
     */
    Optional<StoredSnapshot> add(ModelSnapshotEvent event, long bytes, long time)
            throws InvalidSnapshotException {
        Model model = models.computeIfAbsent(event.getModelId(), id -> new Model());
        String key = event.getModelVersion() + " " + event.getContentHash();
        Snapshot snapshot = model.incomplete.computeIfAbsent(key, id -> new Snapshot());
        snapshot.records.add(event);
        snapshot.bytes += bytes;
        if (event.getChunk() == 0) {
            snapshot.order = ++model.lastOrder;
        }
        if (model.incomplete.size() > MAX_INCOMPLETE) {
            model.incomplete.remove(model.incomplete.keySet().iterator().next());
        }
        Optional<Classifier> whole;
        try {
            whole = collector.add(event);
        } catch (InvalidSnapshotException e) {
            model.incomplete.remove(key);
            throw e;
        }
        if (whole.isEmpty()) {
            return Optional.empty();
        }
        model.hasWhole = true;
        model.incomplete.remove(key);
        model.incomplete
                .values()
                .removeIf(other -> other.order > 0 && other.order < snapshot.order);
        return Optional.of(new StoredSnapshot(whole.get(), snapshot.records, snapshot.bytes, time));
    }

    /**
     * Returns what is wrong with the snapshots that are not whole and newer than every whole one of
     * their model, in sentences.
     */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (Model model : models.values()) {
            for (Snapshot snapshot : model.incomplete.values()) {
                if (snapshot.order > 0 || !model.hasWhole) {
                    explain(snapshot, problems);
                }
            }
        }
        return problems;
    }

    private static void explain(Snapshot snapshot, List<String> problems) {
        try {
            ClassifierReader.content(snapshot.records);
        } catch (InvalidSnapshotException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }
}
